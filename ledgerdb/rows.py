"""Rows, enums and limits: what goes into the SQL functions and what comes out of them.

One frozen class per row shape, one field per column, in the order of the columns; a contract test
compares them with `pg_proc` both ways. Times are aware datetimes of the server's clock. JSON
numbers arrive as `int` or `Decimal`, never as `float`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

__all__ = [
    "BATCH_SIZE_MAX",
    "IDENTIFIER_CHARS_MAX",
    "LEASE_SECONDS_MAX",
    "PAYLOAD_BYTES_MAX",
    "RETRY_DELAY_SECONDS_MAX",
    "Acknowledgement",
    "Attempt",
    "AttemptState",
    "Attestation",
    "Backlog",
    "ClaimedItem",
    "CompletedAttempt",
    "CounterDrift",
    "EnqueuedItem",
    "EvidencePack",
    "Instruction",
    "InstructionStatus",
    "OutboxIdentity",
    "RegisteredTenant",
    "ReleasedLease",
    "RepairedLease",
    "TenantType",
]

IDENTIFIER_CHARS_MAX: Final = 200
PAYLOAD_BYTES_MAX: Final = 1_048_576
BATCH_SIZE_MAX: Final = 10_000
LEASE_SECONDS_MAX: Final = 86_400
RETRY_DELAY_SECONDS_MAX: Final = 604_800


class AttemptState(StrEnum):
    """Type `outbox_attempt_state`; DISPATCHED and FAILED are terminal."""

    DISPATCHING = "DISPATCHING"
    DISPATCHED = "DISPATCHED"
    RETRYABLE = "RETRYABLE"
    FAILED = "FAILED"
    ZOMBIE_REQUEUE = "ZOMBIE_REQUEUE"

    @property
    def is_terminal(self) -> bool:
        """True where no further attempt follows."""
        return self in (AttemptState.DISPATCHED, AttemptState.FAILED)


class TenantType(StrEnum):
    """Kinds of organisation that `tenants.tenant_type` allows."""

    NGO = "NGO"
    COOPERATIVE = "COOPERATIVE"
    GOVERNMENT = "GOVERNMENT"
    COMMERCIAL = "COMMERCIAL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """A payment instruction to accept: the arguments of `ingest_instruction`.

    Attributes:
        payload: the request body, a JSON object of at most `PAYLOAD_BYTES_MAX` bytes. Bytes or text
            are passed on as they are and hashed by the database; a mapping is serialized once.
        correlation_id: ties the instruction to a business transaction of the caller.
        signatures: detached signatures, a JSON array.
    """

    tenant_id: UUID
    instruction_id: str
    participant_id: str
    idempotency_key: str
    rail_type: str
    payload: bytes | str | Mapping[str, Any]
    correlation_id: UUID | None = None
    client_id: UUID | None = None
    client_id_hash: str | None = None
    member_id: UUID | None = None
    signature_hash: str | None = None
    signatures: tuple[Mapping[str, Any], ...] = ()
    cert_fingerprint_sha256: str | None = None
    token_jti_hash: str | None = None
    upstream_ref: str | None = None
    downstream_ref: str | None = None
    nfs_sequence_ref: str | None = None


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Row of `ingest_instruction`: proof that the instruction is durable.

    Attributes:
        payload_hash: SHA-256 of the payload's own bytes, 64 hex digits.
        state: PENDING, or the state of the last attempt.
        replayed: True where the instruction was accepted before; the other fields are those of the
            first time.
    """

    attestation_id: UUID
    outbox_id: UUID
    sequence_id: int
    received_at: datetime
    payload_hash: str
    state: str
    replayed: bool


@dataclass(frozen=True, slots=True)
class EnqueuedItem:
    """Row of `enqueue_payment_outbox`; `state` is PENDING or the state of the last attempt."""

    outbox_id: UUID
    sequence_id: int
    created_at: datetime
    state: str


@dataclass(frozen=True, slots=True)
class ClaimedItem:
    """Row of `claim_outbox_batch`: an item under a lease.

    Attributes:
        attempt_count: attempts recorded so far; the attempt under way is `attempt_no`.
        lease_token: fencing token; completing takes it, and only the last one issued is accepted.
        lease_expires_at: after this another worker may take the item over.
    """

    outbox_id: UUID
    instruction_id: str
    participant_id: str
    sequence_id: int
    idempotency_key: str
    rail_type: str
    payload: Mapping[str, Any] = field(repr=False)
    attempt_count: int
    lease_token: UUID = field(repr=False)
    lease_expires_at: datetime

    @property
    def attempt_no(self) -> int:
        """The number that the attempt under way will get: a monotonic fence for the rail."""
        return self.attempt_count + 1


@dataclass(frozen=True, slots=True)
class CompletedAttempt:
    """Row of `complete_outbox_attempt`; a RETRYABLE at the retry ceiling comes back as FAILED."""

    attempt_no: int
    state: AttemptState


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
class RegisteredTenant:
    """Row of `register_tenant`; `created` is False where the same registration was made before."""

    tenant_id: UUID
    tenant_key: str
    status: str
    created_at: datetime
    created: bool


@dataclass(frozen=True, slots=True)
class InstructionStatus:
    """Row of `instruction_status`; `state` is PENDING or the state of the last attempt."""

    instruction_id: str
    outbox_id: UUID
    participant_id: str
    rail_type: str
    state: str
    attempts: int
    rail_reference: str | None
    error_code: str | None
    accepted_at: datetime
    completed_at: datetime | None
    next_attempt_at: datetime | None


@dataclass(frozen=True, slots=True)
class Backlog:
    """Row of `outbox_backlog`: counts of pending items by what they wait for."""

    due: int
    delayed: int
    leased: int
    expired: int
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Attestation:
    """The `attestation` of `evidence_pack`: what was accepted, from whom and when, as hashes and
    identifiers.
    """

    attestation_id: UUID
    tenant_id: UUID
    instruction_id: str
    participant_id: str | None
    payload_hash: str
    signature_hash: str | None
    client_id: UUID | None
    member_id: UUID | None
    correlation_id: UUID | None
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxIdentity:
    """The `outbox` of `evidence_pack`: the item's identity for life and its current state."""

    outbox_id: UUID
    idempotency_key: str
    rail_type: str
    fingerprint: str
    state: str
    sequence_id: int
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One of the `attempts` of `evidence_pack`: a row of the append-only ledger."""

    attempt_id: UUID
    attempt_no: int
    state: AttemptState
    claimed_at: datetime
    completed_at: datetime | None
    worker_id: str | None
    rail_reference: str | None
    rail_code: str | None
    error_code: str | None
    error_message: str | None
    latency_ms: int | None


@dataclass(frozen=True, slots=True)
class EvidencePack:
    """Result of `evidence_pack`: attestation, identity and every attempt in order, without the
    payload.
    """

    attestation: Attestation
    outbox: OutboxIdentity | None
    attempts: tuple[Attempt, ...]
