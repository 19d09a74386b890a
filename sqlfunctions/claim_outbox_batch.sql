-- claim_outbox_batch: leases up to p_batch_size due items to a worker, oldest due first: the
-- contract of older workers; see claim_outbox_items.
-- Locks: the claimed rows (for update skip locked). Raises: P7117 worker id, P7118 batch size,
-- P7119 lease.
create or replace function public.claim_outbox_batch(
    p_batch_size integer,
    p_worker_id text,
    p_lease_seconds integer
)
returns table (
    outbox_id uuid,
    instruction_id text,
    participant_id text,
    sequence_id bigint,
    idempotency_key text,
    rail_type text,
    payload jsonb,
    attempt_count integer,
    lease_token uuid,
    lease_expires_at timestamptz
)
language plpgsql
volatile
security definer
set search_path = pg_catalog, public, pg_temp
as $function$
begin
    return query
    select
        c.outbox_id, c.instruction_id, c.participant_id, c.sequence_id, c.idempotency_key,
        c.rail_type, c.payload::jsonb,
        c.attempt_no - 1, c.lease_token, c.lease_expires_at
    from public.claim_outbox_items(p_batch_size, p_worker_id, p_lease_seconds) as c;
end;
$function$;
comment on function public.claim_outbox_batch(integer, text, integer) is
'Leases due items to a worker, in due order, each under a new lease token.';
revoke all on function public.claim_outbox_batch(integer, text, integer) from public;
grant execute on function public.claim_outbox_batch(integer, text, integer) to symphony_control,
symphony_executor;
