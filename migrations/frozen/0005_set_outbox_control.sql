-- set_outbox_control: an operator sets how the queue (QUEUE, *), a rail or a tenant runs: paused or
-- not, in which order, in fair shares of the tenants or not, with NOTIFY or not. Null leaves a
-- setting as it is. Items are put on hold when a claim meets them; the end of a pause releases up
-- to 10000 of them here, the others by repair_expired_leases (or see resume_outbox).
-- Locks: see _change_outbox_control. Raises: P711C actor or reason, P711D scope, key, ordering or
-- fair, P711F an ordering above READ COMMITTED, 55P03 try again.
create or replace function public.set_outbox_control(
    p_scope text,
    p_scope_key text,
    p_paused boolean,
    p_ordering text,
    p_fair boolean,
    p_notify_workers boolean,
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
    from public._change_outbox_control(
        p_scope, p_scope_key, p_paused, p_ordering, p_fair, p_notify_workers
    ) as c;
    if not p_paused then
        perform public._release_paused_items(p_scope, v_now.scope_key, 10000);
    end if;

    insert into public.payment_outbox_operator_actions (
        action, scope, scope_key, actor, reason, detail
    )
    values (
        'SET_CONTROL', p_scope, v_now.scope_key, btrim(p_actor), btrim(p_reason),
        jsonb_strip_nulls(
            jsonb_build_object(
                'paused', p_paused,
                'ordering', p_ordering,
                'fair', p_fair,
                'notify_workers', p_notify_workers
            )
        )
    );
    return query
    select
        v_now.scope, v_now.scope_key, v_now.paused, v_now.ordering, v_now.fair,
        v_now.notify_workers, v_now.updated_at;
end;
$function$;
comment on function public.set_outbox_control(
    text, text, boolean, text, boolean, boolean, text, text
) is
'Sets how the queue, a rail or a tenant runs; null leaves a setting as it is.';
revoke all on function public.set_outbox_control(
    text, text, boolean, text, boolean, boolean, text, text
) from public;
grant execute on function public.set_outbox_control(
    text, text, boolean, text, boolean, boolean, text, text
) to symphony_control;
