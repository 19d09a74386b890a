"""Every workload runs, in sizes that tell nothing, on a real server."""

from __future__ import annotations

import math
from itertools import islice
from typing import cast

import psycopg
import pytest

from bench.clients import Job, drain, enqueue_batches, enqueue_singly, work
from bench.ground import Ground
from bench.plan import Profile
from bench.results import Results, validate
from bench.runner import run
from bench.systems import (
    LEAN,
    LEDGERDB,
    PSQL,
    REFERENCE,
    SYSTEMS,
    TABLES,
    VISIBILITY,
    System,
)
from bench.waking import wake_ups
from bench.workloads import WORKLOADS
from bench.workloads.fill import fill
from ledgerdb.errors import DatabaseError, DatabaseUnavailable

TINY = Profile(
    name="tiny",
    repeats=1,
    long_repeats=1,
    enqueue_seconds=0.02,
    batch_items=40,
    enqueue_batches=(20,),
    drain_items=60,
    drain_batches=(50,),
    wake_ups=2,
    round_items=100,
    rounds=2,
    leased_items=100,
    bulk_items=300,
    payloads=(1_024, 65_536),
    workers=(1, 3),
    backlogs=(50, 200),
    scale_items=100,
    calls=3,
)
# Whose history is where, with a row for each item that was completed.
HISTORIES = {
    LEDGERDB: "public.payment_outbox_attempts",
    REFERENCE: "public.payment_outbox_attempts",
    TABLES: "public.payment_outbox_attempts",
    LEAN: "public.lean_attempts",
    VISIBILITY: "public.visibility_archive",
}


@pytest.mark.parametrize("name", sorted(set(WORKLOADS) - {"enqueue-batch", "drain", "wake-up"}))
def test_a_workload_measures_ledgerdb(name: str, ground: Ground) -> None:
    found = run(ground, [WORKLOADS[name].of((LEDGERDB.name, PSQL.name))], TINY, command="a test")
    validate(found)
    assert found["failed"] == []
    planned = [case for case in WORKLOADS[name].cases(TINY) if case.system == LEDGERDB.name]
    measured = [entry for entry in found["results"] if entry["system"] == LEDGERDB.name]
    assert [entry["variant"] for entry in measured] == [case.variant for case in planned]
    for entry in measured:
        assert all(math.isfinite(v) for values in entry["numbers"].values() for v in values)
        assert max(value for values in entry["numbers"].values() for value in values) > 0


@pytest.mark.parametrize("name", ["enqueue-batch", "drain", "wake-up"])
def test_every_system_takes_its_turn(name: str, ground: Ground) -> None:
    found = run(ground, [WORKLOADS[name]], TINY, command="a test")
    validate(found)
    assert found["failed"] == []
    results = Results(found)
    (variant,) = results.variants(name)
    assert set(results.systems(name, variant)) == {
        case.system for case in WORKLOADS[name].cases(TINY)
    }
    number = "p50_ms" if name == "wake-up" else "per_second"
    for system in results.systems(name, variant):
        assert cast("float", results.median(name, variant, system, number)) > 0


@pytest.mark.parametrize("system", HISTORIES, ids=lambda system: system.name)
def test_a_drain_leaves_a_row_for_every_item(system: System, ground: Ground) -> None:
    with ground.database(system.layout) as url:
        fill(url, system, 60)
        done = work(drain, Job(url=url, system=system.name, batch=25), 2)
        with psycopg.connect(url) as connection:
            stored = connection.execute(f"select count(*) from {HISTORIES[system]}").fetchone()
        with system.client(url) as client:
            assert not client.claim(1)
    warmed = 12  # two clients that fill, six items each; those that drain begin with them
    assert stored == (60 + warmed,)
    assert done.items == 60


@pytest.mark.parametrize("system", SYSTEMS.values(), ids=lambda system: system.name)
def test_an_item_is_durable_when_enqueue_returns(system: System, ground: Ground) -> None:
    with ground.database(system.layout) as url:
        before = ground.wal_position()
        done = work(enqueue_singly, Job(url=url, system=system.name, seconds=0.01), 2)
        assert ground.wal_position() - before > 1_024 * done.items
        if system.drains:
            with system.client(url) as client:
                claimed = client.claim(1)
                assert len(claimed) == 1
                client.complete(claimed)


def test_an_error_of_a_client_is_told(ground: Ground) -> None:
    with (
        ground.database(VISIBILITY.layout) as url,
        pytest.raises((DatabaseError, psycopg.Error), match="does not exist"),
    ):
        work(enqueue_batches, Job(url=url, system=LEDGERDB.name, items=1), 2)


def test_a_worker_that_dies_is_told(ground: Ground) -> None:
    # at revision 0001 its client may enqueue, and its worker has no function to claim with
    with (
        ground.database(REFERENCE.layout) as url,
        pytest.raises(DatabaseUnavailable, match="the worker died"),
    ):
        wake_ups(url, 1)


def test_a_plan_names_each_case_once() -> None:
    for workload in WORKLOADS.values():
        names = [(case.variant, case.system) for case in workload.cases(TINY)]
        assert len(names) == len(set(names))
        assert {system for _, system in names} <= set(SYSTEMS)
        assert list(islice(names, 1))
