-- _outcome_of: where an item stands, for replays: one row, also where the item is unknown. PENDING,
-- IN_DOUBT, or the state of the last attempt, also where retention has retired it.
-- Locks: none. Raises: nothing.
create or replace function public._outcome_of(
    p_outbox_id uuid,
    out sequence_id bigint,
    out state text
)
language sql
stable
begin atomic
    select
        coalesce(p.sequence_id, latest.sequence_id, o.sequence_id) as sequence_id,
        case
            when p.hold = 'IN_DOUBT' then 'IN_DOUBT'
            when p.outbox_id is not null then 'PENDING'
            else coalesce(latest.state, o.state)::text
        end as state
    from (select p_outbox_id as outbox_id) as asked
    left join public.payment_outbox_pending as p on asked.outbox_id = p.outbox_id
    left join public.payment_outbox_outcomes as o on asked.outbox_id = o.outbox_id
    left join lateral (
        select
            a.sequence_id,
            a.state
        from public.payment_outbox_attempts as a
        where a.outbox_id = asked.outbox_id
        order by a.attempt_no desc
        limit 1
    ) as latest on true;
end;
comment on function public._outcome_of(uuid) is
'Private: sequence number and state of an item: PENDING, IN_DOUBT or its last attempt''s.';
revoke all on function public._outcome_of(uuid) from public;
