-- notify_outbox: wakes the workers when a new item commits (deferred trigger function).
-- NOTIFY holds a lock of the whole cluster from here until the commit is flushed, so commits that
-- all notify would queue up. One at a time is enough: whoever commits beside it is found by the
-- claim that follows a claim, or by polling.
-- Locks: an advisory lock that is only tried, from the commit until its flush. Raises: nothing.
create or replace function public.notify_outbox()
returns trigger
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $function$
begin
    if pg_try_advisory_xact_lock(hashtextextended('symphony_outbox', 0)) then
        perform pg_notify('symphony_outbox', '');
    end if;
    return null;
end;
$function$;
comment on function public.notify_outbox() is
'Sends an empty NOTIFY on symphony_outbox, unless another commit is just doing so.';
revoke all on function public.notify_outbox() from public;
