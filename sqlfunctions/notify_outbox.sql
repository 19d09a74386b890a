-- notify_outbox: wakes the workers when a new item commits (deferred trigger function), at most
-- once in 10 ms. NOTIFY holds a lock of the whole cluster until the commit is flushed, so commits
-- that all notify would queue up. The time of the last NOTIFY stands in a sequence, which is
-- neither locked nor versioned. An item that is passed over is found by the worker's next look,
-- which comes after the same time, or by polling.
-- Locks: none of its own. Raises: nothing.
create or replace function public.notify_outbox()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, public, pg_temp
as $function$
declare
    v_now bigint := (extract(epoch from clock_timestamp()) * 1000)::bigint;
begin
    -- Read in an expression and not by a query: this runs for every item of a set.
    if v_now - pg_sequence_last_value('public.outbox_notify_clock') between 0 and 9 then
        return null;
    end if;
    if exists (
        select
        from public.outbox_controls as c
        where
            not c.notify_workers
            and public._in_scope(c.scope, c.scope_key, new.rail_type, new.tenant_id)
    ) then
        return null;
    end if;
    perform setval('public.outbox_notify_clock', v_now);
    perform pg_notify('symphony_outbox', '');
    return null;
end;
$function$;
comment on function public.notify_outbox() is
'Sends an empty NOTIFY on symphony_outbox, at most once in 10 ms, unless switched off.';
revoke all on function public.notify_outbox() from public;
