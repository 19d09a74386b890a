"""A call is one span and one measurement in both colours, and says nothing of its content."""

from __future__ import annotations

import asyncio
from typing import Any

import psycopg
import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind, StatusCode

from ledgerdb import AttemptState, EngineSettings, Ledger, _watch, calls
from ledgerdb.aio import AsyncLedger
from ledgerdb.errors import DatabaseUnavailable, IdempotencyConflict, LeaseLost, OutcomeUnknown
from ledgerdb.rows import Completion, OutboxItem
from tests.conftest import Execute
from tests.telemetry.conftest import Facade, Seen

CARD = "4929-1234-5678-9012"
ENQUEUE = "enqueue_payment_outbox"


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def item(number: int, payload: str = '{"amount": "1"}') -> OutboxItem:
    return OutboxItem(
        instruction_id=f"i-{number}",
        participant_id="p",
        idempotency_key=f"k-{number}",
        rail_type="RTGS",
        payload=payload,
    )


async def enqueue(execute: Execute, key: str = "k", amount: str = "1") -> None:
    await execute(calls.enqueue("i", "p", key, "RTGS", f'{{"amount": "{amount}"}}'))


async def test_a_call_is_a_span_and_a_measurement(execute: Execute, seen: Seen) -> None:
    await enqueue(execute)
    (span,) = seen.spans()
    assert (span.name, span.kind, span.status.status_code) == (
        ENQUEUE,
        SpanKind.CLIENT,
        StatusCode.UNSET,
    )
    assert attributes(span) == {
        "db.system.name": "postgresql",
        "db.operation.name": ENQUEUE,
        "db.response.returned_rows": 1,
    }
    (point,) = seen.points("db.client.operation.duration")
    assert (point.count, dict(point.attributes)) == (
        1,
        {"db.system.name": "postgresql", "db.operation.name": ENQUEUE},
    )
    assert span.start_time is not None
    assert span.end_time is not None
    assert point.sum == pytest.approx((span.end_time - span.start_time) / 1e9, abs=1e-6)
    metric = seen.metrics()["db.client.operation.duration"]
    assert (metric.unit, point.explicit_bounds[0], point.explicit_bounds[-1]) == ("s", 0.001, 10)


async def test_a_refusal_has_its_sqlstate(execute: Execute, seen: Seen) -> None:
    await enqueue(execute)
    with pytest.raises(IdempotencyConflict):
        await enqueue(execute, amount=CARD)
    span = seen.spans()[-1]
    refused = {"error.type": "P7101", "db.response.status_code": "P7101"}
    assert refused.items() <= attributes(span).items()
    assert "db.response.returned_rows" not in attributes(span)
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, None)
    assert span.events == ()
    (point,) = seen.points("db.client.operation.duration", error_type="P7101")
    assert point.count == 1


async def test_an_error_of_the_answer_is_one_too(execute: Execute, seen: Seen) -> None:
    """What came too late is raised after the statement, which has succeeded."""
    await enqueue(execute)
    (claimed,) = await execute(calls.claim(1, "w", 60))
    await execute(calls.complete(claimed, "w", AttemptState.DISPATCHED, rail_reference="r"))
    with pytest.raises(LeaseLost):
        await execute(calls.complete(claimed, "w", AttemptState.FAILED))
    said = attributes(seen.spans()[-1])
    assert (said["error.type"], said["db.response.returned_rows"]) == ("P7002", 1)


async def test_sets_have_the_size_that_was_sent(execute: Execute, seen: Seen) -> None:
    await execute(calls.enqueue_many([item(number) for number in range(7)]))
    claimed = await execute(calls.claim(500, "w", 60))
    assert await execute(calls.claim(500, "w", 60)) == ()
    done = [
        Completion(item=one, state=AttemptState.DISPATCHED, rail_reference="r") for one in claimed
    ]
    await execute(calls.complete_many(done[:6], "w"))
    await execute(calls.complete_many(done[6:], "w"))
    sizes = {
        function: [attributes(s).get("db.operation.batch.size") for s in seen.spans(function)]
        for function in ("enqueue_outbox_items", "claim_outbox_items", "complete_outbox_attempts")
    }
    assert sizes == {
        "enqueue_outbox_items": [7],
        "claim_outbox_items": [7, None],  # given, and not asked for
        "complete_outbox_attempts": [6, None],  # one is no batch
    }
    measured = {
        point.attributes["db.operation.name"]: (point.count, point.sum)
        for point in seen.points("ledgerdb.batch.size")
    }
    assert measured == {
        "enqueue_outbox_items": (1, 7),
        "claim_outbox_items": (1, 7),
        "complete_outbox_attempts": (1, 6),
    }
    for name, counts in (("ledgerdb.calls", (1, 2, 2)), ("ledgerdb.items", (7, 7, 7))):
        points = {p.attributes["db.operation.name"]: p.value for p in seen.points(name)}
        assert tuple(points.values()) == counts, name


async def test_a_single_call_is_no_set(execute: Execute, seen: Seen) -> None:
    await enqueue(execute)
    await execute(calls.backlog())
    assert (seen.points("ledgerdb.batch.size"), seen.points("ledgerdb.items")) == ([], [])
    assert [point.value for point in seen.points("ledgerdb.calls")] == [1, 1]


async def test_a_call_belongs_to_the_trace_of_its_caller(execute: Execute, seen: Seen) -> None:
    tracer = seen.tracers.get_tracer("caller")
    with tracer.start_as_current_span("request") as request:
        await enqueue(execute)
    (span,) = seen.spans(ENQUEUE)
    assert span.parent is not None
    assert span.parent.span_id == request.get_span_context().span_id


async def test_the_verbs_of_a_transaction_and_its_commit(facade: Facade, seen: Seen) -> None:
    if isinstance(facade, Ledger):
        with facade.transaction() as blocking:
            blocking.enqueue_many([item(1), item(2)])
    else:
        async with facade.transaction() as awaited:
            await awaited.enqueue_many([item(1), item(2)])
    assert [span.name for span in seen.spans()] == ["enqueue_outbox_items", "commit"]
    assert attributes(seen.spans()[0])["db.operation.batch.size"] == 2
    assert attributes(seen.spans()[1]) == {
        "db.system.name": "postgresql",
        "db.operation.name": "commit",
    }


@pytest.mark.parametrize("version", [18], indirect=True, ids=["pg18"])
async def test_a_wait_for_the_pool_is_measured(database_url: str, seen: Seen) -> None:
    """There is one connection, and somebody has it."""
    settings = EngineSettings(pool_size=1, max_overflow=0, pool_timeout_seconds=0.05)
    with Ledger.connect(database_url, settings) as blocking:
        with blocking.transaction(), pytest.raises(DatabaseUnavailable):
            blocking.backlog()
        waited = _waits(seen)
        assert waited >= 1
    async with AsyncLedger.connect(database_url, settings) as awaited, awaited.transaction():
        with pytest.raises(DatabaseUnavailable):
            await awaited.backlog()
    assert _waits(seen) > waited
    for span in seen.spans("outbox_backlog"):
        assert attributes(span)["error.type"] == "DatabaseUnavailable"
    (longest,) = (point.max for point in seen.points("db.client.connection.wait_time"))
    assert longest >= 0.05


def _waits(seen: Seen) -> int:
    return sum(point.count for point in seen.points("db.client.connection.wait_time"))


def test_a_connection_that_is_free_is_no_wait(seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_watch, "perf_counter_ns", lambda: 5_000_000)
    _watch.waited(4_000_001)
    assert _waits(seen) == 0
    _watch.waited(4_000_000)
    assert _waits(seen) == 1


async def test_a_replay_is_counted(
    facade: Facade, connection: psycopg.Connection[Any], seen: Seen
) -> None:
    """Two sessions are killed while they execute it."""
    connection.execute(
        """create sequence public.tries;
        create function public.kill() returns trigger language plpgsql security definer as $$ begin
            if nextval('public.tries') < 3 then
                perform pg_terminate_backend(pg_backend_pid());
            end if;
            return new;
        end $$;
        create trigger kill before insert on public.payment_outbox_pending
        for each row execute function public.kill()"""
    )
    answer = facade.enqueue("i", "p", "k", "RTGS", "{}")
    if asyncio.iscoroutine(answer):
        await answer
    (replays,) = seen.points("ledgerdb.replays", db_operation_name=ENQUEUE)
    assert replays.value == 2
    tries = [attributes(span).get("error.type") for span in seen.spans(ENQUEUE)]
    assert tries == [OutcomeUnknown.__name__] * 2 + [None]


async def test_nothing_that_a_caller_sent_is_told(execute: Execute, seen: Seen) -> None:
    names = f"i-{CARD}", f"p-{CARD}", f"k-{CARD}", "RTGS"
    await execute(calls.enqueue(*names, f'{{"card": "{CARD}"}}'))
    with pytest.raises(IdempotencyConflict):
        await execute(calls.enqueue(*names, f'{{"other": "{CARD}"}}'))
    (claimed,) = await execute(calls.claim(1, f"w-{CARD}", 60))
    await execute(
        calls.complete(
            claimed,
            f"w-{CARD}",
            AttemptState.RETRYABLE,
            error_code=f"E-{CARD}",
            error_message=CARD,
        )
    )
    told = "".join(span.to_json() for span in seen.spans()) + str(seen.metrics())
    assert len(seen.spans()) == 4
    for hidden in (CARD, str(claimed.lease_token), claimed.rail_key):
        assert hidden not in told
