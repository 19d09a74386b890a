-- repair_expired_leases: requeues items whose lease ran out, recording a ZOMBIE_REQUEUE attempt for
-- each; at the retry ceiling the attempt is FAILED and the item ends. Set-based: the attempt number
-- is attempt_count + 1 of the locked row.
-- Locks: the expired rows (for update skip locked). Raises: P7117 worker id, P7118 batch size.
create or replace function public.repair_expired_leases(
    p_batch_size integer,
    p_worker_id text
)
returns table (outbox_id uuid, attempt_no integer)
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

    return query
    with expired as materialized (
        select
            p.outbox_id,
            p.attempt_count + 1 as attempt_no,
            p.attempt_count + 1 >= public.outbox_retry_ceiling() as exhausted
        from public.payment_outbox_pending as p
        where p.claimed_by is not null and p.lease_token is not null and p.lease_expires_at <= now()
        order by p.lease_expires_at, p.created_at
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
            e.attempt_no,
            case
                when e.exhausted then 'FAILED' else 'ZOMBIE_REQUEUE'
            end::public.outbox_attempt_state,
            now(), now(),
            case when e.exhausted then 'RETRY_CEILING_EXCEEDED' else 'LEASE_EXPIRED' end,
            'lease expired before completion', p_worker_id,
            p.tenant_id, p.correlation_id, p.upstream_ref, p.downstream_ref, p.nfs_sequence_ref
        from public.payment_outbox_pending as p
        inner join expired as e on p.outbox_id = e.outbox_id
    ),

    ended as (
        delete from public.payment_outbox_pending as p
        using expired as e
        where p.outbox_id = e.outbox_id and e.exhausted
    ),

    requeued as (
        update public.payment_outbox_pending as p
        set
            attempt_count = e.attempt_no,
            next_attempt_at = now() + interval '1 second',
            claimed_by = null,
            lease_token = null,
            lease_expires_at = null
        from expired as e
        where p.outbox_id = e.outbox_id and not e.exhausted
    )

    select e.outbox_id, e.attempt_no
    from expired as e;
end;
$function$;
comment on function public.repair_expired_leases(integer, text) is
'Requeues items whose lease expired, one attempt each; ends them at the retry ceiling.';
revoke all on function public.repair_expired_leases(integer, text) from public;
grant execute on function public.repair_expired_leases(integer, text) to symphony_control,
symphony_executor;
