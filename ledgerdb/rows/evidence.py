"""What `evidence_pack` returns: attestation, identity and attempts of one instruction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ledgerdb.rows.limits import AttemptState

__all__ = ["Attempt", "Attestation", "EvidencePack", "OutboxIdentity"]


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
