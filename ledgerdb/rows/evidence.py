"""What `evidence_pack` returns: everything that the ledger holds about one instruction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ledgerdb.rows.limits import AttemptState, CompletionOutcome

__all__ = [
    "Attempt",
    "Attestation",
    "ChainPlace",
    "EvidencePack",
    "LateResult",
    "OperatorAction",
    "OutboxIdentity",
    "RetiredHistory",
    "Seal",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainPlace:
    """The `chain` of an attestation or an attempt: where it is in the chain of hashes.

    Attributes:
        position: in the ledger; None for rows from before revision 0006.
        leaf: SHA-256 over the whole row in hex digits (`_attempt_leaf`, `_attestation_leaf`).
        seal_no: the seal that covers it; None while it is not sealed.
    """

    position: int | None
    leaf: str
    seal_no: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """One of the `seals` of `evidence_pack`: a row of `ledger_seals`, whole.

    Attributes:
        subject: ATTEMPTS or ATTESTATIONS.
        after_position: it covers the positions above this one, up to `through_position`.
        after_id: where rows have no position, the ids above this one, up to `through_id`.
        digest: SHA-256 over the leaves in their order, hex digits like the other hashes.
        previous_hash: of the seal before it; None for the first.
        seal_hash: SHA-256 over everything else in the row.
    """

    seal_no: int
    subject: str
    after_position: int | None
    through_position: int | None
    after_id: UUID | None
    through_id: UUID | None
    row_count: int
    leaf_version: int
    digest: str
    previous_hash: str | None
    seal_hash: str
    sealed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Attestation:
    """The `attestation` of `evidence_pack`: what was accepted, from whom and when, as hashes and
    identifiers. `chain` is its place in the chain of hashes; None where a store keeps none.
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
    chain: ChainPlace | None


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
    """One of the `attempts` of `evidence_pack`: a row of the append-only ledger.

    Attributes:
        dispatch_started_at: when the worker declared that it would now call the rail.
        worker_id: who held the lease; None where an operator wrote the row.
        closed_by: who wrote the row, if it was not the worker that held the lease.
        redrive_no: how often the item had been sent back to the queue by then.
        chain: its place in the chain of hashes.
    """

    attempt_id: UUID
    attempt_no: int
    state: AttemptState
    claimed_at: datetime
    dispatch_started_at: datetime | None
    completed_at: datetime | None
    worker_id: str | None
    closed_by: str | None
    redrive_no: int
    rail_reference: str | None
    rail_code: str | None
    error_code: str | None
    error_message: str | None
    latency_ms: int | None
    chain: ChainPlace | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LateResult:
    """One of the `late_results` of `evidence_pack`: what a worker said after its lease was over.

    Attributes:
        state: what the worker said.
        outcome: why it came too late.
    """

    late_result_id: UUID
    state: AttemptState
    outcome: CompletionOutcome
    received_at: datetime
    worker_id: str
    rail_reference: str | None
    rail_code: str | None
    error_code: str | None
    error_message: str | None
    latency_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorAction:
    """One of the `operator_actions` of `evidence_pack`: what somebody did to the item, and why."""

    action_id: UUID
    action: str
    actor: str
    reason: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RetiredHistory:
    """The `retired` of `evidence_pack`: what stays of attempts that retention has deleted.

    Attributes:
        run_id: the run in `ledger_retention_runs`, which says who did it and why.
        attempts: how many there were.
        digest: SHA-256 over them in hex digits; an export of them can be compared with it.
    """

    run_id: UUID
    retired_at: datetime
    state: AttemptState
    attempts: int
    first_claimed_at: datetime
    completed_at: datetime
    rail_reference: str | None
    error_code: str | None
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidencePack:
    """Result of `evidence_pack`: attestation, identity, every attempt in order, late results and
    what operators did, without the payload. `attempts` is empty where they were `retired`.

    Attributes:
        schema_version: the revision of the database that answered.
        seals: those over the attestation and the attempts, so that their hashes can be computed
            again.
    """

    schema_version: str
    attestation: Attestation
    outbox: OutboxIdentity | None
    attempts: tuple[Attempt, ...]
    late_results: tuple[LateResult, ...]
    operator_actions: tuple[OperatorAction, ...]
    retired: RetiredHistory | None
    seals: tuple[Seal, ...]
