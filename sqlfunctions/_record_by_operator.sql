-- _record_by_operator: writes the next attempt of an item on the queue that the caller has locked,
-- and ends or requeues the item. The lease of an item in doubt is closed with it, under the worker
-- that held it. What is not terminal becomes FAILED at the retry ceiling. An item that is on hold
-- for another reason than doubt stays on hold. p_requeue_after null: by the rail's retry policy.
-- Locks: none beyond the caller's, but the head of an ordered participant. Raises: nothing.
create or replace function public._record_by_operator(
    p_outbox_id uuid,
    p_state public.outbox_attempt_state,
    p_closed_by text,
    p_rail_reference text,
    p_rail_code text,
    p_error_code text,
    p_error_message text,
    p_requeue_after interval
)
returns table (attempt_no integer, state public.outbox_attempt_state)
language plpgsql
volatile
set search_path = pg_catalog, public, pg_temp
as $function$
declare
    v_now timestamptz := clock_timestamp();
    v_last_try boolean;
    v_attempt_no integer;
    v_state text;
    v_participant_id text;
    v_fifo boolean;
begin
    select p.attempt_count + 1 - p.budget_base >= public.outbox_retry_ceiling() into v_last_try
    from public.payment_outbox_pending as p
    where p.outbox_id = p_outbox_id;

    insert into public.payment_outbox_attempts as a (
        outbox_id, instruction_id, participant_id, sequence_id, idempotency_key, rail_type,
        attempt_no, state, claimed_at, completed_at,
        rail_reference, rail_code, error_code, error_message,
        worker_id, closed_by, lease_token, dispatch_started_at, redrive_no,
        tenant_id, correlation_id, upstream_ref, downstream_ref, nfs_sequence_ref
    )
    select
        p.outbox_id, p.instruction_id, p.participant_id, p.sequence_id, p.idempotency_key,
        p.rail_type,
        p.attempt_count + 1,
        case
            when p_state not in ('DISPATCHED', 'FAILED') and v_last_try then 'FAILED'
            else p_state
        end,
        coalesce(p.leased_at, v_now), v_now,
        p_rail_reference, left(p_rail_code, 100),
        case
            when p_state = 'ZOMBIE_REQUEUE' and v_last_try then 'RETRY_CEILING_EXCEEDED'
            else left(p_error_code, 100)
        end,
        left(p_error_message, 2000),
        p.claimed_by, p_closed_by, p.lease_token, p.dispatch_started_at, p.redrive_no,
        p.tenant_id, p.correlation_id, p.upstream_ref, p.downstream_ref, p.nfs_sequence_ref
    from public.payment_outbox_pending as p
    where p.outbox_id = p_outbox_id
    returning a.attempt_no, a.state into v_attempt_no, v_state;

    if v_state in ('DISPATCHED', 'FAILED') then
        delete from public.payment_outbox_pending as p
        where p.outbox_id = p_outbox_id
        returning p.participant_id, p.fifo into v_participant_id, v_fifo;
    else
        update public.payment_outbox_pending as p
        set
            attempt_count = v_attempt_no,
            hold = case when p.hold <> 'IN_DOUBT' then p.hold end,
            held_at = case when p.hold <> 'IN_DOUBT' then p.held_at end,
            next_attempt_at = case
                when p.hold <> 'IN_DOUBT' then p.next_attempt_at
                else v_now + coalesce(
                    p_requeue_after,
                    public._retry_delay(p.rail_type, v_attempt_no - p.budget_base, null)
                )
            end,
            claimed_by = null,
            lease_token = null,
            leased_at = null,
            lease_expires_at = null,
            dispatch_started_at = null
        where p.outbox_id = p_outbox_id
        returning p.participant_id, p.fifo into v_participant_id, v_fifo;
    end if;
    if v_fifo then
        perform public._advance_participants(array[v_participant_id]);
    end if;

    return query
    select v_attempt_no, v_state::public.outbox_attempt_state;
end;
$function$;
comment on function public._record_by_operator(
    uuid, public.outbox_attempt_state, text, text, text, text, text, interval
) is
'Private: the next attempt of a locked item, written by an operator.';
revoke all on function public._record_by_operator(
    uuid, public.outbox_attempt_state, text, text, text, text, text, interval
) from public;
