"""Calls of operations about items: manual attempts, doubts and dead letters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from ledgerdb.calls import _check as check
from ledgerdb.calls._build import OPERATOR, Call, columns_of, statement
from ledgerdb.calls._payload import load
from ledgerdb.calls._shape import many, one
from ledgerdb.rows import (
    AttemptState,
    DeadLetter,
    InspectedItem,
    OperatorAttempt,
    RedrivenItem,
    Resolution,
)

_MANUAL: Final = statement(
    "record_manual_attempt",
    {
        "p_outbox_id": "uuid",
        "p_state": "public.outbox_attempt_state",
        "p_rail_reference": "text",
        "p_rail_code": "text",
        "p_error_code": "text",
        "p_error_message": "text",
        **OPERATOR,
    },
    columns_of(OperatorAttempt),
)
_CANCEL: Final = statement(
    "cancel_outbox_item", {"p_outbox_id": "uuid", **OPERATOR}, columns_of(OperatorAttempt)
)
_RESOLVE: Final = statement(
    "resolve_outbox_item",
    {
        "p_outbox_id": "uuid",
        "p_resolution": "text",
        **OPERATOR,
        "p_rail_reference": "text",
        "p_rail_code": "text",
        "p_late_result_id": "uuid",
        "p_evidence": "jsonb",
        "p_attempt_no": "integer",
    },
    columns_of(OperatorAttempt),
)
_DEAD_LETTERS: Final = statement(
    "list_dead_letters",
    {
        "p_after_completed_at": "timestamptz",
        "p_after_outbox_id": "uuid",
        "p_limit": "integer",
        "p_rail_type": "text",
        "p_tenant_id": "uuid",
        "p_error_code": "text",
    },
    columns_of(DeadLetter),
)
_REDRIVE: Final = statement(
    "redrive_dead_letters",
    {"p_outbox_ids": "uuid[]", "p_dry_run": "boolean", **OPERATOR, "p_disputed_too": "boolean"},
    columns_of(RedrivenItem),
)
_INSPECT: Final = statement("inspect_outbox_item", {"p_outbox_id": "uuid"}, ("cast(t.t as text)",))


def record_manual_attempt(
    outbox_id: UUID,
    state: AttemptState,
    *,
    actor: str,
    reason: str,
    rail_reference: str | None = None,
    rail_code: str | None = None,
    error_code: str | None = None,
    error_message: str | None = None,
) -> Call[OperatorAttempt]:
    """`record_manual_attempt`: what an operator did by hand becomes the next attempt."""
    if state not in tuple(AttemptState):
        raise check.refuse("state", "must be an AttemptState")
    return Call(
        "record_manual_attempt",
        _MANUAL,
        {
            "p_outbox_id": check.uuid("outbox_id", outbox_id),
            "p_state": str(state),
            "p_rail_reference": check.optional_text("rail_reference", rail_reference),
            "p_rail_code": check.optional_remark("rail_code", rail_code),
            "p_error_code": check.optional_remark("error_code", error_code),
            "p_error_message": check.optional_remark("error_message", error_message),
            **check.operator(actor, reason),
        },
        one(OperatorAttempt),
        writes=True,
        advice="inspect the item: a second call would be a second attempt",
    )


def cancel(outbox_id: UUID, *, actor: str, reason: str) -> Call[OperatorAttempt]:
    """`cancel_outbox_item`: ends an item that must not be sent."""
    return Call(
        "cancel_outbox_item",
        _CANCEL,
        {"p_outbox_id": check.uuid("outbox_id", outbox_id), **check.operator(actor, reason)},
        one(OperatorAttempt),
        writes=True,
    )


def resolve(
    outbox_id: UUID,
    resolution: Resolution,
    *,
    actor: str,
    reason: str,
    rail_reference: str | None = None,
    rail_code: str | None = None,
    late_result_id: UUID | None = None,
    evidence: Mapping[str, Any] | None = None,
    attempt_no: int | None = None,
) -> Call[OperatorAttempt]:
    """`resolve_outbox_item`: ends the doubt about an item with what the rail said."""
    return Call(
        "resolve_outbox_item",
        _RESOLVE,
        {
            "p_outbox_id": check.uuid("outbox_id", outbox_id),
            "p_resolution": check.text("resolution", resolution),
            **check.operator(actor, reason),
            "p_rail_reference": check.optional_text("rail_reference", rail_reference),
            "p_rail_code": check.optional_remark("rail_code", rail_code),
            "p_late_result_id": check.optional_uuid("late_result_id", late_result_id),
            "p_evidence": check.json_object("evidence", {} if evidence is None else evidence),
            "p_attempt_no": check.optional_integer("attempt_no", attempt_no),
        },
        one(OperatorAttempt),
        writes=True,
    )


def dead_letters(
    after: DeadLetter | None = None,
    *,
    limit: int = 100,
    rail_type: str | None = None,
    tenant_id: UUID | None = None,
    error_code: str | None = None,
) -> Call[tuple[DeadLetter, ...]]:
    """`list_dead_letters`: a page of items that ended as FAILED, the oldest first."""
    if after is not None and not isinstance(after, DeadLetter):
        raise check.refuse("after", "must be a DeadLetter")
    return Call(
        "list_dead_letters",
        _DEAD_LETTERS,
        {
            "p_after_completed_at": check.optional_aware(
                "after", after.completed_at if after else None
            ),
            "p_after_outbox_id": check.optional_uuid("after", after.outbox_id if after else None),
            "p_limit": check.integer("limit", limit),
            "p_rail_type": check.optional_text("rail_type", rail_type),
            "p_tenant_id": check.optional_uuid("tenant_id", tenant_id),
            "p_error_code": check.optional_text("error_code", error_code),
        },
        many(DeadLetter),
        writes=False,
    )


def redrive(
    outbox_ids: Sequence[UUID],
    *,
    actor: str,
    reason: str,
    dry_run: bool = True,
    disputed_too: bool = False,
) -> Call[tuple[RedrivenItem, ...]]:
    """`redrive_dead_letters`: sends FAILED items back to the queue; rehearses unless told not
    to.
    """
    return Call(
        "redrive_dead_letters",
        _REDRIVE,
        {
            "p_outbox_ids": check.uuids("outbox_ids", outbox_ids),
            "p_dry_run": check.boolean("dry_run", dry_run),
            **check.operator(actor, reason),
            "p_disputed_too": check.boolean("disputed_too", disputed_too),
        },
        many(RedrivenItem),
        writes=True,
    )


def inspect(outbox_id: UUID) -> Call[InspectedItem | None]:
    """`inspect_outbox_item`: everything about one item, or None."""
    return Call(
        "inspect_outbox_item",
        _INSPECT,
        {"p_outbox_id": check.uuid("outbox_id", outbox_id)},
        _inspected,
        writes=False,
    )


def _inspected(rows: Sequence[Any]) -> InspectedItem | None:
    ((document,),) = rows
    if document is None:
        return None
    item = load(document)
    return InspectedItem(
        identity=item["identity"],
        payload=item["payload"],
        queue=item["queue"],
        attempts=tuple(item["attempts"]),
        retired=item["retired"],
        late_results=tuple(item["late_results"]),
        operator_actions=tuple(item["operator_actions"]),
    )
