"""Which verb of the Python library stands for a function: the same for both colours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from ledgerdb import (
    AttemptState,
    ClaimedItem,
    Completion,
    ControlScope,
    Instruction,
    Ordering,
    OutboxItem,
    Resolution,
    RetryStrategy,
    TenantType,
)

__all__ = ["VERBS", "completions"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def _leased(a: Mapping[str, Any]) -> list[ClaimedItem]:
    pairs = zip(a["p_outbox_ids"], a["p_lease_tokens"], strict=True)
    return [_item(outbox_id, token) for outbox_id, token in pairs]


def _item(outbox_id: UUID, token: UUID) -> ClaimedItem:
    return ClaimedItem(outbox_id, None, "", "", 0, "", "", {}, None, 1, token, _EPOCH, "")


def _operator(a: Mapping[str, Any]) -> dict[str, Any]:
    return {"actor": a["p_actor"], "reason": a["p_reason"]}


def completions(a: Mapping[str, Any]) -> list[Completion]:
    columns = (
        a[f"p_{c}"]
        for c in ("states", "rail_references", "error_codes", "latency_ms", "retry_delay_seconds")
    )
    return [
        Completion(
            item=item,
            state=AttemptState(state),
            rail_reference=reference,
            error_code=code,
            latency_ms=latency,
            retry_delay_seconds=delay,
        )
        for item, state, reference, code, latency, delay in zip(_leased(a), *columns, strict=True)
    ]


def _columns(a: Mapping[str, Any], *names: str) -> list[tuple[Any, ...]]:
    return list(zip(*(a[f"p_{name}"] for name in names), strict=True))


_PAYMENT: Final = ("instruction_id", "participant_id", "idempotency_key", "rail_type", "payload")
_PAYMENTS: Final = (
    "instruction_ids",
    "participant_ids",
    "idempotency_keys",
    "rail_types",
    "payloads",
)


def _named(names: tuple[str, ...], row: tuple[Any, ...]) -> dict[str, Any]:
    return dict(zip(names, row, strict=True))


def _instruction(row: tuple[Any, ...]) -> Instruction:
    return Instruction(**_named(("tenant_id", *_PAYMENT), row))


# Which verb stands for a function, and how it is called: the same for both colours.
VERBS: Final[Mapping[str, Callable[[Any, Mapping[str, Any]], Any]]] = {
    "register_tenant": lambda g, a: g.register_tenant(
        a["p_tenant_id"], a["p_tenant_key"], a["p_tenant_name"], TenantType(a["p_tenant_type"])
    ),
    "enqueue_payment_outbox": lambda g, a: g.enqueue(*(a[f"p_{n}"] for n in _PAYMENT)),
    "enqueue_outbox_items": lambda g, a: g.enqueue_many(
        [OutboxItem(**_named(_PAYMENT, row)) for row in _columns(a, *_PAYMENTS)]
    ),
    "ingest_instruction": lambda g, a: g.ingest(
        _instruction((a["p_tenant_id"], *(a[f"p_{n}"] for n in _PAYMENT)))
    ),
    "ingest_instructions": lambda g, a: g.ingest_many(
        [_instruction(row) for row in _columns(a, "tenant_ids", *_PAYMENTS)]
    ),
    "claim_outbox_items": lambda g, a: g.claim(
        a["p_batch_size"], a["p_worker_id"], a["p_lease_seconds"]
    ),
    "extend_outbox_leases": lambda g, a: g.extend(
        _leased(a), a["p_worker_id"], a["p_lease_seconds"]
    ),
    "begin_outbox_dispatch": lambda g, a: g.begin_dispatch(_leased(a), a["p_worker_id"]),
    "release_outbox_leases": lambda g, a: g.release(_leased(a), a["p_worker_id"]),
    "complete_outbox_attempts": lambda g, a: g.complete_many(completions(a), a["p_worker_id"]),
    "repair_expired_leases": lambda g, a: g.repair(a["p_batch_size"], a["p_worker_id"]),
    "cancel_outbox_item": lambda g, a: g.cancel(a["p_outbox_id"], **_operator(a)),
    "record_manual_attempt": lambda g, a: g.record_manual_attempt(
        a["p_outbox_id"],
        AttemptState(a["p_state"]),
        rail_reference=a["p_rail_reference"],
        **_operator(a),
    ),
    "resolve_outbox_item": lambda g, a: g.resolve(
        a["p_outbox_id"],
        Resolution(a["p_resolution"]),
        rail_reference=a["p_rail_reference"],
        late_result_id=a["p_late_result_id"],
        attempt_no=a["p_attempt_no"],
        **_operator(a),
    ),
    "redrive_dead_letters": lambda g, a: g.redrive(
        a["p_outbox_ids"],
        dry_run=a["p_dry_run"],
        disputed_too=a["p_disputed_too"],
        **_operator(a),
    ),
    "pause_outbox": lambda g, a: g.pause(
        ControlScope(a["p_scope"]), a["p_scope_key"], **_operator(a)
    ),
    "resume_outbox": lambda g, a: g.resume(
        ControlScope(a["p_scope"]), a["p_scope_key"], limit=a["p_limit"], **_operator(a)
    ),
    "set_outbox_control": lambda g, a: g.set_control(
        ControlScope(a["p_scope"]),
        a["p_scope_key"],
        paused=a["p_paused"],
        ordering=None if a["p_ordering"] is None else Ordering(a["p_ordering"]),
        fair=a["p_fair"],
        notify_workers=a["p_notify_workers"],
        **_operator(a),
    ),
    "set_retry_policy": lambda g, a: g.set_retry_policy(
        a["p_rail_type"],
        RetryStrategy(a["p_strategy"]),
        a["p_base_seconds"],
        factor=a["p_factor"],
        max_seconds=a["p_max_seconds"],
        jitter=a["p_jitter"],
        **_operator(a),
    ),
    "instruction_status": lambda g, a: g.instruction_status(
        a["p_tenant_id"], a["p_instruction_id"]
    ),
    "outbox_backlog": lambda g, _: g.backlog(),
    "outbox_counter_drift": lambda g, _: g.counter_drift(),
}
