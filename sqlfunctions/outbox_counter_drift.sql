-- outbox_counter_drift: pending items whose attempt counter disagrees with the attempts that the
-- ledger holds. Must return no row: the counter is the only source of attempt numbers, a terminal
-- attempt ends its item until it is redriven, and a number near the end of its type was written by
-- hand.
-- Locks: none. Raises: nothing.
create or replace function public.outbox_counter_drift()
returns table (
    outbox_id uuid,
    attempt_count integer,
    max_attempt_no integer,
    attempts bigint,
    has_terminal boolean,
    near_overflow boolean
)
language sql
stable
security definer
set search_path = pg_catalog, public, pg_temp
begin atomic
    select
        p.outbox_id,
        p.attempt_count,
        ledger.max_attempt_no,
        ledger.attempts,
        ledger.has_terminal,
        ledger.max_attempt_no > 2147483647 - 1000 as near_overflow
    from public.payment_outbox_pending as p
    cross join
        lateral (
            select
                coalesce(max(a.attempt_no), 0) as max_attempt_no,
                count(*) as attempts,
                coalesce(
                    bool_or(
                        a.state = 'DISPATCHED'
                        or (a.state = 'FAILED' and a.redrive_no >= p.redrive_no)
                    ),
                    false
                ) as has_terminal
            from public.payment_outbox_attempts as a
            where a.outbox_id = p.outbox_id
        ) as ledger
    where
        p.attempt_count <> ledger.max_attempt_no
        or ledger.has_terminal
        or ledger.max_attempt_no > 2147483647 - 1000;
end;
comment on function public.outbox_counter_drift() is
'Pending items whose counter and attempts disagree; no row is right.';
revoke all on function public.outbox_counter_drift() from public;
grant execute on function public.outbox_counter_drift()
to symphony_control, symphony_readonly, symphony_auditor;
