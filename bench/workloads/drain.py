"""Drains: a backlog is claimed and completed in batches until nothing is left."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from bench.clients import Job, drain, work
from bench.ground import Ground
from bench.plan import Case, Measurement, Profile, Workload
from bench.systems import (
    CURSOR,
    FUNCTIONS,
    LEAN,
    LEDGERDB,
    PSQL,
    REFERENCE,
    TABLES,
    VISIBILITY,
    Kind,
    System,
)
from bench.workloads.fill import fill

__all__ = ["DRAIN"]

_SYSTEMS: Final = (LEDGERDB, FUNCTIONS, VISIBILITY, LEAN, TABLES, CURSOR, REFERENCE, PSQL)
_ITEMS_MIN: Final = 40


def _cases(profile: Profile) -> Iterator[Case]:
    for batch in profile.drain_batches:
        for system in _SYSTEMS:
            # Those that commit each item by itself do not depend on the size.
            if system.kind is not Kind.BASELINE or batch == profile.drain_batches[0]:
                measure = partial(_measure, system, profile, batch)
                yield Case(DRAIN.name, f"batches of {batch}", system.name, measure)


def _measure(system: System, profile: Profile, batch: int, ground: Ground) -> Measurement:
    with ground.database(system.layout) as url:
        fill(url, system, max(_ITEMS_MIN, round(profile.drain_items * system.pace)))
        before = ground.wal_position()
        job = Job(url=url, system=system.name, batch=batch)
        done = work(drain, job, system.drain_clients)
        return Measurement(
            {
                "per_second": done.per_second,
                "claim_p50_ms": done.percentile_ms(50),
                "claim_p99_ms": done.percentile_ms(99),
                "wal_bytes_per_item": (ground.wal_position() - before) / max(1, done.items),
            }
        )


DRAIN: Final = Workload(
    "drain", "claim and complete a backlog, in batches of several sizes", _cases
)
