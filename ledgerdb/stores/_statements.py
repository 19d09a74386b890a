"""Every statement of the file store. A test asks SQLite for the plan of each: all are searches."""

from __future__ import annotations

from typing import Final

__all__ = ["APPLICATION_ID", "SCHEMA", "SCHEMA_VERSION", "STATEMENTS"]

APPLICATION_ID: Final = 0x6C646772  # "ldgr"
SCHEMA_VERSION: Final = 1

# An instruction is one row here, and three in the ledger (attestation, identity, place on the
# queue): there is no worker to take anything off a queue.
SCHEMA: Final = (
    """create table tenants (
        tenant_id text not null primary key,
        tenant_key text not null unique,
        tenant_name text not null,
        tenant_type text not null,
        status text not null,
        created_at text not null
    ) strict""",
    """create table participants (
        participant_id text not null primary key,
        next_sequence_id integer not null
    ) strict""",
    """create table instructions (
        tenant_id text not null references tenants,
        instruction_id text not null,
        idempotency_key text not null,
        participant_id text not null,
        sequence_id integer not null,
        rail_type text not null,
        outbox_id text not null unique,
        attestation_id text not null unique,
        accepted_at text not null,
        fingerprint blob not null,
        payload_hash text not null,
        correlation_id text,
        client_id_hash text,
        signature_hash text,
        signatures text not null,
        cert_fingerprint_sha256 text,
        token_jti_hash text,
        upstream_ref text,
        downstream_ref text,
        nfs_sequence_ref text,
        payload blob not null,
        primary key (tenant_id, instruction_id),
        unique (participant_id, sequence_id)
    ) strict""",
    """create trigger deny_instructions_update before update on instructions
    begin select raise(abort, 'instructions is append-only'); end""",
    """create trigger deny_instructions_delete before delete on instructions
    begin select raise(abort, 'instructions is append-only'); end""",
)

STATEMENTS: Final = {
    "tenant_is_active": """
        select 1 from tenants where tenant_id = :tenant_id and status = 'ACTIVE'
    """,
    "add_tenant": """
        insert into tenants
        values (:tenant_id, :tenant_key, :tenant_name, :tenant_type, 'ACTIVE', :created_at)
        on conflict do nothing
        returning tenant_id, tenant_key, status, created_at
    """,
    "find_tenant": """
        select tenant_id, tenant_key, status, created_at from tenants
        where tenant_id = :tenant_id and tenant_key = :tenant_key
            and tenant_name = :tenant_name and tenant_type = :tenant_type
    """,
    "next_sequence_id": """
        insert into participants values (:participant_id, 2)
        on conflict (participant_id) do update set next_sequence_id = next_sequence_id + 1
        returning next_sequence_id - 1
    """,
    "add_instruction": """
        insert into instructions (
            tenant_id, instruction_id, idempotency_key, participant_id, sequence_id, rail_type,
            outbox_id, attestation_id, accepted_at, fingerprint, payload_hash, correlation_id,
            client_id_hash, signature_hash, signatures, cert_fingerprint_sha256, token_jti_hash,
            upstream_ref, downstream_ref, nfs_sequence_ref, payload
        ) values (
            :tenant_id, :instruction_id, :idempotency_key, :participant_id, :sequence_id,
            :rail_type, :outbox_id, :attestation_id, :accepted_at, :fingerprint, :payload_hash,
            :correlation_id, :client_id_hash, :signature_hash, :signatures,
            :cert_fingerprint_sha256, :token_jti_hash, :upstream_ref, :downstream_ref,
            :nfs_sequence_ref, :payload
        )
    """,
    "find_instruction": """
        select idempotency_key, participant_id, sequence_id, rail_type, outbox_id, attestation_id,
            accepted_at, fingerprint, payload_hash
        from instructions where tenant_id = :tenant_id and instruction_id = :instruction_id
    """,
    "find_evidence": """
        select idempotency_key, participant_id, sequence_id, rail_type, outbox_id, attestation_id,
            accepted_at, fingerprint, payload_hash, correlation_id, signature_hash, payload
        from instructions where tenant_id = :tenant_id and instruction_id = :instruction_id
    """,
}
