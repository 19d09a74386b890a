"""How long it takes from the enqueue of an item to its handler, with a worker that waits for work.

The worker is a process of its own. Its handler tells through a pipe which item it has; the time is
that of the machine's monotonic clock, from before the enqueue to the handler's first line.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Final

import psycopg

from bench.clients import PROCESSES
from bench.items import items
from bench.systems import LEDGERDB, REFERENCE, SYSTEMS, VISIBILITY
from ledgerdb import ClaimedItem, DatabaseUnavailable, Dispatched, Worker

__all__ = ["WAITERS", "wake_ups"]

_BATCH: Final = 50
_POLL_SECONDS: Final = 0.1  # of the queue that has nothing to wait for
_LISTEN_SECONDS_MAX: Final = 1.0
_WARM: Final = 3
# Between two items: longer than the worker's cooldown, so that each finds it waiting, and never in
# step with its polls.
_GAP_SECONDS: Final = 0.08
_GAP_STEP_SECONDS: Final = 0.007
_GAP_STEPS: Final = 7
_ANSWER_SECONDS_MAX: Final = 30

Waiter = Callable[[str, Connection], None]


def wake_ups(url: str, count: int, system: str = LEDGERDB.name) -> list[float]:
    """Enqueues items one by one, each into an idle queue.

    Args:
        url: a database of the system without pending items.
        count: how many items.
        system: which has a worker in `WAITERS`.

    Returns:
        Seconds of each.

    Raises:
        DatabaseUnavailable: the worker did not take an item in time.
    """
    here, there = PROCESSES.Pipe()
    process = PROCESSES.Process(target=WAITERS[system], args=(url, there), daemon=True)
    process.start()
    there.close()  # the worker's end is its own: when it dies, this one says so
    try:
        with SYSTEMS[system].client(url) as client:
            seconds = []
            for number, item in zip(
                range(count + _WARM), items(f"wake-{secrets.token_hex(6)}"), strict=False
            ):
                time.sleep(_GAP_SECONDS + number % _GAP_STEPS * _GAP_STEP_SECONDS)
                began = time.monotonic()
                client.enqueue(item)
                seconds.append(_answer(here, system) - began)
            return seconds[_WARM:]
    finally:
        with suppress(OSError):  # it is dead already
            here.send(None)
        process.join(_ANSWER_SECONDS_MAX)
        process.kill()


def _answer(told: Connection, system: str) -> float:
    try:
        if told.poll(_ANSWER_SECONDS_MAX):
            return float(told.recv())
    except EOFError:
        raise DatabaseUnavailable(f"{system}: the worker died") from None
    raise DatabaseUnavailable(f"{system}: no worker took the item")


def _ledgerdb(url: str, told: Connection) -> None:
    async def handle(item: ClaimedItem) -> Dispatched:
        told.send(time.monotonic())
        return Dispatched(rail_reference=f"r-{item.sequence_id}")

    worker = Worker(handle, url=url)

    def stop_when_told() -> None:
        told.recv()
        worker.stop()

    threading.Thread(target=stop_when_told, daemon=True).start()
    worker.run()


def _reference(url: str, told: Connection) -> None:
    with psycopg.connect(url, autocommit=True) as listening:
        listening.execute("listen symphony_outbox")

        def wait() -> None:
            for _ in listening.notifies(timeout=_LISTEN_SECONDS_MAX, stop_after=1):
                pass

        _serve(REFERENCE.name, url, told, wait)


def _visibility(url: str, told: Connection) -> None:
    _serve(VISIBILITY.name, url, told, lambda: time.sleep(_POLL_SECONDS))


def _serve(system: str, url: str, told: Connection, wait: Callable[[], None]) -> None:
    with SYSTEMS[system].client(url) as client:
        while not told.poll():
            if claimed := client.claim(_BATCH):
                for _ in claimed:
                    told.send(time.monotonic())
                client.complete(claimed)
            else:
                wait()


WAITERS: Final[dict[str, Waiter]] = {
    LEDGERDB.name: _ledgerdb,
    REFERENCE.name: _reference,
    VISIBILITY.name: _visibility,
}
