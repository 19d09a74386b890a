"""Calls of the worker: enqueue, claim, complete, repair, release, and what the queue looks like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ledgerdb.calls import _check as check
from ledgerdb.calls._build import Call, columns_of, statement
from ledgerdb.calls._shape import load, many, one
from ledgerdb.rows import (
    AttemptState,
    Backlog,
    ClaimedItem,
    CompletedAttempt,
    CounterDrift,
    EnqueuedItem,
    ReleasedLease,
    RepairedLease,
)

_ENQUEUE: Final = statement(
    "enqueue_payment_outbox",
    {
        "p_instruction_id": "text",
        "p_participant_id": "text",
        "p_idempotency_key": "text",
        "p_rail_type": "text",
        "p_payload": "jsonb",
    },
    columns_of(EnqueuedItem),
)
_CLAIM: Final = statement(
    "claim_outbox_batch",
    {"p_batch_size": "integer", "p_worker_id": "text", "p_lease_seconds": "integer"},
    tuple("cast(t.payload as text)" if c == "t.payload" else c for c in columns_of(ClaimedItem)),
)
_COMPLETE: Final = statement(
    "complete_outbox_attempt",
    {
        "p_outbox_id": "uuid",
        "p_lease_token": "uuid",
        "p_worker_id": "text",
        "p_state": "public.outbox_attempt_state",
        "p_rail_reference": "text",
        "p_rail_code": "text",
        "p_error_code": "text",
        "p_error_message": "text",
        "p_latency_ms": "integer",
        "p_retry_delay_seconds": "integer",
    },
    columns_of(CompletedAttempt),
)
_REPAIR: Final = statement(
    "repair_expired_leases",
    {"p_batch_size": "integer", "p_worker_id": "text"},
    columns_of(RepairedLease),
)
_RELEASE: Final = statement(
    "release_outbox_leases",
    {"p_outbox_ids": "uuid[]", "p_lease_tokens": "uuid[]", "p_worker_id": "text"},
    columns_of(ReleasedLease),
)
_BACKLOG: Final = statement("outbox_backlog", {}, columns_of(Backlog))
_COUNTER_DRIFT: Final = statement("outbox_counter_drift", {}, columns_of(CounterDrift))


def enqueue(
    instruction_id: str,
    participant_id: str,
    idempotency_key: str,
    rail_type: str,
    payload: bytes | str | Mapping[str, Any],
) -> Call[EnqueuedItem]:
    """`enqueue_payment_outbox`: puts an instruction without a tenant on the outbox."""
    return Call(
        "enqueue_payment_outbox",
        _ENQUEUE,
        {
            "p_instruction_id": check.text("instruction_id", instruction_id),
            "p_participant_id": check.text("participant_id", participant_id),
            "p_idempotency_key": check.text("idempotency_key", idempotency_key),
            "p_rail_type": check.text("rail_type", rail_type),
            "p_payload": check.json_text("payload", payload),
        },
        one(EnqueuedItem),
        writes=True,
    )


def claim(batch_size: int, worker_id: str, lease_seconds: int) -> Call[tuple[ClaimedItem, ...]]:
    """`claim_outbox_batch`: leases due items, oldest due first."""
    return Call(
        "claim_outbox_batch",
        _CLAIM,
        {
            "p_batch_size": check.integer("batch_size", batch_size),
            "p_worker_id": check.text("worker_id", worker_id),
            "p_lease_seconds": check.integer("lease_seconds", lease_seconds),
        },
        many(_claimed),
        writes=True,
    )


def complete(
    item: ClaimedItem,
    worker_id: str,
    state: AttemptState,
    *,
    rail_reference: str | None = None,
    rail_code: str | None = None,
    error_code: str | None = None,
    error_message: str | None = None,
    latency_ms: int | None = None,
    retry_delay_seconds: int = 1,
) -> Call[CompletedAttempt]:
    """`complete_outbox_attempt`: ends the attempt that the item's lease stands for."""
    if not isinstance(item, ClaimedItem):
        raise check.refuse("item", "must be a ClaimedItem")
    if state not in tuple(AttemptState):
        raise check.refuse("state", "must be an AttemptState")
    return Call(
        "complete_outbox_attempt",
        _COMPLETE,
        {
            "p_outbox_id": item.outbox_id,
            "p_lease_token": item.lease_token,
            "p_worker_id": check.text("worker_id", worker_id),
            "p_state": str(state),
            "p_rail_reference": check.optional_text("rail_reference", rail_reference),
            "p_rail_code": check.optional_text("rail_code", rail_code),
            "p_error_code": check.optional_text("error_code", error_code),
            "p_error_message": check.optional_text("error_message", error_message),
            "p_latency_ms": check.optional_integer("latency_ms", latency_ms),
            "p_retry_delay_seconds": check.integer("retry_delay_seconds", retry_delay_seconds),
        },
        one(_completed),
        writes=True,
    )


def repair(batch_size: int, worker_id: str) -> Call[tuple[RepairedLease, ...]]:
    """`repair_expired_leases`: requeues abandoned items, oldest expiry first."""
    return Call(
        "repair_expired_leases",
        _REPAIR,
        {
            "p_batch_size": check.integer("batch_size", batch_size),
            "p_worker_id": check.text("worker_id", worker_id),
        },
        many(RepairedLease),
        writes=True,
    )


def release(items: Sequence[ClaimedItem], worker_id: str) -> Call[tuple[ReleasedLease, ...]]:
    """`release_outbox_leases`: gives unstarted items back; they use no attempt."""
    return Call(
        "release_outbox_leases",
        _RELEASE,
        {
            "p_outbox_ids": [item.outbox_id for item in items],
            "p_lease_tokens": [item.lease_token for item in items],
            "p_worker_id": check.text("worker_id", worker_id),
        },
        many(ReleasedLease),
        writes=True,
    )


def backlog() -> Call[Backlog]:
    """`outbox_backlog`: how much is due, delayed, leased or abandoned."""
    return Call("outbox_backlog", _BACKLOG, {}, one(Backlog), writes=False)


def counter_drift() -> Call[tuple[CounterDrift, ...]]:
    """`outbox_counter_drift`: items whose counter and attempts disagree."""
    return Call("outbox_counter_drift", _COUNTER_DRIFT, {}, many(CounterDrift), writes=False)


def _claimed(*columns: Any) -> ClaimedItem:  # noqa: ANN401 - a database row
    values = list(columns)
    values[6] = load(values[6])
    return ClaimedItem(*values)


def _completed(attempt_no: int, state: str) -> CompletedAttempt:
    return CompletedAttempt(attempt_no, AttemptState(state))
