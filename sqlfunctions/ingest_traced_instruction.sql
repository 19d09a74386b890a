-- ingest_traced_instruction: ingest_instruction, and the item keeps the trace that it is part of
-- (traceparent of W3C Trace Context), so that the worker's spans join it. The column's default
-- takes it from a setting, which is put back afterwards. A context of more than 200 characters is
-- dropped: telemetry refuses no payment.
-- Locks: as ingest_instruction. Raises: as ingest_instruction.
create or replace function public.ingest_traced_instruction(
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
    p_nfs_sequence_ref text default null,
    p_trace_context text default null
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
    v_before text := current_setting('ledgerdb.trace_context', true);
begin
    perform set_config(
        'ledgerdb.trace_context', case when length(p_trace_context) <= 200 then p_trace_context end,
        true
    );
    return query
    select
        i.attestation_id, i.outbox_id, i.sequence_id, i.received_at, i.payload_hash, i.state,
        i.replayed
    from public.ingest_instruction(
        p_tenant_id => p_tenant_id,
        p_instruction_id => p_instruction_id,
        p_participant_id => p_participant_id,
        p_idempotency_key => p_idempotency_key,
        p_rail_type => p_rail_type,
        p_payload => p_payload,
        p_correlation_id => p_correlation_id,
        p_client_id => p_client_id,
        p_client_id_hash => p_client_id_hash,
        p_member_id => p_member_id,
        p_signature_hash => p_signature_hash,
        p_signatures => p_signatures,
        p_cert_fingerprint_sha256 => p_cert_fingerprint_sha256,
        p_token_jti_hash => p_token_jti_hash,
        p_upstream_ref => p_upstream_ref,
        p_downstream_ref => p_downstream_ref,
        p_nfs_sequence_ref => p_nfs_sequence_ref
    ) as i;
    perform set_config('ledgerdb.trace_context', v_before, true);
end;
$function$;
comment on function public.ingest_traced_instruction(
    uuid, text, text, text, text, text, uuid, uuid, text, uuid, text, jsonb, text, text, text, text,
    text, text
) is
'Accepts an instruction of a tenant with the trace that it is part of.';
revoke all on function public.ingest_traced_instruction(
    uuid, text, text, text, text, text, uuid, uuid, text, uuid, text, jsonb, text, text, text, text,
    text, text
) from public;
grant execute on function public.ingest_traced_instruction(
    uuid, text, text, text, text, text, uuid, uuid, text, uuid, text, jsonb, text, text, text, text,
    text, text
) to symphony_control, symphony_ingest;
