"""What workers do for the whole queue beside their own items: close what dead workers left behind,
whoever they were, and seal the ledger.
"""

from __future__ import annotations

import asyncio
import logging
import math
import random
import time

from ledgerdb.aio import AsyncLedger
from ledgerdb.errors import LedgerError
from ledgerdb.rows import SealOutcome
from ledgerdb.worker.reconnect import PASSING, patiently
from ledgerdb.worker.settings import WorkerSettings
from ledgerdb.worker.stats import WorkerStats

__all__ = ["jittered", "repair_for_ever"]

_log = logging.getLogger("ledgerdb.worker")


async def repair_for_ever(
    ledger: AsyncLedger, settings: WorkerSettings, stats: WorkerStats, stopping: asyncio.Event
) -> None:
    """Repairs in batches and seals in its turn, until it is cancelled or the worker stops.

    Raises:
        LedgerError: something that does not pass by itself, such as a missing privilege.
    """
    pause = settings.seal_seconds or math.inf
    seal_at = time.monotonic() + jittered(pause)
    while True:
        more = False
        try:
            repaired = await patiently(
                lambda: ledger.repair(settings.batch_size, settings.worker_id),
                settings.reconnect_seconds_max,
                stopping=stopping,
            )
            if time.monotonic() >= seal_at:
                try:
                    more = await _seal(ledger, settings, stats, stopping)
                except PASSING:
                    raise
                except LedgerError as error:
                    _log.error("this worker does not seal any more: %s", error)
                    pause = math.inf
                if not more:
                    seal_at = time.monotonic() + jittered(pause)
        except PASSING:
            return  # stopping
        if repaired:
            stats.repaired += len(repaired)
            _log.warning("closed %d abandoned leases", len(repaired))
        if len(repaired) < settings.batch_size and not more:
            await asyncio.sleep(jittered(settings.repair_seconds))


async def _seal(
    ledger: AsyncLedger, settings: WorkerSettings, stats: WorkerStats, stopping: asyncio.Event
) -> bool:
    """Whether more is left to seal."""
    sealed = await patiently(ledger.seal_ledger, settings.reconnect_seconds_max, stopping=stopping)
    stats.sealed += sealed.attempts + sealed.attestations
    return sealed.outcome is SealOutcome.MORE


def jittered(seconds: float) -> float:
    """Keeps workers that started together from asking together."""
    return seconds * random.uniform(0.8, 1.2)  # noqa: S311 - no secret
