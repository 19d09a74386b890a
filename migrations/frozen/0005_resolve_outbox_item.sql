-- resolve_outbox_item: an operator ends the doubt about an item, with what the rail said under its
-- rail key: DISPATCHED (sent; with the rail's reference, or the late result that says it), FAILED
-- (received and rejected) or REQUEUE (never received). The attempt in doubt gets its row, with the
-- lease's own token, worker and times. Whoever resolves against a late result that says DISPATCHED
-- must name it. The same resolution again returns the same row; p_attempt_no, the number that the
-- operator saw in doubt, keeps a repetition from ending a later doubt.
-- Locks: the item on the queue. Raises: P7003 no such resolution, P7004 the item is not in doubt,
-- or the evidence speaks against it, P7006 no such item or late result, P711B rail reference,
-- P711C actor, reason or evidence.
create or replace function public.resolve_outbox_item(
    p_outbox_id uuid,
    p_resolution text,
    p_actor text,
    p_reason text,
    p_rail_reference text default null,
    p_rail_code text default null,
    p_late_result_id uuid default null,
    p_evidence jsonb default '{}',
    p_attempt_no integer default null
)
returns table (attempt_no integer, state public.outbox_attempt_state)
language plpgsql
volatile
security definer
set search_path = pg_catalog, public, pg_temp
as $function$
declare
    v_token uuid;
    v_in_doubt_no integer;
    v_late record;
    v_reference text := p_rail_reference;
    v_attempt_no integer;
    v_state text;
begin
    perform public._require_operator(p_actor, p_reason);
    if p_resolution is null or p_resolution not in ('DISPATCHED', 'FAILED', 'REQUEUE') then
        raise exception 'p_resolution: must be DISPATCHED, FAILED or REQUEUE'
            using
                errcode = 'P7003',
                column = 'p_resolution',
                constraint = 'DISPATCHED, FAILED or REQUEUE';
    end if;
    if length(p_rail_reference) > 500
        or btrim(p_rail_reference) = ''
        or (p_resolution = 'DISPATCHED' and num_nulls(p_rail_reference, p_late_result_id) = 2)
    then
        raise exception 'p_rail_reference: must be 1 to 500 characters, and is proof of DISPATCHED'
            using
                errcode = 'P711B',
                column = 'p_rail_reference',
                constraint = '1 to 500 characters, not only blanks; proof of DISPATCHED';
    end if;
    if jsonb_typeof(p_evidence) <> 'object' or octet_length(p_evidence::text) > 65536 then
        raise exception 'p_evidence: must be a JSON object, at most 65536 bytes'
            using
                errcode = 'P711C',
                column = 'p_evidence',
                constraint = 'a JSON object, at most 65536 bytes';
    end if;

    perform
    from public.payment_outbox_pending as p
    where p.outbox_id = p_outbox_id
    for update;
    -- A doubt that no claim and no repair has met yet.
    if exists (
        select
        from public.payment_outbox_pending as p
        where
            p.outbox_id = p_outbox_id
            and p.hold is null
            and p.dispatch_started_at is not null
            and p.lease_expires_at <= clock_timestamp()
    ) then
        perform public._close_expired_leases(
            array[p_outbox_id], btrim(p_actor), clock_timestamp(), interval '0'
        );
    end if;
    select
        p.lease_token,
        p.attempt_count + 1 as attempt_no
    into v_token, v_in_doubt_no
    from public.payment_outbox_pending as p
    where p.outbox_id = p_outbox_id and p.hold = 'IN_DOUBT';

    if not found then
        return query
        select a.attempt_no, a.state
        from (
            select
                o.detail ->> 'resolution' as resolution,
                (o.detail ->> 'attempt_no')::integer as attempt_no
            from public.payment_outbox_operator_actions as o
            where o.outbox_id = p_outbox_id and o.action = 'RESOLVE'
            order by o.created_at desc
            limit 1
        ) as latest
        inner join public.payment_outbox_attempts as a
            on a.outbox_id = p_outbox_id and latest.attempt_no = a.attempt_no
        where
            latest.resolution = p_resolution
            and latest.attempt_no = coalesce(p_attempt_no, latest.attempt_no)
            and (p_rail_reference is null or a.rail_reference = p_rail_reference);
        if found then
            -- The first answer may have given up its wait for a standby. A record for nobody makes
            -- this commit wait too: what is said is on the standby.
            perform pg_logical_emit_message(true, 'ledgerdb', 'replay');
            return;
        end if;
        if not exists (
            select
            from public.payment_outbox_identities as i
            where i.outbox_id = p_outbox_id
        ) then
            raise exception 'outbox item %: there is no such item', p_outbox_id
                using errcode = 'P7006', column = 'p_outbox_id', constraint = 'a known item';
        end if;
    end if;
    if v_in_doubt_no is null or v_in_doubt_no <> p_attempt_no then
        raise exception 'outbox item %: it is not in doubt about this attempt', p_outbox_id
            using errcode = 'P7004', hint = 'See payment_outbox_in_doubt.';
    end if;

    if p_late_result_id is not null then
        select
            l.state,
            l.rail_reference
        into v_late
        from public.payment_outbox_late_results as l
        where
            l.late_result_id = p_late_result_id
            and l.outbox_id = p_outbox_id
            and l.lease_token = v_token;
        if not found then
            raise exception 'late result %: it is not of the attempt in doubt', p_late_result_id
                using
                    errcode = 'P7006',
                    column = 'p_late_result_id',
                    constraint = 'a late result of the attempt in doubt';
        end if;
        if p_resolution = 'DISPATCHED' then
            v_reference := coalesce(p_rail_reference, v_late.rail_reference);
            if v_late.state <> 'DISPATCHED'
                or v_reference is null
                or v_reference <> coalesce(v_late.rail_reference, v_reference)
            then
                raise exception 'late result %: it does not prove this', p_late_result_id
                    using errcode = 'P7004', column = 'p_late_result_id';
            end if;
        end if;
    elsif p_resolution <> 'DISPATCHED' and exists (
        select
        from public.payment_outbox_late_results as l
        where
            l.outbox_id = p_outbox_id
            and l.lease_token = v_token
            and l.state = 'DISPATCHED'
    ) then
        raise exception 'outbox item %: a late result says DISPATCHED', p_outbox_id
            using
                errcode = 'P7004',
                hint = 'Name it as p_late_result_id to decide against it.';
    end if;

    select r.attempt_no, r.state into v_attempt_no, v_state
    from public._record_by_operator(
        p_outbox_id,
        case p_resolution
            when 'REQUEUE' then 'ZOMBIE_REQUEUE' else p_resolution
        end::public.outbox_attempt_state,
        btrim(p_actor), v_reference, p_rail_code,
        case p_resolution
            when 'FAILED' then 'IN_DOUBT_REJECTED'
            when 'REQUEUE' then 'IN_DOUBT_NOT_SENT'
        end,
        case when p_resolution <> 'DISPATCHED' then btrim(p_reason) end,
        interval '0'
    ) as r;

    insert into public.payment_outbox_operator_actions (action, outbox_id, actor, reason, detail)
    values (
        'RESOLVE', p_outbox_id, btrim(p_actor), btrim(p_reason),
        jsonb_build_object(
            'resolution', p_resolution,
            'attempt_no', v_attempt_no,
            'state', v_state,
            'rail_reference', v_reference,
            'late_result_id', p_late_result_id,
            'evidence', coalesce(p_evidence, '{}')
        )
    );
    return query
    select v_attempt_no, v_state::public.outbox_attempt_state;
end;
$function$;
comment on function public.resolve_outbox_item(
    uuid, text, text, text, text, text, uuid, jsonb, integer
) is
'Ends the doubt about an item with what the rail said: DISPATCHED, FAILED or REQUEUE.';
revoke all on function public.resolve_outbox_item(
    uuid, text, text, text, text, text, uuid, jsonb, integer
) from public;
grant execute on function public.resolve_outbox_item(
    uuid, text, text, text, text, text, uuid, jsonb, integer
) to symphony_control;
