-- deny_ingress_attestations_mutation: keeps the attestations append-only (trigger function).
-- Locks: none. Raises: P0001, always.
create or replace function public.deny_ingress_attestations_mutation()
returns trigger
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $function$
begin
    raise exception 'ingress_attestations is append-only' using errcode = 'P0001';
end;
$function$;
comment on function public.deny_ingress_attestations_mutation() is
'Refuses changes to rows of ingress_attestations.';
revoke all on function public.deny_ingress_attestations_mutation() from public;
