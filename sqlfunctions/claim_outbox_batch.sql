-- claim_outbox_batch: leases up to p_batch_size due items to a worker, oldest due first. A lease
-- that ran out is closed in the same call: its attempt is recorded as ZOMBIE_REQUEUE under the next
-- number, for the worker that held it, so that a crash is never uncounted; at the retry ceiling the
-- attempt is FAILED, and the item ends instead of being leased again.
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
    if p_batch_size is null or p_batch_size not between 1 and 10000 then
        raise exception 'p_batch_size: must be between 1 and 10000'
            using
                errcode = 'P7118',
                column = 'p_batch_size',
                constraint = 'between 1 and 10000';
    end if;
    if coalesce(length(p_worker_id), 0) not between 1 and 200 then
        raise exception 'p_worker_id: must be 1 to 200 characters'
            using
                errcode = 'P7117',
                column = 'p_worker_id',
                constraint = '1 to 200 characters';
    end if;
    if p_lease_seconds is null or p_lease_seconds not between 1 and 86400 then
        raise exception 'p_lease_seconds: must be between 1 and 86400'
            using
                errcode = 'P7119',
                column = 'p_lease_seconds',
                constraint = 'between 1 and 86400';
    end if;

    return query
    with due as materialized (
        select
            p.outbox_id,
            p.lease_token is not null as abandoned,
            p.lease_token is not null
            and p.attempt_count + 1 >= public.outbox_retry_ceiling() as exhausted
        from public.payment_outbox_pending as p
        where
            p.next_attempt_at <= now()
            and (p.lease_expires_at is null or p.lease_expires_at <= now())
        order by p.next_attempt_at, p.created_at
        limit p_batch_size
        for update skip locked
    ),

    recorded as (
        insert into public.payment_outbox_attempts (
            outbox_id, instruction_id, participant_id, sequence_id, idempotency_key, rail_type,
            payload,
            attempt_no, state, claimed_at, completed_at, error_code, error_message, worker_id,
            tenant_id, correlation_id, upstream_ref, downstream_ref, nfs_sequence_ref
        )
        select
            p.outbox_id, p.instruction_id, p.participant_id, p.sequence_id, p.idempotency_key,
            p.rail_type, p.payload,
            p.attempt_count + 1,
            case
                when d.exhausted then 'FAILED' else 'ZOMBIE_REQUEUE'
            end::public.outbox_attempt_state,
            now(), now(),
            case when d.exhausted then 'RETRY_CEILING_EXCEEDED' else 'LEASE_EXPIRED' end,
            'lease expired before completion', p.claimed_by,
            p.tenant_id, p.correlation_id, p.upstream_ref, p.downstream_ref, p.nfs_sequence_ref
        from public.payment_outbox_pending as p
        inner join due as d on p.outbox_id = d.outbox_id
        where d.abandoned
    ),

    ended as (
        delete from public.payment_outbox_pending as p
        using due as d
        where p.outbox_id = d.outbox_id and d.exhausted
    ),

    leased as (
        update public.payment_outbox_pending as p
        set
            attempt_count = p.attempt_count + d.abandoned::integer,
            claimed_by = p_worker_id,
            lease_token = public.uuid_v7_or_random(),
            lease_expires_at = now() + make_interval(secs => p_lease_seconds)
        from due as d
        where p.outbox_id = d.outbox_id and not d.exhausted
        returning
            p.outbox_id, p.instruction_id, p.participant_id, p.sequence_id, p.idempotency_key,
            p.rail_type, p.payload,
            p.attempt_count, p.lease_token, p.lease_expires_at, p.next_attempt_at, p.created_at
    )

    select
        l.outbox_id, l.instruction_id, l.participant_id, l.sequence_id, l.idempotency_key,
        l.rail_type, l.payload,
        l.attempt_count, l.lease_token, l.lease_expires_at
    from leased as l
    order by l.next_attempt_at, l.created_at;
end;
$function$;
comment on function public.claim_outbox_batch(integer, text, integer) is
'Leases due items to a worker, in due order, each under a new lease token.';
revoke all on function public.claim_outbox_batch(integer, text, integer) from public;
grant execute on function public.claim_outbox_batch(integer, text, integer) to symphony_control,
symphony_executor;
