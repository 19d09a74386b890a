"""Many at once: outcomes by item, 20,000 in a statement, opposite orders."""

from __future__ import annotations

import asyncio
import threading
from typing import Any
from uuid import UUID

import psycopg
import pytest

from ledgerdb import AsyncLedger, Completion, EnqueueOutcome, Ledger, OutboxItem, calls
from ledgerdb.errors import DatabaseError, InvalidArgument, TenantRefused
from ledgerdb.rows import BATCH_SIZE_MAX, IngestedResult, TenantType
from tests.conftest import Execute
from tests.dal.queue import DISPATCHED
from tests.factories import TENANT, WORKER, instruction
from tests.waiting import until

ACCEPTED, REPLAYED, CONFLICT = EnqueueOutcome
MANY = 20_000


@pytest.fixture(autouse=True)
def tenant(connection: psycopg.Connection[Any]) -> None:
    connection.execute(
        "select public.register_tenant(%s, 'first', 'First', 'COMMERCIAL')", [TENANT]
    )


def item(number: int, payload: str = '{"amount": "1"}') -> OutboxItem:
    return OutboxItem(
        instruction_id=f"i-{number}",
        participant_id=f"p-{number % 2}",
        idempotency_key="k",
        rail_type="RTGS",
        payload=payload,
    )


async def test_each_instruction_has_its_outcome(
    execute: Execute, connection: psycopg.Connection[Any]
) -> None:
    first = await execute(calls.ingest(instruction(1)))
    batch = [
        instruction(2, correlation_id=UUID(int=7)),
        instruction(1),
        instruction(1, payload='{"amount": "9999"}'),
        instruction(1, idempotency_key="another"),
        instruction(2, correlation_id=UUID(int=7)),
        instruction(3, payload={"amount": "1"}),
    ]
    results = await execute(calls.ingest_many(batch))
    assert [row.place for row in results] == [1, 2, 3, 4, 5, 6]
    assert [row.outcome for row in results] == [
        ACCEPTED,
        REPLAYED,
        CONFLICT,
        CONFLICT,
        REPLAYED,
        ACCEPTED,
    ]
    assert results[1] == IngestedResult(
        2,
        REPLAYED,
        first.attestation_id,
        first.outbox_id,
        first.sequence_id,
        first.received_at,
        first.payload_hash,
        "PENDING",
    )
    assert results[2] == IngestedResult(3, CONFLICT, None, None, None, None, None, None)
    assert results[4].outbox_id == results[0].outbox_id
    assert (results[0].sequence_id, results[5].sequence_id) == (2, 3)
    row = connection.execute("select count(*) from public.ingress_attestations").fetchone()
    assert row == (3,)
    again = await execute(calls.ingest_many(batch))
    assert {row.outcome for row in again} == {REPLAYED, CONFLICT}
    assert (await execute(calls.ingest(batch[0]))).replayed


async def test_each_item_has_its_outcome(execute: Execute) -> None:
    first = await execute(calls.enqueue("i-1", "p-1", "k", "RTGS", '{"amount": "1"}'))
    results = await execute(calls.enqueue_many([item(1), item(2), item(1, payload="{}"), item(2)]))
    assert [row.outcome for row in results] == [REPLAYED, ACCEPTED, CONFLICT, REPLAYED]
    assert results[0].outbox_id == first.outbox_id
    assert results[2].outbox_id is None
    claimed = await execute(calls.claim(10, WORKER, 30))
    assert [row.instruction_id for row in claimed] == ["i-1", "i-2"]


REFUSED: dict[str, tuple[Any, type[Exception], str]] = {
    "nothing": (lambda: calls.ingest_many([]), InvalidArgument, "instruction_ids"),
    "no instruction": (lambda: calls.ingest_many([None]), InvalidArgument, "instructions"),  # type: ignore[list-item]
    "no item": (lambda: calls.enqueue_many([None]), InvalidArgument, "items"),  # type: ignore[list-item]
    "one of a kind": (
        lambda: calls.ingest_many([instruction(1), instruction(2, signature_hash="0" * 64)]),
        InvalidArgument,
        "signature_hash",
    ),
    "a blank": (
        lambda: calls.ingest_many([instruction(1), instruction(2, participant_id=" ")]),
        InvalidArgument,
        "participant_ids",
    ),
    "an array": (
        lambda: calls.enqueue_many([item(1), item(2, payload="[]")]),
        InvalidArgument,
        "payloads",
    ),
    "a stranger": (
        lambda: calls.ingest_many([instruction(1), instruction(2, tenant_id=UUID(int=9))]),
        TenantRefused,
        "tenant_ids",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_one_that_is_invalid_refuses_all(
    execute: Execute, connection: psycopg.Connection[Any], case: str
) -> None:
    make, kind, field = REFUSED[case]

    async def attempt() -> None:
        await execute(make())

    with pytest.raises(kind) as refused:
        await attempt()
    assert isinstance(refused.value, DatabaseError)
    assert refused.value.field == field
    if refused.value.sqlstate != "P7118" and refused.value.sqlstate is not None:
        assert "(item 2)" in str(refused.value)
    row = connection.execute("select count(*) from public.payment_outbox_identities").fetchone()
    assert row == (0,)


async def test_twenty_thousand_come_and_go(
    execute: Execute, connection: psycopg.Connection[Any]
) -> None:
    """The reference exhausts its lock table here."""
    batch = [instruction(number, participant_id=f"p-{number % 5}") for number in range(MANY)]
    results = await execute(calls.ingest_many(batch))
    assert {row.outcome for row in results} == {ACCEPTED}
    assert [row.place for row in results] == list(range(1, MANY + 1))
    row = connection.execute(
        "select count(*), min(next_sequence_id), max(next_sequence_id) "
        "from public.participant_outbox_sequences"
    ).fetchone()
    assert row == (5, MANY // 5 + 1, MANY // 5 + 1)

    ended = 0
    while items := await execute(calls.claim(BATCH_SIZE_MAX, WORKER, 600)):
        completions = [Completion(item=item, state=DISPATCHED) for item in items]
        done = await execute(calls.complete_many(completions, WORKER))
        ended += sum(row.outcome == "RECORDED" for row in done)
    assert ended == MANY
    assert await execute(calls.counter_drift()) == ()
    again = await execute(calls.ingest_many(batch[:10]))
    assert {row.state for row in again} == {"DISPATCHED"}


def _waiting(connection: psycopg.Connection[Any], count: int) -> None:
    """Until so many sessions wait for a lock."""
    until(
        lambda: (
            connection.execute(
                """select count(*) from pg_stat_activity
            where datname = current_database() and wait_event_type = 'Lock'"""
            ).fetchone()
            == (count,)
        )
    )


def test_opposite_orders_do_not_deadlock(
    database_url: str, connection: psycopg.Connection[Any]
) -> None:
    """Both batches meet a payment that a third transaction has not committed yet, then each
    other.
    """
    batch = [instruction(number, participant_id=f"p-{number % 7}") for number in range(100)]
    found: list[tuple[IngestedResult, ...]] = []
    with Ledger.connect(database_url) as ledger:
        threads = [
            threading.Thread(target=lambda given=given: found.append(ledger.ingest_many(given)))
            for given in (batch, batch[::-1])
        ]
        with ledger.transaction() as transaction:
            transaction.ingest(batch[50])
            for thread in threads:
                thread.start()
            _waiting(connection, 2)
        for thread in threads:
            thread.join()
        _check(ledger.enqueue_many([item(0)])[0].outcome, found)


async def test_opposite_orders_do_not_deadlock_async(
    database_url: str, connection: psycopg.Connection[Any]
) -> None:
    batch = [instruction(number, participant_id=f"p-{number % 7}") for number in range(100)]
    async with AsyncLedger.connect(database_url) as ledger:
        async with ledger.transaction() as transaction:
            await transaction.ingest(batch[50])
            tasks = [
                asyncio.create_task(ledger.ingest_many(given)) for given in (batch, batch[::-1])
            ]
            await asyncio.to_thread(_waiting, connection, 2)
        found = await asyncio.gather(*tasks)
        _check((await ledger.enqueue_many([item(0)]))[0].outcome, found)


def _check(alive: EnqueueOutcome, found: list[tuple[IngestedResult, ...]]) -> None:
    """Each payment was accepted once: the one in the middle by the third transaction."""
    assert alive is ACCEPTED
    outcomes = [row.outcome for rows in found for row in rows]
    assert (outcomes.count(ACCEPTED), outcomes.count(REPLAYED)) == (99, 101)
    assert len({row.outbox_id for rows in found for row in rows}) == 100


def test_opposite_orders_of_results_do_not_deadlock(
    database_url: str, connection: psycopg.Connection[Any]
) -> None:
    with Ledger.connect(database_url) as ledger:
        ledger.register_tenant(TENANT, "first", "First", TenantType.COMMERCIAL)
        ledger.ingest_many([instruction(number) for number in range(100)])
        items = ledger.claim(100, WORKER, 600)
        results = [Completion(item=item, state=DISPATCHED) for item in items]
        found: list[Any] = []
        threads = [
            threading.Thread(
                target=lambda given=given: found.extend(ledger.complete_many(given, WORKER))
            )
            for given in (results, results[::-1])
        ]
        with psycopg.connect(database_url) as holder:
            holder.execute(
                "select from public.payment_outbox_pending where outbox_id = %s for update",
                [items[50].outbox_id],
            )
            for thread in threads:
                thread.start()
            _waiting(connection, 2)
        for thread in threads:
            thread.join()
    outcomes = sorted(row.outcome for row in found)
    assert outcomes == ["RECORDED"] * 100 + ["REPLAYED"] * 100
