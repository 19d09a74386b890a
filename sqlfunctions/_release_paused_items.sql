-- _release_paused_items: makes items of a scope due again that were put on hold while it was
-- paused, unless another control keeps them paused. Says how many it released, and how many are
-- left to release: beyond the limit, or in another session's hands.
-- Locks: the released rows (for update skip locked), in the order of their ids. Raises: nothing.
create or replace function public._release_paused_items(
    p_scope text,
    p_scope_key text,
    p_limit integer
)
returns table (released bigint, remaining bigint)
language plpgsql
volatile
set search_path = pg_catalog, public, pg_temp
as $function$
declare
    v_released bigint;
begin
    with free as materialized (
        select p.outbox_id
        from public.payment_outbox_pending as p
        where
            p.hold = 'PAUSED'
            and public._in_scope(p_scope, p_scope_key, p.rail_type, p.tenant_id)
            and not exists (
                select
                from public.outbox_controls as c
                where
                    c.paused
                    and public._in_scope(c.scope, c.scope_key, p.rail_type, p.tenant_id)
            )
        order by p.outbox_id
        limit p_limit
        for update of p skip locked
    )

    update public.payment_outbox_pending as p
    set hold = null, held_at = null, next_attempt_at = clock_timestamp()
    from free
    where p.outbox_id = free.outbox_id;
    get diagnostics v_released = row_count;

    return query
    select
        v_released as released,
        count(*) as remaining
    from public.payment_outbox_pending as p
    where
        p.hold = 'PAUSED'
        and public._in_scope(p_scope, p_scope_key, p.rail_type, p.tenant_id)
        and not exists (
            select
            from public.outbox_controls as c
            where
                c.paused
                and public._in_scope(c.scope, c.scope_key, p.rail_type, p.tenant_id)
        );
end;
$function$;
comment on function public._release_paused_items(text, text, integer) is
'Private: releases items of a scope that no control keeps paused.';
revoke all on function public._release_paused_items(text, text, integer) from public;
