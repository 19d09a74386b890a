-- pause_outbox: an operator stops the queue (QUEUE, *), a rail or a tenant: no worker gets its
-- items any more. What is leased already goes on. Pausing twice is no error.
-- Locks: the row of the scope in outbox_controls. Raises: P711C actor or reason, P711D scope or
-- key, 55P03 try again.
create or replace function public.pause_outbox(
    p_scope text,
    p_scope_key text,
    p_actor text,
    p_reason text
)
returns table (
    scope text,
    scope_key text,
    paused boolean,
    ordering text,
    fair boolean,
    notify_workers boolean,
    updated_at timestamptz
)
language plpgsql
volatile
security definer
set search_path = pg_catalog, public, pg_temp
as $function$
declare
    v_now record;
begin
    perform public._require_operator(p_actor, p_reason);
    select c.scope, c.scope_key, c.paused, c.ordering, c.fair, c.notify_workers, c.updated_at
    into v_now
    from public._change_outbox_control(p_scope, p_scope_key, true, null, null, null) as c;

    insert into public.payment_outbox_operator_actions (action, scope, scope_key, actor, reason)
    values ('PAUSE', p_scope, v_now.scope_key, btrim(p_actor), btrim(p_reason));
    return query
    select
        v_now.scope, v_now.scope_key, v_now.paused, v_now.ordering, v_now.fair,
        v_now.notify_workers, v_now.updated_at;
end;
$function$;
comment on function public.pause_outbox(text, text, text, text) is
'Stops the queue, a rail or a tenant: no worker gets its items any more.';
revoke all on function public.pause_outbox(text, text, text, text) from public;
grant execute on function public.pause_outbox(text, text, text, text) to symphony_control;
