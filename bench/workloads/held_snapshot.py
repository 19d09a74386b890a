"""What bends a queue: a snapshot that somebody holds, leased items in front, a bulk insert."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Final, TypeAlias

import psycopg

from bench.clients import Job, Together, drain, enqueue_singly, lease, work
from bench.figures import median, trend
from bench.ground import Ground
from bench.plan import Case, Measurement, Profile, Workload
from bench.systems import LEAN, LEDGERDB, REFERENCE, VISIBILITY, System
from bench.workloads.fill import fill

__all__ = ["BULK", "HELD", "HELD_SNAPSHOT", "LEASED"]

HELD: Final = "snapshot held"
LEASED: Final = "leased items in front"
BULK: Final = "after a bulk insert"

_SYSTEMS: Final = (LEDGERDB, VISIBILITY, LEAN, REFERENCE)
_BATCH: Final = 100
_FRESH_ROUNDS: Final = 2
_LEASE_BATCH: Final = 1_000


def _cases(profile: Profile) -> Iterator[Case]:
    for variant, measure in (
        (HELD, _held),
        (LEASED, _leased_in_front),
        (BULK, _bulk_insert),
    ):
        for system in _SYSTEMS:
            case = partial(_measure, measure, system, profile)
            yield Case(HELD_SNAPSHOT.name, variant, system.name, case)


@dataclass(slots=True)
class _Queue:
    """A queue that is filled and drained, round by round."""

    ground: Ground
    url: str
    system: System
    profile: Profile
    numbers: Iterator[int]

    @property
    def items(self) -> int:
        """Of a round."""
        return max(_BATCH, round(self.profile.round_items * self.system.pace))

    def round(self) -> Together:
        """Fills the queue and drains it."""
        fill(self.url, self.system, self.items, f"fill-{next(self.numbers)}")
        return self.drain()

    def drain(self, items: int | None = None) -> Together:
        """Drains it, or so many items of it."""
        clients = self.system.drain_clients
        each = None if items is None else max(1, items // clients)
        job = Job(url=self.url, system=self.system.name, batch=_BATCH, items=each)
        return work(drain, job, clients)

    def enqueue(self) -> float:
        """Items in a second, of one client; what it has put there is drained again."""
        job = Job(
            url=self.url,
            system=self.system.name,
            name=f"one-{next(self.numbers)}",
            seconds=self.profile.enqueue_seconds,
        )
        done = work(enqueue_singly, job, 1)
        self.drain()
        return done.per_second


_Measure: TypeAlias = Callable[[_Queue, list[Together]], Measurement]


def _measure(measure: _Measure, system: System, profile: Profile, ground: Ground) -> Measurement:
    with ground.database(system.layout) as url:
        queue = _Queue(ground, url, system, profile, count(1))
        queue.round()  # of warming up
        fresh = [queue.round() for _ in range(_FRESH_ROUNDS)]
        return measure(queue, fresh)


def _held(queue: _Queue, fresh: list[Together]) -> Measurement:
    enqueue_fresh = queue.enqueue()
    with _snapshot(queue.url):
        before, dead_before = queue.ground.wal_position(), _dead_tuples(queue.url)
        rounds = [queue.round() for _ in range(queue.profile.rounds)]
        written = queue.ground.wal_position() - before
        churned = sum(done.items for done in rounds)
        dead = _dead_tuples(queue.url) - dead_before
        enqueue_held = queue.enqueue()
    rates = [done.per_second for done in rounds]
    claims = [done.percentile_ms(99) for done in rounds]
    return Measurement(
        {
            **_beside(fresh, rounds[-_FRESH_ROUNDS:]),
            "enqueue_fresh_per_second": enqueue_fresh,
            "enqueue_per_second": enqueue_held,
            "enqueue_ratio": enqueue_held / enqueue_fresh,
            "claim_p99_trend_ratio": trend(claims),
            "dead_tuples_per_item": dead / churned,
            "wal_bytes_per_item": written / churned,
            "churned_items": churned,
        },
        {"round_per_second": rates, "round_claim_p99_ms": claims},
    )


def _leased_in_front(queue: _Queue, fresh: list[Together]) -> Measurement:
    items = round(queue.profile.leased_items * queue.system.pace)
    fill(queue.url, queue.system, items, "front")
    job = Job(url=queue.url, system=queue.system.name, items=items, batch=_LEASE_BATCH)
    work(lease, job, 1)
    bent = [queue.round() for _ in range(_FRESH_ROUNDS)]
    return Measurement({**_beside(fresh, bent), "items_in_front": items})


def _bulk_insert(queue: _Queue, fresh: list[Together]) -> Measurement:
    items = round(queue.profile.bulk_items * queue.system.pace)
    fill(queue.url, queue.system, items, "bulk")
    bent = [queue.drain(queue.items) for _ in range(_FRESH_ROUNDS)]
    return Measurement({**_beside(fresh, bent), "items_in_front": items})


def _beside(fresh: list[Together], bent: list[Together]) -> dict[str, float]:
    drain_fresh = median([done.per_second for done in fresh])
    drain_bent = median([done.per_second for done in bent])
    return {
        "drain_fresh_per_second": drain_fresh,
        "drain_per_second": drain_bent,
        "drain_ratio": drain_bent / drain_fresh,
        "claim_fresh_p99_ms": median([done.percentile_ms(99) for done in fresh]),
        "claim_p99_ms": median([done.percentile_ms(99) for done in bent]),
    }


@contextmanager
def _snapshot(url: str) -> Iterator[None]:
    """Somebody reads in REPEATABLE READ, and does not end."""
    with psycopg.connect(url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.execute("select count(*) from pg_class")
        yield
        connection.rollback()


def _dead_tuples(url: str) -> int:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(
            "select cast(coalesce(sum(n_dead_tup), 0) as bigint) from pg_stat_user_tables"
        ).fetchone()
    return int(row[0]) if row else 0


HELD_SNAPSHOT: Final = Workload(
    "held-snapshot",
    "drain and enqueue under a held snapshot, behind leased items, after a bulk insert",
    _cases,
    is_long=True,
)
