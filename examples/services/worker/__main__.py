"""The worker as a program: `python -m examples.services.worker`, until SIGTERM.

It reads the variables `WORKER_...` (see `settings.py`), those of its rail, LEDGERDB_URL, and those
of OpenTelemetry (see `examples.services.tracing`).
SIGTERM ends it once what is under way is recorded, and gives the rest back to the queue.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from dataclasses import asdict

from examples.services import logs
from examples.services.rail.adapter import RailAdapter, load
from examples.services.settings import from_environment
from examples.services.tracing import tracing
from examples.services.worker.monitor import Monitor
from examples.services.worker.settings import WorkerServiceSettings
from ledgerdb import ClaimedItem, LedgerError, Worker, WorkerSettings
from ledgerdb.url import database_url
from ledgerdb.worker import Answer

_log = logging.getLogger("services.worker")


def main() -> None:
    """Works until SIGTERM or SIGINT. Exit code 1: it cannot go on; stderr says why."""
    try:
        settings = from_environment(WorkerServiceSettings, "WORKER_", os.environ)
        database_url(None)  # said now, and not at the first claim
        rail = load(settings.rail, os.environ)
        loop = settings.worker(declare_dispatch=not rail.knows_keys)
        logs.configure(settings.log_level)
        with tracing(os.environ, "worker"):
            asyncio.run(_work(settings, loop, rail))
    except LedgerError as error:
        sys.exit(f"worker: {error}")


async def _work(settings: WorkerServiceSettings, loop: WorkerSettings, rail: RailAdapter) -> None:
    async def handle(item: ClaimedItem) -> Answer:
        return await monitor.timed(rail, item)

    worker = Worker(handle, settings=loop, engine=settings.engine())
    monitor = Monitor(worker.stats, settings.host, settings.port)
    try:
        with monitor.running():
            beating = asyncio.create_task(monitor.beat_for_ever())
            try:
                stats = await worker.serve(handle_signals=True)
            finally:
                beating.cancel()
    finally:
        await rail.close()
    logs.event(_log, "stopped", **asdict(stats))


if __name__ == "__main__":
    main()
