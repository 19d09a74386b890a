-- uuid_strategy: names the generator that uuid_v7_or_random() uses on this server. Both make
-- version 7.
-- Locks: none. Raises: nothing.
create or replace function public.uuid_strategy()
returns text
language sql
stable
set search_path = pg_catalog, public, pg_temp
begin atomic
    select case
        when to_regprocedure('pg_catalog.uuidv7()') is not null then 'uuidv7'
        else 'gen_random_uuid'
    end as strategy;
end;
comment on function public.uuid_strategy() is
'Source of identifiers: uuidv7 (PostgreSQL 18), or gen_random_uuid under a time prefix.';
revoke all on function public.uuid_strategy() from public;
grant execute on function public.uuid_strategy()
to symphony_control, symphony_executor, symphony_ingest, symphony_readonly, symphony_auditor;
