"""Rows of what people and dashboards read: the queue, its parts, its last minutes, its health."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

__all__ = [
    "ActivityBucket",
    "Breakdown",
    "BreakdownBy",
    "FoundItem",
    "Health",
    "QueuedItem",
]


class BreakdownBy(StrEnum):
    """What the queue is counted by."""

    TENANT = "TENANT"
    PARTICIPANT = "PARTICIPANT"
    RAIL = "RAIL"


@dataclass(frozen=True, slots=True)
class Breakdown:
    """Row of `outbox_breakdown`: counts of one tenant, participant or rail.

    Attributes:
        scope_key: its id or name; None for items without a tenant.
        label: the key of a tenant.
        held: on hold for another reason than a doubt.
        oldest_due_at: since when its oldest due item waits.
    """

    scope_key: str | None
    label: str | None
    due: int
    delayed: int
    leased: int
    expired: int
    in_doubt: int
    held: int
    dead_letters: int
    oldest_due_at: datetime | None


@dataclass(frozen=True, slots=True)
class ActivityBucket:
    """Row of `outbox_activity`: what happened from `bucket_start` on.

    Attributes:
        accepted: new instructions.
        dispatched: attempts that ended so; likewise retried (RETRYABLE), failed (FAILED) and
            crashed (ZOMBIE_REQUEUE).
        latency_p50_ms: of the rail, as workers told it, in milliseconds; None where nobody did.
    """

    bucket_start: datetime
    accepted: int
    dispatched: int
    retried: int
    failed: int
    crashed: int
    latency_p50_ms: float | None
    latency_p95_ms: float | None


@dataclass(frozen=True, slots=True)
class Health:
    """Row of `outbox_health`: what somebody must look at.

    Attributes:
        schema_version: the revision of the database.
        server_time: by which ages are to be taken.
        retry_ceiling: tries of an item at most.
        disputed: dead letters of which a late result says that they were sent.
        unsealed: attempts and attestations without a seal, counted up to 10,000 of each.
    """

    schema_version: str | None
    server_time: datetime
    retry_ceiling: int
    dead_letters: int
    disputed: int
    oldest_in_doubt_at: datetime | None
    paused_scopes: int
    last_sealed_at: datetime | None
    unsealed: int
    oldest_unsealed_at: datetime | None


@dataclass(frozen=True, slots=True)
class QueuedItem:
    """Row of `list_outbox_items`: an item that has not ended, without its payload.

    Attributes:
        status: READY, SCHEDULED, LEASED, EXPIRED, or why it is on hold (IN_DOUBT, PAUSED...).
        attempt_count: attempts so far.
    """

    outbox_id: UUID
    tenant_id: UUID | None
    instruction_id: str
    participant_id: str
    sequence_id: int
    idempotency_key: str
    rail_type: str
    status: str
    attempt_count: int
    redrive_no: int
    created_at: datetime
    next_attempt_at: datetime | None
    claimed_by: str | None
    leased_at: datetime | None
    lease_expires_at: datetime | None
    dispatch_started_at: datetime | None
    held_at: datetime | None
    correlation_id: UUID | None


@dataclass(frozen=True, slots=True)
class FoundItem:
    """Row of `find_outbox_items`: an item of an instruction.

    Attributes:
        state: PENDING, IN_DOUBT, or the state of the last attempt.
        attempts: how many it has had.
    """

    outbox_id: UUID
    tenant_id: UUID | None
    instruction_id: str
    idempotency_key: str
    participant_id: str
    rail_type: str
    state: str
    attempts: int
    created_at: datetime
