-- claim_outbox_items: leases up to p_batch_size due items to a worker, oldest due first, or in
-- equal shares of the tenants where the queue is set to be fair. A lease that ran out is closed in
-- the same call (see _close_expired_leases), so that no crash goes uncounted and the ceiling holds.
-- Items of a paused scope, items behind an earlier one of their participant, and items whose
-- payload does not match their fingerprint are put on hold as they are met: no later claim walks
-- over them again. The fingerprint is computed where the payload's quick sum is another one, or
-- there is none: SHA-256 of every payload was a quarter of a claim.
-- Without statistics, as after a bulk insert, the planner would read the whole backlog into a
-- bitmap and sort it: neither that nor a scan of the table is left to it.
-- Locks: the claimed rows (for update skip locked). Raises: P7117 worker id, P7118 limit, P7119
-- lease.
create or replace function public.claim_outbox_items(
    p_batch_size integer,
    p_worker_id text,
    p_lease_seconds integer
)
returns table (
    outbox_id uuid,
    tenant_id uuid,
    instruction_id text,
    participant_id text,
    sequence_id bigint,
    idempotency_key text,
    rail_type text,
    payload json,
    correlation_id uuid,
    attempt_no integer,
    lease_token uuid,
    lease_expires_at timestamptz,
    rail_key text
)
language plpgsql
volatile
security definer
set search_path = pg_catalog, public, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
as $function$
declare
    v_now timestamptz;
    v_expires_at timestamptz;
    v_ids uuid[];
    v_abandoned boolean;
    v_ordered boolean;
    v_controlled boolean;
    v_fair boolean;
    v_met integer;
    v_leased integer;
    v_left integer := p_batch_size;
begin
    if p_batch_size is null or p_batch_size not between 1 and 10000 then
        raise exception 'p_batch_size: must be between 1 and 10000'
            using
                errcode = 'P7118',
                column = 'p_batch_size',
                constraint = 'between 1 and 10000';
    end if;
    perform public._require_text('p_worker_id', p_worker_id, 'P7117');
    if p_lease_seconds is null or p_lease_seconds not between 1 and 86400 then
        raise exception 'p_lease_seconds: must be between 1 and 86400'
            using
                errcode = 'P7119',
                column = 'p_lease_seconds',
                constraint = 'between 1 and 86400';
    end if;

    select coalesce(bool_or(c.paused), false), coalesce(bool_or(c.fair), false)
    into v_controlled, v_fair
    from public.outbox_controls as c;

    -- A round is enough, unless what it met had to be put on hold or ended instead of leased.
    for v_round in 1 .. 20 loop
        v_now := clock_timestamp();
        if v_fair then
            select d.ids, d.abandoned, d.ordered
            into v_ids, v_abandoned, v_ordered
            from public._due_items_fairly(v_left, v_now) as d;
        else
            select d.ids, d.abandoned, d.ordered
            into v_ids, v_abandoned, v_ordered
            from public._due_items(v_left, v_now) as d;
        end if;
        v_met := coalesce(cardinality(v_ids), 0);
        exit when v_met = 0;

        if v_abandoned then
            v_ids := public._close_expired_leases(v_ids, p_worker_id, v_now, interval '0');
        end if;
        if v_controlled then
            v_ids := public._hold_paused_items(v_ids, v_now);
        end if;
        if v_ordered then
            v_ids := public._hold_items_behind(v_ids, v_now);
        end if;

        v_now := clock_timestamp();
        v_expires_at := v_now + make_interval(secs => p_lease_seconds);
        return query
        with leased as (
            update public.payment_outbox_pending as p
            set
                claimed_by = p_worker_id,
                lease_token = gen_random_uuid(),
                leased_at = v_now,
                lease_expires_at = v_expires_at,
                next_attempt_at = v_expires_at,
                dispatch_started_at = null
            from unnest(v_ids) with ordinality as due (outbox_id, place)
            inner join public.payment_outbox_identities as i on due.outbox_id = i.outbox_id
            where
                p.outbox_id = due.outbox_id
                and (
                    (
                        i.payload_sum = hashtextextended(i.payload::text, 0)
                        and i.participant_id = p.participant_id
                        and i.rail_type = p.rail_type
                    )
                    or public._is_bound_to(
                        i.fingerprint, p.participant_id, p.rail_type,
                        coalesce(i.payload::text, p.payload::text)
                    )
                )
            returning
                p.outbox_id, p.tenant_id, p.instruction_id, p.participant_id, p.sequence_id,
                p.idempotency_key, p.rail_type,
                coalesce(i.payload, p.payload::text::json) as payload,
                p.correlation_id, p.attempt_count + 1 as attempt_no, p.lease_token,
                p.lease_expires_at, due.place
        )

        select
            l.outbox_id, l.tenant_id, l.instruction_id, l.participant_id, l.sequence_id,
            l.idempotency_key, l.rail_type, l.payload, l.correlation_id, l.attempt_no,
            l.lease_token, l.lease_expires_at,
            public._rail_key(l.tenant_id, l.instruction_id, l.idempotency_key)
        from leased as l
        order by l.place;
        get diagnostics v_leased = row_count;

        if v_leased < coalesce(cardinality(v_ids), 0) then
            update public.payment_outbox_pending as p
            set hold = 'PAYLOAD_MISMATCH', held_at = v_now, next_attempt_at = 'infinity'
            where p.outbox_id = any(v_ids) and p.leased_at is distinct from v_now;
        end if;
        v_left := v_left - v_leased;
        exit when v_left = 0 or v_leased = v_met;
    end loop;
end;
$function$;
comment on function public.claim_outbox_items(integer, text, integer) is
'Leases due items to a worker, each under a new lease token, with payload and rail key.';
revoke all on function public.claim_outbox_items(integer, text, integer) from public;
grant execute on function public.claim_outbox_items(integer, text, integer)
to symphony_control, symphony_executor;
