-- resume_outbox: an operator lets the queue (QUEUE, *), a rail or a tenant run again. Up to p_limit
-- of the items that were put on hold are due at once, unless another control keeps them paused;
-- call it again while some remain, or leave them to repair_expired_leases.
-- Locks: the row of the scope in outbox_controls, the released items (skip locked). Raises: P7118
-- limit, P711C actor or reason, P711D scope or key, 55P03 try again.
create or replace function public.resume_outbox(
    p_scope text,
    p_scope_key text,
    p_actor text,
    p_reason text,
    p_limit integer default 10000
)
returns table (released bigint, remaining bigint)
language plpgsql
volatile
security definer
set search_path = pg_catalog, public, pg_temp
as $function$
declare
    v_key text;
    v_released bigint;
    v_remaining bigint;
begin
    perform public._require_operator(p_actor, p_reason);
    if p_limit is null or p_limit not between 1 and 10000 then
        raise exception 'p_limit: must be between 1 and 10000'
            using errcode = 'P7118', column = 'p_limit', constraint = 'between 1 and 10000';
    end if;
    select c.scope_key into v_key
    from public._change_outbox_control(p_scope, p_scope_key, false, null, null, null) as c;
    select r.released, r.remaining into v_released, v_remaining
    from public._release_paused_items(p_scope, v_key, p_limit) as r;

    insert into public.payment_outbox_operator_actions (
        action, scope, scope_key, actor, reason, detail
    )
    values (
        'RESUME', p_scope, v_key, btrim(p_actor), btrim(p_reason),
        jsonb_build_object('released', v_released, 'remaining', v_remaining)
    );
    return query
    select v_released, v_remaining;
end;
$function$;
comment on function public.resume_outbox(text, text, text, text, integer) is
'Lets the queue, a rail or a tenant run again; says how many held items are due and how many wait.';
revoke all on function public.resume_outbox(text, text, text, text, integer) from public;
grant execute on function public.resume_outbox(text, text, text, text, integer)
to symphony_control;
