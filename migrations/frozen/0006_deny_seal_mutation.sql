-- deny_seal_mutation: keeps the seals append-only (trigger function, for rows and for TRUNCATE).
-- Locks: none. Raises: P0001, always.
create or replace function public.deny_seal_mutation()
returns trigger
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $function$
begin
    raise exception 'ledger_seals is append-only' using errcode = 'P0001';
end;
$function$;
comment on function public.deny_seal_mutation() is
'Refuses changes to rows of ledger_seals.';
revoke all on function public.deny_seal_mutation() from public;
