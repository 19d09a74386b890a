-- cancel_outbox_item: an operator ends an item that must not be sent: FAILED with the error code
-- CANCELLED. Cancelling it again returns the same row. It may be redriven like any dead letter.
-- Locks: the item on the queue. Raises: P7004 a worker holds the item, it is in doubt or has ended
-- in another way, P7006 no such item, P711C actor or reason.
create or replace function public.cancel_outbox_item(
    p_outbox_id uuid,
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
    -- It waits for whoever is just cancelling the item; what follows sees the end of that.
    perform
    from public.payment_outbox_pending as p
    where p.outbox_id = p_outbox_id
    for update;
    if not found then
        return query
        select a.attempt_no, a.state
        from public.payment_outbox_attempts as a
        where
            a.outbox_id = p_outbox_id
            and a.state = 'FAILED'
            and a.error_code = 'CANCELLED'
            and a.closed_by is not null
            and not exists (
                select
                from public.payment_outbox_attempts as later
                where later.outbox_id = a.outbox_id and later.attempt_no > a.attempt_no
            );
        if found then
            -- The first answer may have given up its wait for a standby. A record for nobody makes
            -- this commit wait too: what is said is on the standby.
            perform pg_logical_emit_message(true, 'ledgerdb', 'replay');
            return;
        end if;
    end if;

    perform public._lock_item_for_operator(p_outbox_id, btrim(p_actor));
    select r.attempt_no, r.state into v_attempt_no, v_state
    from public._record_by_operator(
        p_outbox_id, 'FAILED', btrim(p_actor), null, null, 'CANCELLED', btrim(p_reason), null
    ) as r;

    insert into public.payment_outbox_operator_actions (action, outbox_id, actor, reason, detail)
    values (
        'CANCEL', p_outbox_id, btrim(p_actor), btrim(p_reason),
        jsonb_build_object('attempt_no', v_attempt_no)
    );
    return query
    select v_attempt_no, v_state::public.outbox_attempt_state;
end;
$function$;
comment on function public.cancel_outbox_item(uuid, text, text) is
'Ends an item that must not be sent, as FAILED with the error code CANCELLED.';
revoke all on function public.cancel_outbox_item(uuid, text, text) from public;
grant execute on function public.cancel_outbox_item(uuid, text, text) to symphony_control;
