"""Who may send what, and the proof of what was accepted."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Computed, LargeBinary, Table
from sqlalchemy.dialects.postgresql import ENUM

from ledgerdb.schema._columns import instant, jsonb, metadata, text, uuid

__all__ = [
    "ingress_attestations",
    "policy_versions",
    "revoked_client_certs",
    "revoked_tokens",
    "tenant_clients",
    "tenant_members",
    "tenants",
]

_policy_status: Final = ENUM(
    "ACTIVE", "GRACE", "RETIRED", name="policy_version_status", schema="public"
)

tenants: Final = Table(
    "tenants",
    metadata,
    uuid("tenant_id", key=True),
    text("tenant_key"),
    text("tenant_name"),
    text("tenant_type"),
    text("status"),
    instant("created_at"),
)

tenant_clients: Final = Table(
    "tenant_clients",
    metadata,
    uuid("client_id", key=True),
    uuid("tenant_id"),
    text("client_key"),
    text("display_name"),
    text("status"),
    instant("created_at"),
)

tenant_members: Final = Table(
    "tenant_members",
    metadata,
    uuid("member_id", key=True),
    uuid("tenant_id"),
    text("member_ref"),
    text("status"),
    Column("tpin_hash", LargeBinary, nullable=True),
    Column("msisdn_hash", LargeBinary, nullable=True),
    instant("created_at"),
)

ingress_attestations: Final = Table(
    "ingress_attestations",
    metadata,
    uuid("attestation_id", key=True),
    text("instruction_id"),
    uuid("tenant_id"),
    text("payload_hash"),
    text("signature_hash", null=True),
    instant("received_at"),
    uuid("client_id", null=True),
    text("client_id_hash", null=True),
    uuid("member_id", null=True),
    text("participant_id", null=True),
    text("cert_fingerprint_sha256", null=True),
    text("token_jti_hash", null=True),
    uuid("correlation_id", null=True),
    jsonb("signatures"),
    text("upstream_ref", null=True),
    text("downstream_ref", null=True),
    text("nfs_sequence_ref", null=True),
    Column("ledger_position", BigInteger, nullable=True),
)

policy_versions: Final = Table(
    "policy_versions",
    metadata,
    text("version", key=True),
    Column("status", _policy_status, nullable=False),
    instant("activated_at"),
    instant("grace_expires_at", null=True),
    text("checksum"),
    instant("created_at"),
    Column("is_active", Boolean, Computed("status = 'ACTIVE'", persisted=True), nullable=True),
)

revoked_client_certs: Final = Table(
    "revoked_client_certs",
    metadata,
    text("cert_fingerprint_sha256", key=True),
    instant("revoked_at"),
    instant("expires_at", null=True),
    text("reason_code", null=True),
    text("revoked_by", null=True),
)

revoked_tokens: Final = Table(
    "revoked_tokens",
    metadata,
    text("token_jti", key=True),
    instant("revoked_at"),
    instant("expires_at", null=True),
    text("reason_code", null=True),
    text("revoked_by", null=True),
)
