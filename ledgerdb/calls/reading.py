"""Calls of people and dashboards, which only read: the queue, its parts, its last minutes."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from ledgerdb.calls import _check as check
from ledgerdb.calls._build import Call, columns_of, statement
from ledgerdb.calls._shape import many, one
from ledgerdb.rows import (
    ActivityBucket,
    Breakdown,
    BreakdownBy,
    FoundItem,
    Health,
    OutboxControl,
    QueuedItem,
)

_BREAKDOWN: Final = statement(
    "outbox_breakdown", {"p_by": "text", "p_limit": "integer"}, columns_of(Breakdown)
)
_ACTIVITY: Final = statement(
    "outbox_activity",
    {"p_minutes": "integer", "p_bucket_seconds": "integer"},
    columns_of(ActivityBucket),
)
_HEALTH: Final = statement("outbox_health", {}, columns_of(Health))
_ITEMS: Final = statement(
    "list_outbox_items",
    {
        "p_status": "text",
        "p_tenant_id": "uuid",
        "p_participant_id": "text",
        "p_rail_type": "text",
        "p_after_outbox_id": "uuid",
        "p_limit": "integer",
    },
    columns_of(QueuedItem),
)
_FIND: Final = statement(
    "find_outbox_items",
    {"p_instruction_id": "text", "p_tenant_id": "uuid"},
    columns_of(FoundItem),
)
_CONTROLS: Final = statement("list_outbox_controls", {}, columns_of(OutboxControl))


def breakdown(by: BreakdownBy, limit: int = 100) -> Call[tuple[Breakdown, ...]]:
    """`outbox_breakdown`: the queue per tenant, participant or rail, the longest wait first."""
    return Call(
        "outbox_breakdown",
        _BREAKDOWN,
        {"p_by": check.text("by", by), "p_limit": check.integer("limit", limit)},
        many(Breakdown),
        writes=False,
    )


def activity(minutes: int = 60, *, bucket_seconds: int = 60) -> Call[tuple[ActivityBucket, ...]]:
    """`outbox_activity`: the last minutes, bucket by bucket."""
    return Call(
        "outbox_activity",
        _ACTIVITY,
        {
            "p_minutes": check.integer("minutes", minutes),
            "p_bucket_seconds": check.integer("bucket_seconds", bucket_seconds),
        },
        many(ActivityBucket),
        writes=False,
    )


def health() -> Call[Health]:
    """`outbox_health`: what somebody must look at, in one row."""
    return Call("outbox_health", _HEALTH, {}, one(Health), writes=False)


def items(
    after: QueuedItem | None = None,
    *,
    limit: int = 100,
    status: str | None = None,
    tenant_id: UUID | None = None,
    participant_id: str | None = None,
    rail_type: str | None = None,
) -> Call[tuple[QueuedItem, ...]]:
    """`list_outbox_items`: a page of the queue in the order of acceptance."""
    if after is not None and not isinstance(after, QueuedItem):
        raise check.refuse("after", "must be a QueuedItem")
    return Call(
        "list_outbox_items",
        _ITEMS,
        {
            "p_status": check.optional_text("status", status),
            "p_tenant_id": check.optional_uuid("tenant_id", tenant_id),
            "p_participant_id": check.optional_text("participant_id", participant_id),
            "p_rail_type": check.optional_text("rail_type", rail_type),
            "p_after_outbox_id": check.optional_uuid("after", after.outbox_id if after else None),
            "p_limit": check.integer("limit", limit),
        },
        many(QueuedItem),
        writes=False,
    )


def find(instruction_id: str, tenant_id: UUID | None = None) -> Call[tuple[FoundItem, ...]]:
    """`find_outbox_items`: the items of an instruction, of one tenant or of all."""
    return Call(
        "find_outbox_items",
        _FIND,
        {
            "p_instruction_id": check.text("instruction_id", instruction_id),
            "p_tenant_id": check.optional_uuid("tenant_id", tenant_id),
        },
        many(FoundItem),
        writes=False,
    )


def controls() -> Call[tuple[OutboxControl, ...]]:
    """`list_outbox_controls`: every scope that has a control."""
    return Call("list_outbox_controls", _CONTROLS, {}, many(OutboxControl), writes=False)
