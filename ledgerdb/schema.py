"""The tables as SQLAlchemy Core objects, for reading: reports, joins, look-ups of a service.

Writes go through the functions (`ledgerdb.calls`); the runtime roles have no other way. A contract
test compares these definitions with the catalog at head, both ways. Constraints and indexes are
not repeated here: `migrations/schema.sql` has them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Computed,
    DateTime,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ENUM, JSONB

from ledgerdb.rows import AttemptState

__all__ = [
    "ingress_attestations",
    "metadata",
    "outbox_counter_drift_report",
    "participant_outbox_sequences",
    "payment_outbox_attempts",
    "payment_outbox_identities",
    "payment_outbox_pending",
    "policy_versions",
    "revoked_client_certs",
    "revoked_tokens",
    "tenant_clients",
    "tenant_members",
    "tenants",
]

metadata: Final = MetaData(schema="public")

_attempt_state: Final = ENUM(
    *(state.value for state in AttemptState), name="outbox_attempt_state", schema="public"
)
_policy_status: Final = ENUM(
    "ACTIVE", "GRACE", "RETIRED", name="policy_version_status", schema="public"
)


def _text(name: str, *, null: bool = False) -> Column[str]:
    return Column(name, Text, nullable=null)


def _uuid(name: str, *, null: bool = False, key: bool = False) -> Column[UUID]:
    return Column(name, Uuid, nullable=null, primary_key=key)


def _time(name: str, *, null: bool = False) -> Column[datetime]:
    return Column(name, DateTime(timezone=True), nullable=null)


def _json(name: str) -> Column[dict[str, Any]]:
    return Column(name, JSONB, nullable=False)


payment_outbox_pending: Final = Table(
    "payment_outbox_pending",
    metadata,
    _uuid("outbox_id", key=True),
    _text("instruction_id"),
    _text("participant_id"),
    Column("sequence_id", BigInteger, nullable=False),
    _text("idempotency_key"),
    _text("rail_type"),
    _json("payload"),
    Column("attempt_count", Integer, nullable=False),
    _time("next_attempt_at"),
    _time("created_at"),
    _text("claimed_by", null=True),
    _uuid("lease_token", null=True),
    _time("lease_expires_at", null=True),
    _uuid("tenant_id", null=True),
    _uuid("correlation_id", null=True),
    _text("upstream_ref", null=True),
    _text("downstream_ref", null=True),
    _text("nfs_sequence_ref", null=True),
)

payment_outbox_attempts: Final = Table(
    "payment_outbox_attempts",
    metadata,
    _uuid("attempt_id", key=True),
    _uuid("outbox_id"),
    _text("instruction_id"),
    _text("participant_id"),
    Column("sequence_id", BigInteger, nullable=False),
    _text("idempotency_key"),
    _text("rail_type"),
    _json("payload"),
    Column("attempt_no", Integer, nullable=False),
    Column("state", _attempt_state, nullable=False),
    _time("claimed_at"),
    _time("completed_at", null=True),
    _text("rail_reference", null=True),
    _text("rail_code", null=True),
    _text("error_code", null=True),
    _text("error_message", null=True),
    Column("latency_ms", Integer, nullable=True),
    _text("worker_id", null=True),
    _time("created_at"),
    _uuid("tenant_id", null=True),
    _uuid("member_id", null=True),
    _uuid("correlation_id", null=True),
    _text("upstream_ref", null=True),
    _text("downstream_ref", null=True),
    _text("nfs_sequence_ref", null=True),
)

payment_outbox_identities: Final = Table(
    "payment_outbox_identities",
    metadata,
    _uuid("outbox_id", key=True),
    _uuid("tenant_id", null=True),
    _text("instruction_id"),
    _text("idempotency_key"),
    _text("participant_id"),
    _text("rail_type"),
    Column("fingerprint", LargeBinary, nullable=False),
    _time("created_at"),
)

participant_outbox_sequences: Final = Table(
    "participant_outbox_sequences",
    metadata,
    Column("participant_id", Text, primary_key=True),
    Column("next_sequence_id", BigInteger, nullable=False),
)

outbox_counter_drift_report: Final = Table(
    "outbox_counter_drift_report",
    metadata,
    _uuid("outbox_id", key=True),
    Column("detected_at", DateTime(timezone=True), primary_key=True),
    Column("attempt_count", Integer, nullable=False),
    Column("max_attempt_no", Integer, nullable=False),
    Column("attempts", BigInteger, nullable=False),
    Column("has_terminal", Boolean, nullable=False),
    Column("near_overflow", Boolean, nullable=False),
    _text("action"),
)

ingress_attestations: Final = Table(
    "ingress_attestations",
    metadata,
    _uuid("attestation_id", key=True),
    _text("instruction_id"),
    _uuid("tenant_id"),
    _text("payload_hash"),
    _text("signature_hash", null=True),
    _time("received_at"),
    _uuid("client_id", null=True),
    _text("client_id_hash", null=True),
    _uuid("member_id", null=True),
    _text("participant_id", null=True),
    _text("cert_fingerprint_sha256", null=True),
    _text("token_jti_hash", null=True),
    _uuid("correlation_id", null=True),
    _json("signatures"),
    _text("upstream_ref", null=True),
    _text("downstream_ref", null=True),
    _text("nfs_sequence_ref", null=True),
)

tenants: Final = Table(
    "tenants",
    metadata,
    _uuid("tenant_id", key=True),
    _text("tenant_key"),
    _text("tenant_name"),
    _text("tenant_type"),
    _text("status"),
    _time("created_at"),
)

tenant_clients: Final = Table(
    "tenant_clients",
    metadata,
    _uuid("client_id", key=True),
    _uuid("tenant_id"),
    _text("client_key"),
    _text("display_name"),
    _text("status"),
    _time("created_at"),
)

tenant_members: Final = Table(
    "tenant_members",
    metadata,
    _uuid("member_id", key=True),
    _uuid("tenant_id"),
    _text("member_ref"),
    _text("status"),
    Column("tpin_hash", LargeBinary, nullable=True),
    Column("msisdn_hash", LargeBinary, nullable=True),
    _time("created_at"),
)

policy_versions: Final = Table(
    "policy_versions",
    metadata,
    Column("version", Text, primary_key=True),
    Column("status", _policy_status, nullable=False),
    _time("activated_at"),
    _time("grace_expires_at", null=True),
    _text("checksum"),
    _time("created_at"),
    Column("is_active", Boolean, Computed("status = 'ACTIVE'", persisted=True), nullable=True),
)

revoked_client_certs: Final = Table(
    "revoked_client_certs",
    metadata,
    Column("cert_fingerprint_sha256", Text, primary_key=True),
    _time("revoked_at"),
    _time("expires_at", null=True),
    _text("reason_code", null=True),
    _text("revoked_by", null=True),
)

revoked_tokens: Final = Table(
    "revoked_tokens",
    metadata,
    Column("token_jti", Text, primary_key=True),
    _time("revoked_at"),
    _time("expires_at", null=True),
    _text("reason_code", null=True),
    _text("revoked_by", null=True),
)
