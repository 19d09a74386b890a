-- _enqueue_outbox_items: many items onto the outbox in one statement, each once per (tenant,
-- instruction, key). Outcomes: ACCEPTED, REPLAYED (the same content was accepted before, in this
-- batch or earlier) and CONFLICT (the key, or where asked the instruction, is bound to other
-- content; nothing was written for it). Every participant's counter moves once, or not at all
-- where the participant is numbered monotonically.
-- Locks: the identities' keys in the order of (instruction, key, tenant), then the participants'
-- counter rows in their order, until commit: two batches never deadlock. Raises: P7112 to P7116
-- invalid argument, P7118 number of items, 40001 above READ COMMITTED. The planner takes the lists
-- for short: it may not join them by nested loops, which 50000 participants make quadratic. The
-- sorts carry payloads: in less memory they would go by way of files.
create or replace function public._enqueue_outbox_items(
    p_tenant_ids uuid[],
    p_instruction_ids text[],
    p_participant_ids text[],
    p_idempotency_keys text[],
    p_rail_types text[],
    p_payloads text[],
    p_correlation_ids uuid[],
    p_one_key_per_instruction boolean
)
returns table (
    place bigint,
    outbox_id uuid,
    sequence_id bigint,
    created_at timestamptz,
    state text,
    outcome text
)
language plpgsql
volatile
set search_path = pg_catalog, public, pg_temp
set enable_nestloop = off
set work_mem = '32MB'
as $function$
declare
    v_place bigint;
    v_first uuid := public.uuid_v7_or_random();
    v_ordered boolean := exists (
        select from public.outbox_controls as c where c.ordering <> 'NONE'
    );
    v_places bigint[];
    v_outbox_ids uuid[];
    v_numbers bigint[];
    v_times timestamptz[];
begin
    if coalesce(cardinality(p_instruction_ids), 0) not between 1 and 50000
        or cardinality(p_participant_ids) is distinct from cardinality(p_instruction_ids)
        or cardinality(p_idempotency_keys) is distinct from cardinality(p_instruction_ids)
        or cardinality(p_rail_types) is distinct from cardinality(p_instruction_ids)
        or cardinality(p_payloads) is distinct from cardinality(p_instruction_ids)
        or cardinality(p_tenant_ids) <> cardinality(p_instruction_ids)
        or cardinality(p_correlation_ids) <> cardinality(p_instruction_ids)
    then
        raise exception 'p_instruction_ids: must be 1 to 50000 items, all lists as long'
            using
                errcode = 'P7118',
                column = 'p_instruction_ids',
                constraint = '1 to 50000 items, all lists as long';
    end if;
    perform public._require_texts('p_instruction_ids', p_instruction_ids, 'P7112');
    perform public._require_texts('p_participant_ids', p_participant_ids, 'P7113');
    perform public._require_texts('p_idempotency_keys', p_idempotency_keys, 'P7114');
    perform public._require_texts('p_rail_types', p_rail_types, 'P7115');
    select g.place into v_place
    from unnest(p_payloads) with ordinality as g (payload, place)
    where
        g.payload is null
        or octet_length(g.payload) > 1048576
        or not pg_input_is_valid(g.payload, 'jsonb')
        or not g.payload is json object with unique keys
    order by g.place
    limit 1;
    if found then
        raise exception 'p_payloads: must be JSON objects with unique keys, at most 1048576 bytes'
            using
                errcode = 'P7116',
                column = 'p_payloads',
                constraint = 'JSON objects with unique keys, at most 1048576 bytes',
                detail = format('item %s', v_place);
    end if;

    with given as materialized (
        select
            g.tenant_id,
            g.instruction_id,
            g.participant_id,
            g.idempotency_key,
            g.rail_type,
            g.payload,
            g.correlation_id,
            g.place,
            public._nth_uuid(v_first, g.place) as new_id,
            clock_timestamp() as moment,
            row_number() over (
                partition by g.instruction_id, g.idempotency_key, g.tenant_id order by g.place
            ) as nth_of_key,
            first_value(g.idempotency_key) over (
                partition by g.instruction_id, g.tenant_id order by g.place
            ) as first_key
        from unnest(
            p_tenant_ids, p_instruction_ids, p_participant_ids, p_idempotency_keys, p_rail_types,
            p_payloads, p_correlation_ids
        ) with ordinality as g (
            tenant_id, instruction_id, participant_id, idempotency_key, rail_type, payload,
            correlation_id, place
        )
    ),

    registered as (
        insert into public.payment_outbox_identities as i (
            outbox_id, tenant_id, instruction_id, idempotency_key, participant_id, rail_type,
            fingerprint, payload, payload_sum, created_at
        )
        select
            g.new_id, g.tenant_id, g.instruction_id, g.idempotency_key, g.participant_id,
            g.rail_type, public._payment_fingerprint(g.participant_id, g.rail_type, g.payload),
            g.payload::json, hashtextextended(g.payload, 0), g.moment
        from given as g
        where
            g.nth_of_key = 1
            and not (
                p_one_key_per_instruction
                and (
                    g.first_key <> g.idempotency_key
                    or exists (
                        select
                        from public.payment_outbox_identities as other
                        where
                            other.instruction_id = g.instruction_id
                            and other.tenant_id = g.tenant_id
                            and other.idempotency_key <> g.idempotency_key
                    )
                )
            )
        order by g.instruction_id, g.idempotency_key, g.tenant_id
        on conflict on constraint ux_outbox_identities_key do nothing
        returning i.outbox_id, i.participant_id, i.created_at
    ),

    counted as (
        insert into public.participant_outbox_sequences as s (participant_id, next_sequence_id)
        select
            r.participant_id,
            count(*) + 1 as next_sequence_id
        from registered as r
        group by r.participant_id
        order by r.participant_id
        on conflict (participant_id) do update
            set
                next_sequence_id = s.next_sequence_id
                + case when s.monotonic_from is null then excluded.next_sequence_id - 1 else 0 end
        returning s.participant_id, s.next_sequence_id, s.monotonic_from
    ),

    numbered as (
        select
            g.new_id,
            g.instruction_id,
            g.participant_id,
            g.idempotency_key,
            g.rail_type,
            g.tenant_id,
            g.correlation_id,
            r.created_at,
            c.next_sequence_id,
            c.monotonic_from,
            row_number() over (
                partition by g.participant_id order by g.place desc
            ) as nth_from_last
        from registered as r
        inner join given as g on r.outbox_id = g.new_id
        inner join counted as c on r.participant_id = c.participant_id
        order by g.place
    ),

    queued as (
        insert into public.payment_outbox_pending as p (
            outbox_id, instruction_id, participant_id, sequence_id, idempotency_key, rail_type,
            next_attempt_at, created_at, fifo, tenant_id, correlation_id
        )
        select
            g.new_id, g.instruction_id, g.participant_id,
            case
                when g.monotonic_from is null then g.next_sequence_id - g.nth_from_last
                else g.monotonic_from + nextval('public.participant_outbox_numbers')
            end as sequence_id,
            g.idempotency_key, g.rail_type,
            g.created_at as due_at, g.created_at,
            v_ordered and public._ordered_by_participant(g.rail_type, g.tenant_id),
            g.tenant_id, g.correlation_id
        from numbered as g
        returning p.outbox_id, p.sequence_id, p.created_at
    )

    select
        array_agg(g.place order by g.place),
        array_agg(q.outbox_id order by g.place),
        array_agg(q.sequence_id order by g.place),
        array_agg(q.created_at order by g.place)
    into v_places, v_outbox_ids, v_numbers, v_times
    from queued as q
    inner join given as g on q.outbox_id = g.new_id;

    if cardinality(v_places) = cardinality(p_instruction_ids) then
        return query
        select f.place, f.outbox_id, f.sequence_id, f.created_at, 'PENDING'::text, 'ACCEPTED'::text
        from unnest(v_places, v_outbox_ids, v_numbers, v_times) as f (
            place, outbox_id, sequence_id, created_at
        );
        return;
    end if;

    -- The first answer may have given up its wait for a standby. A record for nobody makes this
    -- commit wait too: what is said is on the standby.
    perform pg_logical_emit_message(true, 'ledgerdb', 'replay');
    -- Few replays are looked up by index in a registry of any size; the function's end resets this.
    perform set_config('enable_nestloop', 'on', true);
    -- A statement of its own: it sees what other sessions committed while this one waited for them.
    return query
    select
        g.place,
        case when r.same then i.outbox_id end,
        case when r.same then coalesce(fresh.sequence_id, r.sequence_id) end,
        case when r.same then i.created_at end,
        case
            when not r.same then null
            when fresh.place is not null then 'PENDING'
            else r.state
        end,
        case
            when fresh.place is not null then 'ACCEPTED'
            when r.same then 'REPLAYED'
            else 'CONFLICT'
        end
    from
        unnest(
            p_tenant_ids, p_instruction_ids, p_participant_ids, p_idempotency_keys, p_rail_types,
            p_payloads
        ) with ordinality
            as g (
                tenant_id, instruction_id, participant_id, idempotency_key, rail_type, payload,
                place
            )
    left join unnest(v_places, v_numbers) as fresh (place, sequence_id) on g.place = fresh.place
    left join public.payment_outbox_identities as i
        on
            g.instruction_id = i.instruction_id
            and g.idempotency_key = i.idempotency_key
            and g.tenant_id is not distinct from i.tenant_id
    cross join
        lateral (
            select
                coalesce(
                    public._is_bound_to(
                        i.fingerprint, g.participant_id, g.rail_type, g.payload
                    ),
                    false
                ) as same,
                known.sequence_id,
                known.state
            from public._outcome_of(case when fresh.place is null then i.outbox_id end) as known
        ) as r
    order by g.place;
end;
$function$;
comment on function public._enqueue_outbox_items(
    uuid[], text[], text[], text[], text[], text[], uuid[], boolean
) is
'Private: enqueues many items, each once per key; conflicts and replays are outcomes.';
revoke all on function public._enqueue_outbox_items(
    uuid[], text[], text[], text[], text[], text[], uuid[], boolean
) from public;
