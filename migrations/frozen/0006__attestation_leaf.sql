-- _attestation_leaf: SHA-256 over a whole row of the attestations, like _attempt_leaf.
-- Locks: none. Raises: nothing.
create or replace function public._attestation_leaf(p_attestation public.ingress_attestations)
returns bytea
language sql
stable
begin atomic
    select sha256(
        convert_to(
            json_build_object(
                'attestation_id', (p_attestation).attestation_id,
                'instruction_id', (p_attestation).instruction_id,
                'tenant_id', (p_attestation).tenant_id,
                'payload_hash', (p_attestation).payload_hash,
                'signature_hash', (p_attestation).signature_hash,
                'received_at', extract(epoch from (p_attestation).received_at)::text,
                'client_id', (p_attestation).client_id,
                'client_id_hash', (p_attestation).client_id_hash,
                'member_id', (p_attestation).member_id,
                'participant_id', (p_attestation).participant_id,
                'cert_fingerprint_sha256', (p_attestation).cert_fingerprint_sha256,
                'token_jti_hash', (p_attestation).token_jti_hash,
                'correlation_id', (p_attestation).correlation_id,
                'signatures', (p_attestation).signatures,
                'upstream_ref', (p_attestation).upstream_ref,
                'downstream_ref', (p_attestation).downstream_ref,
                'nfs_sequence_ref', (p_attestation).nfs_sequence_ref,
                'ledger_position', (p_attestation).ledger_position
            )::text,
            'UTF8'
        )
    ) as leaf;
end;
comment on function public._attestation_leaf(public.ingress_attestations) is
'Private: SHA-256 of an attestation, as the seals cover it.';
revoke all on function public._attestation_leaf(public.ingress_attestations) from public;
