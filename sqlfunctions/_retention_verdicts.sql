-- _retention_verdicts: for each of the given items, whether its attempts may be retired at the
-- horizon, or why not. The first reason in this order counts:
--   UNREGISTERED  no identity: its replay would find nothing
--   REAPPEARED    it has an outcome, so somebody wrote its attempts by hand after it was retired
--   ON_QUEUE      it is waiting, leased, held, or was redriven
--   NOT_ENDED     its last attempt is not terminal, yet it is not on the queue: somebody must look
--   TOO_YOUNG     an attempt was completed at the horizon or after it
--   DISPUTED      it FAILED, and a late result says that it was sent
--   LATE_RESULT   a late result came at the horizon or after it
--   UNSEALED      an attempt is not under a seal yet
--   RETIRE        none of these
-- Locks: none. Raises: nothing.
create or replace function public._retention_verdicts(
    p_outbox_ids uuid[],
    p_before timestamptz
)
returns table (
    outbox_id uuid,
    verdict text,
    attempts bigint,
    bytes bigint,
    oldest timestamptz,
    newest timestamptz
)
language sql
stable
begin atomic
    with history as (
        select
            a.outbox_id,
            count(*) as attempts,
            sum(pg_column_size(a))::bigint as bytes,
            min(coalesce(a.completed_at, a.created_at)) as oldest,
            max(coalesce(a.completed_at, a.created_at)) as newest,
            (array_agg(a.state order by a.attempt_no desc))[1] as state
        from public.payment_outbox_attempts as a
        where a.outbox_id = any(p_outbox_ids)
        group by a.outbox_id
    )

    select
        history.outbox_id,
        case
            when not exists (
                select
                from public.payment_outbox_identities as i
                where i.outbox_id = history.outbox_id
            ) then 'UNREGISTERED'
            when exists (
                select
                from public.payment_outbox_outcomes as o
                where o.outbox_id = history.outbox_id
            ) then 'REAPPEARED'
            when exists (
                select
                from public.payment_outbox_pending as p
                where p.outbox_id = history.outbox_id
            ) then 'ON_QUEUE'
            when history.state not in ('DISPATCHED', 'FAILED') then 'NOT_ENDED'
            when history.newest >= p_before then 'TOO_YOUNG'
            when history.state = 'FAILED' and exists (
                select
                from public.payment_outbox_late_results as l
                where l.outbox_id = history.outbox_id and l.state = 'DISPATCHED'
            ) then 'DISPUTED'
            when exists (
                select
                from public.payment_outbox_late_results as l
                where l.outbox_id = history.outbox_id and l.received_at >= p_before
            ) then 'LATE_RESULT'
            when not public._attempts_sealed(history.outbox_id) then 'UNSEALED'
            else 'RETIRE'
        end as verdict,
        history.attempts,
        history.bytes,
        history.oldest,
        history.newest
    from history;
end;
comment on function public._retention_verdicts(uuid[], timestamptz) is
'Private: RETIRE for each item whose attempts may go, or the reason why they stay.';
revoke all on function public._retention_verdicts(uuid[], timestamptz) from public;
