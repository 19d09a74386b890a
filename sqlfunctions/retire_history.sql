-- retire_history: looks at the next p_limit ended items in the order of their ids, beginning after
-- p_after, and retires those that _retention_verdicts allows: a row of payment_outbox_outcomes says
-- for life how the item ended, a row of ledger_retired_leaves per attempt keeps its hash for the
-- seals, then its attempts are deleted. Identities, attestations, late
-- results and everything on the queue stay. Calls with p_after => last_outbox_id, each in a
-- transaction of its own, pass over the whole history; whoever begins anew after a break only loses
-- the time to look. last_outbox_id is null when nothing was left to look at.
-- Locks: the identities of the items (for update skip locked), which redriving locks too. Raises:
-- P711C actor or reason, P711F horizon, limit or isolation level, P0001 if an attempt appeared in
-- the meantime.
create or replace function public.retire_history(
    p_before timestamptz,
    p_limit integer,
    p_actor text,
    p_reason text,
    p_after uuid default null
)
returns table (
    run_id uuid,
    examined integer,
    items integer,
    attempts bigint,
    bytes bigint,
    last_outbox_id uuid
)
language plpgsql
volatile
security definer
set search_path = pg_catalog, public, pg_temp
as $function$
declare
    v_examined uuid[];
    v_locked uuid[];
    v_retired uuid[];
    v_run_id uuid;
    v_attempts bigint;
    v_bytes bigint;
    v_deleted bigint;
begin
    perform public._require_operator(p_actor, p_reason);
    if p_limit is null or p_limit not between 1 and 10000 then
        raise exception 'p_limit: must be between 1 and 10000'
            using
                errcode = 'P711F',
                column = 'p_limit',
                constraint = 'between 1 and 10000';
    end if;
    perform public._require_horizon(p_before);
    -- An older snapshot would not see what was redriven since.
    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'retire_history: must run at READ COMMITTED'
            using
                errcode = 'P711F',
                column = 'transaction_isolation',
                constraint = 'read committed';
    end if;

    select array_agg(ended.outbox_id order by ended.outbox_id) into v_examined
    from (
        select distinct a.outbox_id
        from public.payment_outbox_attempts as a
        where
            a.state in ('DISPATCHED', 'FAILED')
            and (p_after is null or a.outbox_id > p_after)
        order by a.outbox_id
        limit p_limit
    ) as ended;
    if v_examined is null then
        return query
        select null::uuid, 0, 0, 0::bigint, 0::bigint, null::uuid;
        return;
    end if;

    select array_agg(held.outbox_id) into v_locked
    from (
        select i.outbox_id
        from public.payment_outbox_identities as i
        where i.outbox_id = any(v_examined)
        order by i.outbox_id
        for update skip locked
    ) as held;
    -- A statement of its own: it sees what was committed before the locks were had.
    select array_agg(v.outbox_id), sum(v.attempts), sum(v.bytes)
    into v_retired, v_attempts, v_bytes
    from public._retention_verdicts(v_locked, p_before) as v
    where v.verdict = 'RETIRE';

    if v_retired is not null then
        insert into public.ledger_retention_runs as r (
            actor, reason, horizon, items, attempts, bytes
        )
        values (
            btrim(p_actor), btrim(p_reason), p_before, cardinality(v_retired), v_attempts, v_bytes
        )
        returning r.run_id into v_run_id;

        insert into public.payment_outbox_outcomes (
            outbox_id, run_id, sequence_id, state, attempts, first_claimed_at, completed_at,
            rail_reference, error_code, digest, payload
        )
        select
            i.outbox_id, v_run_id, latest.sequence_id, latest.state, latest.attempt_no,
            earliest.claimed_at,
            coalesce(latest.completed_at, latest.created_at),
            latest.rail_reference, latest.error_code,
            public._attempts_digest(i.outbox_id),
            case when i.payload is null then latest.payload::text::json end
        from public.payment_outbox_identities as i
        left join lateral (
            select
                a.sequence_id,
                a.state,
                a.attempt_no,
                a.completed_at,
                a.created_at,
                a.rail_reference,
                a.error_code,
                a.payload
            from public.payment_outbox_attempts as a
            where a.outbox_id = i.outbox_id
            order by a.attempt_no desc
            limit 1
        ) as latest on true
        left join lateral (
            select a.claimed_at
            from public.payment_outbox_attempts as a
            where a.outbox_id = i.outbox_id
            order by a.attempt_no
            limit 1
        ) as earliest on true
        where i.outbox_id = any(v_retired);

        insert into public.ledger_retired_leaves (
            attempt_id, outbox_id, attempt_no, ledger_position, leaf
        )
        select
            a.attempt_id, a.outbox_id, a.attempt_no, a.ledger_position, public._attempt_leaf(a)
        from public.payment_outbox_attempts as a
        where a.outbox_id = any(v_retired);

        delete from public.payment_outbox_attempts as a
        where a.outbox_id = any(v_retired);
        get diagnostics v_deleted = row_count;
        if v_deleted <> v_attempts then
            raise exception 'retire_history: % attempts were seen, % deleted', v_attempts, v_deleted
                using errcode = 'P0001', hint = 'Somebody writes attempts by hand; try again.';
        end if;
    end if;

    return query
    select
        v_run_id,
        cardinality(v_examined),
        coalesce(cardinality(v_retired), 0),
        coalesce(v_attempts, 0),
        coalesce(v_bytes, 0),
        v_examined[cardinality(v_examined)];
end;
$function$;
comment on function public.retire_history(timestamptz, integer, text, text, uuid) is
'Retires the attempts of one batch of ended items; their outcomes stay for life.';
revoke all on function public.retire_history(timestamptz, integer, text, text, uuid) from public;
grant execute on function public.retire_history(timestamptz, integer, text, text, uuid)
to symphony_control;
