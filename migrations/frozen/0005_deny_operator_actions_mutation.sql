-- deny_operator_actions_mutation: keeps the record of what operators did append-only (trigger
-- function, for rows and for TRUNCATE).
-- Locks: none. Raises: P0001, always.
create or replace function public.deny_operator_actions_mutation()
returns trigger
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $function$
begin
    raise exception 'payment_outbox_operator_actions is append-only' using errcode = 'P0001';
end;
$function$;
comment on function public.deny_operator_actions_mutation() is
'Refuses changes to rows of payment_outbox_operator_actions.';
revoke all on function public.deny_operator_actions_mutation() from public;
