-- uuid_strategy: names the generator that uuid_v7_or_random() relies on.
-- Locks: none. Raises: nothing.
create or replace function public.uuid_strategy()
returns text
language sql
stable
as $function$
    select case
        when to_regprocedure('public.uuidv7()') is not null then 'uuidv7'
        else 'gen_random_uuid'
    end
$function$;
comment on function public.uuid_strategy() is 'Generator in use: uuidv7 or gen_random_uuid.';
