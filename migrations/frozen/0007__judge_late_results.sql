-- _judge_late_results: the outcome of every result of a batch of which some were not recorded (see
-- complete_outbox_attempts), and the evidence of those that came too late.
-- Locks: none beyond the caller's; above READ COMMITTED, the rows on the queue. Raises: 40001 where
-- the snapshot of the caller is older than an item or its lease, so that nothing can be said.
create or replace function public._judge_late_results(
    p_worker_id text,
    p_outbox_ids uuid[],
    p_lease_tokens uuid[],
    p_states public.outbox_attempt_state[],
    p_rail_references text[],
    p_rail_codes text[],
    p_error_codes text[],
    p_error_messages text[],
    p_latency_ms integer[],
    p_recorded uuid[]
)
returns table (
    outbox_id uuid,
    lease_token uuid,
    outcome text,
    attempt_no integer,
    state public.outbox_attempt_state
)
language plpgsql
volatile
set search_path = pg_catalog, public, pg_temp
as $function$
begin
    -- A replay is a promise too. It writes nothing that its commit would wait for, and the first
    -- commit may not have reached the synchronous standby: this makes it wait.
    perform pg_logical_emit_message(true, 'ledgerdb', 'replay'::text);
    if current_setting('transaction_isolation') in ('repeatable read', 'serializable')
        and exists (
            select
            from unnest(p_outbox_ids) as given (outbox_id)
            where not exists (
                select
                from public.payment_outbox_identities as i
                where i.outbox_id = given.outbox_id
            )
        )
    then
        raise exception 'the snapshot of this transaction is older than the item'
            using errcode = '40001', hint = 'Complete the attempt in a new transaction.';
    end if;
    -- An older snapshot cannot tell a lease that is lost from one that was issued since: locking
    -- the rows raises 40001 where they have changed.
    if current_setting('transaction_isolation') in ('repeatable read', 'serializable') then
        perform
        from public.payment_outbox_pending as p
        where p.outbox_id = any(p_outbox_ids)
        order by p.outbox_id
        for update;
    end if;

    return query
    with given as (
        select
            g.outbox_id,
            g.lease_token,
            g.state,
            g.rail_reference,
            g.rail_code,
            g.error_code,
            g.error_message,
            g.latency_ms,
            g.place,
            row_number() over (
                partition by g.outbox_id, g.lease_token order by g.place
            ) as nth_of_lease
        from unnest(
            p_outbox_ids, p_lease_tokens, p_states, p_rail_references, p_rail_codes, p_error_codes,
            p_error_messages, p_latency_ms
        ) with ordinality as g (
            outbox_id, lease_token, state, rail_reference, rail_code, error_code, error_message,
            latency_ms, place
        )
    ),

    judged as materialized (
        select
            g.outbox_id,
            g.lease_token,
            g.state,
            g.rail_reference,
            g.rail_code,
            g.error_code,
            g.error_message,
            g.latency_ms,
            g.place,
            a.attempt_no,
            a.state as recorded_state,
            case
                -- A token twice in one batch: the first was recorded, the second is its replay.
                when r.lease_token is not null and g.nth_of_lease = 1 then 'RECORDED'
                when
                    a.closed_by is null
                    and (a.state = g.state or (a.state = 'FAILED' and g.state = 'RETRYABLE'))
                    then 'REPLAYED'
                when a.closed_by is null and a.lease_token is not null then 'ALREADY_DONE'
                when p.lease_token = g.lease_token and p.claimed_by <> p_worker_id then 'STOLEN'
                when p.lease_token = g.lease_token then 'EXPIRED'
                when
                    p.outbox_id is null
                    and (
                        exists (
                            select
                            from public.payment_outbox_attempts as ending
                            where ending.outbox_id = g.outbox_id
                        )
                        or exists (
                            select
                            from public.payment_outbox_outcomes as retired
                            where retired.outbox_id = g.outbox_id
                        )
                    )
                    then 'ALREADY_DONE'
                when
                    a.lease_token is not null
                    and (p.lease_token is not null or p.attempt_count > a.attempt_no)
                    then 'STOLEN'
                when a.lease_token is not null then 'EXPIRED'
                else 'UNKNOWN'
            end as outcome
        from given as g
        left join public.payment_outbox_attempts as a
            on g.outbox_id = a.outbox_id and g.lease_token = a.lease_token
        left join unnest(p_recorded) as r (lease_token) on a.lease_token = r.lease_token
        left join public.payment_outbox_pending as p on g.outbox_id = p.outbox_id
    ),

    kept as (
        insert into public.payment_outbox_late_results (
            outbox_id, lease_token, worker_id, state, outcome,
            rail_reference, rail_code, error_code, error_message, latency_ms
        )
        select
            j.outbox_id, j.lease_token, p_worker_id, j.state, j.outcome,
            j.rail_reference, left(j.rail_code, 100), left(j.error_code, 100),
            left(j.error_message, 2000),
            case when j.latency_ms >= 0 then j.latency_ms end
        from judged as j
        where
            j.outcome not in ('RECORDED', 'REPLAYED')
            and j.outbox_id is not null
            and j.lease_token is not null
        on conflict on constraint ux_late_results_once do nothing
    )

    select j.outbox_id, j.lease_token, j.outcome, j.attempt_no, j.recorded_state
    from judged as j
    order by j.place;
end;
$function$;
comment on function public._judge_late_results(
    text, uuid[], uuid[], public.outbox_attempt_state[], text[], text[], text[], text[], integer[],
    uuid[]
) is
'Private: tells late results from replays and keeps them as evidence.';
revoke all on function public._judge_late_results(
    text, uuid[], uuid[], public.outbox_attempt_state[], text[], text[], text[], text[], integer[],
    uuid[]
) from public;
