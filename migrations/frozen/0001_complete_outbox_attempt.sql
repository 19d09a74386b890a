-- complete_outbox_attempt: ends the leased attempt of one outbox item.
-- Locks: the pending row (for update). Raises: P7002 lease lost, P7003 invalid state.
create or replace function public.complete_outbox_attempt(
    p_outbox_id uuid,
    p_lease_token uuid,
    p_worker_id text,
    p_state public.outbox_attempt_state,
    p_rail_reference text default null,
    p_rail_code text default null,
    p_error_code text default null,
    p_error_message text default null,
    p_latency_ms integer default null,
    p_retry_delay_seconds integer default 1
)
returns table (attempt_no integer, state public.outbox_attempt_state)
language plpgsql
volatile
security definer
set search_path = pg_catalog, public
as $function$
declare
    v_item payment_outbox_pending;
    v_attempt_no integer;
    v_state outbox_attempt_state := p_state;
begin
    if p_state not in ('DISPATCHED', 'FAILED', 'RETRYABLE') then
        raise exception 'invalid completion state %', p_state using errcode = 'P7003';
    end if;

    select p.* into v_item
    from payment_outbox_pending as p
    where
        p.outbox_id = p_outbox_id
        and p.claimed_by = p_worker_id
        and p.lease_token = p_lease_token
        and p.lease_expires_at > now()
    for update;
    if not found then
        raise exception 'lease lost for outbox item %', p_outbox_id using errcode = 'P7002';
    end if;

    select coalesce(max(a.attempt_no), 0) + 1 into v_attempt_no
    from payment_outbox_attempts as a
    where a.outbox_id = p_outbox_id;
    if p_state = 'RETRYABLE' and v_attempt_no >= outbox_retry_ceiling() then
        v_state := 'FAILED';
    end if;

    insert into payment_outbox_attempts (
        outbox_id, instruction_id, participant_id, sequence_id, idempotency_key, rail_type, payload,
        attempt_no, state, claimed_at, completed_at, rail_reference, rail_code, error_code,
        error_message,
        latency_ms, worker_id, tenant_id, correlation_id, upstream_ref, downstream_ref,
        nfs_sequence_ref
    )
    values (
        v_item.outbox_id, v_item.instruction_id, v_item.participant_id, v_item.sequence_id,
        v_item.idempotency_key, v_item.rail_type, v_item.payload,
        v_attempt_no, v_state, now(), now(), p_rail_reference, p_rail_code, p_error_code,
        p_error_message,
        p_latency_ms, p_worker_id, v_item.tenant_id, v_item.correlation_id, v_item.upstream_ref,
        v_item.downstream_ref, v_item.nfs_sequence_ref
    );

    if v_state in ('DISPATCHED', 'FAILED') then
        delete from payment_outbox_pending as p
        where p.outbox_id = p_outbox_id;
    else
        update payment_outbox_pending as p
        set
            attempt_count = v_attempt_no,
            next_attempt_at = now() + make_interval(secs => coalesce(p_retry_delay_seconds, 1)),
            claimed_by = null,
            lease_token = null,
            lease_expires_at = null
        where p.outbox_id = p_outbox_id;
    end if;

    return query select v_attempt_no, v_state;
end;
$function$;
comment on function public.complete_outbox_attempt(
    uuid, uuid, text, public.outbox_attempt_state, text, text, text, text, integer, integer
) is
'Ends a leased attempt: appends its row and ends or requeues the item.';
