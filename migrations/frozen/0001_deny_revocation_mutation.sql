-- deny_revocation_mutation: keeps the revocation lists append-only (trigger function).
-- Locks: none. Raises: P0001, always.
create or replace function public.deny_revocation_mutation()
returns trigger
language plpgsql
as $function$
begin
    raise exception '% is append-only', tg_table_name using errcode = 'P0001';
end;
$function$;
comment on function public.deny_revocation_mutation() is
'Refuses changes to rows of the revocation lists.';
