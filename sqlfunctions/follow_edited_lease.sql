-- follow_edited_lease: a leased item is due when its lease ends. Who moves the end of a lease by
-- hand moves that too (trigger function).
-- Locks: none. Raises: nothing.
create or replace function public.follow_edited_lease()
returns trigger
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $function$
begin
    new.next_attempt_at := coalesce(new.lease_expires_at, clock_timestamp());
    return new;
end;
$function$;
comment on function public.follow_edited_lease() is
'Moves next_attempt_at along with a lease end that was edited by hand.';
revoke all on function public.follow_edited_lease() from public;
