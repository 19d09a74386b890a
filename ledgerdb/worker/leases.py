"""The leases that a worker holds, and the heartbeat that keeps them alive."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ledgerdb.aio import AsyncLedger
from ledgerdb.rows import ClaimedItem
from ledgerdb.worker.batcher import Batcher
from ledgerdb.worker.reconnect import PASSING, patiently
from ledgerdb.worker.settings import WorkerSettings
from ledgerdb.worker.stats import WorkerStats, describe

__all__ = ["Lease", "Leases"]

# One try in each third of a lease: a heartbeat that fails once still comes in time.
_BEATS_PER_LEASE: Final = 3

_log = logging.getLogger("ledgerdb.worker")


@dataclass(slots=True, eq=False)
class Lease:
    """An item whose handler has started, for as long as its result is not recorded.

    Attributes:
        item: as it was claimed.
        since: of the monotonic clock, just before it was claimed.
        until: of the monotonic clock; the server's lease ends no earlier.
    """

    item: ClaimedItem
    since: float
    until: float


class Leases:
    """Extends what is held, and declares dispatches."""

    def __init__(self, ledger: AsyncLedger, settings: WorkerSettings, stats: WorkerStats) -> None:
        self._ledger = ledger
        self._settings = settings
        self._stats = stats
        self._held: set[Lease] = set()
        self._begun: Batcher[Lease, bool] = Batcher(self._begin)

    def hold(self, item: ClaimedItem, since: float) -> Lease:
        """Keeps the lease of an item alive from now on."""
        lease = Lease(item, since, since + self._settings.lease_seconds)
        self._held.add(lease)
        return lease

    def drop(self, lease: Lease) -> None:
        """Does not extend it any more."""
        self._held.discard(lease)

    async def begin_dispatch(self, lease: Lease) -> bool:
        """Declares that the rail is about to be called. False where the lease is lost: then it must
        not be called.

        Raises:
            LedgerError: nobody knows whether it was declared.
        """
        return await self._begun.submit(lease)

    async def close(self) -> None:
        """Declares nothing any more."""
        await self._begun.close()

    async def beat_for_ever(self) -> None:
        """Extends leases before they run out, until it is cancelled.

        Raises:
            LedgerError: something that does not pass by itself, such as a missing privilege.
        """
        settings = self._settings
        beat = settings.lease_seconds / _BEATS_PER_LEASE
        while True:
            await asyncio.sleep(beat)
            now = time.monotonic()
            soon = now + settings.lease_seconds - beat
            aging = [
                lease
                for lease in self._held
                if now < lease.until < soon and now < lease.since + settings.extend_seconds_max
            ]
            if aging:
                await self._extend(aging)

    async def _extend(self, leases: Sequence[Lease]) -> None:
        settings = self._settings
        asked_at = time.monotonic()
        try:
            extended = await patiently(
                lambda: self._ledger.extend(
                    [lease.item for lease in leases], settings.worker_id, settings.lease_seconds
                ),
                settings.reconnect_seconds_max,
                until=min(lease.until for lease in leases),
            )
        except PASSING as error:
            _log.warning("%d leases could not be extended: %s", len(leases), error)
            return
        alive = {row.outbox_id for row in extended}
        for lease in leases:
            if lease.item.outbox_id in alive:
                lease.until = asked_at + settings.lease_seconds
                self._stats.extended += 1
            elif lease in self._held:
                self.drop(lease)
                _log.warning("%s: the lease was lost under its handler", describe(lease.item))

    async def _begin(self, leases: Sequence[Lease]) -> Sequence[bool | Exception]:
        begun = await patiently(
            lambda: self._ledger.begin_dispatch(
                [lease.item for lease in leases], self._settings.worker_id
            ),
            self._settings.reconnect_seconds_max,
            until=min(lease.until for lease in leases),
        )
        alive = {row.outbox_id for row in begun}
        return [lease.item.outbox_id in alive for lease in leases]
