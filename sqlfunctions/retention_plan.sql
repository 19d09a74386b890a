-- retention_plan: what retire_history would do with history from before a time, and what it would
-- leave alone and why (see _retention_verdicts). The time is given, or how long ago it is by the
-- clock of the server. It has one row for each verdict; nothing is written.
-- Locks: none. Raises: P711F. Work: one pass over the attempts.
create or replace function public.retention_plan(
    p_before timestamptz default null,
    p_older_than interval default null
)
returns table (
    horizon timestamptz,
    verdict text,
    items bigint,
    attempts bigint,
    bytes bigint,
    oldest timestamptz,
    newest timestamptz
)
language plpgsql
stable
security definer
set search_path = pg_catalog, public, pg_temp
as $function$
declare
    v_horizon timestamptz := p_before;
begin
    if num_nonnulls(p_before, p_older_than) <> 1
        or p_older_than < interval '0'
        or p_older_than > interval '200 years'
    then
        raise exception 'p_before, p_older_than: exactly one, and none in the future'
            using
                errcode = 'P711F',
                column = 'p_older_than',
                constraint = 'one of p_before and p_older_than, up to 200 years';
    end if;
    if p_older_than is not null then
        v_horizon := clock_timestamp() - p_older_than;
    end if;
    perform public._require_horizon(v_horizon);

    return query
    with judged as materialized (
        select v.verdict, v.attempts, v.bytes, v.oldest, v.newest
        from (
            select distinct a.outbox_id
            from public.payment_outbox_attempts as a
        ) as item
        cross join lateral public._retention_verdicts(array[item.outbox_id], v_horizon) as v
    )

    select
        v_horizon as horizon,
        kinds.verdict,
        count(j.verdict) as items,
        coalesce(sum(j.attempts), 0)::bigint as attempts,
        coalesce(sum(j.bytes), 0)::bigint as bytes,
        min(j.oldest) as oldest,
        max(j.newest) as newest
    from
        unnest(array[
            'RETIRE', 'TOO_YOUNG', 'ON_QUEUE', 'LATE_RESULT', 'DISPUTED', 'UNSEALED', 'NOT_ENDED',
            'REAPPEARED', 'UNREGISTERED'
        ]) with ordinality as kinds (verdict, place)
    left join judged as j on kinds.verdict = j.verdict
    group by kinds.verdict, kinds.place
    order by kinds.place;
end;
$function$;
comment on function public.retention_plan(timestamptz, interval) is
'What retire_history would retire and what it would keep, and why. Reads only.';
revoke all on function public.retention_plan(timestamptz, interval) from public;
grant execute on function public.retention_plan(timestamptz, interval)
to symphony_control, symphony_readonly, symphony_auditor;
