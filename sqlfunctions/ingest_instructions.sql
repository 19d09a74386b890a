-- ingest_instructions: accepts many instructions at once, each with its attestation (see
-- ingest_instruction). Outcomes: ACCEPTED, REPLAYED with the first acknowledgement, CONFLICT where
-- the key or the instruction is bound to other content; nothing is written for a conflict. An
-- invalid item or a refused tenant refuses the whole batch: the DETAIL names its place, from 1.
-- Locks: the identities' keys, then the participants' counter rows, in their order, until commit.
-- Raises: P7102 tenant refused, P7112 to P7116 invalid argument, P7118 number of items, P7101 the
-- instruction was accepted under another key a moment ago, 40001 above READ COMMITTED.
create or replace function public.ingest_instructions(
    p_tenant_ids uuid[],
    p_instruction_ids text[],
    p_participant_ids text[],
    p_idempotency_keys text[],
    p_rail_types text[],
    p_payloads text[],
    p_correlation_ids uuid[] default null
)
returns table (
    place bigint,
    outcome text,
    attestation_id uuid,
    outbox_id uuid,
    sequence_id bigint,
    received_at timestamptz,
    payload_hash text,
    state text
)
language plpgsql
volatile
security definer
set search_path = pg_catalog, public, pg_temp
as $function$
declare
    v_place bigint;
    v_places bigint[];
    v_outbox_ids uuid[];
    v_sequence_ids bigint[];
    v_created_at timestamptz[];
    v_states text[];
    v_outcomes text[];
    v_attested bigint;
begin
    if cardinality(p_tenant_ids) is distinct from cardinality(p_instruction_ids) then
        raise exception 'p_instruction_ids: must be 1 to 50000 items, all lists as long'
            using
                errcode = 'P7118',
                column = 'p_instruction_ids',
                constraint = '1 to 50000 items, all lists as long';
    end if;
    select g.place into v_place
    from unnest(p_tenant_ids) with ordinality as g (tenant_id, place)
    left join public.tenants as t on g.tenant_id = t.tenant_id and t.status = 'ACTIVE'
    where t.tenant_id is null
    order by g.place
    limit 1;
    if found then
        raise exception 'p_tenant_ids: is not an active tenant'
            using
                errcode = 'P7102',
                column = 'p_tenant_ids',
                constraint = 'an active tenant',
                detail = format('item %s', v_place);
    end if;

    select
        array_agg(i.place order by i.place),
        array_agg(i.outbox_id order by i.place),
        array_agg(i.sequence_id order by i.place),
        array_agg(i.created_at order by i.place),
        array_agg(i.state order by i.place),
        array_agg(i.outcome order by i.place)
    into v_places, v_outbox_ids, v_sequence_ids, v_created_at, v_states, v_outcomes
    from public._enqueue_outbox_items(
        p_tenant_ids => p_tenant_ids,
        p_instruction_ids => p_instruction_ids,
        p_participant_ids => p_participant_ids,
        p_idempotency_keys => p_idempotency_keys,
        p_rail_types => p_rail_types,
        p_payloads => p_payloads,
        p_correlation_ids => p_correlation_ids,
        p_one_key_per_instruction => true
    ) as i;

    insert into public.ingress_attestations as t (
        instruction_id, tenant_id, payload_hash, received_at, participant_id, correlation_id
    )
    select
        g.instruction_id, g.tenant_id, encode(sha256(convert_to(g.payload, 'UTF8')), 'hex'),
        g.created_at, g.participant_id, g.correlation_id
    from
        unnest(
            p_tenant_ids, p_instruction_ids, p_participant_ids, p_payloads, p_correlation_ids,
            v_created_at, v_outcomes
        )
            as g (
                tenant_id, instruction_id, participant_id, payload, correlation_id, created_at,
                outcome
            )
    where g.outcome = 'ACCEPTED'
    order by g.tenant_id, g.instruction_id
    on conflict (tenant_id, instruction_id) do nothing;
    get diagnostics v_attested = row_count;
    if v_attested < cardinality(array_positions(v_outcomes, 'ACCEPTED')) then
        raise exception 'p_instruction_ids: one was accepted before under another idempotency key'
            using
                errcode = 'P7101',
                column = 'p_instruction_ids',
                constraint = 'one instruction, one key';
    end if;

    return query
    select
        g.place,
        g.outcome,
        t.attestation_id,
        g.outbox_id,
        g.sequence_id,
        t.received_at,
        t.payload_hash,
        g.state
    from
        unnest(
            v_places, v_outcomes, p_tenant_ids, p_instruction_ids, v_outbox_ids, v_sequence_ids,
            v_states
        ) as g (place, outcome, tenant_id, instruction_id, outbox_id, sequence_id, state)
    left join public.ingress_attestations as t
        on
            g.tenant_id = t.tenant_id
            and g.instruction_id = t.instruction_id
            and g.outcome <> 'CONFLICT'
    order by g.place;
end;
$function$;
comment on function public.ingest_instructions(
    uuid[], text[], text[], text[], text[], text[], uuid[]
) is
'Accepts many instructions at once; replays and conflicts are outcomes.';
revoke all on function public.ingest_instructions(
    uuid[], text[], text[], text[], text[], text[], uuid[]
) from public;
grant execute on function public.ingest_instructions(
    uuid[], text[], text[], text[], text[], text[], uuid[]
) to symphony_control, symphony_ingest;
