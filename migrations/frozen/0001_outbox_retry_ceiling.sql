-- outbox_retry_ceiling: the attempt number at which a retry becomes FAILED.
-- Locks: none. Raises: 22P02 when the setting is not a number.
create or replace function public.outbox_retry_ceiling()
returns integer
language sql
stable
as $function$
    select coalesce(nullif(current_setting('symphony.outbox_retry_ceiling', true), '')::integer, 20)
$function$;
comment on function public.outbox_retry_ceiling() is
'Attempts after which an item ends as FAILED; symphony.outbox_retry_ceiling, default 20.';
