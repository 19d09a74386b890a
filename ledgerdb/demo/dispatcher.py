"""A worker process of the demo: dispatches to the simulated rail until it is told to stop."""

from __future__ import annotations

import logging
import multiprocessing
import threading
import time
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from ledgerdb.demo.rail import Rail, ReplyKind
from ledgerdb.engine import EngineSettings
from ledgerdb.rows import ClaimedItem
from ledgerdb.worker import Dispatched, Outcome, Rejected, Retry, Worker, WorkerSettings

__all__ = ["DispatcherJob", "start"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatcherJob:
    """What a worker process must know; passed to it through a pipe, so no password is in `ps`."""

    worker_id: str
    url: str
    role: str | None
    rail_path: Path
    log_path: Path
    seed: int
    fail_rate: float
    lease_seconds: int


def start(job: DispatcherJob) -> BaseProcess:
    """Starts the process: a fresh interpreter, as a service would be."""
    process = multiprocessing.get_context("spawn").Process(
        target=_main, args=(job,), name=job.worker_id, daemon=True
    )
    process.start()
    return process


def _main(job: DispatcherJob) -> None:
    logging.basicConfig(
        filename=job.log_path,
        level=logging.INFO,
        format=f"%(asctime)s {job.worker_id} %(levelname)s %(message)s",
    )
    rail = Rail(job.rail_path, job.seed, job.fail_rate)

    async def handler(item: ClaimedItem) -> Outcome:
        return await _dispatch(rail, item)

    worker = Worker(
        handler,
        url=job.url,
        settings=WorkerSettings(
            worker_id=job.worker_id,
            lease_seconds=job.lease_seconds,
            batch_size=50,
            concurrency=6,
            poll_seconds=0.2,
            repair_seconds=1.0,
        ),
        engine=EngineSettings(application_name=f"ledgerdb-demo-{job.worker_id}", role=job.role),
    )
    threading.Thread(target=_stop_with_parent, args=(worker,), daemon=True).start()
    worker.run()


def _stop_with_parent(worker: Worker) -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        worker.stop()


async def _dispatch(rail: Rail, item: ClaimedItem) -> Outcome:
    amount = item.payload["interbank_settlement_amount"]
    began = time.perf_counter()
    # The rail key is made from the identity of the payment: the same after any replay.
    reply = await rail.submit_async(
        item.rail_key, amount["amount"], amount["currency"], item.attempt_no
    )
    latency_ms = round((time.perf_counter() - began) * 1_000)
    match reply.kind:
        case ReplyKind.ACCEPTED if reply.reference is not None:
            return Dispatched(reply.reference, reply.code, latency_ms)
        case ReplyKind.REJECTED:
            return Rejected(reply.code, reply.message, reply.code, latency_ms)
        case _:
            return Retry(f"RAIL_{reply.kind}", reply.message, reply.code, latency_ms)
