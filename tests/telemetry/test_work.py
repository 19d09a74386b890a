"""A worker's items: a span of the trace that accepted each, and the counts of the worker."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any
from uuid import UUID

import psycopg
import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind, StatusCode, get_current_span

from ledgerdb import (
    ClaimedItem,
    Dispatched,
    Ledger,
    Rejected,
    Retry,
    TenantType,
    WorkerStats,
    _watch,
    telemetry,
)
from ledgerdb.worker import Answer
from ledgerdb.worker.caller import Caller
from tests.factories import TENANT, instruction
from tests.telemetry.conftest import Seen
from tests.waiting import until
from tests.worker.conftest import StartWorker, start_worker
from tests.worker.work import enqueue, states

__all__ = ["start_worker"]

TRACE, SENDER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
TRACEPARENT = f"00-{TRACE}-{SENDER}-01"
SPAN = "process outbox"

pytestmark = pytest.mark.parametrize("version", [18], indirect=True, ids=["pg18"])


@pytest.fixture
def claimed(ledger: Ledger) -> ClaimedItem:
    enqueue(ledger, 1)
    return ledger.claim(1, "w", 60)[0]


async def handled(handler: Any, item: ClaimedItem) -> Answer:  # noqa: ANN401 - of either kind
    caller = Caller(handler, 1)
    try:
        return await caller.call(item)
    finally:
        caller.close()


def only(seen: Seen) -> ReadableSpan:
    (span,) = seen.spans(SPAN)
    return span


def test_a_worker_tells_what_it_did(
    ledger: Ledger, start_worker: StartWorker, connection: psycopg.Connection[Any], seen: Seen
) -> None:
    enqueue(ledger, 12)
    worker = start_worker(lambda item: Dispatched(item.instruction_id), batch_size=50)
    until(lambda: len(states(connection)) == 12)
    until(lambda: worker.worker.stats.dispatched == 12)
    assert _counts(seen)["dispatched"] == 12
    worker.stop()
    assert _counts(seen) == asdict(worker.worker.stats)

    again = start_worker(lambda item: Rejected("NO"), worker_id="w-2")
    enqueue(ledger, 12)  # the same, and so nothing new
    ledger.enqueue("another", "p", "k", "RTGS", "{}")
    until(lambda: again.worker.stats.failed == 1)
    again.stop()
    assert (_counts(seen)["dispatched"], _counts(seen)["failed"]) == (12, 1)  # never counts down

    spans = seen.spans(SPAN)
    assert len({dict(s.attributes or {})["messaging.message.id"] for s in spans}) == 13
    points = seen.points("messaging.process.duration")
    assert {p.attributes["ledgerdb.outcome"] for p in points} == {"dispatched", "rejected"}
    (completed,) = seen.points("ledgerdb.items", db_operation_name="complete_outbox_attempts")
    assert completed.value == 13


def _counts(seen: Seen) -> dict[str, int]:
    return {
        point.attributes["ledgerdb.outcome"]: point.value
        for point in seen.points("ledgerdb.worker.items")
    }


@pytest.mark.parametrize("blocking", [False, True])
async def test_a_handler_is_of_the_trace_that_accepted_the_item(
    claimed: ClaimedItem, seen: Seen, *, blocking: bool
) -> None:
    within: list[Any] = []

    def handle(_: ClaimedItem) -> Answer:
        within.append(get_current_span().get_span_context())
        return Dispatched("r")

    async def awaited(item: ClaimedItem) -> Answer:
        return handle(item)

    await handled(handle if blocking else awaited, replace(claimed, trace_context=TRACEPARENT))
    span = only(seen)
    assert span.context is not None
    assert within == [span.context]
    assert (span.kind, f"{span.context.trace_id:032x}") == (SpanKind.CONSUMER, TRACE)
    assert span.parent is not None
    assert (span.parent.is_remote, f"{span.parent.span_id:016x}") == (True, SENDER)
    assert [f"{link.context.span_id:016x}" for link in span.links] == [SENDER]
    assert not get_current_span().get_span_context().is_valid  # only the handler is within it


@pytest.mark.parametrize(
    "text", [None, "", "nonsense", f"00-{'0' * 32}-{SENDER}-01", TRACEPARENT * 100, "\x00"]
)
async def test_what_is_no_trace_begins_one(
    claimed: ClaimedItem, seen: Seen, text: str | None
) -> None:
    await handled(lambda _: Dispatched("r"), replace(claimed, trace_context=text))
    assert (only(seen).parent, only(seen).links) == (None, ())


def test_a_worker_goes_on_with_the_trace_of_an_instruction(
    ledger: Ledger, start_worker: StartWorker, seen: Seen
) -> None:
    ledger.register_tenant(TENANT, "first", "First", TenantType.COMMERCIAL)
    with seen.tracers.get_tracer("ingress").start_as_current_span("request") as request:
        ledger.ingest(instruction(1, trace_context=telemetry.current_trace_context()))
    worker = start_worker(lambda _: Dispatched("r"))
    until(lambda: worker.worker.stats.dispatched == 1)
    worker.stop()
    context = only(seen).context
    assert context is not None
    assert context.trace_id == request.get_span_context().trace_id
    assert seen.spans("claim_traced_items")


async def test_what_nobody_recorded_is_not_recorded_here(claimed: ClaimedItem, seen: Seen) -> None:
    """The sender has decided that this payment is not traced."""
    await handled(lambda _: Dispatched("r"), replace(claimed, trace_context=TRACEPARENT[:-1] + "0"))
    assert seen.spans(SPAN) == []


async def test_an_item_says_what_it_is_and_no_more(claimed: ClaimedItem, seen: Seen) -> None:
    business = UUID(int=7)
    await handled(lambda _: Retry("E", "m", "c"), replace(claimed, correlation_id=business))
    assert dict(only(seen).attributes or {}) == {
        "messaging.system": "ledgerdb",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.message.id": str(claimed.outbox_id),
        "messaging.message.conversation_id": str(business),
        "ledgerdb.attempt_no": 1,
        "ledgerdb.outcome": "retry",
    }


async def test_a_handler_that_raises(claimed: ClaimedItem, seen: Seen) -> None:
    def handle(_: ClaimedItem) -> Answer:
        raise ValueError("card 4929-1234-5678-9012")

    assert isinstance(await handled(handle, claimed), Retry)
    span = only(seen)
    said = dict(span.attributes or {})
    assert (said["error.type"], said["ledgerdb.outcome"]) == ("ValueError", "retry")
    assert span.status.status_code is StatusCode.ERROR
    assert "4929" not in span.to_json()
    (point,) = seen.points("messaging.process.duration")
    assert point.attributes["error.type"] == "ValueError"


async def test_a_worker_that_fails_keeps_its_counts(ledger: Ledger, seen: Seen) -> None:
    stats = WorkerStats(dispatched=3)
    with pytest.raises(KeyError), _watch.working(stats):
        raise KeyError
    assert _counts(seen)["dispatched"] == 3
    assert ledger.backlog().due == 0
