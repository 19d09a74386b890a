-- follow_edited_item: an item that was edited by hand is found at its new time (trigger function).
-- A leased item is due when its lease ends: who moves the end of a lease moves that too. An item
-- that was moved into the past may lie before the mark of claims: the next one looks everywhere.
-- Locks: none. Raises: nothing.
create or replace function public.follow_edited_item()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, public, pg_temp
as $function$
begin
    if new.next_attempt_at = old.next_attempt_at then
        new.next_attempt_at := coalesce(new.lease_expires_at, clock_timestamp());
    end if;
    perform setval('public.outbox_due_sweep', 0);
    return new;
end;
$function$;
comment on function public.follow_edited_item() is
'Lets claims find an item whose times were edited by hand.';
revoke all on function public.follow_edited_item() from public;
