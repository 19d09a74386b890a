-- claim_traced_items: claim_outbox_items, with the trace that each item was accepted in, null where
-- there was none (see ingest_traced_instruction). For workers that keep traces: the others need not
-- pay for the look.
-- Locks: as claim_outbox_items. Raises: as claim_outbox_items.
create or replace function public.claim_traced_items(
    p_batch_size integer,
    p_worker_id text,
    p_lease_seconds integer
)
returns table (
    outbox_id uuid,
    tenant_id uuid,
    instruction_id text,
    participant_id text,
    sequence_id bigint,
    idempotency_key text,
    rail_type text,
    payload json,
    correlation_id uuid,
    attempt_no integer,
    lease_token uuid,
    lease_expires_at timestamptz,
    rail_key text,
    trace_context text
)
language plpgsql
volatile
security definer
set search_path = pg_catalog, public, pg_temp
set enable_seqscan = off
as $function$
begin
    return query
    select
        c.outbox_id, c.tenant_id, c.instruction_id, c.participant_id, c.sequence_id,
        c.idempotency_key, c.rail_type, c.payload, c.correlation_id, c.attempt_no, c.lease_token,
        c.lease_expires_at, c.rail_key, p.trace_context
    from
        public.claim_outbox_items(p_batch_size, p_worker_id, p_lease_seconds) with ordinality as c
    inner join public.payment_outbox_pending as p on c.outbox_id = p.outbox_id
    order by c.ordinality;
end;
$function$;
comment on function public.claim_traced_items(integer, text, integer) is
'Leases due items to a worker, each with the trace that it was accepted in.';
revoke all on function public.claim_traced_items(integer, text, integer) from public;
grant execute on function public.claim_traced_items(integer, text, integer)
to symphony_control, symphony_executor;
