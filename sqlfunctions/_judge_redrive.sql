-- _judge_redrive: for each of the given items, once, in the order given, whether it may go back to
-- the queue: REDRIVE, or why not (see redrive_dead_letters), with the number of its last attempt.
-- Locks: none. Raises: nothing.
create or replace function public._judge_redrive(
    p_outbox_ids uuid[],
    p_disputed_too boolean
)
returns table (
    outbox_id uuid,
    place bigint,
    verdict text,
    attempt_no integer,
    redrive_no integer
)
language sql
stable
begin atomic
    select
        given.outbox_id,
        given.place,
        case
            when i.outbox_id is null then 'UNKNOWN'
            when p.outbox_id is not null then 'STILL_QUEUED'
            when latest.attempt_no is null then 'RETIRED'
            when latest.state <> 'FAILED' then 'NOT_FAILED'
            when
                not coalesce(p_disputed_too, false)
                and exists (
                    select
                    from public.payment_outbox_late_results as l
                    where l.outbox_id = given.outbox_id and l.state = 'DISPATCHED'
                )
                then 'DISPUTED'
            else 'REDRIVE'
        end as verdict,
        latest.attempt_no,
        coalesce(p.redrive_no, latest.redrive_no) as redrive_no
    from (
        select
            g.outbox_id,
            min(g.place) as place
        from unnest(p_outbox_ids) with ordinality as g (outbox_id, place)
        group by g.outbox_id
    ) as given
    left join public.payment_outbox_identities as i on given.outbox_id = i.outbox_id
    left join public.payment_outbox_pending as p on given.outbox_id = p.outbox_id
    left join lateral (
        select
            a.attempt_no,
            a.state,
            a.redrive_no
        from public.payment_outbox_attempts as a
        where a.outbox_id = given.outbox_id
        order by a.attempt_no desc
        limit 1
    ) as latest on true;
end;
comment on function public._judge_redrive(uuid[], boolean) is
'Private: REDRIVE for each item that may go back to the queue, or the reason why not.';
revoke all on function public._judge_redrive(uuid[], boolean) from public;
