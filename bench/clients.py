"""Clients that work at the same time, each in a process of its own.

In one process Python's lock would bound them all. They connect and warm up, meet at a barrier, and
then work; the time is that from the first who began to the last who ended, on the machine's clock.
"""

from __future__ import annotations

import multiprocessing
import resource
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import islice
from threading import Barrier, BrokenBarrierError
from typing import Final

from bench.figures import percentile
from bench.items import PAYLOAD_BYTES, Spread, items
from bench.systems import SYSTEMS, Client

__all__ = [
    "PROCESSES",
    "Action",
    "Job",
    "Meeting",
    "Tally",
    "Together",
    "drain",
    "enqueue_batches",
    "enqueue_singly",
    "lease",
    "rss_bytes",
    "work",
]

PROCESSES: Final = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["bench.clients"])
_MEETING_SECONDS_MAX: Final = 60
_WARM: Final = 6  # psycopg prepares what it has executed five times
_KB: Final = 1_024

_barrier: Barrier


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What each client does.

    Attributes:
        url: the database.
        system: whose client it is.
        name: unique among the jobs on a database; names of items are made of it.
        seconds: how long `enqueue_singly` goes on.
        items: how many items one client handles; for `drain`, at most, and None for all there are.
        batch: how many of them at once.
        spread: whose the items are.
        payload_bytes: of each item.
    """

    url: str
    system: str
    name: str = "item"
    seconds: float = 1.0
    items: int | None = None
    batch: int = 500
    spread: Spread = Spread.SPREAD
    payload_bytes: int = PAYLOAD_BYTES


@dataclass(slots=True)
class Tally:
    """What one client did.

    Attributes:
        items: how many.
        began: on the machine's monotonic clock, in seconds; so is `ended`.
        seconds: of each call that was timed: an enqueue, or a claim.
        rss_bytes: most memory that the process held.
    """

    items: int = 0
    began: float = 0.0
    ended: float = 0.0
    seconds: list[float] = field(default_factory=list)
    rss_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Together:
    """What all clients did."""

    tallies: tuple[Tally, ...]

    @property
    def items(self) -> int:
        """How many, of all clients."""
        return sum(tally.items for tally in self.tallies)

    @property
    def elapsed(self) -> float:
        """Seconds, from the first who began to the last who ended."""
        began = min(tally.began for tally in self.tallies)
        return max(tally.ended for tally in self.tallies) - began

    @property
    def per_second(self) -> float:
        """Items in a second."""
        return self.items / self.elapsed if self.items else 0.0

    @property
    def rss_bytes(self) -> int:
        """Most memory that one of them held."""
        return max(tally.rss_bytes for tally in self.tallies)

    def percentile_ms(self, percent: float) -> float:
        """Of the calls that were timed."""
        return percentile([s for tally in self.tallies for s in tally.seconds], percent) * 1_000


Action = Callable[[Client, Job, "Meeting"], Tally]
Meeting = Callable[[], None]


def work(action: Action, job: Job, clients: int) -> Together:
    """Lets so many clients do a job, at the same time.

    Raises:
        Exception: whatever one of them raised.
    """
    barrier = PROCESSES.Barrier(clients)
    with ProcessPoolExecutor(clients, PROCESSES, _know, (barrier,)) as pool:
        running = [pool.submit(_act, action, job, number) for number in range(clients)]
        # One that failed keeps the others from meeting: its error tells more than theirs.
        errors = [e for e in (future.exception() for future in running) if e is not None]
        told = [e for e in errors if not isinstance(e, BrokenBarrierError)]
        if errors:
            raise (told or errors)[0]
        return Together(tuple(future.result() for future in running))


def enqueue_singly(client: Client, job: Job, meet: Meeting) -> Tally:
    """One committed transaction after the other, for `seconds`."""
    source = items(job.name, spread=job.spread, payload_bytes=job.payload_bytes)
    for item in islice(source, _WARM):
        client.enqueue(item)
    meet()
    tally = Tally(began=time.monotonic())
    last = tally.began
    until = tally.began + job.seconds
    while last < until:
        client.enqueue(next(source))
        now = time.monotonic()
        tally.seconds.append(now - last)
        last = now
    tally.items, tally.ended = len(tally.seconds), last
    return tally


def enqueue_batches(client: Client, job: Job, meet: Meeting) -> Tally:
    """`items` in batches; they are made before the time is taken."""
    source = items(job.name, spread=job.spread, payload_bytes=job.payload_bytes)
    for item in islice(source, _WARM):
        client.enqueue_batch([item])
    batches = []
    left = job.items or job.batch
    while left > 0:
        batches.append(list(islice(source, min(left, job.batch))))
        left -= len(batches[-1])
    meet()
    tally = Tally(began=time.monotonic())
    last = tally.began
    for batch in batches:
        client.enqueue_batch(batch)
        tally.items += len(batch)
        now = time.monotonic()
        tally.seconds.append(now - last)
        last = now
    tally.ended = last
    return tally


def drain(client: Client, job: Job, meet: Meeting) -> Tally:
    """Claims and completes batches until the queue is empty, or `items` are done."""
    for _ in range(_WARM):
        if claimed := client.claim(1):
            client.complete(claimed)
    meet()
    tally = Tally(began=time.monotonic())
    tally.ended = tally.began
    while job.items is None or tally.items < job.items:
        before = time.monotonic()
        claimed = client.claim(job.batch)
        tally.seconds.append(time.monotonic() - before)
        if not claimed:
            break
        client.complete(claimed)
        tally.items += len(claimed)
        tally.ended = time.monotonic()
    return tally


def lease(client: Client, job: Job, meet: Meeting) -> Tally:
    """Claims `items` and leaves them leased."""
    meet()
    tally = Tally(began=time.monotonic())
    wanted = job.items or job.batch
    while tally.items < wanted:
        claimed = client.claim(min(job.batch, wanted - tally.items))
        if not claimed:
            break
        tally.items += len(claimed)
    tally.ended = time.monotonic()
    return tally


def _know(barrier: Barrier) -> None:
    global _barrier  # noqa: PLW0603 - a barrier is inherited, not sent
    _barrier = barrier


def _act(action: Action, job: Job, number: int) -> Tally:
    mine = replace(job, name=f"{job.name}-{number}")
    try:
        with SYSTEMS[job.system].client(job.url) as client:
            tally = action(client, mine, _meet)
    except BaseException:
        _barrier.abort()
        raise
    tally.rss_bytes = rss_bytes()
    return tally


def rss_bytes() -> int:
    """Most memory that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KB


def _meet() -> None:
    _barrier.wait(_MEETING_SECONDS_MAX)
