-- deny_late_results_mutation: keeps late results append-only (trigger function, for rows and for
-- TRUNCATE).
-- Locks: none. Raises: P0001, always.
create or replace function public.deny_late_results_mutation()
returns trigger
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $function$
begin
    raise exception 'payment_outbox_late_results is append-only' using errcode = 'P0001';
end;
$function$;
comment on function public.deny_late_results_mutation() is
'Refuses changes to rows of payment_outbox_late_results.';
revoke all on function public.deny_late_results_mutation() from public;
