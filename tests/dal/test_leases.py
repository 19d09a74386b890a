"""Leases: extended, declared, given back, lost; one scenario, run blocking and async."""

from __future__ import annotations

import dataclasses
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text

from ledgerdb import AsyncLedger, Completion, Ledger, calls
from ledgerdb.errors import (
    AttemptAlreadyDone,
    Contention,
    InvalidArgument,
    InvalidState,
    LeaseExpired,
    LeaseLost,
    LeaseStolen,
    LeaseUnknown,
)
from ledgerdb.rows import AttemptState, ClaimedItem, CompletionOutcome
from tests.conftest import Execute
from tests.dal.queue import DISPATCHED, FAILED, RETRYABLE, attempts, enqueue, evidence, expire
from tests.factories import WORKER

LOST: dict[str, tuple[type[LeaseLost], CompletionOutcome]] = {
    "token": (LeaseUnknown, CompletionOutcome.UNKNOWN),
    "item": (LeaseUnknown, CompletionOutcome.UNKNOWN),
    "worker": (LeaseStolen, CompletionOutcome.STOLEN),
    "overtaken": (LeaseStolen, CompletionOutcome.STOLEN),
    "expired": (LeaseExpired, CompletionOutcome.EXPIRED),
    "repaired": (LeaseExpired, CompletionOutcome.EXPIRED),
    "other result": (AttemptAlreadyDone, CompletionOutcome.ALREADY_DONE),
    "ended": (AttemptAlreadyDone, CompletionOutcome.ALREADY_DONE),
}


async def lose(
    execute: Execute, connection: psycopg.Connection[Any], item: ClaimedItem, fault: str
) -> tuple[ClaimedItem, str]:
    """An item and a worker whose result cannot be recorded."""
    match fault:
        case "token":
            return dataclasses.replace(item, lease_token=UUID(int=1)), WORKER
        case "item":
            return dataclasses.replace(item, outbox_id=UUID(int=1)), WORKER
        case "worker":
            return item, "thief"
        case "expired":
            expire(connection)
        case "repaired":
            expire(connection)
            await execute(calls.repair(1, "reaper"))
        case "overtaken":
            expire(connection)
            await execute(calls.claim(1, "heir", 30))
        case "other result":
            await execute(calls.complete(item, WORKER, FAILED))
        case "ended":
            expire(connection)
            (heirs,) = await execute(calls.claim(1, "heir", 30))
            await execute(calls.complete(heirs, "heir", FAILED))
    return item, WORKER


@pytest.mark.parametrize("fault", LOST)
async def test_a_late_result_is_an_error_by_outcome_and_evidence(
    execute: Execute, connection: psycopg.Connection[Any], fault: str
) -> None:
    await execute(enqueue())
    (item,) = await execute(calls.claim(1, WORKER, 30))
    item, worker = await lose(execute, connection, item, fault)
    before = attempts(connection)
    kind, outcome = LOST[fault]
    with pytest.raises(LeaseLost) as lost:
        await execute(calls.complete(item, worker, DISPATCHED, rail_reference="rail-1"))
    assert type(lost.value) is kind
    assert (lost.value.sqlstate, lost.value.outcome) == ("P7002", outcome)
    assert attempts(connection) == before
    assert evidence(connection) == [(worker, "DISPATCHED", outcome, "rail-1")]


async def test_the_same_result_again_is_the_same_attempt(execute: Execute) -> None:
    """A lost acknowledgement is no lost result."""
    await execute(enqueue())
    (item,) = await execute(calls.claim(1, WORKER, 30))
    first = await execute(calls.complete(item, WORKER, DISPATCHED, rail_reference="r"))
    again = await execute(calls.complete(item, WORKER, DISPATCHED, rail_reference="r"))
    assert first.outcome is CompletionOutcome.RECORDED
    assert again == dataclasses.replace(first, outcome=CompletionOutcome.REPLAYED)


async def test_released_items_use_no_attempt(
    execute: Execute, connection: psycopg.Connection[Any]
) -> None:
    for number in range(3):
        await execute(enqueue(number))
    first, second, third = await execute(calls.claim(3, WORKER, 30))
    stale = dataclasses.replace(third, lease_token=UUID(int=1))
    assert await execute(calls.release([first, stale], "thief")) == ()
    (released,) = await execute(calls.release([first, stale], WORKER))
    assert released.outbox_id == first.outbox_id
    (again,) = await execute(calls.claim(3, WORKER, 30))
    assert (again.outbox_id, again.attempt_no) == (first.outbox_id, 1)
    with pytest.raises(LeaseLost):
        await execute(calls.complete(first, WORKER, DISPATCHED))
    assert (await execute(calls.complete(second, WORKER, DISPATCHED))).attempt_no == 1
    assert attempts(connection) == [(1, "DISPATCHED", None)]


async def test_a_lease_is_extended_and_never_shortened(
    execute: Execute, connection: psycopg.Connection[Any]
) -> None:
    for number in range(3):
        await execute(enqueue(number))
    first, second, third = await execute(calls.claim(3, WORKER, 30))
    stale = dataclasses.replace(third, lease_token=UUID(int=1))
    extended = await execute(calls.extend([first, second, stale], WORKER, 600))
    assert {row.outbox_id for row in extended} == {first.outbox_id, second.outbox_id}
    assert all(row.lease_expires_at > first.lease_expires_at for row in extended)
    (again,) = await execute(calls.extend([first], WORKER, 1))
    assert again in extended
    assert await execute(calls.extend([first], "thief", 600)) == ()
    expire(connection)
    assert await execute(calls.extend([first, second, third], WORKER, 600)) == ()
    with pytest.raises(InvalidArgument) as refused:
        await execute(calls.extend([first], WORKER, 0))
    assert refused.value.field == "lease_seconds"


async def test_a_declared_dispatch_is_never_dispatched_again_by_itself(
    execute: Execute, connection: psycopg.Connection[Any]
) -> None:
    for number in range(2):
        await execute(enqueue(number))
    begun, unbegun = await execute(calls.claim(2, WORKER, 30))
    stale = dataclasses.replace(unbegun, lease_token=UUID(int=1))
    (row,) = await execute(calls.begin_dispatch([begun, stale], WORKER))
    assert row.outbox_id == begun.outbox_id
    assert await execute(calls.begin_dispatch([begun], WORKER)) == (row,)
    assert await execute(calls.begin_dispatch([begun], "thief")) == ()
    assert await execute(calls.release([begun], WORKER)) == ()

    expire(connection)
    assert await execute(calls.begin_dispatch([unbegun], WORKER)) == ()
    (heirs,) = await execute(calls.claim(2, "heir", 30))
    assert heirs.outbox_id == unbegun.outbox_id
    backlog = await execute(calls.backlog())
    assert (backlog.in_doubt, backlog.leased, backlog.due) == (1, 1, 0)
    assert (await execute(enqueue(0))).state == "PENDING"
    with pytest.raises(LeaseExpired):
        await execute(calls.complete(begun, WORKER, DISPATCHED, rail_reference="rail-1"))
    assert evidence(connection) == [(WORKER, "DISPATCHED", "EXPIRED", "rail-1")]


async def test_a_stale_item_stops_no_other(
    execute: Execute, connection: psycopg.Connection[Any]
) -> None:
    for number in range(4):
        await execute(enqueue(number))
    items = await execute(calls.claim(4, WORKER, 30))
    await execute(calls.complete(items[0], WORKER, FAILED))
    unknown = dataclasses.replace(items[1], lease_token=UUID(int=1))
    results = [
        Completion(item=items[3], state=DISPATCHED, rail_reference="r-3", latency_ms=7),
        Completion(item=items[0], state=DISPATCHED, rail_reference="r-0"),
        Completion(item=unknown, state=DISPATCHED),
        Completion(item=items[2], state=RETRYABLE, error_code="BUSY", retry_delay_seconds=60),
    ]
    done = await execute(calls.complete_many(results, WORKER))
    assert [row.outbox_id for row in done] == [result.item.outbox_id for result in results]
    assert [(row.outcome, row.attempt_no, row.state) for row in done] == [
        ("RECORDED", 1, DISPATCHED),
        ("ALREADY_DONE", 1, FAILED),
        ("UNKNOWN", None, None),
        ("RECORDED", 1, RETRYABLE),
    ]
    again = await execute(calls.complete_many(results, WORKER))
    assert [row.outcome for row in again] == ["REPLAYED", "ALREADY_DONE", "UNKNOWN", "REPLAYED"]
    assert sorted(row[2] for row in evidence(connection)) == ["ALREADY_DONE", "UNKNOWN"]
    assert str(items[3].lease_token) not in repr(done)


async def test_a_batch_with_an_impossible_state_is_refused_whole(
    execute: Execute, connection: psycopg.Connection[Any]
) -> None:
    for number in range(2):
        await execute(enqueue(number))
    first, second = await execute(calls.claim(2, WORKER, 30))
    results = [
        Completion(item=first, state=DISPATCHED),
        Completion(item=second, state=AttemptState.ZOMBIE_REQUEUE),
    ]
    with pytest.raises(InvalidState):
        await execute(calls.complete_many(results, WORKER))
    with pytest.raises(InvalidArgument):
        await execute(calls.complete_many([], WORKER))
    assert attempts(connection) == []


async def test_without_a_wish_the_policy_of_the_rail_decides(
    execute: Execute, connection: psycopg.Connection[Any]
) -> None:
    connection.execute(
        """insert into public.outbox_retry_policies
            (rail_type, strategy, base_seconds, max_seconds)
        values ('RTGS', 'FIXED', 900, 900)"""
    )
    await execute(enqueue())
    (item,) = await execute(calls.claim(1, WORKER, 30))
    await execute(calls.complete(item, WORKER, RETRYABLE))
    row = connection.execute(
        """select next_attempt_at - now() between interval '890 s' and interval '900 s'
        from public.payment_outbox_pending"""
    ).fetchone()
    assert row == (True,)


async def test_the_rail_key_is_of_the_identity(execute: Execute) -> None:
    """Two attempts have the same key, two payments never."""
    for number in range(2):
        await execute(enqueue(number))
    first, second = await execute(calls.claim(2, WORKER, 30))
    await execute(calls.complete(first, WORKER, RETRYABLE, retry_delay_seconds=0))
    (again,) = await execute(calls.claim(2, WORKER, 30))
    assert (again.rail_key, again.attempt_no) == (first.rail_key, 2)
    assert again.lease_token != first.lease_token
    assert second.rail_key != first.rail_key
    assert len(first.rail_key) == 32


def test_a_rollback_of_the_caller_loses_the_evidence_and_a_commit_keeps_it(
    database_url: str, connection: psycopg.Connection[Any]
) -> None:
    with Ledger.connect(database_url) as ledger:
        ledger.execute(enqueue())
        (item,) = ledger.claim(1, WORKER, 30)
        expire(connection)
        with pytest.raises(LeaseExpired), ledger.transaction() as transaction:
            transaction.complete(item, WORKER, DISPATCHED, rail_reference="r")
        assert evidence(connection) == []
        with ledger.transaction() as transaction, pytest.raises(LeaseExpired):
            transaction.complete(item, WORKER, DISPATCHED, rail_reference="r")
        assert evidence(connection) == [(WORKER, "DISPATCHED", "EXPIRED", "r")]


SNAPSHOTS = ("repeatable read", "serializable")


@pytest.mark.parametrize("isolation", SNAPSHOTS)
def test_an_older_snapshot_is_contention_and_no_lost_lease(
    database_url: str, connection: psycopg.Connection[Any], isolation: str
) -> None:
    with Ledger.connect(database_url) as ledger:
        ledger.execute(enqueue())
        with ledger.transaction() as transaction:
            transaction.connection.execute(text(f"set transaction isolation level {isolation}"))
            transaction.backlog()  # takes the snapshot
            (item,) = ledger.claim(1, WORKER, 30)
            with pytest.raises(Contention) as refused:
                transaction.complete(item, WORKER, DISPATCHED)
        assert refused.value.sqlstate == "40001"
        assert ledger.complete(item, WORKER, DISPATCHED).attempt_no == 1
    assert evidence(connection) == []


@pytest.mark.parametrize("isolation", SNAPSHOTS)
async def test_an_older_snapshot_is_contention_and_no_lost_lease_async(
    database_url: str, connection: psycopg.Connection[Any], isolation: str
) -> None:
    async with AsyncLedger.connect(database_url) as ledger:
        await ledger.execute(enqueue())
        async with ledger.transaction() as transaction:
            await transaction.connection.execute(
                text(f"set transaction isolation level {isolation}")
            )
            await transaction.backlog()  # takes the snapshot
            (item,) = await ledger.claim(1, WORKER, 30)
            with pytest.raises(Contention) as refused:
                await transaction.complete(item, WORKER, DISPATCHED)
        assert refused.value.sqlstate == "40001"
        assert (await ledger.complete(item, WORKER, DISPATCHED)).attempt_no == 1
    assert evidence(connection) == []
