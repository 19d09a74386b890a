-- enqueue_payment_outbox: puts an instruction on the outbox, once per (instruction, idempotency
-- key), without a tenant. An item in doubt is PENDING here: older callers know no other word.
-- Locks: the identity's key and the participant's counter row, until commit. Raises: P7112 to P7116
-- invalid argument, P7101 the key is bound to other content, 40001 above READ COMMITTED.
create or replace function public.enqueue_payment_outbox(
    p_instruction_id text,
    p_participant_id text,
    p_idempotency_key text,
    p_rail_type text,
    p_payload jsonb
)
returns table (outbox_id uuid, sequence_id bigint, created_at timestamptz, state text)
language plpgsql
volatile
security definer
set search_path = pg_catalog, public, pg_temp
as $function$
declare
    v_item record;
begin
    v_item := public._enqueue_outbox_item(
        p_tenant_id => null,
        p_instruction_id => p_instruction_id,
        p_participant_id => p_participant_id,
        p_idempotency_key => p_idempotency_key,
        p_rail_type => p_rail_type,
        p_payload => p_payload::text,
        p_correlation_id => null,
        p_upstream_ref => null,
        p_downstream_ref => null,
        p_nfs_sequence_ref => null
    );
    outbox_id := v_item.outbox_id;
    sequence_id := v_item.sequence_id;
    created_at := v_item.created_at;
    state := case v_item.state when 'IN_DOUBT' then 'PENDING' else v_item.state end;
    return next;
end;
$function$;
comment on function public.enqueue_payment_outbox(text, text, text, text, jsonb) is
'Enqueues an instruction; a replay returns the first item, other content is refused.';
revoke all on function public.enqueue_payment_outbox(text, text, text, text, jsonb) from public;
grant execute on function public.enqueue_payment_outbox(text, text, text, text, jsonb)
to symphony_control, symphony_ingest;
