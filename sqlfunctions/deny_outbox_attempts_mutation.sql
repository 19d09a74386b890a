-- deny_outbox_attempts_mutation: keeps the attempts append-only (trigger function).
-- Locks: none. Raises: P0001, always.
create or replace function public.deny_outbox_attempts_mutation()
returns trigger
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $function$
begin
    raise exception 'payment_outbox_attempts is append-only' using errcode = 'P0001';
end;
$function$;
comment on function public.deny_outbox_attempts_mutation() is
'Refuses changes to rows of payment_outbox_attempts.';
revoke all on function public.deny_outbox_attempts_mutation() from public;
