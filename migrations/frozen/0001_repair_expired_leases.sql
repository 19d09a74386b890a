-- repair_expired_leases: requeues items whose lease ran out, recording a ZOMBIE_REQUEUE attempt for
-- each.
-- Locks: the expired rows (for update skip locked). Raises: nothing of its own.
create or replace function public.repair_expired_leases(
    p_batch_size integer,
    p_worker_id text
)
returns table (outbox_id uuid, attempt_no integer)
language plpgsql
volatile
security definer
set search_path = pg_catalog, public
as $function$
declare
    v_record record;
    v_attempt_no integer;
    v_exhausted boolean;
begin
    for v_record in
        select p.*
        from payment_outbox_pending as p
        where p.claimed_by is not null and p.lease_token is not null and p.lease_expires_at <= now()
        order by p.lease_expires_at, p.created_at
        limit p_batch_size
        for update skip locked
    loop
        select coalesce(max(a.attempt_no), 0) + 1 into v_attempt_no
        from payment_outbox_attempts as a
        where a.outbox_id = v_record.outbox_id;
        v_exhausted := v_attempt_no >= outbox_retry_ceiling();

        insert into payment_outbox_attempts (
            outbox_id, instruction_id, participant_id, sequence_id, idempotency_key, rail_type,
            payload,
            attempt_no, state, claimed_at, completed_at, error_code, error_message, worker_id,
            tenant_id, correlation_id, upstream_ref, downstream_ref, nfs_sequence_ref
        )
        values (
            v_record.outbox_id, v_record.instruction_id, v_record.participant_id,
            v_record.sequence_id,
            v_record.idempotency_key, v_record.rail_type, v_record.payload,
            v_attempt_no,
            case when v_exhausted then 'FAILED' else 'ZOMBIE_REQUEUE' end::outbox_attempt_state,
            now(), now(),
            case when v_exhausted then 'RETRY_CEILING_EXCEEDED' else 'LEASE_EXPIRED' end,
            'lease expired before completion', p_worker_id,
            v_record.tenant_id, v_record.correlation_id, v_record.upstream_ref,
            v_record.downstream_ref,
            v_record.nfs_sequence_ref
        );

        if v_exhausted then
            delete from payment_outbox_pending
            where outbox_id = v_record.outbox_id;
        else
            update payment_outbox_pending as p
            set
                attempt_count = v_attempt_no,
                next_attempt_at = now() + interval '1 second',
                claimed_by = null,
                lease_token = null,
                lease_expires_at = null
            where p.outbox_id = v_record.outbox_id;
        end if;

        return query select v_record.outbox_id, v_attempt_no;
    end loop;
end;
$function$;
comment on function public.repair_expired_leases(integer, text) is
'Requeues items whose lease expired, one attempt each; ends them at the retry ceiling.';
