-- complete_outbox_attempts: ends the leased attempts of many items, each by its token. What is
-- valid is recorded under attempt_count + 1 of the locked row; the rest is an outcome and stops
-- nobody else:
--   RECORDED      the attempt is in the ledger now
--   REPLAYED      it was there before, by the same token: the same row comes back
--   EXPIRED       the lease ran out; nobody else has the item
--   STOLEN        the lease ran out and another was issued, or it is another worker's
--   ALREADY_DONE  the attempt was completed with another result, or the item ended
--   UNKNOWN       no such lease was ever issued here
-- A result under one of the last four is kept as evidence in payment_outbox_late_results: the money
-- may have moved. A latency or code out of bounds is a bad metric: dropped or cut, never refused.
-- Locks: the rows on the queue, in the order of their ids. Raises: P7003 invalid state, P7117
-- worker id, P7118 number of items, P711B rail reference; 40001 where the snapshot of a REPEATABLE
-- READ caller is older than the item. The plan for one item looks cheaper than the plan for any
-- number, so that PostgreSQL would plan every single completion anew: the plan is generic.
create or replace function public.complete_outbox_attempts(
    p_worker_id text,
    p_outbox_ids uuid[],
    p_lease_tokens uuid[],
    p_states public.outbox_attempt_state[],
    p_rail_references text[] default null,
    p_rail_codes text[] default null,
    p_error_codes text[] default null,
    p_error_messages text[] default null,
    p_latency_ms integer[] default null,
    p_retry_delay_seconds integer[] default null
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
security definer
set search_path = pg_catalog, public, pg_temp
set enable_seqscan = off
set plan_cache_mode = force_generic_plan
as $function$
declare
    -- To ask for it costs half of a completion where PostgreSQL plans it anew (before 18).
    v_ceiling integer := case
        when 'RETRYABLE' = any(p_states) then public.outbox_retry_ceiling()
    end;
    v_first uuid := public.uuid_v7_or_random();
    v_ids uuid[];
    v_recorded uuid[];
    v_numbers integer[];
    v_states public.outbox_attempt_state[];
    v_participants text[];
begin
    -- Not the rule of a claim: a lease that was issued before that rule can still be completed.
    if coalesce(length(p_worker_id), 0) not between 1 and 200 then
        raise exception 'p_worker_id: must be 1 to 200 characters'
            using
                errcode = 'P7117',
                column = 'p_worker_id',
                constraint = '1 to 200 characters';
    end if;
    if coalesce(cardinality(p_outbox_ids), 0) not between 1 and 10000
        or cardinality(p_lease_tokens) is distinct from cardinality(p_outbox_ids)
        or cardinality(p_states) is distinct from cardinality(p_outbox_ids)
        or greatest(
            cardinality(p_rail_references), cardinality(p_rail_codes), cardinality(p_error_codes),
            cardinality(p_error_messages), cardinality(p_latency_ms),
            cardinality(p_retry_delay_seconds)
        ) > cardinality(p_outbox_ids)
    then
        raise exception 'p_outbox_ids: must be 1 to 10000 ids, with as many tokens and states'
            using
                errcode = 'P7118',
                column = 'p_outbox_ids',
                constraint = '1 to 10000 ids, as many tokens and states';
    end if;
    if exists (
        select
        from unnest(p_states) as given (state)
        where given.state is null or given.state not in ('DISPATCHED', 'FAILED', 'RETRYABLE')
    ) then
        raise exception 'p_state: must be DISPATCHED, FAILED or RETRYABLE'
            using
                errcode = 'P7003',
                column = 'p_state',
                constraint = 'DISPATCHED, FAILED or RETRYABLE';
    end if;
    if exists (
        select
        from unnest(p_rail_references) as given (rail_reference)
        where length(given.rail_reference) > 500
    ) then
        raise exception 'p_rail_reference: must be at most 500 characters'
            using
                errcode = 'P711B',
                column = 'p_rail_reference',
                constraint = 'at most 500 characters';
    end if;

    with given as (
        select distinct on (g.outbox_id, g.lease_token)
            g.outbox_id,
            g.lease_token,
            g.state,
            g.rail_reference,
            g.rail_code,
            g.error_code,
            g.error_message,
            g.latency_ms,
            g.retry_delay_seconds,
            g.place
        from
            unnest(
                p_outbox_ids, p_lease_tokens, p_states, p_rail_references, p_rail_codes,
                p_error_codes, p_error_messages, p_latency_ms, p_retry_delay_seconds
            ) with ordinality
                as g (
                    outbox_id, lease_token, state, rail_reference, rail_code, error_code,
                    error_message, latency_ms, retry_delay_seconds, place
                )
        order by g.outbox_id, g.lease_token, g.place
    ),

    -- From the list to the rows, in the order of their ids: the limit keeps the planner from
    -- turning that round. The lease is judged by the clock after its row was locked.
    valid as materialized (
        select
            clock_timestamp() as moment,
            g.place,
            g.retry_delay_seconds,
            g.rail_reference,
            g.rail_code,
            g.error_code,
            g.error_message,
            g.latency_ms,
            p.outbox_id,
            p.instruction_id,
            p.participant_id,
            p.sequence_id,
            p.idempotency_key,
            p.rail_type,
            p.attempt_count + 1 as attempt_no,
            p.attempt_count + 1 - p.budget_base as tries,
            case
                when g.state = 'RETRYABLE' and p.attempt_count + 1 - p.budget_base >= v_ceiling
                    then 'FAILED'
                else g.state
            end as state,
            p.leased_at,
            p.claimed_by,
            p.lease_token,
            p.dispatch_started_at,
            p.redrive_no,
            p.fifo,
            p.tenant_id,
            p.correlation_id,
            p.upstream_ref,
            p.downstream_ref,
            p.nfs_sequence_ref
        from given as g
        cross join
            lateral (
                select
                    q.outbox_id,
                    q.instruction_id,
                    q.participant_id,
                    q.sequence_id,
                    q.idempotency_key,
                    q.rail_type,
                    q.attempt_count,
                    q.budget_base,
                    q.leased_at,
                    q.claimed_by,
                    q.lease_token,
                    q.lease_expires_at,
                    q.dispatch_started_at,
                    q.redrive_no,
                    q.fifo,
                    q.tenant_id,
                    q.correlation_id,
                    q.upstream_ref,
                    q.downstream_ref,
                    q.nfs_sequence_ref
                from public.payment_outbox_pending as q
                where
                    q.outbox_id = g.outbox_id
                    and q.lease_token = g.lease_token
                    and q.claimed_by = p_worker_id
                    and q.hold is null
                order by q.outbox_id
                limit 1
                for update
            ) as p
        where p.lease_expires_at > clock_timestamp()
    ),

    recorded as (
        insert into public.payment_outbox_attempts (
            attempt_id, outbox_id, instruction_id, participant_id, sequence_id, idempotency_key,
            rail_type, attempt_no, state, claimed_at, completed_at, rail_reference, rail_code,
            error_code, error_message, latency_ms,
            worker_id, lease_token, dispatch_started_at, redrive_no,
            tenant_id, correlation_id, upstream_ref, downstream_ref, nfs_sequence_ref
        )
        select
            public._nth_uuid(v_first, v.place), v.outbox_id, v.instruction_id, v.participant_id,
            v.sequence_id, v.idempotency_key,
            v.rail_type, v.attempt_no, v.state, coalesce(v.leased_at, v.moment), v.moment,
            v.rail_reference,
            left(v.rail_code, 100), left(v.error_code, 100), left(v.error_message, 2000),
            case when v.latency_ms >= 0 then v.latency_ms end,
            v.claimed_by, v.lease_token, v.dispatch_started_at, v.redrive_no,
            v.tenant_id, v.correlation_id, v.upstream_ref, v.downstream_ref, v.nfs_sequence_ref
        from valid as v
    ),

    ended as (
        delete from public.payment_outbox_pending as p
        using valid as v
        where p.outbox_id = v.outbox_id and v.state <> 'RETRYABLE'
    ),

    requeued as (
        update public.payment_outbox_pending as p
        set
            attempt_count = v.attempt_no,
            next_attempt_at = v.moment + public._retry_delay(
                v.rail_type, v.tries, v.retry_delay_seconds
            ),
            claimed_by = null,
            lease_token = null,
            leased_at = null,
            lease_expires_at = null,
            dispatch_started_at = null
        from valid as v
        where p.outbox_id = v.outbox_id and v.state = 'RETRYABLE'
    )

    select
        array_agg(v.outbox_id order by v.place),
        array_agg(v.lease_token order by v.place),
        array_agg(v.attempt_no order by v.place),
        array_agg(v.state order by v.place),
        array_agg(v.participant_id) filter (where v.fifo)
    into v_ids, v_recorded, v_numbers, v_states, v_participants
    from valid as v;

    if v_participants is not null then
        perform public._advance_participants(v_participants);
    end if;

    if coalesce(cardinality(v_recorded), 0) < cardinality(p_outbox_ids) then
        return query
        select j.outbox_id, j.lease_token, j.outcome, j.attempt_no, j.state
        from public._judge_late_results(
            p_worker_id, p_outbox_ids, p_lease_tokens, p_states, p_rail_references, p_rail_codes,
            p_error_codes, p_error_messages, p_latency_ms, coalesce(v_recorded, '{}')
        ) as j;
        return;
    end if;

    return query
    select r.outbox_id, r.lease_token, 'RECORDED'::text, r.attempt_no, r.state
    from unnest(v_ids, v_recorded, v_numbers, v_states) as r (
        outbox_id, lease_token, attempt_no, state
    );
end;
$function$;
comment on function public.complete_outbox_attempts(
    text, uuid[], uuid[], public.outbox_attempt_state[], text[], text[], text[], text[], integer[],
    integer[]
) is
'Ends many leased attempts; what came too late is an outcome, kept as evidence.';
revoke all on function public.complete_outbox_attempts(
    text, uuid[], uuid[], public.outbox_attempt_state[], text[], text[], text[], text[], integer[],
    integer[]
) from public;
grant execute on function public.complete_outbox_attempts(
    text, uuid[], uuid[], public.outbox_attempt_state[], text[], text[], text[], text[], integer[],
    integer[]
) to symphony_control, symphony_executor;
