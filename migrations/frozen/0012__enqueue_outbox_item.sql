-- _enqueue_outbox_item: the one way onto the outbox. The unique key of payment_outbox_identities
-- decides who is first, at every isolation level and without advisory locks: a second session waits
-- for the first one's commit, then replays. Identity, number and queue row are three plain
-- statements: one that does all three costs more to set up. Their plans are kept while the tables
-- grow: to read all of a table, which looks cheap while it is empty, is not left to the planner. A
-- participant that is numbered monotonically has its numbers from a sequence and no lock, unless
-- the item keeps the order of its participant: then its neighbours wait for its commit, or they
-- would pass it.
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
set enable_seqscan = off
as $function$
declare
    v_bound_fingerprint bytea;
    v_monotonic_from bigint;
begin
    -- What is short and printable ASCII keeps the rule of every identifier; of anything else each
    -- is asked about. Nulls are no lines: without them, four lines are four identifiers.
    if num_nulls(p_instruction_id, p_participant_id, p_idempotency_key, p_rail_type) > 0
        or octet_length(
            concat_ws(e'\n', p_instruction_id, p_participant_id, p_idempotency_key, p_rail_type)
        ) > 200
        or concat_ws(e'\n', p_instruction_id, p_participant_id, p_idempotency_key, p_rail_type)
        !~ '^[!-~]+\n[!-~]+\n[!-~]+\n[!-~]+$'
    then
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

    -- A sequence that was never used: nobody is numbered so, and nobody pays for the question.
    if pg_sequence_last_value('public.participant_outbox_numbers') is not null then
        select s.monotonic_from into v_monotonic_from
        from public.participant_outbox_sequences as s
        where
            s.participant_id = p_participant_id
            and not exists (
                select
                from public.outbox_controls as c
                where
                    c.ordering <> 'NONE'
                    and public._in_scope(c.scope, c.scope_key, p_rail_type, p_tenant_id)
            );
    end if;

    insert into public.payment_outbox_identities as i (
        tenant_id, instruction_id, idempotency_key, participant_id, rail_type, fingerprint,
        payload, payload_sum, created_at
    )
    values (
        p_tenant_id, p_instruction_id, p_idempotency_key, p_participant_id, p_rail_type,
        public._payment_fingerprint(p_participant_id, p_rail_type, p_payload),
        p_payload::json, hashtextextended(p_payload, 0), clock_timestamp()
    )
    on conflict on constraint ux_outbox_identities_key do nothing
    returning i.outbox_id, i.created_at into outbox_id, created_at;

    if found then
        if v_monotonic_from is not null then
            sequence_id := v_monotonic_from + nextval('public.participant_outbox_numbers');
        else
            insert into public.participant_outbox_sequences as s (participant_id, next_sequence_id)
            values (p_participant_id, 2)
            on conflict (participant_id) do update
                set
                    next_sequence_id = s.next_sequence_id
                    + case when s.monotonic_from is null then 1 else 0 end
            returning
                case
                    when s.monotonic_from is null then s.next_sequence_id - 1
                    else s.monotonic_from + nextval('public.participant_outbox_numbers')
                end
            into sequence_id;
        end if;

        insert into public.payment_outbox_pending (
            outbox_id, instruction_id, participant_id, sequence_id, idempotency_key, rail_type,
            next_attempt_at, created_at, fifo,
            tenant_id, correlation_id, upstream_ref, downstream_ref, nfs_sequence_ref
        )
        values (
            outbox_id, p_instruction_id, p_participant_id, sequence_id, p_idempotency_key,
            p_rail_type, created_at, created_at,
            exists (
                select
                from public.outbox_controls as c
                where
                    c.ordering <> 'NONE'
                    and public._in_scope(c.scope, c.scope_key, p_rail_type, p_tenant_id)
            ),
            p_tenant_id, p_correlation_id, p_upstream_ref, p_downstream_ref, p_nfs_sequence_ref
        );
        state := 'PENDING';
        replayed := false;
        return;
    end if;

    -- The first answer may have given up its wait for a standby. A record for nobody makes this
    -- commit wait too: what is said is on the standby.
    perform pg_logical_emit_message(true, 'ledgerdb', 'replay');
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
end;
$function$;
comment on function public._enqueue_outbox_item(
    uuid, text, text, text, text, text, uuid, text, text, text
) is
'Private: enqueues once per (tenant, instruction, key), or returns the first item.';
revoke all on function public._enqueue_outbox_item(
    uuid, text, text, text, text, text, uuid, text, text, text
) from public;
