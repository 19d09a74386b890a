"""Single enqueues: one committed transaction each."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from bench.clients import Job, enqueue_singly, work
from bench.ground import Ground
from bench.items import Spread, items
from bench.plan import Case, Measurement, Profile, Workload
from bench.systems import (
    BARE,
    FUNCTIONS,
    LEDGERDB,
    PSQL,
    REFERENCE,
    SYSTEMS,
    TABLES,
    VISIBILITY,
)
from ledgerdb import Ledger

__all__ = ["ENQUEUE_ONE"]

CLIENTS: Final = (1, 8)
_ALL: Final = (BARE, LEDGERDB, FUNCTIONS, VISIBILITY, TABLES, REFERENCE, PSQL)
_HOT: Final = (LEDGERDB, FUNCTIONS, REFERENCE)


def _cases(profile: Profile) -> Iterator[Case]:
    for clients in CLIENTS:
        who = f"{clients} client" if clients == 1 else f"{clients} clients"
        for system in _ALL:
            measure = partial(_measure, system.name, profile, clients, Spread.SPREAD)
            yield Case(ENQUEUE_ONE.name, who, system.name, measure)
        for system in _HOT:
            measure = partial(_measure, system.name, profile, clients, Spread.HOT)
            yield Case(ENQUEUE_ONE.name, f"{who}, hot participant", system.name, measure)
        monotonic = f"{who}, hot participant, monotonic"
        measure = partial(_measure, LEDGERDB.name, profile, clients, Spread.HOT, is_monotonic=True)
        yield Case(ENQUEUE_ONE.name, monotonic, LEDGERDB.name, measure)


def _measure(
    system: str,
    profile: Profile,
    clients: int,
    spread: Spread,
    ground: Ground,
    *,
    is_monotonic: bool = False,
) -> Measurement:
    with ground.database(SYSTEMS[system].layout) as url:
        if is_monotonic:
            _make_monotonic(url, next(items("first", spread=spread)).participant)
        job = Job(url=url, system=system, seconds=profile.enqueue_seconds, spread=spread)
        before = ground.wal_position()
        done = work(enqueue_singly, job, clients)
        return Measurement(
            {
                "per_second": done.per_second,
                "p50_ms": done.percentile_ms(50),
                "p95_ms": done.percentile_ms(95),
                "p99_ms": done.percentile_ms(99),
                "wal_bytes_per_item": (ground.wal_position() - before) / done.items,
            }
        )


def _make_monotonic(url: str, participant: str) -> None:
    with Ledger.connect(url) as ledger:
        ledger.number_monotonically(
            participant, actor="bench", reason="what the gapless counter costs"
        )


ENQUEUE_ONE: Final = Workload(
    "enqueue-one", "one committed transaction per item, by 1 and by 8 clients", _cases
)
