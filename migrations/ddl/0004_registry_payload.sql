-- Online route: identities get a place for their payload, which may be put there once: the
-- identity stays what it is. The revision's transaction brings the stricter function back.
-- Locks: ACCESS EXCLUSIVE on the registry, for a change of the catalog.
alter table public.payment_outbox_identities
add column payload json;

create or replace function public.deny_outbox_identities_mutation()
returns trigger
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $function$
begin
    if
        tg_op = 'UPDATE' and old.payload is null and new.payload is not null
        and to_jsonb(new) - 'payload' = to_jsonb(old) - 'payload'
    then
        return new;
    end if;
    raise exception 'payment_outbox_identities is append-only' using errcode = 'P0001';
end;
$function$;
