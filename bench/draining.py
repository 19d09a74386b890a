"""How fast a `Worker` works off a backlog, and how much memory its process holds.

The worker is a process of its own, with its default settings and a handler that does nothing.
"""

from __future__ import annotations

import time
from multiprocessing.connection import Connection

from bench.clients import PROCESSES, Tally, Together, rss_bytes
from ledgerdb import ClaimedItem, DatabaseUnavailable, Dispatched, Worker

__all__ = ["worker_drain"]


def worker_drain(url: str, items: int) -> Together:
    """Lets a worker handle so many items; it may handle some more before it has stopped.

    Args:
        url: a database of ledgerdb with at least so many items due.
        items: after which it is stopped.

    Raises:
        DatabaseUnavailable: the worker died.
    """
    here, there = PROCESSES.Pipe(duplex=False)
    process = PROCESSES.Process(target=_work, args=(url, items, there), daemon=True)
    process.start()
    there.close()  # the worker's end is its own: when it dies, this one says so
    try:
        tally = here.recv()
    except EOFError:
        raise DatabaseUnavailable("the worker died") from None
    finally:
        process.join()
    if not isinstance(tally, Tally):
        raise TypeError(f"a worker told {tally!r}")
    return Together((tally,))


def _work(url: str, items: int, told: Connection) -> None:
    tally = Tally()

    async def handle(item: ClaimedItem) -> Dispatched:
        tally.items += 1
        tally.began = tally.began or time.monotonic()
        tally.ended = time.monotonic()
        if tally.items == items:
            worker.stop()
        return Dispatched(rail_reference=f"r-{item.sequence_id}")

    worker = Worker(handle, url=url)
    worker.run()
    tally.rss_bytes = rss_bytes()
    told.send(tally)
