"""Rows of the worker: leases, results, and what the queue looks like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from ledgerdb.rows._late import late
from ledgerdb.rows.limits import AttemptState, CompletionOutcome

__all__ = [
    "Backlog",
    "BegunDispatch",
    "ClaimedItem",
    "CompletedAttempt",
    "Completion",
    "CounterDrift",
    "ExtendedLease",
    "ReleasedLease",
    "RepairedLease",
]


@late("payload")  # a worker that hands it on, or drops the item, never parses it
@dataclass(frozen=True, slots=True)
class ClaimedItem:
    """Row of `claim_outbox_items`: an item under a lease.

    Attributes:
        payload: JSON numbers as `int` or `Decimal`; parsed when it is first looked at.
        attempt_no: the number that the attempt under way will get: a monotonic fence for the rail.
        lease_token: fencing token; completing takes it, and only the last one issued is accepted.
        lease_expires_at: after this another worker may take the item over.
        rail_key: the idempotency key for the rail, 32 hex digits: derived from tenant, instruction
            and key, so that it stays the same whatever happens to this database.
        trace_context: the trace that the item was accepted in (traceparent of W3C Trace Context),
            where it is asked for and there was one.
    """

    outbox_id: UUID
    tenant_id: UUID | None
    instruction_id: str
    participant_id: str
    sequence_id: int
    idempotency_key: str
    rail_type: str
    payload: Mapping[str, Any] = field(repr=False)
    correlation_id: UUID | None
    attempt_no: int
    lease_token: UUID = field(repr=False)
    lease_expires_at: datetime
    rail_key: str
    trace_context: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """The result of one leased attempt: one item of `complete_outbox_attempts`.

    Attributes:
        item: as it was claimed.
        state: DISPATCHED, FAILED or RETRYABLE; a RETRYABLE at the retry ceiling becomes FAILED.
        rail_reference: the rail's own name for the payment.
        latency_ms: how long the rail took, in milliseconds.
        retry_delay_seconds: until the next attempt; None takes the policy of the rail.
    """

    item: ClaimedItem
    state: AttemptState
    rail_reference: str | None = None
    rail_code: str | None = None
    error_code: str | None = None
    error_message: str | None = None
    latency_ms: int | None = None
    retry_delay_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class CompletedAttempt:
    """Row of `complete_outbox_attempts`.

    Attributes:
        outcome: whether the ledger holds the result.
        attempt_no: the number of the attempt that this lease stands for, where it is known.
        state: of that attempt in the ledger.
    """

    outbox_id: UUID
    lease_token: UUID = field(repr=False)
    outcome: CompletionOutcome
    attempt_no: int | None
    state: AttemptState | None


@dataclass(frozen=True, slots=True)
class RepairedLease:
    """Row of `repair_expired_leases`: an abandoned lease and the attempt number that closed it."""

    outbox_id: UUID
    attempt_no: int


@dataclass(frozen=True, slots=True)
class ReleasedLease:
    """Row of `release_outbox_leases`: an unstarted item that is due again."""

    outbox_id: UUID


@dataclass(frozen=True, slots=True)
class ExtendedLease:
    """Row of `extend_outbox_leases`: a lease that was still held, and its new end."""

    outbox_id: UUID
    lease_expires_at: datetime


@dataclass(frozen=True, slots=True)
class BegunDispatch:
    """Row of `begin_outbox_dispatch`: an item that may be sent to the rail now."""

    outbox_id: UUID


@dataclass(frozen=True, slots=True)
class Backlog:
    """Row of `outbox_backlog`: counts of pending items by what they wait for."""

    due: int
    delayed: int
    leased: int
    expired: int
    in_doubt: int
    held: int
    oldest_due_at: datetime | None


@dataclass(frozen=True, slots=True)
class CounterDrift:
    """Row of `outbox_counter_drift`: an item whose counter and attempts disagree. There must be
    none.
    """

    outbox_id: UUID
    attempt_count: int
    max_attempt_no: int
    attempts: int
    has_terminal: bool
    near_overflow: bool
