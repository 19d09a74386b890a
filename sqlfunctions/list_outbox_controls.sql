-- list_outbox_controls: how the queue, rails and tenants run now: every scope that has a control.
-- Locks: none. Raises: nothing.
create or replace function public.list_outbox_controls()
returns table (
    scope text,
    scope_key text,
    paused boolean,
    ordering text,
    fair boolean,
    notify_workers boolean,
    updated_at timestamptz
)
language sql
stable
security definer
set search_path = pg_catalog, public, pg_temp
begin atomic
    select
        c.scope,
        c.scope_key,
        c.paused,
        c.ordering,
        c.fair,
        c.notify_workers,
        c.updated_at
    from public.outbox_controls as c
    order by c.scope, c.scope_key;
end;
comment on function public.list_outbox_controls() is
'Every scope that has a control: paused, ordering, fair, notify_workers.';
revoke all on function public.list_outbox_controls() from public;
grant execute on function public.list_outbox_controls()
to symphony_control, symphony_readonly, symphony_auditor;
