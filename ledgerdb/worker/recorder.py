"""Records what a handler said, for as long as the lease lasts."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

from tenacity import stop_after_delay

from ledgerdb.aio import AsyncLedger
from ledgerdb.errors import LeaseLost, LedgerError, OutcomeUnknown
from ledgerdb.rows import AttemptState, ClaimedItem, CompletedAttempt
from ledgerdb.worker.outcome import Outcome, completion
from ledgerdb.worker.reconnect import patiently
from ledgerdb.worker.settings import WorkerSettings

__all__ = ["Recorder", "WorkerStats", "describe"]

_log = logging.getLogger("ledgerdb.worker")


@dataclass(slots=True)
class WorkerStats:
    """What a worker did so far.

    Attributes:
        claimed: leases taken.
        dispatched: attempts completed as DISPATCHED.
        retried: attempts completed as RETRYABLE.
        failed: attempts completed as FAILED, by the handler or at the retry ceiling.
        lost: results that could not be recorded, because the lease was over or the database
            refused them; each one is logged with what the rail said.
        unconfirmed: results whose recording was not confirmed: the connection broke during the
            completion and the lease was gone afterwards, as it is when the completion committed.
        released: items given back unstarted.
        repaired: abandoned leases of any worker that this one requeued.
    """

    claimed: int = 0
    dispatched: int = 0
    retried: int = 0
    failed: int = 0
    lost: int = 0
    unconfirmed: int = 0
    released: int = 0
    repaired: int = 0


class Recorder:
    """Completes attempts and counts how that went."""

    def __init__(self, ledger: AsyncLedger, settings: WorkerSettings, stats: WorkerStats) -> None:
        self._ledger = ledger
        self._settings = settings
        self._stats = stats

    async def record(self, item: ClaimedItem, outcome: Outcome, leased_until: float) -> None:
        """Completes the attempt, again and again while the database is away.

        Args:
            item: under its lease.
            outcome: what the handler said.
            leased_until: of the monotonic clock; afterwards the lease is lost for certain.
        """
        settings = self._settings
        state, details = completion(outcome, settings.backoff(item.attempt_no))
        unknown = False

        async def complete() -> CompletedAttempt:
            nonlocal unknown
            try:
                return await self._ledger.complete(item, settings.worker_id, state, **details)
            except OutcomeUnknown:
                unknown = True
                raise

        stop = stop_after_delay(max(leased_until - time.monotonic(), 0))
        try:
            completed = await patiently(complete, settings.reconnect_seconds_max, stop=stop)
        except LeaseLost:
            if unknown:
                self._stats.unconfirmed += 1
                _log.warning("%s: completion not confirmed: %s", describe(item), outcome)
            else:
                self._stats.lost += 1
                _log.error("%s: lease lost, not recorded: %s", describe(item), outcome)
        except LedgerError as error:
            self._stats.lost += 1
            _log.error("%s: not recorded: %s: %s", describe(item), outcome, error)
        else:
            self._count(completed.state)

    def _count(self, state: AttemptState) -> None:
        if state is AttemptState.DISPATCHED:
            self._stats.dispatched += 1
        elif state is AttemptState.FAILED:
            self._stats.failed += 1
        else:
            self._stats.retried += 1


def describe(item: ClaimedItem) -> str:
    """An item in a log line: names for people and for queries, never the payload or the token."""
    return f"instruction {item.instruction_id} (outbox item {item.outbox_id})"
