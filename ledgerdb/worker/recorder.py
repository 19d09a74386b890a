"""Records what handlers said, many results in one statement."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from ledgerdb.aio import AsyncLedger
from ledgerdb.errors import LedgerError
from ledgerdb.rows import AttemptState, ClaimedItem, CompletedAttempt, Completion
from ledgerdb.worker.batcher import Batcher
from ledgerdb.worker.outcome import Outcome, completion, is_reference_cut
from ledgerdb.worker.reconnect import patiently
from ledgerdb.worker.settings import WorkerSettings
from ledgerdb.worker.stats import WorkerStats, describe

__all__ = ["Recorder"]

_log = logging.getLogger("ledgerdb.worker")


class Recorder:
    """Completes attempts and counts how that went."""

    def __init__(self, ledger: AsyncLedger, settings: WorkerSettings, stats: WorkerStats) -> None:
        self._ledger = ledger
        self._settings = settings
        self._stats = stats
        self._results: Batcher[Completion, CompletedAttempt] = Batcher(self._complete)

    async def record(self, item: ClaimedItem, outcome: Outcome) -> None:
        """Completes the attempt, again and again while the database is away, also beyond the lease:
        a result that comes too late is evidence that somebody will ask for.
        """
        if is_reference_cut(outcome):
            _log.error(
                "%s: the rail's reference cannot be stored whole: %s", describe(item), outcome
            )
        try:
            done = await self._results.submit(completion(item, outcome))
        except LedgerError as error:
            self._stats.lost += 1
            _log.error("%s: not recorded: %s: %s", describe(item), outcome, error)
        except asyncio.CancelledError:
            self._stats.lost += 1
            _log.error("%s: not known to be recorded: %s", describe(item), outcome)
            raise
        else:
            self._count(item, outcome, done)

    async def close(self) -> None:
        """Records nothing any more."""
        await self._results.close()

    async def _complete(
        self, completions: Sequence[Completion]
    ) -> Sequence[CompletedAttempt | Exception]:
        settings = self._settings
        try:
            # Safe to repeat: the same token gets the same attempt.
            return await patiently(
                lambda: self._ledger.complete_many(completions, settings.worker_id),
                settings.reconnect_seconds_max,
            )
        except LedgerError as error:
            if len(completions) == 1:
                return [error]
        # One that the database refuses must not take the others with it.
        middle = len(completions) // 2
        return [
            *await self._complete(completions[:middle]),
            *await self._complete(completions[middle:]),
        ]

    def _count(self, item: ClaimedItem, outcome: Outcome, done: CompletedAttempt) -> None:
        stats = self._stats
        if not done.outcome.is_recorded:
            stats.late += 1
            _log.error(
                "%s: too late (%s), kept as evidence: %s", describe(item), done.outcome, outcome
            )
        elif done.state is AttemptState.DISPATCHED:
            stats.dispatched += 1
        elif done.state is AttemptState.FAILED:
            stats.failed += 1
        else:
            stats.retried += 1
