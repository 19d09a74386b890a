-- outbox_activity: what was accepted and what became of attempts in the last p_minutes, in buckets
-- of p_bucket_seconds, the oldest first and none left out. Identities and attempts are found by
-- their ids, which begin with the time (version 7), so the work grows with the window and not with
-- the history. Rows with other ids, from before ledgerdb, are not counted.
-- Locks: none. Raises: P711G minutes or seconds out of bounds.
create or replace function public.outbox_activity(
    p_minutes integer default 60,
    p_bucket_seconds integer default 60
)
returns table (
    bucket_start timestamptz,
    accepted bigint,
    dispatched bigint,
    retried bigint,
    failed bigint,
    crashed bigint,
    latency_p50_ms double precision,
    latency_p95_ms double precision
)
language plpgsql
stable
security definer
set search_path = pg_catalog, public, pg_temp
as $function$
declare
    v_step interval := make_interval(secs => p_bucket_seconds);
    v_from timestamptz;
    v_first_id uuid;
begin
    if p_minutes is null or p_minutes not between 1 and 1440 then
        raise exception 'p_minutes: must be between 1 and 1440'
            using errcode = 'P711G', column = 'p_minutes', constraint = 'between 1 and 1440';
    end if;
    if p_bucket_seconds is null or p_bucket_seconds not between 1 and 86400 then
        raise exception 'p_bucket_seconds: must be between 1 and 86400'
            using
                errcode = 'P711G',
                column = 'p_bucket_seconds',
                constraint = 'between 1 and 86400';
    end if;
    v_from := date_bin(
        v_step,
        statement_timestamp() - make_interval(mins => p_minutes),
        '2000-01-01 00:00:00+00'::timestamptz
    );
    v_first_id := (
        lpad(to_hex((extract(epoch from v_from) * 1000)::bigint), 12, '0') || repeat('0', 20)
    )::uuid;
    return query
    with ingress as (
        select
            date_bin(v_step, i.created_at, v_from) as bucket_start,
            count(*) as accepted
        from public.payment_outbox_identities as i
        where i.outbox_id >= v_first_id and i.created_at >= v_from
        group by date_bin(v_step, i.created_at, v_from)
    ),

    ended as (
        select
            date_bin(v_step, coalesce(a.completed_at, a.created_at), v_from) as bucket_start,
            count(*) filter (where a.state = 'DISPATCHED') as dispatched,
            count(*) filter (where a.state = 'RETRYABLE') as retried,
            count(*) filter (where a.state = 'FAILED') as failed,
            count(*) filter (where a.state = 'ZOMBIE_REQUEUE') as crashed,
            percentile_cont(0.5) within group (order by a.latency_ms) as latency_p50_ms,
            percentile_cont(0.95) within group (order by a.latency_ms) as latency_p95_ms
        from public.payment_outbox_attempts as a
        where a.attempt_id >= v_first_id and coalesce(a.completed_at, a.created_at) >= v_from
        group by date_bin(v_step, coalesce(a.completed_at, a.created_at), v_from)
    )

    select
        b.bucket_start,
        coalesce(i.accepted, 0) as accepted,
        coalesce(e.dispatched, 0) as dispatched,
        coalesce(e.retried, 0) as retried,
        coalesce(e.failed, 0) as failed,
        coalesce(e.crashed, 0) as crashed,
        e.latency_p50_ms,
        e.latency_p95_ms
    from generate_series(v_from, statement_timestamp(), v_step) as b (bucket_start)
    left join ingress as i on b.bucket_start = i.bucket_start
    left join ended as e on b.bucket_start = e.bucket_start
    order by b.bucket_start;
end;
$function$;
comment on function public.outbox_activity(integer, integer) is
'Accepted instructions and ended attempts of the last minutes, bucket by bucket.';
revoke all on function public.outbox_activity(integer, integer) from public;
grant execute on function public.outbox_activity(integer, integer)
to symphony_control, symphony_readonly, symphony_auditor;
