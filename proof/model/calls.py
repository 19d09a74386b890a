"""The SQL functions that the machine calls: parameters with their types, and result columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["FUNCTIONS", "Call", "Function", "Outcome"]


@dataclass(frozen=True, slots=True)
class Function:
    parameters: Mapping[str, str]
    columns: tuple[str, ...]

    def statement(self, name: str) -> str:
        columns = ", ".join("cast(payload as text)" if c == "payload" else c for c in self.columns)
        passed = ", ".join(f"{p} => %({p})s::{kind}" for p, kind in self.parameters.items())
        return f"select {columns} from public.{name}({passed})"


@dataclass(frozen=True, slots=True)
class Call:
    """One call: of which function, with what, in which role."""

    function: str
    arguments: Mapping[str, Any]

    def __str__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.arguments.items())
        return f"{self.function}({shown})"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a call: rows, or the SQLSTATE with parameter and rule where published."""

    rows: tuple[tuple[Any, ...], ...] = ()
    sqlstate: str | None = None
    field: str | None = None
    rule: str | None = None

    def __str__(self) -> str:
        if self.sqlstate is not None:
            return f"{self.sqlstate} ({self.field}: {self.rule})"
        return "; ".join(str(row) for row in self.rows) or "no row"


def _function(columns: str, **parameters: str) -> Function:
    return Function(
        {f"p_{name}": kind for name, kind in parameters.items()}, tuple(columns.split())
    )


_PAYMENT: Final = {
    "instruction_id": "text",
    "participant_id": "text",
    "idempotency_key": "text",
    "rail_type": "text",
}
_PAYMENTS: Final = {
    "instruction_ids": "text[]",
    "participant_ids": "text[]",
    "idempotency_keys": "text[]",
    "rail_types": "text[]",
    "payloads": "text[]",
}
_LEASES: Final = {"outbox_ids": "uuid[]", "lease_tokens": "uuid[]", "worker_id": "text"}
_OPERATOR: Final = {"actor": "text", "reason": "text"}
_SCOPE: Final = {"scope": "text", "scope_key": "text"}
_CONTROL: Final = "scope scope_key paused ordering fair notify_workers updated_at"
_CLAIM: Final = {"batch_size": "int", "worker_id": "text", "lease_seconds": "int"}
_STATE: Final = "public.outbox_attempt_state"

FUNCTIONS: Final[Mapping[str, Function]] = {
    "register_tenant": _function(
        "tenant_id tenant_key status created",
        tenant_id="uuid",
        tenant_key="text",
        tenant_name="text",
        tenant_type="text",
    ),
    "enqueue_payment_outbox": _function(
        "outbox_id sequence_id created_at state", **_PAYMENT, payload="jsonb"
    ),
    "enqueue_outbox_items": _function(
        "place outbox_id sequence_id created_at state outcome", **_PAYMENTS
    ),
    "ingest_instruction": _function(
        "attestation_id outbox_id sequence_id received_at payload_hash state replayed",
        tenant_id="uuid",
        **_PAYMENT,
        payload="text",
    ),
    "ingest_instructions": _function(
        "place outcome attestation_id outbox_id sequence_id received_at payload_hash state",
        tenant_ids="uuid[]",
        **_PAYMENTS,
    ),
    "claim_outbox_items": _function(
        "outbox_id tenant_id instruction_id participant_id sequence_id idempotency_key rail_type "
        "payload attempt_no lease_token lease_expires_at rail_key",
        **_CLAIM,
    ),
    "claim_outbox_batch": _function(
        "outbox_id instruction_id participant_id sequence_id idempotency_key rail_type "
        "payload attempt_count lease_token lease_expires_at",
        **_CLAIM,
    ),
    "extend_outbox_leases": _function("outbox_id lease_expires_at", **_LEASES, lease_seconds="int"),
    "begin_outbox_dispatch": _function("outbox_id", **_LEASES),
    "release_outbox_leases": _function("outbox_id", **_LEASES),
    "complete_outbox_attempts": _function(
        "outbox_id lease_token outcome attempt_no state",
        worker_id="text",
        outbox_ids="uuid[]",
        lease_tokens="uuid[]",
        states=f"{_STATE}[]",
        rail_references="text[]",
        error_codes="text[]",
        latency_ms="int[]",
        retry_delay_seconds="int[]",
    ),
    "complete_outbox_attempt": _function(
        "attempt_no state",
        outbox_id="uuid",
        lease_token="uuid",  # noqa: S106 - a type
        worker_id="text",
        state=_STATE,
        rail_reference="text",
        error_code="text",
        latency_ms="int",
        retry_delay_seconds="int",
    ),
    "repair_expired_leases": _function("outbox_id attempt_no", batch_size="int", worker_id="text"),
    "cancel_outbox_item": _function("attempt_no state", outbox_id="uuid", **_OPERATOR),
    "record_manual_attempt": _function(
        "attempt_no state",
        outbox_id="uuid",
        state=_STATE,
        rail_reference="text",
        rail_code="text",
        error_code="text",
        error_message="text",
        **_OPERATOR,
    ),
    "resolve_outbox_item": _function(
        "attempt_no state",
        outbox_id="uuid",
        resolution="text",
        **_OPERATOR,
        rail_reference="text",
        late_result_id="uuid",
        attempt_no="int",
    ),
    "redrive_dead_letters": _function(
        "outbox_id outcome attempt_count redrive_no",
        outbox_ids="uuid[]",
        dry_run="boolean",
        **_OPERATOR,
        disputed_too="boolean",
    ),
    "pause_outbox": _function(_CONTROL, **_SCOPE, **_OPERATOR),
    "resume_outbox": _function("released remaining", **_SCOPE, **_OPERATOR, limit="int"),
    "set_outbox_control": _function(
        _CONTROL,
        **_SCOPE,
        paused="boolean",
        ordering="text",
        fair="boolean",
        notify_workers="boolean",
        **_OPERATOR,
    ),
    "set_retry_policy": _function(
        "rail_type strategy base_seconds factor max_seconds jitter",
        rail_type="text",
        strategy="text",
        base_seconds="float8",
        factor="float8",
        max_seconds="float8",
        jitter="float8",
        **_OPERATOR,
    ),
    "instruction_status": _function(
        "outbox_id participant_id rail_type state attempts rail_reference error_code accepted_at "
        "completed_at next_attempt_at",
        tenant_id="uuid",
        instruction_id="text",
    ),
    "outbox_backlog": _function("due delayed leased expired in_doubt held oldest_due_at"),
    "outbox_counter_drift": _function("outbox_id attempt_count max_attempt_no"),
}
