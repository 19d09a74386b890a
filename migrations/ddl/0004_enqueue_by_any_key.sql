-- Online route: while the registry has its old key and the new one, whoever enqueues meets both. A
-- conflict that names one of them would let two calls of the same payment, at the same moment, fail
-- on the other (23505); this body of revision 0003 names none. It brings the payload along, for a
-- call that the revision's transaction meets between the identity and the row. That transaction
-- replaces it.
-- Locks: none.
create or replace function public._enqueue_outbox_item(
    p_tenant_id uuid,
    p_instruction_id text,
    p_participant_id text,
    p_idempotency_key text,
    p_rail_type text,
    p_payload jsonb,
    p_correlation_id uuid,
    p_upstream_ref text,
    p_downstream_ref text,
    p_nfs_sequence_ref text
)
returns table (
    outbox_id uuid,
    sequence_id bigint,
    created_at timestamptz,
    state text,
    replayed boolean
)
language plpgsql
volatile
set search_path = pg_catalog, public, pg_temp
as $function$
declare
    v_outbox_id uuid;
    v_created_at timestamptz;
    v_sequence_id bigint;
    v_state text;
    v_fingerprint bytea;
    v_bound_fingerprint bytea;
begin
    perform public._require_text('p_instruction_id', p_instruction_id, 'P7112');
    perform public._require_text('p_participant_id', p_participant_id, 'P7113');
    perform public._require_text('p_idempotency_key', p_idempotency_key, 'P7114');
    perform public._require_text('p_rail_type', p_rail_type, 'P7115');
    if p_payload is null or jsonb_typeof(p_payload) <> 'object' then
        raise exception 'p_payload: must be a JSON object'
            using
                errcode = 'P7116',
                column = 'p_payload',
                constraint = 'a JSON object';
    end if;
    v_fingerprint := public._outbox_fingerprint(p_participant_id, p_rail_type, p_payload);

    insert into public.payment_outbox_identities as i (
        tenant_id, instruction_id, idempotency_key, participant_id, rail_type, fingerprint, payload
    )
    values (
        p_tenant_id, p_instruction_id, p_idempotency_key, p_participant_id, p_rail_type,
        v_fingerprint, p_payload::text::json
    )
    on conflict do nothing
    returning i.outbox_id, i.created_at into v_outbox_id, v_created_at;

    if found then
        v_sequence_id := public.bump_participant_outbox_seq(p_participant_id);
        insert into public.payment_outbox_pending (
            outbox_id, instruction_id, participant_id, sequence_id, idempotency_key, rail_type,
            payload,
            created_at, tenant_id, correlation_id, upstream_ref, downstream_ref, nfs_sequence_ref
        )
        values (
            v_outbox_id, p_instruction_id, p_participant_id, v_sequence_id, p_idempotency_key,
            p_rail_type, p_payload,
            v_created_at, p_tenant_id, p_correlation_id, p_upstream_ref, p_downstream_ref,
            p_nfs_sequence_ref
        );
        return query
        select v_outbox_id, v_sequence_id, v_created_at, 'PENDING'::text, false;
        return;
    end if;

    -- One snapshot for all three: an item is on the queue, or its last attempt says how it ended.
    select
        i.outbox_id,
        i.created_at,
        i.fingerprint,
        coalesce(p.sequence_id, latest.sequence_id),
        case when p.outbox_id is not null then 'PENDING' else latest.state::text end
    into v_outbox_id, v_created_at, v_bound_fingerprint, v_sequence_id, v_state
    from public.payment_outbox_identities as i
    left join public.payment_outbox_pending as p on i.outbox_id = p.outbox_id
    left join lateral (
        select a.sequence_id, a.state
        from public.payment_outbox_attempts as a
        where a.outbox_id = i.outbox_id
        order by a.attempt_no desc
        limit 1
    ) as latest on true
    where
        i.tenant_id is not distinct from p_tenant_id
        and i.instruction_id = p_instruction_id
        and i.idempotency_key = p_idempotency_key;
    if v_bound_fingerprint <> v_fingerprint then
        raise exception 'p_idempotency_key: is bound to another participant, rail or payload'
            using
                errcode = 'P7101',
                column = 'p_idempotency_key',
                constraint = 'one key, one payment';
    end if;

    return query
    select v_outbox_id, v_sequence_id, v_created_at, v_state, true;
end;
$function$;
