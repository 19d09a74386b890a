"""Rows of the ingress service: what is accepted, and what is answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from ledgerdb.rows.limits import EnqueueOutcome

__all__ = [
    "Acknowledgement",
    "EnqueuedItem",
    "EnqueuedResult",
    "IngestedResult",
    "Instruction",
    "InstructionStatus",
    "OutboxItem",
    "Payload",
    "RegisteredTenant",
]

# What a payload may be given as: the request's own bytes, a text, or a document.
Payload: TypeAlias = bytes | bytearray | memoryview | str | Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """A payment instruction to accept: the arguments of `ingest_instruction`.

    Attributes:
        payload: the request body, a JSON object of at most `PAYLOAD_BYTES_MAX` bytes. Bytes are
            sent from where they are, without a copy, and hashed by the database: a bytearray or a
            memoryview must not change until the verb has returned. A text is encoded once, a
            mapping serialized once.
        correlation_id: ties the instruction to a business transaction of the caller.
        signatures: detached signatures, a JSON array.
        trace_context: the trace that the item is part of, for the worker's spans (traceparent of
            W3C Trace Context); more than 200 characters are dropped.
    """

    tenant_id: UUID
    instruction_id: str
    participant_id: str
    idempotency_key: str
    rail_type: str
    payload: Payload
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
    trace_context: str | None = None


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Row of `ingest_instruction`: proof that the instruction is durable.

    Attributes:
        payload_hash: SHA-256 of the payload's own bytes, 64 hex digits.
        state: PENDING, IN_DOUBT, or the state of the last attempt.
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
class IngestedResult:
    """Row of `ingest_instructions`: what became of the instruction at a place of the list.

    Attributes:
        place: in the list, from 1.
        outcome: of a CONFLICT every other field is None, and nothing was written.
        state: PENDING, IN_DOUBT, or the state of the last attempt.
    """

    place: int
    outcome: EnqueueOutcome
    attestation_id: UUID | None
    outbox_id: UUID | None
    sequence_id: int | None
    received_at: datetime | None
    payload_hash: str | None
    state: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxItem:
    """An instruction without a tenant to enqueue: one item of `enqueue_outbox_items`."""

    instruction_id: str
    participant_id: str
    idempotency_key: str
    rail_type: str
    payload: Payload


@dataclass(frozen=True, slots=True)
class EnqueuedItem:
    """Row of `enqueue_payment_outbox`; `state` is PENDING or the state of the last attempt."""

    outbox_id: UUID
    sequence_id: int
    created_at: datetime
    state: str


@dataclass(frozen=True, slots=True)
class EnqueuedResult:
    """Row of `enqueue_outbox_items`: what became of the item at a place of the list.

    Attributes:
        place: in the list, from 1.
        outcome: of a CONFLICT every other field is None, and nothing was written.
        state: PENDING, IN_DOUBT, or the state of the last attempt.
    """

    place: int
    outbox_id: UUID | None
    sequence_id: int | None
    created_at: datetime | None
    state: str | None
    outcome: EnqueueOutcome


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
