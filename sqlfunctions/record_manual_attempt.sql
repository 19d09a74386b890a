-- record_manual_attempt: an operator did by hand, outside of every worker, what the item asks for,
-- or tried to, and says how it went. It gets the next attempt number under the row's lock, so no
-- later completion collides with it. RETRYABLE at the retry ceiling is recorded as FAILED.
-- Locks: the item on the queue. Raises: P7003 invalid state, P7004 a worker holds the item, it is
-- in doubt or has ended, P7006 no such item, P711B rail reference, P711C actor or reason.
create or replace function public.record_manual_attempt(
    p_outbox_id uuid,
    p_state public.outbox_attempt_state,
    p_rail_reference text,
    p_rail_code text,
    p_error_code text,
    p_error_message text,
    p_actor text,
    p_reason text
)
returns table (attempt_no integer, state public.outbox_attempt_state)
language plpgsql
volatile
security definer
set search_path = pg_catalog, public, pg_temp
as $function$
declare
    v_attempt_no integer;
    v_state text;
begin
    perform public._require_operator(p_actor, p_reason);
    if p_state is null or p_state not in ('DISPATCHED', 'FAILED', 'RETRYABLE') then
        raise exception 'p_state: must be DISPATCHED, FAILED or RETRYABLE'
            using
                errcode = 'P7003',
                column = 'p_state',
                constraint = 'DISPATCHED, FAILED or RETRYABLE';
    end if;
    if length(p_rail_reference) > 500 then
        raise exception 'p_rail_reference: must be at most 500 characters'
            using
                errcode = 'P711B',
                column = 'p_rail_reference',
                constraint = 'at most 500 characters';
    end if;
    perform public._lock_item_for_operator(p_outbox_id, btrim(p_actor));
    select r.attempt_no, r.state into v_attempt_no, v_state
    from public._record_by_operator(
        p_outbox_id, p_state, btrim(p_actor), p_rail_reference, p_rail_code, p_error_code,
        p_error_message, null
    ) as r;

    insert into public.payment_outbox_operator_actions (action, outbox_id, actor, reason, detail)
    values (
        'MANUAL_ATTEMPT', p_outbox_id, btrim(p_actor), btrim(p_reason),
        jsonb_build_object('attempt_no', v_attempt_no, 'state', v_state)
    );
    return query
    select v_attempt_no, v_state::public.outbox_attempt_state;
end;
$function$;
comment on function public.record_manual_attempt(
    uuid, public.outbox_attempt_state, text, text, text, text, text, text
) is
'Records what an operator did by hand as the next attempt of an item.';
revoke all on function public.record_manual_attempt(
    uuid, public.outbox_attempt_state, text, text, text, text, text, text
) from public;
grant execute on function public.record_manual_attempt(
    uuid, public.outbox_attempt_state, text, text, text, text, text, text
) to symphony_control;
