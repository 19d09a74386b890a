-- claim_outbox_batch: leases up to p_batch_size due items to a worker, oldest due first.
-- Locks: the claimed rows (for update skip locked). Raises: nothing of its own.
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
language sql
volatile
security definer
set search_path = pg_catalog, public
as $function$
    with due as (
        select p.outbox_id
        from payment_outbox_pending as p
        where
            p.next_attempt_at <= now()
            and (p.lease_expires_at is null or p.lease_expires_at <= now())
        order by p.next_attempt_at, p.created_at
        limit p_batch_size
        for update skip locked
    )
    update payment_outbox_pending as p
    set
        claimed_by = p_worker_id,
        lease_token = uuid_v7_or_random(),
        lease_expires_at = now() + make_interval(secs => p_lease_seconds)
    from due
    where p.outbox_id = due.outbox_id
    returning
        p.outbox_id,
        p.instruction_id,
        p.participant_id,
        p.sequence_id,
        p.idempotency_key,
        p.rail_type,
        p.payload,
        p.attempt_count,
        p.lease_token,
        p.lease_expires_at
$function$;
comment on function public.claim_outbox_batch(integer, text, integer) is
'Leases due items to a worker; each gets a new lease token that fences its completion.';
