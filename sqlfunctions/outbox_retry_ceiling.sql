-- outbox_retry_ceiling: the attempt number at which a retry becomes FAILED.
-- Locks: none. Raises: 22P02 when the setting is not a number.
create or replace function public.outbox_retry_ceiling()
returns integer
language sql
stable
set search_path = pg_catalog, public, pg_temp
begin atomic
    select coalesce(
        nullif(current_setting('symphony.outbox_retry_ceiling', true), '')::integer, 20
    ) as ceiling;
end;
comment on function public.outbox_retry_ceiling() is
'Attempts after which an item ends as FAILED; symphony.outbox_retry_ceiling, default 20.';
revoke all on function public.outbox_retry_ceiling() from public;
grant execute on function public.outbox_retry_ceiling()
to symphony_control, symphony_executor, symphony_ingest, symphony_readonly, symphony_auditor;
