"""Batches of enqueues: one committed transaction each."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from bench.clients import Job, enqueue_batches, work
from bench.ground import Ground
from bench.plan import Case, Measurement, Profile, Workload
from bench.systems import (
    BARE,
    CURSOR,
    FUNCTIONS,
    LEAN,
    LEDGERDB,
    REFERENCE,
    TABLES,
    VISIBILITY,
    Kind,
    System,
)

__all__ = ["ENQUEUE_BATCH"]

_CLIENTS: Final = 2
_SYSTEMS: Final = (BARE, LEDGERDB, FUNCTIONS, VISIBILITY, CURSOR, LEAN, TABLES, REFERENCE)


def _cases(profile: Profile) -> Iterator[Case]:
    for batch in profile.enqueue_batches:
        for system in _SYSTEMS:
            # The baseline sends its items one by one, whatever the size.
            if system.kind is not Kind.BASELINE or batch == profile.enqueue_batches[0]:
                measure = partial(_measure, system, profile, batch)
                yield Case(ENQUEUE_BATCH.name, f"batches of {batch}", system.name, measure)


def _measure(system: System, profile: Profile, batch: int, ground: Ground) -> Measurement:
    # Whole batches only, the same number for each client.
    batches = max(1, round(profile.batch_items * system.pace / _CLIENTS / batch))
    with ground.database(system.layout) as url:
        job = Job(url=url, system=system.name, items=batches * batch, batch=batch)
        before = ground.wal_position()
        done = work(enqueue_batches, job, _CLIENTS)
        return Measurement(
            {
                "per_second": done.per_second,
                "p50_ms": done.percentile_ms(50),
                "wal_bytes_per_item": (ground.wal_position() - before) / done.items,
            }
        )


ENQUEUE_BATCH: Final = Workload(
    "enqueue-batch", "one committed transaction per batch, by 2 clients", _cases
)
