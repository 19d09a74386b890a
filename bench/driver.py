"""The entry point for an outside harness: four measurements of ledgerdb's public API.

Each takes the URL of a database at head that nobody else uses, and gives back figures. Clients are
processes of their own, so call these from a module that can be imported, below
`if __name__ == "__main__":`.

    from bench import driver

    driver.enqueue_one(url, clients=8, seconds=2)      # Figures(items=..., per_second=..., ...)
    driver.enqueue_batch(url, items=50_000, batch=5_000)
    driver.drain(url, batch=1_000)                     # what the two before have put there
    driver.wake_up_latency(url, items=100)
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass

from bench.clients import Action, Job, Together, enqueue_batches, enqueue_singly, work
from bench.clients import drain as drain_all
from bench.figures import percentile
from bench.items import PAYLOAD_BYTES, Spread
from bench.systems import LEDGERDB
from bench.waking import wake_ups

__all__ = ["Figures", "drain", "enqueue_batch", "enqueue_one", "wake_up_latency"]


@dataclass(frozen=True, slots=True)
class Figures:
    """What a measurement found.

    Attributes:
        items: how many were enqueued, drained, or handled.
        seconds: from the first client that began to the last that ended.
        per_second: items.
        p50_ms: of a single call: an enqueue, a batch, a claim, or a way to the handler. So are
            `p95_ms` and `p99_ms`.
    """

    items: int
    seconds: float
    per_second: float
    p50_ms: float
    p95_ms: float
    p99_ms: float


def enqueue_one(
    url: str,
    *,
    clients: int = 1,
    seconds: float = 1.0,
    payload_bytes: int = PAYLOAD_BYTES,
    hot: bool = False,
) -> Figures:
    """Single enqueues through `Ledger.enqueue`, each a committed transaction.

    Args:
        url: the database.
        clients: processes that do so at the same time.
        seconds: how long.
        payload_bytes: of each item, 64 to 65,536.
        hot: all items are of one participant, and not of a thousand.

    Raises:
        LedgerError: what the ledger says.
    """
    spread = Spread.HOT if hot else Spread.SPREAD
    job = Job(
        url=url,
        system=LEDGERDB.name,
        name=_unique(),
        seconds=seconds,
        payload_bytes=payload_bytes,
        spread=spread,
    )
    return _figures(enqueue_singly, job, clients)


def enqueue_batch(
    url: str,
    *,
    items: int,
    batch: int = 5_000,
    clients: int = 2,
    payload_bytes: int = PAYLOAD_BYTES,
) -> Figures:
    """Enqueues through `Ledger.enqueue_many`, each batch a committed transaction. The items are
    made before the time is taken; each client enqueues six more, to warm up.

    Args:
        url: the database.
        items: in all, divided among the clients.
        batch: items of a call.
        clients: processes that do so at the same time.
        payload_bytes: of each item, 64 to 65,536.

    Raises:
        LedgerError: what the ledger says.
    """
    job = Job(
        url=url,
        system=LEDGERDB.name,
        name=_unique(),
        items=max(1, items // clients),
        batch=batch,
        payload_bytes=payload_bytes,
    )
    return _figures(enqueue_batches, job, clients)


def drain(url: str, *, batch: int = 1_000, clients: int = 2) -> Figures:
    """Claims and completes what is on the queue through `Ledger.claim` and `Ledger.complete_many`,
    until nothing is due. Each client handles six items before the time is taken, to warm up.

    Args:
        url: the database.
        batch: items of a claim.
        clients: processes that do so at the same time.

    Raises:
        LedgerError: what the ledger says.
    """
    return _figures(drain_all, Job(url=url, system=LEDGERDB.name, batch=batch), clients)


def wake_up_latency(url: str, *, items: int = 100) -> Figures:
    """From before `Ledger.enqueue` to the first line of the handler of a `Worker` in another
    process, with its default settings, which waits for work. The queue must be empty.

    Args:
        url: the database.
        items: enqueued one by one, with pauses of 80 to 122 ms.

    Raises:
        LedgerError: what the ledger says.
        DatabaseUnavailable: the worker did not take an item in time.
    """
    began = time.monotonic()
    milliseconds = [seconds * 1_000 for seconds in wake_ups(url, items)]
    seconds = time.monotonic() - began
    p50, p95, p99 = (percentile(milliseconds, percent) for percent in (50, 95, 99))
    return Figures(len(milliseconds), seconds, len(milliseconds) / seconds, p50, p95, p99)


def _unique() -> str:
    """For the names of items: a database is measured more than once."""
    return secrets.token_hex(6)


def _figures(action: Action, job: Job, clients: int) -> Figures:
    done: Together = work(action, job, clients)
    p50, p95, p99 = (done.percentile_ms(percent) for percent in (50, 95, 99))
    return Figures(done.items, done.elapsed, done.per_second, p50, p95, p99)
