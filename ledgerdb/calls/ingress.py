"""Calls of the ingress service: tenants, instructions, evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

from ledgerdb.calls import _check as check
from ledgerdb.calls import _columns as columns
from ledgerdb.calls import _sent as sent
from ledgerdb.calls._build import Call, columns_of, statement
from ledgerdb.calls._payload import load
from ledgerdb.calls._shape import from_json, many, one, one_or_none
from ledgerdb.calls.wire import WireStrings, WireTexts
from ledgerdb.rows import (
    Acknowledgement,
    Attempt,
    Attestation,
    EnqueuedItem,
    EnqueuedResult,
    EvidencePack,
    IngestedResult,
    Instruction,
    InstructionStatus,
    LateResult,
    OperatorAction,
    OutboxIdentity,
    OutboxItem,
    Payload,
    RegisteredTenant,
    RetiredHistory,
    Seal,
    TenantType,
)

_INGESTED: Final = {
    "p_tenant_id": "uuid",
    "p_instruction_id": "text",
    "p_participant_id": "text",
    "p_idempotency_key": "text",
    "p_rail_type": "text",
    "p_payload": "text",
    "p_correlation_id": "uuid",
    "p_client_id": "uuid",
    "p_client_id_hash": "text",
    "p_member_id": "uuid",
    "p_signature_hash": "text",
    "p_signatures": "jsonb",
    "p_cert_fingerprint_sha256": "text",
    "p_token_jti_hash": "text",
    "p_upstream_ref": "text",
    "p_downstream_ref": "text",
    "p_nfs_sequence_ref": "text",
}
_INGEST: Final = statement("ingest_instruction", _INGESTED, columns_of(Acknowledgement))
_INGEST_TRACED: Final = statement(
    "ingest_traced_instruction",
    {**_INGESTED, "p_trace_context": "text"},
    columns_of(Acknowledgement),
)
_INGEST_MANY: Final = statement(
    "ingest_instructions",
    {
        "p_tenant_ids": "uuid[]",
        "p_instruction_ids": "text[]",
        "p_participant_ids": "text[]",
        "p_idempotency_keys": "text[]",
        "p_rail_types": "text[]",
        "p_payloads": "text[]",
        "p_correlation_ids": "uuid[]",
    },
    columns_of(IngestedResult),
)
_ENQUEUE: Final = statement(
    "enqueue_payment_outbox",
    {
        "p_instruction_id": "text",
        "p_participant_id": "text",
        "p_idempotency_key": "text",
        "p_rail_type": "text",
        "p_payload": "jsonb",
    },
    columns_of(EnqueuedItem),
)
_ENQUEUE_MANY: Final = statement(
    "enqueue_outbox_items",
    {
        "p_instruction_ids": "text[]",
        "p_participant_ids": "text[]",
        "p_idempotency_keys": "text[]",
        "p_rail_types": "text[]",
        "p_payloads": "text[]",
    },
    columns_of(EnqueuedResult),
)
_REGISTER_TENANT: Final = statement(
    "register_tenant",
    {
        "p_tenant_id": "uuid",
        "p_tenant_key": "text",
        "p_tenant_name": "text",
        "p_tenant_type": "text",
    },
    columns_of(RegisteredTenant),
)
_INSTRUCTION: Final = {"p_tenant_id": "uuid", "p_instruction_id": "text"}
_INSTRUCTION_STATUS: Final = statement(
    "instruction_status", _INSTRUCTION, columns_of(InstructionStatus)
)
_EVIDENCE_PACK: Final = statement("evidence_pack", _INSTRUCTION, ("cast(t.t as text)",))


def ingest(instruction: Instruction) -> Call[Acknowledgement]:
    """`ingest_instruction`: attestation and outbox item in one statement;
    `ingest_traced_instruction` where it is part of a trace.
    """
    if not isinstance(instruction, Instruction):
        raise check.refuse("instruction", "must be an Instruction")
    trace_context = check.optional_remark("trace_context", instruction.trace_context)
    return Call(
        "ingest_instruction" if trace_context is None else "ingest_traced_instruction",
        _INGEST if trace_context is None else _INGEST_TRACED,
        {
            "p_tenant_id": check.uuid("tenant_id", instruction.tenant_id),
            "p_instruction_id": check.text("instruction_id", instruction.instruction_id),
            "p_participant_id": check.text("participant_id", instruction.participant_id),
            "p_idempotency_key": check.text("idempotency_key", instruction.idempotency_key),
            "p_rail_type": check.text("rail_type", instruction.rail_type),
            "p_payload": sent.payload(instruction.payload),
            "p_correlation_id": check.optional_uuid("correlation_id", instruction.correlation_id),
            "p_client_id": check.optional_uuid("client_id", instruction.client_id),
            "p_client_id_hash": check.optional_text("client_id_hash", instruction.client_id_hash),
            "p_member_id": check.optional_uuid("member_id", instruction.member_id),
            "p_signature_hash": check.optional_text("signature_hash", instruction.signature_hash),
            "p_signatures": check.dump("signatures", instruction.signatures),
            "p_cert_fingerprint_sha256": check.optional_text(
                "cert_fingerprint_sha256", instruction.cert_fingerprint_sha256
            ),
            "p_token_jti_hash": check.optional_text("token_jti_hash", instruction.token_jti_hash),
            "p_upstream_ref": check.optional_text("upstream_ref", instruction.upstream_ref),
            "p_downstream_ref": check.optional_text("downstream_ref", instruction.downstream_ref),
            "p_nfs_sequence_ref": check.optional_text(
                "nfs_sequence_ref", instruction.nfs_sequence_ref
            ),
            **({} if trace_context is None else {"p_trace_context": trace_context}),
        },
        one(Acknowledgement),
        writes=True,
        replays=True,
    )


# What an attestation may carry beyond what a batch takes.
_SINGLE_ONLY: Final = (
    "client_id",
    "client_id_hash",
    "member_id",
    "signature_hash",
    "signatures",
    "cert_fingerprint_sha256",
    "token_jti_hash",
    "upstream_ref",
    "downstream_ref",
    "nfs_sequence_ref",
    "trace_context",
)
_NOTHING: Final[tuple[object, ...]] = (None, "", (), [])
_single_only: Final = attrgetter(*_SINGLE_ONLY)
_DEFAULTS: Final = tuple(
    field.default for field in fields(Instruction) if field.name in _SINGLE_ONLY
)


def ingest_many(instructions: Sequence[Instruction]) -> Call[tuple[IngestedResult, ...]]:
    """`ingest_instructions`: many attestations and outbox items in one statement."""
    for instruction in check.members("instructions", instructions, Instruction):
        if _single_only(instruction) == _DEFAULTS:
            continue  # as almost all of them
        for name in _SINGLE_ONLY:
            if getattr(instruction, name) not in _NOTHING:
                raise check.refuse(name, "cannot be given in a batch: use ingest")
    return Call(
        "ingest_instructions",
        _INGEST_MANY,
        {
            "p_tenant_ids": columns.uuids("tenant_id", [i.tenant_id for i in instructions]),
            **_identifiers(instructions),
            "p_correlation_ids": columns.optional_uuids(
                "correlation_id", [i.correlation_id for i in instructions]
            ),
        },
        many(IngestedResult),
        writes=True,
        replays=True,
    )


def enqueue(
    instruction_id: str,
    participant_id: str,
    idempotency_key: str,
    rail_type: str,
    payload: Payload,
) -> Call[EnqueuedItem]:
    """`enqueue_payment_outbox`: puts an instruction without a tenant on the outbox."""
    return Call(
        "enqueue_payment_outbox",
        _ENQUEUE,
        {
            "p_instruction_id": check.text("instruction_id", instruction_id),
            "p_participant_id": check.text("participant_id", participant_id),
            "p_idempotency_key": check.text("idempotency_key", idempotency_key),
            "p_rail_type": check.text("rail_type", rail_type),
            "p_payload": sent.payload(payload),
        },
        one(EnqueuedItem),
        writes=True,
        replays=True,
    )


def enqueue_many(items: Sequence[OutboxItem]) -> Call[tuple[EnqueuedResult, ...]]:
    """`enqueue_outbox_items`: many instructions without a tenant in one statement."""
    check.members("items", items, OutboxItem)
    return Call(
        "enqueue_outbox_items",
        _ENQUEUE_MANY,
        _identifiers(items),
        many(EnqueuedResult),
        writes=True,
        replays=True,
    )


def _identifiers(
    items: Sequence[Instruction] | Sequence[OutboxItem],
) -> dict[str, WireStrings | WireTexts]:
    return {
        "p_instruction_ids": columns.texts("instruction_id", [i.instruction_id for i in items]),
        "p_participant_ids": columns.texts("participant_id", [i.participant_id for i in items]),
        "p_idempotency_keys": columns.texts("idempotency_key", [i.idempotency_key for i in items]),
        "p_rail_types": columns.texts("rail_type", [i.rail_type for i in items]),
        "p_payloads": sent.payloads(i.payload for i in items),
    }


def register_tenant(
    tenant_id: UUID, tenant_key: str, tenant_name: str, tenant_type: TenantType
) -> Call[RegisteredTenant]:
    """`register_tenant`: creates a tenant, or returns it."""
    return Call(
        "register_tenant",
        _REGISTER_TENANT,
        {
            "p_tenant_id": check.uuid("tenant_id", tenant_id),
            "p_tenant_key": check.text("tenant_key", tenant_key),
            "p_tenant_name": check.text("tenant_name", tenant_name),
            "p_tenant_type": check.text("tenant_type", tenant_type),
        },
        one(RegisteredTenant),
        writes=True,
        replays=True,
    )


def instruction_status(tenant_id: UUID, instruction_id: str) -> Call[InstructionStatus | None]:
    """`instruction_status`: where an instruction of this tenant stands, or None."""
    return Call(
        "instruction_status",
        _INSTRUCTION_STATUS,
        {
            "p_tenant_id": check.uuid("tenant_id", tenant_id),
            "p_instruction_id": check.text("instruction_id", instruction_id),
        },
        one_or_none(InstructionStatus),
        writes=False,
    )


def evidence_pack(tenant_id: UUID, instruction_id: str) -> Call[EvidencePack | None]:
    """`evidence_pack`: what the ledger holds about an instruction of this tenant, or None."""
    return Call(
        "evidence_pack",
        _EVIDENCE_PACK,
        {
            "p_tenant_id": check.uuid("tenant_id", tenant_id),
            "p_instruction_id": check.text("instruction_id", instruction_id),
        },
        _evidence,
        writes=False,
    )


def _evidence(rows: Sequence[Any]) -> EvidencePack | None:
    ((document,),) = rows
    if document is None:
        return None
    pack = load(document)
    return EvidencePack(
        schema_version=pack["schema_version"],
        attestation=from_json(Attestation, pack["attestation"]),
        outbox=None if pack["outbox"] is None else from_json(OutboxIdentity, pack["outbox"]),
        attempts=tuple(from_json(Attempt, attempt) for attempt in pack["attempts"]),
        late_results=tuple(from_json(LateResult, late) for late in pack["late_results"]),
        operator_actions=tuple(from_json(OperatorAction, act) for act in pack["operator_actions"]),
        retired=None if pack["retired"] is None else from_json(RetiredHistory, pack["retired"]),
        seals=tuple(from_json(Seal, seal) for seal in pack["seals"]),
    )
