-- outbox_retry_ceiling: the attempt at which a retry becomes FAILED. It is a setting of the
-- database (alter database ... set symphony.outbox_retry_ceiling = n), read from the catalog: what
-- a session, a role or a caller sets does not count, nor does a value that is no number from 1 to
-- 1000.
-- Locks: none. Raises: nothing.
create or replace function public.outbox_retry_ceiling()
returns integer
language sql
stable
security definer
set search_path = pg_catalog, public, pg_temp
begin atomic
    select
        case
            when given.setting ~ '^([1-9][0-9]{0,2}|1000)$' then given.setting::integer
            else 20
        end as ceiling
    from (select public._database_setting('symphony.outbox_retry_ceiling') as setting) as given;
end;
comment on function public.outbox_retry_ceiling() is
'Attempts after which an item ends as FAILED: a setting of the database, 1 to 1000, default 20.';
revoke all on function public.outbox_retry_ceiling() from public;
grant execute on function public.outbox_retry_ceiling()
to symphony_control, symphony_executor, symphony_ingest, symphony_readonly, symphony_auditor;
