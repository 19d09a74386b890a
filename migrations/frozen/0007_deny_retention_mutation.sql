-- deny_retention_mutation: keeps outcomes, retired leaves and retention runs append-only (trigger
-- function, for rows and for TRUNCATE).
-- Locks: none. Raises: P0001, always.
create or replace function public.deny_retention_mutation()
returns trigger
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $function$
begin
    raise exception '% is append-only', tg_table_name using errcode = 'P0001';
end;
$function$;
comment on function public.deny_retention_mutation() is
'Refuses changes to rows of payment_outbox_outcomes, ledger_retired_leaves and their runs.';
revoke all on function public.deny_retention_mutation() from public;
