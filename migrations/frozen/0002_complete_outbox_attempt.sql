-- complete_outbox_attempt: ends the leased attempt of one outbox item.
-- The attempt number is attempt_count + 1 of the locked row: no aggregate over the history, no
-- collision. A latency or delay out of bounds is a bad metric: it is dropped or clamped, and never
-- loses a payment's result.
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
set search_path = pg_catalog, public, pg_temp
as $function$
declare
    v_attempt_no integer;
    v_state public.outbox_attempt_state := p_state;
begin
    if p_state is null or p_state not in ('DISPATCHED', 'FAILED', 'RETRYABLE') then
        raise exception 'p_state: must be DISPATCHED, FAILED or RETRYABLE'
            using errcode = 'P7003', column = 'p_state';
    end if;

    select p.attempt_count + 1 into v_attempt_no
    from public.payment_outbox_pending as p
    where
        p.outbox_id = p_outbox_id
        and p.claimed_by = p_worker_id
        and p.lease_token = p_lease_token
        and p.lease_expires_at > now()
    for update;
    if not found then
        raise exception 'lease lost for outbox item %', p_outbox_id
            using
                errcode = 'P7002',
                hint = 'The lease expired, was taken over, or the attempt is complete.';
    end if;

    if p_state = 'RETRYABLE' and v_attempt_no >= public.outbox_retry_ceiling() then
        v_state := 'FAILED';
    end if;

    insert into public.payment_outbox_attempts (
        outbox_id, instruction_id, participant_id, sequence_id, idempotency_key, rail_type, payload,
        attempt_no, state, claimed_at, completed_at, rail_reference, rail_code, error_code,
        error_message,
        latency_ms, worker_id, tenant_id, correlation_id, upstream_ref, downstream_ref,
        nfs_sequence_ref
    )
    select
        p.outbox_id, p.instruction_id, p.participant_id, p.sequence_id, p.idempotency_key,
        p.rail_type, p.payload,
        v_attempt_no, v_state, now(), now(), p_rail_reference, p_rail_code, p_error_code,
        p_error_message,
        case when p_latency_ms >= 0 then p_latency_ms end,
        p_worker_id, p.tenant_id, p.correlation_id, p.upstream_ref, p.downstream_ref,
        p.nfs_sequence_ref
    from public.payment_outbox_pending as p
    where p.outbox_id = p_outbox_id;

    if v_state in ('DISPATCHED', 'FAILED') then
        delete from public.payment_outbox_pending as p
        where p.outbox_id = p_outbox_id;
    else
        update public.payment_outbox_pending as p
        set
            attempt_count = v_attempt_no,
            next_attempt_at = now() + make_interval(
                secs => least(greatest(coalesce(p_retry_delay_seconds, 1), 0), 604800)
            ),
            claimed_by = null,
            lease_token = null,
            lease_expires_at = null
        where p.outbox_id = p_outbox_id;
    end if;

    return query
    select v_attempt_no, v_state;
end;
$function$;
comment on function public.complete_outbox_attempt(
    uuid, uuid, text, public.outbox_attempt_state, text, text, text, text, integer, integer
) is
'Ends a leased attempt: appends its row under the next number, and ends or requeues the item.';
revoke all on function public.complete_outbox_attempt(
    uuid, uuid, text, public.outbox_attempt_state, text, text, text, text, integer, integer
) from public;
grant execute on function public.complete_outbox_attempt(
    uuid, uuid, text, public.outbox_attempt_state, text, text, text, text, integer, integer
) to symphony_control, symphony_executor;
