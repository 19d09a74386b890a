"""Rows and words of operations: controls, retry policies, and items that people decide about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from ledgerdb.rows.limits import AttemptState

__all__ = [
    "ControlScope",
    "DeadLetter",
    "InspectedItem",
    "MonotonicParticipant",
    "OperatorAttempt",
    "Ordering",
    "OutboxControl",
    "RedriveOutcome",
    "RedrivenItem",
    "Resolution",
    "ResumedScope",
    "RetryPolicy",
    "RetryStrategy",
]


class ControlScope(StrEnum):
    """What a control is about: the whole queue (key `*`), a rail, or a tenant (its id)."""

    QUEUE = "QUEUE"
    RAIL = "RAIL"
    TENANT = "TENANT"


class Ordering(StrEnum):
    """In which order the items of a participant go.

    NONE: as they are due. FIFO_BLOCK: one after the other, a blocked one stops those behind it.
    FIFO_SKIP: they pass one that is in doubt, held, or waits for its retry.
    """

    NONE = "NONE"
    FIFO_BLOCK = "FIFO_BLOCK"
    FIFO_SKIP = "FIFO_SKIP"


class RetryStrategy(StrEnum):
    """How the wait before a retry grows."""

    FIXED = "FIXED"
    EXPONENTIAL = "EXPONENTIAL"


class Resolution(StrEnum):
    """What the rail says about an item in doubt: it was sent, it was received and rejected, or it
    never arrived.
    """

    DISPATCHED = "DISPATCHED"
    FAILED = "FAILED"
    REQUEUE = "REQUEUE"


class RedriveOutcome(StrEnum):
    """What became of an item that was to be redriven.

    REDRIVEN: it is on the queue again. WOULD_REDRIVE: the same, in a rehearsal. DISPUTED: a late
    result says that it was sent. STILL_QUEUED: it is on the queue already. NOT_FAILED: it was sent,
    or its attempts did not end. RETIRED: its attempts were retired. UNKNOWN: no such item.
    """

    REDRIVEN = "REDRIVEN"
    WOULD_REDRIVE = "WOULD_REDRIVE"
    DISPUTED = "DISPUTED"
    STILL_QUEUED = "STILL_QUEUED"
    NOT_FAILED = "NOT_FAILED"
    RETIRED = "RETIRED"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class OutboxControl:
    """Row of `set_outbox_control` and `pause_outbox`: how a scope runs now."""

    scope: ControlScope
    scope_key: str
    paused: bool
    ordering: Ordering
    fair: bool
    notify_workers: bool
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class ResumedScope:
    """Row of `resume_outbox`: how many held items are due again, and how many still wait."""

    released: int
    remaining: int


@dataclass(frozen=True, slots=True)
class MonotonicParticipant:
    """Row of `number_participant_monotonically`.

    Attributes:
        monotonic_from: the last number without a hole before it; all later ones are greater.
        changed: False where the participant was numbered so before.
    """

    participant_id: str
    monotonic_from: int
    changed: bool


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Row of `set_retry_policy`: how long a RETRYABLE attempt on a rail waits."""

    rail_type: str
    strategy: RetryStrategy
    base_seconds: Decimal
    factor: Decimal
    max_seconds: Decimal
    jitter: Decimal
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class OperatorAttempt:
    """Row of `record_manual_attempt`, `cancel_outbox_item` and `resolve_outbox_item`: the attempt
    that the ledger has now.
    """

    attempt_no: int
    state: AttemptState


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Row of `list_dead_letters`: an item that ended as FAILED, with its last attempt.

    Attributes:
        closed_by: who wrote the attempt, if it was not the worker that held the lease.
        disputed: a late result says that the item was sent after all.
    """

    outbox_id: UUID
    tenant_id: UUID | None
    instruction_id: str
    participant_id: str
    sequence_id: int
    idempotency_key: str
    rail_type: str
    attempt_no: int
    redrive_no: int
    error_code: str | None
    error_message: str | None
    rail_code: str | None
    worker_id: str | None
    closed_by: str | None
    claimed_at: datetime
    completed_at: datetime | None
    disputed: bool


@dataclass(frozen=True, slots=True)
class RedrivenItem:
    """Row of `redrive_dead_letters`: what became of one item.

    Attributes:
        attempt_count: attempts so far; the next one gets the next number.
        redrive_no: how often the item was redriven.
    """

    outbox_id: UUID
    outcome: RedriveOutcome
    attempt_count: int | None
    redrive_no: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectedItem:
    """Result of `inspect_outbox_item`: everything about one item, as documents for people; no lease
    token.

    Attributes:
        queue: its row on the queue, or None where it has ended.
        attempts: every attempt in order.
        retired: what stays of attempts that retention has deleted, or None.
        late_results: results that came too late.
        operator_actions: what operators did to it.
    """

    identity: Mapping[str, Any]
    payload: Mapping[str, Any] = field(repr=False)
    queue: Mapping[str, Any] | None
    attempts: tuple[Mapping[str, Any], ...]
    retired: Mapping[str, Any] | None
    late_results: tuple[Mapping[str, Any], ...]
    operator_actions: tuple[Mapping[str, Any], ...]
