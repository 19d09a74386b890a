"""What the SQL functions of an ingress service do, over the statements of the file store.

Each takes a connection inside a transaction and the parameters of its call, and returns the row of
its call. `FUNCTIONS` is all that the file store can do.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, NoReturn
from uuid import UUID, uuid4

from ledgerdb.calls.wire import WireText
from ledgerdb.errors import DatabaseError, IdempotencyConflict, StoreDamaged, TenantRefused
from ledgerdb.rows import (
    Acknowledgement,
    Attestation,
    EvidencePack,
    InstructionStatus,
    OutboxIdentity,
    RegisteredTenant,
)
from ledgerdb.stores import _rules as rules
from ledgerdb.stores._statements import SCHEMA_VERSION, STATEMENTS

__all__ = ["FUNCTIONS"]

_PENDING: Final = "PENDING"
# In the order in which the function looks.
_IDENTIFIERS: Final = {
    "instruction_id": "P7112",
    "participant_id": "P7113",
    "idempotency_key": "P7114",
    "rail_type": "P7115",
}
_KEPT: Final = (
    "p_client_id_hash",
    "p_signature_hash",
    "p_signatures",
    "p_cert_fingerprint_sha256",
    "p_token_jti_hash",
    "p_upstream_ref",
    "p_downstream_ref",
    "p_nfs_sequence_ref",
)


def register_tenant(
    connection: sqlite3.Connection, parameters: Mapping[str, Any]
) -> RegisteredTenant:
    """As `register_tenant`."""
    rules.identifier("tenant_key", parameters["p_tenant_key"], "P7111")
    rules.identifier("tenant_name", parameters["p_tenant_name"], "P7111")
    rules.tenant_type(parameters["p_tenant_type"])
    values = {
        "tenant_id": str(parameters["p_tenant_id"]),
        "tenant_key": parameters["p_tenant_key"],
        "tenant_name": parameters["p_tenant_name"],
        "tenant_type": str(parameters["p_tenant_type"]),
        "created_at": datetime.now(UTC).isoformat(),
    }
    added = _one(connection, "add_tenant", values)
    found = added or _one(connection, "find_tenant", values)
    if found is None:
        raise IdempotencyConflict(
            "tenant_key: the id or the key is registered with other content",
            sqlstate="P7101",
            field="tenant_key",
            rule="one key, one tenant",
        )
    return RegisteredTenant(
        UUID(found["tenant_id"]),
        found["tenant_key"],
        found["status"],
        datetime.fromisoformat(found["created_at"]),
        created=added is not None,
    )


def ingest_instruction(
    connection: sqlite3.Connection, parameters: Mapping[str, Any]
) -> Acknowledgement:
    """As `ingest_instruction`."""
    tenant_id = str(parameters["p_tenant_id"])
    if _one(connection, "tenant_is_active", {"tenant_id": tenant_id}) is None:
        raise TenantRefused(
            "tenant_id: is not an active tenant",
            sqlstate="P7102",
            field="tenant_id",
            rule="an active tenant",
        )
    payload: WireText = parameters["p_payload"]
    rules.payload(payload)
    rules.references(parameters)
    rules.signatures(parameters["p_signatures"])
    key = {name: parameters[f"p_{name}"] for name in _IDENTIFIERS}
    for name, sqlstate in _IDENTIFIERS.items():
        rules.identifier(name, key[name], sqlstate)

    fingerprint = _fingerprint(key["participant_id"], key["rail_type"], payload)
    known = _one(connection, "find_instruction", {"tenant_id": tenant_id} | key)
    if known is not None and known["idempotency_key"] == key["idempotency_key"]:
        if known["fingerprint"] != fingerprint:
            raise IdempotencyConflict(
                "idempotency_key: is bound to another participant, rail or payload",
                sqlstate="P7101",
                field="idempotency_key",
                rule="one key, one payment",
            )
        return _acknowledgement(known, replayed=True)
    if parameters["p_member_id"] is not None:
        _unknown("member", parameters["p_member_id"])
    if known is not None:
        raise IdempotencyConflict(
            "instruction_id: was accepted before under another idempotency key",
            sqlstate="P7101",
            field="instruction_id",
            rule="one instruction, one key",
        )
    if parameters["p_client_id"] is not None:
        _unknown("client", parameters["p_client_id"])

    (sequence_id,) = _row(connection, "next_sequence_id", key)
    row = key | {
        "tenant_id": tenant_id,
        "sequence_id": sequence_id,
        "outbox_id": str(uuid4()),
        "attestation_id": str(uuid4()),
        "accepted_at": datetime.now(UTC).isoformat(),
        "fingerprint": fingerprint,
        "payload_hash": hashlib.sha256(payload.buffer).hexdigest(),
        "correlation_id": _text_of(parameters["p_correlation_id"]),
        "payload": payload.buffer,
        **{name.removeprefix("p_"): parameters[name] for name in _KEPT},
    }
    connection.execute(STATEMENTS["add_instruction"], row)
    return _acknowledgement(row, replayed=False)


def instruction_status(
    connection: sqlite3.Connection, parameters: Mapping[str, Any]
) -> InstructionStatus | None:
    """As `instruction_status`: without a worker everything is PENDING, and due since it came."""
    found = _one(connection, "find_instruction", _looked_for(parameters))
    if found is None:
        return None
    accepted_at = datetime.fromisoformat(found["accepted_at"])
    return InstructionStatus(
        instruction_id=parameters["p_instruction_id"],
        outbox_id=UUID(found["outbox_id"]),
        participant_id=found["participant_id"],
        rail_type=found["rail_type"],
        state=_PENDING,
        attempts=0,
        rail_reference=None,
        error_code=None,
        accepted_at=accepted_at,
        completed_at=None,
        next_attempt_at=accepted_at,
    )


def evidence_pack(
    connection: sqlite3.Connection, parameters: Mapping[str, Any]
) -> EvidencePack | None:
    """As `evidence_pack`, after a look whether the payload is still what was attested.

    Raises:
        StoreDamaged: it is not.
    """
    found = _one(connection, "find_evidence", _looked_for(parameters))
    if found is None:
        return None
    kept = WireText(found["payload"])
    if (
        hashlib.sha256(kept.buffer).hexdigest() != found["payload_hash"]
        or _fingerprint(found["participant_id"], found["rail_type"], kept) != found["fingerprint"]
    ):
        raise StoreDamaged(
            f"instruction {parameters['p_instruction_id']}: its payload is not what was accepted"
        )
    accepted_at = datetime.fromisoformat(found["accepted_at"])
    correlation_id = found["correlation_id"]
    return EvidencePack(
        schema_version=f"file-{SCHEMA_VERSION}",
        attestation=Attestation(
            attestation_id=UUID(found["attestation_id"]),
            tenant_id=parameters["p_tenant_id"],
            instruction_id=parameters["p_instruction_id"],
            participant_id=found["participant_id"],
            payload_hash=found["payload_hash"],
            signature_hash=found["signature_hash"],
            client_id=None,
            member_id=None,
            correlation_id=None if correlation_id is None else UUID(correlation_id),
            received_at=accepted_at,
            chain=None,
        ),
        outbox=OutboxIdentity(
            outbox_id=UUID(found["outbox_id"]),
            idempotency_key=found["idempotency_key"],
            rail_type=found["rail_type"],
            fingerprint=found["fingerprint"].hex(),
            state=_PENDING,
            sequence_id=found["sequence_id"],
            created_at=accepted_at,
        ),
        attempts=(),
        late_results=(),
        operator_actions=(),
        retired=None,
        seals=(),
    )


FUNCTIONS: Final[Mapping[str, Callable[[sqlite3.Connection, Mapping[str, Any]], object]]] = {
    "evidence_pack": evidence_pack,
    "ingest_instruction": ingest_instruction,
    "ingest_traced_instruction": ingest_instruction,  # no worker claims here: nobody reads traces
    "instruction_status": instruction_status,
    "register_tenant": register_tenant,
}


def _one(
    connection: sqlite3.Connection, name: str, values: Mapping[str, object]
) -> sqlite3.Row | None:
    # read to its end: a statement that returns rows has only then done everything
    found: list[sqlite3.Row] = connection.execute(STATEMENTS[name], values).fetchall()
    return found[0] if found else None


def _row(connection: sqlite3.Connection, name: str, values: Mapping[str, object]) -> sqlite3.Row:
    found = _one(connection, name, values)
    if found is None:
        raise StoreDamaged(f"{name}: no answer")
    return found


def _looked_for(parameters: Mapping[str, Any]) -> dict[str, str]:
    return {
        "tenant_id": str(parameters["p_tenant_id"]),
        "instruction_id": parameters["p_instruction_id"],
    }


def _fingerprint(participant_id: str, rail_type: str, payload: WireText) -> bytes:
    """As `_payment_fingerprint`."""
    parts = f"{len(participant_id)}:{participant_id}{len(rail_type)}:{rail_type}"
    digest = hashlib.sha256(parts.encode())
    digest.update(payload.buffer)
    return digest.digest()


def _acknowledgement(row: Mapping[str, Any] | sqlite3.Row, *, replayed: bool) -> Acknowledgement:
    return Acknowledgement(
        attestation_id=UUID(row["attestation_id"]),
        outbox_id=UUID(row["outbox_id"]),
        sequence_id=row["sequence_id"],
        received_at=datetime.fromisoformat(row["accepted_at"]),
        payload_hash=row["payload_hash"],
        state=_PENDING,
        replayed=replayed,
    )


def _unknown(what: str, identifier: UUID) -> NoReturn:
    # this store knows no members and no clients
    raise DatabaseError(f"{what} {identifier} does not exist", sqlstate="23503")


def _text_of(identifier: UUID | None) -> str | None:
    return None if identifier is None else str(identifier)
