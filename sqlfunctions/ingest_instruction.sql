-- ingest_instruction: accepts an instruction of a tenant: attestation and outbox item in one
-- statement. The database hashes the payload's own bytes. A replay returns the first
-- acknowledgement with the current state.
-- Locks: the identity's key and, when new, the participant's counter row, until commit.
-- Raises: P7102 tenant refused, P7112 to P7116 and P711A invalid argument, P7101 the key or the
-- instruction is bound to other content, 23503, P7201, P7202 member of another tenant, 40001 above
-- READ COMMITTED.
create or replace function public.ingest_instruction(
    p_tenant_id uuid,
    p_instruction_id text,
    p_participant_id text,
    p_idempotency_key text,
    p_rail_type text,
    p_payload text,
    p_correlation_id uuid default null,
    p_client_id uuid default null,
    p_client_id_hash text default null,
    p_member_id uuid default null,
    p_signature_hash text default null,
    p_signatures jsonb default '[]',
    p_cert_fingerprint_sha256 text default null,
    p_token_jti_hash text default null,
    p_upstream_ref text default null,
    p_downstream_ref text default null,
    p_nfs_sequence_ref text default null
)
returns table (
    attestation_id uuid,
    outbox_id uuid,
    sequence_id bigint,
    received_at timestamptz,
    payload_hash text,
    state text,
    replayed boolean
)
language plpgsql
volatile
security definer
set search_path = pg_catalog, public, pg_temp
as $function$
declare
    v_parameter text;
    v_item record;
    v_attestation record;
begin
    -- One answer for an unknown and for a suspended tenant: a caller learns nothing about other
    -- tenants.
    if not exists (
        select from public.tenants as t where t.tenant_id = p_tenant_id and t.status = 'ACTIVE'
    ) then
        raise exception 'p_tenant_id: is not an active tenant'
            using
                errcode = 'P7102',
                column = 'p_tenant_id',
                constraint = 'an active tenant';
    end if;
    if p_payload is null
        or octet_length(p_payload) > 1048576
        or not pg_input_is_valid(p_payload, 'jsonb')
        or not p_payload is json object with unique keys
    then
        raise exception 'p_payload: must be a JSON object with unique keys, at most 1048576 bytes'
            using
                errcode = 'P7116',
                column = 'p_payload',
                constraint = 'a JSON object with unique keys, at most 1048576 bytes';
    end if;
    if greatest(
        length(p_client_id_hash), length(p_signature_hash), length(p_cert_fingerprint_sha256),
        length(p_token_jti_hash),
        length(p_upstream_ref), length(p_downstream_ref), length(p_nfs_sequence_ref)
    ) > 500 then
        select g.parameter into v_parameter
        from (
            values
            ('p_client_id_hash', p_client_id_hash),
            ('p_signature_hash', p_signature_hash),
            ('p_cert_fingerprint_sha256', p_cert_fingerprint_sha256),
            ('p_token_jti_hash', p_token_jti_hash),
            ('p_upstream_ref', p_upstream_ref),
            ('p_downstream_ref', p_downstream_ref),
            ('p_nfs_sequence_ref', p_nfs_sequence_ref)
        ) as g (parameter, given)
        where length(g.given) > 500
        order by g.parameter
        limit 1;
        raise exception '%: must be at most 500 characters', v_parameter
            using
                errcode = 'P711A',
                column = v_parameter,
                constraint = 'at most 500 characters';
    end if;
    if p_signatures is null
        or jsonb_typeof(p_signatures) <> 'array'
        or octet_length(p_signatures::text) > 65536
    then
        raise exception 'p_signatures: must be a JSON array, at most 65536 bytes'
            using
                errcode = 'P711A',
                column = 'p_signatures',
                constraint = 'a JSON array, at most 65536 bytes';
    end if;

    v_item := public._enqueue_outbox_item(
        p_tenant_id => p_tenant_id,
        p_instruction_id => p_instruction_id,
        p_participant_id => p_participant_id,
        p_idempotency_key => p_idempotency_key,
        p_rail_type => p_rail_type,
        p_payload => p_payload,
        p_correlation_id => p_correlation_id,
        p_upstream_ref => p_upstream_ref,
        p_downstream_ref => p_downstream_ref,
        p_nfs_sequence_ref => p_nfs_sequence_ref
    );

    if v_item.replayed then
        select a.attestation_id, a.received_at, a.payload_hash
        into v_attestation
        from public.ingress_attestations as a
        where a.tenant_id = p_tenant_id and a.instruction_id = p_instruction_id;
    else
        insert into public.ingress_attestations as a (
            instruction_id, tenant_id, payload_hash, signature_hash, received_at, client_id,
            client_id_hash, member_id,
            participant_id, cert_fingerprint_sha256, token_jti_hash, correlation_id, signatures,
            upstream_ref, downstream_ref, nfs_sequence_ref
        )
        values (
            p_instruction_id, p_tenant_id,
            encode(sha256(convert_to(p_payload, 'UTF8')), 'hex'), p_signature_hash,
            v_item.created_at, p_client_id, p_client_id_hash, p_member_id,
            p_participant_id, p_cert_fingerprint_sha256, p_token_jti_hash, p_correlation_id,
            p_signatures,
            p_upstream_ref, p_downstream_ref, p_nfs_sequence_ref
        )
        on conflict (tenant_id, instruction_id) do nothing
        returning a.attestation_id, a.received_at, a.payload_hash into v_attestation;
        if not found then
            raise exception 'p_instruction_id: was accepted before under another idempotency key'
                using
                    errcode = 'P7101',
                    column = 'p_instruction_id',
                    constraint = 'one instruction, one key';
        end if;
    end if;

    attestation_id := v_attestation.attestation_id;
    outbox_id := v_item.outbox_id;
    sequence_id := v_item.sequence_id;
    received_at := v_attestation.received_at;
    payload_hash := v_attestation.payload_hash;
    state := v_item.state;
    replayed := v_item.replayed;
    return next;
end;
$function$;
comment on function public.ingest_instruction(
    uuid, text, text, text, text, text, uuid, uuid, text, uuid, text, jsonb, text, text, text, text,
    text
) is
'Accepts an instruction of a tenant; a replay returns the first acknowledgement.';
revoke all on function public.ingest_instruction(
    uuid, text, text, text, text, text, uuid, uuid, text, uuid, text, jsonb, text, text, text, text,
    text
) from public;
grant execute on function public.ingest_instruction(
    uuid, text, text, text, text, text, uuid, uuid, text, uuid, text, jsonb, text, text, text, text,
    text
) to symphony_control, symphony_ingest;
