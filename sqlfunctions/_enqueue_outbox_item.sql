-- _enqueue_outbox_item: the one way onto the outbox. The unique key of payment_outbox_identities
-- decides who is first, at every isolation level and without advisory locks: a second session waits
-- for the first one's commit, then replays. Identity, number and queue row are one statement: each
-- statement that a plpgsql function runs costs a payment's time.
-- Locks: the identity's key and, for a new item, the participant's counter row, until commit.
-- Raises: P7112 to P7116 invalid argument, P7101 the key is bound to other content, 40001 above
-- READ COMMITTED.
create or replace function public._enqueue_outbox_item(
    p_tenant_id uuid,
    p_instruction_id text,
    p_participant_id text,
    p_idempotency_key text,
    p_rail_type text,
    p_payload text,
    p_correlation_id uuid,
    p_upstream_ref text,
    p_downstream_ref text,
    p_nfs_sequence_ref text,
    out outbox_id uuid,
    out sequence_id bigint,
    out created_at timestamptz,
    out state text,
    out replayed boolean
)
returns record
language plpgsql
volatile
set search_path = pg_catalog, public, pg_temp
as $function$
declare
    v_bound_fingerprint bytea;
begin
    if not (
        public._is_identifier(p_instruction_id)
        and public._is_identifier(p_participant_id)
        and public._is_identifier(p_idempotency_key)
        and public._is_identifier(p_rail_type)
    ) then
        perform public._require_text('p_instruction_id', p_instruction_id, 'P7112');
        perform public._require_text('p_participant_id', p_participant_id, 'P7113');
        perform public._require_text('p_idempotency_key', p_idempotency_key, 'P7114');
        perform public._require_text('p_rail_type', p_rail_type, 'P7115');
    end if;
    if p_payload is null
        or octet_length(p_payload) > 1048576
        or p_payload is not json object
    then
        raise exception 'p_payload: must be a JSON object, at most 1048576 bytes'
            using
                errcode = 'P7116',
                column = 'p_payload',
                constraint = 'a JSON object, at most 1048576 bytes';
    end if;

    with identity as (
        insert into public.payment_outbox_identities as i (
            tenant_id, instruction_id, idempotency_key, participant_id, rail_type, fingerprint,
            payload, created_at
        )
        values (
            p_tenant_id, p_instruction_id, p_idempotency_key, p_participant_id, p_rail_type,
            public._payment_fingerprint(p_participant_id, p_rail_type, p_payload),
            p_payload::json, clock_timestamp()
        )
        on conflict on constraint ux_outbox_identities_key do nothing
        returning i.outbox_id, i.created_at
    ),

    counter as (
        insert into public.participant_outbox_sequences as s (participant_id, next_sequence_id)
        select p_participant_id, 2 from identity
        on conflict (participant_id) do update
            set next_sequence_id = s.next_sequence_id + 1
        returning s.next_sequence_id - 1 as sequence_id
    )

    insert into public.payment_outbox_pending as p (
        outbox_id, instruction_id, participant_id, sequence_id, idempotency_key, rail_type,
        next_attempt_at, created_at, fifo,
        tenant_id, correlation_id, upstream_ref, downstream_ref, nfs_sequence_ref
    )
    select
        i.outbox_id, p_instruction_id, p_participant_id, c.sequence_id, p_idempotency_key,
        p_rail_type,
        i.created_at as due_at, i.created_at,
        (
            exists (
                select
                from public.outbox_controls as o
                where o.ordering <> 'NONE'
            )
            and public._ordered_by_participant(p_rail_type, p_tenant_id)
        ),
        p_tenant_id, p_correlation_id, p_upstream_ref, p_downstream_ref, p_nfs_sequence_ref
    from identity as i
    cross join counter as c
    returning p.outbox_id, p.sequence_id, p.created_at, 'PENDING', false
    into outbox_id, sequence_id, created_at, state, replayed;
    if found then
        return;
    end if;

    select
        i.outbox_id,
        known.sequence_id,
        i.created_at,
        known.state,
        true,
        i.fingerprint
    into outbox_id, sequence_id, created_at, state, replayed, v_bound_fingerprint
    from public.payment_outbox_identities as i
    cross join lateral public._outcome_of(i.outbox_id) as known
    where
        i.instruction_id = p_instruction_id
        and i.idempotency_key = p_idempotency_key
        and i.tenant_id is not distinct from p_tenant_id;
    if
        not public._is_bound_to(v_bound_fingerprint, p_participant_id, p_rail_type, p_payload)
    then
        raise exception 'p_idempotency_key: is bound to another participant, rail or payload'
            using
                errcode = 'P7101',
                column = 'p_idempotency_key',
                constraint = 'one key, one payment';
    end if;
    -- A replay is a promise too. It writes nothing that its commit would wait for, and the first
    -- commit may not have reached the synchronous standby: this makes it wait.
    perform pg_logical_emit_message(true, 'ledgerdb', 'replay'::text);
end;
$function$;
comment on function public._enqueue_outbox_item(
    uuid, text, text, text, text, text, uuid, text, text, text
) is
'Private: enqueues once per (tenant, instruction, key), or returns the first item.';
revoke all on function public._enqueue_outbox_item(
    uuid, text, text, text, text, text, uuid, text, text, text
) from public;
