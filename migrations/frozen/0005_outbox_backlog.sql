-- outbox_backlog: the queue in one row, for dashboards and workers: how much is due, delayed,
-- leased, abandoned, in doubt, or on hold for another reason.
-- Locks: none. Raises: nothing. Work: one pass over the pending items.
create or replace function public.outbox_backlog()
returns table (
    due bigint,
    delayed bigint,
    leased bigint,
    expired bigint,
    in_doubt bigint,
    held bigint,
    oldest_due_at timestamptz
)
language sql
stable
security definer
set search_path = pg_catalog, public, pg_temp
begin atomic
    select
        count(*) filter (
            where
            p.hold is null and p.lease_token is null and p.next_attempt_at <= statement_timestamp()
        ) as due,
        count(*) filter (
            where
            p.hold is null and p.lease_token is null and p.next_attempt_at > statement_timestamp()
        ) as delayed,
        count(*) filter (
            where
            p.hold is null and p.lease_token is not null
            and p.lease_expires_at > statement_timestamp()
        ) as leased,
        count(*) filter (
            where
            p.hold is null and p.lease_token is not null
            and p.lease_expires_at <= statement_timestamp()
        ) as expired,
        count(*) filter (where p.hold = 'IN_DOUBT') as in_doubt,
        count(*) filter (where p.hold <> 'IN_DOUBT') as held,
        min(p.next_attempt_at) filter (
            where
            p.hold is null and p.lease_token is null and p.next_attempt_at <= statement_timestamp()
        ) as oldest_due_at
    from public.payment_outbox_pending as p;
end;
comment on function public.outbox_backlog() is
'Pending items by what they wait for, and when the oldest due item became due.';
revoke all on function public.outbox_backlog() from public;
grant execute on function public.outbox_backlog()
to symphony_control, symphony_executor, symphony_ingest, symphony_readonly, symphony_auditor;
