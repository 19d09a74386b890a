"""Enqueue, claim, complete, repair, release: one scenario, run blocking and async."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest

from ledgerdb import calls
from ledgerdb.errors import (
    IdempotencyConflict,
    InvalidArgument,
    InvalidState,
    LeaseLost,
)
from ledgerdb.rows import AttemptState, ClaimedItem
from tests.conftest import Execute
from tests.dal.queue import DISPATCHED, FAILED, RETRYABLE, attempts, enqueue, expire
from tests.factories import WORKER


async def test_enqueue_is_idempotent_and_bound(execute: Execute) -> None:
    first = await execute(enqueue())
    assert (first.sequence_id, first.state) == (1, "PENDING")
    assert await execute(enqueue()) == first
    with pytest.raises(IdempotencyConflict):
        await execute(enqueue(payload='{"amount": 9999}'))
    assert (await execute(enqueue(2))).sequence_id == 2


async def test_money_never_passes_through_a_float(execute: Execute) -> None:
    await execute(enqueue(payload='{"amount": 0.1, "big": 12345678901234567890.12, "n": 3}'))
    (item,) = await execute(calls.claim(1, WORKER, 30))
    assert item.payload == {
        "amount": Decimal("0.1"),
        "big": Decimal("12345678901234567890.12"),
        "n": 3,
    }
    assert "amount" not in repr(item)
    assert str(item.lease_token) not in repr(item)


async def test_claims_are_in_due_order_and_exclusive(execute: Execute) -> None:
    items = [await execute(enqueue(number)) for number in range(5)]
    first = await execute(calls.claim(3, WORKER, 30))
    rest = await execute(calls.claim(10, "worker-2", 30))
    assert [item.outbox_id for item in (*first, *rest)] == [item.outbox_id for item in items]
    assert await execute(calls.claim(10, "worker-3", 30)) == ()
    assert len({item.lease_token for item in (*first, *rest)}) == 5


@pytest.mark.parametrize("state", [DISPATCHED, FAILED])
async def test_a_terminal_attempt_ends_the_item(
    execute: Execute, connection: psycopg.Connection[Any], state: AttemptState
) -> None:
    await execute(enqueue())
    (item,) = await execute(calls.claim(1, WORKER, 30))
    done = await execute(calls.complete(item, WORKER, state, rail_reference="r"))
    assert (done.attempt_no, done.state) == (1, state)
    assert await execute(calls.claim(1, WORKER, 30)) == ()
    assert (await execute(enqueue())).state == state
    assert attempts(connection) == [(1, state, None)]


async def test_a_retry_is_due_after_its_delay(
    execute: Execute, connection: psycopg.Connection[Any]
) -> None:
    await execute(enqueue())
    (item,) = await execute(calls.claim(1, WORKER, 30))
    await execute(calls.complete(item, WORKER, RETRYABLE, retry_delay_seconds=3600))
    assert await execute(calls.claim(1, WORKER, 30)) == ()
    connection.execute("update public.payment_outbox_pending set next_attempt_at = now()")
    (item,) = await execute(calls.claim(1, WORKER, 30))
    assert item.attempt_no == 2


@pytest.mark.parametrize("state", [AttemptState.DISPATCHING, AttemptState.ZOMBIE_REQUEUE])
async def test_other_states_are_not_completions(execute: Execute, state: AttemptState) -> None:
    await execute(enqueue())
    (item,) = await execute(calls.claim(1, WORKER, 30))
    with pytest.raises(InvalidState) as refused:
        await execute(calls.complete(item, WORKER, state))
    assert refused.value.field == "state"


@pytest.mark.parametrize("metric", [-1, 2**40])
@pytest.mark.parametrize("delay", [2**31 - 1, 2**40])
async def test_a_bad_metric_never_loses_a_result(
    execute: Execute, connection: psycopg.Connection[Any], metric: int, delay: int
) -> None:
    await execute(enqueue())
    (item,) = await execute(calls.claim(1, WORKER, 30))
    await execute(
        calls.complete(item, WORKER, RETRYABLE, latency_ms=metric, retry_delay_seconds=delay)
    )
    row = connection.execute(
        """select a.latency_ms, p.next_attempt_at < now() + interval '8 days'
        from public.payment_outbox_attempts as a
        join public.payment_outbox_pending as p using (outbox_id)"""
    ).fetchone()
    assert row == (None, True)


async def test_repair_records_the_abandoned_attempt(
    execute: Execute, connection: psycopg.Connection[Any]
) -> None:
    await execute(enqueue())
    (item,) = await execute(calls.claim(1, WORKER, 30))
    assert await execute(calls.repair(10, "reaper")) == ()
    expire(connection)
    (repaired,) = await execute(calls.repair(10, "reaper"))
    assert (repaired.outbox_id, repaired.attempt_no) == (item.outbox_id, 1)
    with pytest.raises(LeaseLost):
        await execute(calls.complete(item, WORKER, DISPATCHED))
    assert attempts(connection) == [(1, "ZOMBIE_REQUEUE", "LEASE_EXPIRED")]


async def test_claiming_an_expired_lease_records_the_abandoned_attempt(
    execute: Execute, connection: psycopg.Connection[Any]
) -> None:
    await execute(enqueue())
    await execute(calls.claim(1, "dead", 30))
    expire(connection)
    (item,) = await execute(calls.claim(1, WORKER, 30))
    assert item.attempt_no == 2
    assert attempts(connection) == [(1, "ZOMBIE_REQUEUE", "LEASE_EXPIRED")]
    row = connection.execute("select worker_id from public.payment_outbox_attempts").fetchone()
    assert row == ("dead",)
    assert (await execute(calls.complete(item, WORKER, DISPATCHED))).attempt_no == 2
    assert await execute(calls.counter_drift()) == ()


async def test_a_handler_that_always_dies_ends_after_as_many_claims_as_the_ceiling(
    execute: Execute, connection: psycopg.Connection[Any]
) -> None:
    """The reference leased an abandoned item again and again, without a trace."""
    await execute(enqueue())
    claims = 0
    while await execute(calls.claim(1, WORKER, 30)):
        claims += 1
        expire(connection)
    assert claims == 20
    rows = attempts(connection)
    assert [row[0] for row in rows] == list(range(1, 21))
    assert {row[1] for row in rows[:-1]} == {"ZOMBIE_REQUEUE"}
    assert rows[-1] == (20, "FAILED", "RETRY_CEILING_EXCEEDED")
    assert (await execute(enqueue())).state == "FAILED"


async def test_the_retry_ceiling_ends_what_cannot_succeed(
    execute: Execute, connection: psycopg.Connection[Any]
) -> None:
    """Nineteen abandoned leases and a retry: the twentieth attempt is FAILED."""
    await execute(enqueue())
    for number in range(1, 20):
        connection.execute("update public.payment_outbox_pending set next_attempt_at = now()")
        await execute(calls.claim(1, WORKER, 30))
        expire(connection)
        (repaired,) = await execute(calls.repair(10, "reaper"))
        assert repaired.attempt_no == number
    connection.execute("update public.payment_outbox_pending set next_attempt_at = now()")
    (item,) = await execute(calls.claim(1, WORKER, 30))
    ended = await execute(calls.complete(item, WORKER, RETRYABLE, error_code="BUSY"))
    assert (ended.attempt_no, ended.state) == (20, FAILED)
    assert (await execute(calls.backlog())).due == 0
    assert [number for number, _, _ in attempts(connection)] == list(range(1, 21))


async def test_one_poison_item_does_not_stop_the_repair_of_others(
    execute: Execute, connection: psycopg.Connection[Any]
) -> None:
    """At the ceiling the reference failed with 42702 and rolled the whole batch back, for ever."""
    for number in range(6):
        await execute(enqueue(number))
    await execute(calls.claim(10, WORKER, 30))
    connection.execute(
        """with poison as (
            update public.payment_outbox_pending set attempt_count = 19
            where instruction_id = 'i-3' returning *
        )
        insert into public.payment_outbox_attempts (outbox_id, instruction_id, participant_id,
            sequence_id, idempotency_key, rail_type, payload, attempt_no, state)
        select outbox_id, instruction_id, participant_id, sequence_id, idempotency_key, rail_type,
            payload, number, 'RETRYABLE'
        from poison cross join generate_series(1, 19) as number"""
    )
    expire(connection)
    repaired = await execute(calls.repair(10, "reaper"))
    assert len(repaired) == 6
    ended = [row for row in attempts(connection) if row[1] == "FAILED"]
    assert ended == [(20, "FAILED", "RETRY_CEILING_EXCEEDED")]
    assert await execute(calls.counter_drift()) == ()


async def test_the_backlog_counts_by_what_items_wait_for(
    execute: Execute, connection: psycopg.Connection[Any]
) -> None:
    for number in range(4):
        await execute(enqueue(number))
    first, _ = await execute(calls.claim(2, WORKER, 30))
    connection.execute(
        "update public.payment_outbox_pending set lease_expires_at = now() where outbox_id = %s",
        [first.outbox_id],
    )
    connection.execute(
        """update public.payment_outbox_pending set next_attempt_at = now() + interval '1 h'
        where instruction_id = 'i-3'"""
    )
    backlog = await execute(calls.backlog())
    assert (backlog.due, backlog.delayed, backlog.leased, backlog.expired) == (1, 1, 1, 1)
    assert backlog.oldest_due_at is not None


ID = UUID(int=1)


def _item() -> ClaimedItem:
    from datetime import UTC, datetime  # noqa: PLC0415

    now = datetime.now(UTC)
    return ClaimedItem(ID, None, "i", "p", 1, "k", "r", {}, None, 1, ID, now, "0" * 32)


REFUSED: dict[str, tuple[Any, str]] = {
    "no batch": (lambda: calls.claim(0, WORKER, 30), "batch_size"),
    "negative batch": (lambda: calls.claim(-1, WORKER, 30), "batch_size"),
    "huge batch": (lambda: calls.claim(10_001, WORKER, 30), "batch_size"),
    "beyond integer": (lambda: calls.claim(2**40, WORKER, 30), "batch_size"),
    "None batch": (lambda: calls.claim(None, WORKER, 30), "batch_size"),  # type: ignore[arg-type]
    "bool batch": (lambda: calls.claim(True, WORKER, 30), "batch_size"),  # noqa: FBT003
    "no lease": (lambda: calls.claim(1, WORKER, 0), "lease_seconds"),
    "long lease": (lambda: calls.claim(1, WORKER, 86_401), "lease_seconds"),
    "float lease": (lambda: calls.claim(1, WORKER, 1.5), "lease_seconds"),  # type: ignore[arg-type]
    "no worker": (lambda: calls.claim(1, "", 30), "worker_id"),
    "long worker": (lambda: calls.claim(1, "w" * 201, 30), "worker_id"),
    "repair nothing": (lambda: calls.repair(0, WORKER), "batch_size"),
    "repair by nobody": (lambda: calls.repair(1, ""), "worker_id"),
    "release nothing": (lambda: calls.release([], WORKER), "outbox_ids"),
    "text delay": (
        lambda: calls.complete(_item(), WORKER, RETRYABLE, retry_delay_seconds="1"),  # type: ignore[arg-type]
        "retry_delay_seconds",
    ),
    "no state": (lambda: calls.complete(_item(), WORKER, "DONE"), "state"),  # type: ignore[arg-type]
    "no item": (lambda: calls.complete(None, WORKER, DISPATCHED), "item"),  # type: ignore[arg-type]
    "blank key": (lambda: calls.enqueue("i", "p", " ", "r", "{}"), "idempotency_key"),
    "array payload": (lambda: calls.enqueue("i", "p", "k", "r", "[1]"), "payload"),
    "broken payload": (lambda: calls.enqueue("i", "p", "k", "r", "{"), "payload"),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_bad_arguments_name_the_field(
    execute: Execute, connection: psycopg.Connection[Any], case: str
) -> None:
    await execute(enqueue())
    make, field = REFUSED[case]
    with pytest.raises(InvalidArgument) as refused:
        await execute(make())
    assert refused.value.field == field
    assert refused.value.rule
    assert (await execute(calls.backlog())).due == 1
    assert attempts(connection) == []
