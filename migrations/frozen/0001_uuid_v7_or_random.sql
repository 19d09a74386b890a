-- uuid_v7_or_random: identifiers of outbox items and attempts.
-- Locks: none. Raises: nothing.
create or replace function public.uuid_v7_or_random()
returns uuid
language sql
volatile
as $function$
    select gen_random_uuid()
$function$;
comment on function public.uuid_v7_or_random() is 'A new identifier.';
