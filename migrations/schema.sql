-- Schema of ledgerdb at revision 0012: written by `make schema`, never by hand.
-- Roles (NOLOGIN, of the cluster): symphony_owner, symphony_control, symphony_executor, symphony_ingest, symphony_readonly, symphony_auditor.

--
-- PostgreSQL database dump
--

--
-- Name: outbox_attempt_state; Type: TYPE; Schema: public; Owner: -
--

CREATE TYPE public.outbox_attempt_state AS ENUM (
    'DISPATCHING',
    'DISPATCHED',
    'RETRYABLE',
    'FAILED',
    'ZOMBIE_REQUEUE'
);

--
-- Name: TYPE outbox_attempt_state; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TYPE public.outbox_attempt_state IS 'Result of one outbox attempt; DISPATCHED and FAILED are terminal.';

--
-- Name: policy_version_status; Type: TYPE; Schema: public; Owner: -
--

CREATE TYPE public.policy_version_status AS ENUM (
    'ACTIVE',
    'GRACE',
    'RETIRED'
);

--
-- Name: TYPE policy_version_status; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TYPE public.policy_version_status IS 'Life cycle of a policy version; one is ACTIVE at a time.';

--
-- Name: _advance_participants(text[]); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public._advance_participants(p_participant_ids text[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
declare
    v_now timestamptz := clock_timestamp();
    v_participant_id text;
    v_head record;
begin
    for v_participant_id in
        select distinct given.participant_id
        from unnest(p_participant_ids) as given (participant_id)
        order by given.participant_id
    loop
        select
            p.outbox_id,
            p.lease_token is null as is_free
        into v_head
        from public.payment_outbox_pending as p
        where
            p.fifo
            and p.participant_id = v_participant_id
            and not (
                public._may_be_passed(p.rail_type, p.tenant_id)
                and (
                    coalesce(p.hold in ('IN_DOUBT', 'PAYLOAD_MISMATCH'), false)
                    or (p.hold is null and p.lease_token is null and p.next_attempt_at > v_now)
                )
            )
        order by p.sequence_id
        limit 1;
        if v_head.is_free then
            perform
            from public.payment_outbox_pending as p
            where p.outbox_id = v_head.outbox_id
            for update;

            update public.payment_outbox_pending as p
            set hold = null, held_at = null, next_attempt_at = v_now
            where p.outbox_id = v_head.outbox_id and p.hold = 'FIFO';
        end if;
    end loop;
end;
$$;

--
-- Name: FUNCTION _advance_participants(p_participant_ids text[]); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public._advance_participants(p_participant_ids text[]) IS 'Private: releases the held head of each of the given participants.';

--
-- Name: _append_seal(text, bigint, integer); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public._append_seal(p_subject text, p_final_position bigint, p_limit integer) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
declare
    v_after_position bigint;
    v_through_position bigint;
    v_after_id uuid;
    v_through_id uuid;
    v_row_count integer;
    v_digest bytea;
    v_seal_no bigint;
    v_previous_hash bytea;
    v_sealed_at timestamptz := clock_timestamp();
begin
    if p_final_position is null then
        select s.through_id into v_after_id
        from public.ledger_seals as s
        where s.subject = p_subject and s.through_id is not null
        order by s.through_id desc
        limit 1;
        v_after_id := coalesce(v_after_id, '00000000-0000-0000-0000-000000000000');

        select
            count(*),
            sha256(string_agg(l.leaf, ''::bytea order by l.row_id)),
            (array_agg(l.row_id order by l.row_id desc))[1]
        into v_row_count, v_digest, v_through_id
        from (
            select leaves.row_id, leaves.leaf
            from public.ledger_leaves as leaves
            where
                leaves.subject = p_subject
                and leaves.ledger_position is null
                and leaves.row_id > v_after_id
            order by leaves.row_id
            limit p_limit
        ) as l;
    else
        select s.through_position into v_after_position
        from public.ledger_seals as s
        where s.subject = p_subject and s.through_position is not null
        order by s.through_position desc
        limit 1;
        v_after_position := coalesce(v_after_position, 0);

        select
            count(*),
            sha256(string_agg(l.leaf, ''::bytea order by l.ledger_position)),
            case when count(*) = p_limit then max(l.ledger_position) else p_final_position end
        into v_row_count, v_digest, v_through_position
        from (
            select leaves.ledger_position, leaves.leaf
            from public.ledger_leaves as leaves
            where
                leaves.subject = p_subject
                and leaves.ledger_position > v_after_position
                and leaves.ledger_position <= p_final_position
            order by leaves.ledger_position
            limit p_limit
        ) as l;
    end if;
    if v_row_count = 0 then
        return 0;
    end if;

    select s.seal_no, s.seal_hash into v_seal_no, v_previous_hash
    from public.ledger_seals as s
    order by s.seal_no desc
    limit 1;
    v_seal_no := coalesce(v_seal_no, 0) + 1;

    insert into public.ledger_seals (
        seal_no, subject, after_position, through_position, after_id, through_id,
        row_count, leaf_version, digest, previous_hash, seal_hash, sealed_at
    )
    values (
        v_seal_no, p_subject, v_after_position, v_through_position, v_after_id, v_through_id,
        v_row_count, 1, v_digest, v_previous_hash,
        sha256(
            convert_to(
                json_build_object(
                    'seal_no', v_seal_no,
                    'subject', p_subject,
                    'after_position', v_after_position,
                    'through_position', v_through_position,
                    'after_id', v_after_id,
                    'through_id', v_through_id,
                    'row_count', v_row_count,
                    'leaf_version', 1,
                    'digest', encode(v_digest, 'hex'),
                    'previous_hash', encode(v_previous_hash, 'hex'),
                    'sealed_at', extract(epoch from v_sealed_at)::text
                )::text,
                'UTF8'
            )
        ),
        v_sealed_at
    );
    return v_row_count;
end;
$$;

--
-- Name: FUNCTION _append_seal(p_subject text, p_final_position bigint, p_limit integer); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public._append_seal(p_subject text, p_final_position bigint, p_limit integer) IS 'Private: seals the next rows of attempts or attestations; returns how many.';

--
-- Name: uuid_v7_or_random(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.uuid_v7_or_random() RETURNS uuid
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
begin
    if current_setting('server_version_num')::integer >= 180000 then
        return pg_catalog.uuidv7();
    end if;
    -- The high half of byte 6 is the version. A random identifier has 4 there (0100); its two low
    -- bits, numbers 52 and 53 as set_bit counts them, make it 7 (0111).
    return encode(
        set_bit(
            set_bit(
                overlay(
                    uuid_send(gen_random_uuid())
                    placing substring(
                        int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3
                    )
                    from 1 for 6
                ),
                52, 1
            ),
            53, 1
        ),
        'hex'
    )::uuid;
end;
$$;

--
-- Name: FUNCTION uuid_v7_or_random(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.uuid_v7_or_random() IS 'A new identifier, version 7 (time-ordered).';

--
-- Name: ledger_positions; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.ledger_positions
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

--
-- Name: SEQUENCE ledger_positions; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON SEQUENCE public.ledger_positions IS 'Positions in the ledger, of attempts and attestations together; never set back.';

--
-- Name: payment_outbox_attempts; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.payment_outbox_attempts (
    attempt_id uuid DEFAULT public.uuid_v7_or_random() NOT NULL,
    outbox_id uuid NOT NULL,
    instruction_id text NOT NULL,
    participant_id text NOT NULL,
    sequence_id bigint NOT NULL,
    idempotency_key text NOT NULL,
    rail_type text NOT NULL,
    payload jsonb,
    attempt_no integer NOT NULL,
    state public.outbox_attempt_state NOT NULL,
    claimed_at timestamp with time zone DEFAULT now() NOT NULL,
    completed_at timestamp with time zone,
    rail_reference text,
    rail_code text,
    error_code text,
    error_message text,
    latency_ms integer,
    worker_id text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    tenant_id uuid,
    member_id uuid,
    correlation_id uuid,
    upstream_ref text,
    downstream_ref text,
    nfs_sequence_ref text,
    lease_token uuid,
    dispatch_started_at timestamp with time zone,
    closed_by text,
    redrive_no integer DEFAULT 0 NOT NULL,
    ledger_position bigint DEFAULT 
CASE
    WHEN (pg_current_xact_id() IS NOT NULL) THEN nextval('public.ledger_positions'::regclass)
    ELSE NULL::bigint
END,
    CONSTRAINT ck_attempts_payload_is_object CHECK ((jsonb_typeof(payload) = 'object'::text)),
    CONSTRAINT payment_outbox_attempts_attempt_no_check CHECK ((attempt_no >= 1)),
    CONSTRAINT payment_outbox_attempts_latency_ms_check CHECK (((latency_ms IS NULL) OR (latency_ms >= 0)))
);

--
-- Name: TABLE payment_outbox_attempts; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.payment_outbox_attempts IS 'Append-only history and the authority on what happened: one row per attempt, numbered 1..n.';

--
-- Name: COLUMN payment_outbox_attempts.claimed_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.payment_outbox_attempts.claimed_at IS 'When the lease of the attempt was issued; without a lease, when the row was written.';

--
-- Name: COLUMN payment_outbox_attempts.worker_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.payment_outbox_attempts.worker_id IS 'Who held the lease.';

--
-- Name: COLUMN payment_outbox_attempts.lease_token; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.payment_outbox_attempts.lease_token IS 'The lease that this row closed; null where an operator wrote the row.';

--
-- Name: COLUMN payment_outbox_attempts.closed_by; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.payment_outbox_attempts.closed_by IS 'Who wrote the row, if it was not the worker that held the lease.';

--
-- Name: COLUMN payment_outbox_attempts.ledger_position; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.payment_outbox_attempts.ledger_position IS 'Place in the ledger; null for rows from before revision 0006.';

--
-- Name: _attempt_leaf(public.payment_outbox_attempts); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public._attempt_leaf(p_attempt public.payment_outbox_attempts) RETURNS bytea
    LANGUAGE sql STABLE
    BEGIN ATOMIC
 SELECT sha256(convert_to((json_build_object('attempt_id', (p_attempt).attempt_id, 'outbox_id', (p_attempt).outbox_id, 'instruction_id', (p_attempt).instruction_id, 'participant_id', (p_attempt).participant_id, 'sequence_id', (p_attempt).sequence_id, 'idempotency_key', (p_attempt).idempotency_key, 'rail_type', (p_attempt).rail_type, 'payload', (p_attempt).payload, 'attempt_no', (p_attempt).attempt_no, 'state', (p_attempt).state, 'claimed_at', (EXTRACT(epoch FROM (p_attempt).claimed_at))::text, 'completed_at', (EXTRACT(epoch FROM (p_attempt).completed_at))::text, 'dispatch_started_at', (EXTRACT(epoch FROM (p_attempt).dispatch_started_at))::text, 'created_at', (EXTRACT(epoch FROM (p_attempt).created_at))::text, 'rail_reference', (p_attempt).rail_reference, 'rail_code', (p_attempt).rail_code, 'error_code', (p_attempt).error_code, 'error_message', (p_attempt).error_message, 'latency_ms', (p_attempt).latency_ms, 'worker_id', (p_attempt).worker_id, 'closed_by', (p_attempt).closed_by, 'lease_token', (p_attempt).lease_token, 'redrive_no', (p_attempt).redrive_no, 'tenant_id', (p_attempt).tenant_id, 'member_id', (p_attempt).member_id, 'correlation_id', (p_attempt).correlation_id, 'upstream_ref', (p_attempt).upstream_ref, 'downstream_ref', (p_attempt).downstream_ref, 'nfs_sequence_ref', (p_attempt).nfs_sequence_ref, 'ledger_position', (p_attempt).ledger_position))::text, 'UTF8'::name)) AS leaf;
END;

--
-- Name: FUNCTION _attempt_leaf(p_attempt public.payment_outbox_attempts); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public._attempt_leaf(p_attempt public.payment_outbox_attempts) IS 'Private: SHA-256 of an attempt, as the seals cover it.';

--
-- Name: _attempts_digest(uuid); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public._attempts_digest(p_outbox_id uuid) RETURNS bytea
    LANGUAGE sql STABLE
    BEGIN ATOMIC
 SELECT sha256(string_agg(public._attempt_leaf(a.*), '\x'::bytea ORDER BY a.attempt_no)) AS digest
    FROM public.payment_outbox_attempts a
   WHERE (a.outbox_id = _attempts_digest.p_outbox_id);
END;

--
-- Name: FUNCTION _attempts_digest(p_outbox_id uuid); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public._attempts_digest(p_outbox_id uuid) IS 'Private: SHA-256 over the attempts of an item; null where it has none.';

--
-- Name: ledger_seals; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.ledger_seals (
    seal_no bigint NOT NULL,
    subject text NOT NULL,
    after_position bigint,
    through_position bigint,
    after_id uuid,
    through_id uuid,
    row_count integer NOT NULL,
    leaf_version integer NOT NULL,
    digest bytea NOT NULL,
    previous_hash bytea,
    seal_hash bytea NOT NULL,
    sealed_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_ledger_seals_hashes CHECK (((octet_length(digest) = 32) AND (octet_length(seal_hash) = 32) AND COALESCE((octet_length(previous_hash) = 32), (seal_no = 1)))),
    CONSTRAINT ck_ledger_seals_range CHECK ((((through_position > after_position) AND (num_nonnulls(after_id, through_id) = 0)) OR ((through_id > after_id) AND (num_nonnulls(after_position, through_position) = 0)))),
    CONSTRAINT ck_ledger_seals_row_count CHECK ((row_count >= 1)),
    CONSTRAINT ck_ledger_seals_seal_no CHECK ((seal_no >= 1)),
    CONSTRAINT ck_ledger_seals_subject CHECK ((subject = ANY (ARRAY['ATTEMPTS'::text, 'ATTESTATIONS'::text])))
);

--
-- Name: TABLE ledger_seals; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.ledger_seals IS 'Append-only chain of hashes over attempts and attestations, numbered 1..n; see seal_ledger.';

--
-- Name: COLUMN ledger_seals.through_position; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ledger_seals.through_position IS 'The seal covers the positions above after_position, up to this one. Null where it covers ids.';

--
-- Name: COLUMN ledger_seals.through_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ledger_seals.through_id IS 'The seal covers the rows without a position whose ids are above after_id, up to this one.';

--
-- Name: COLUMN ledger_seals.leaf_version; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ledger_seals.leaf_version IS 'Which columns the hash of a row covers: 1 for _attempt_leaf and _attestation_leaf.';

--
-- Name: COLUMN ledger_seals.digest; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ledger_seals.digest IS 'SHA-256 over the hashes of the rows, in order of position or id.';

--
-- Name: COLUMN ledger_seals.seal_hash; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ledger_seals.seal_hash IS 'SHA-256 over everything else in this row, the previous seal''s hash included.';

--
-- Name: _attempts_sealed(uuid); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public._attempts_sealed(p_outbox_id uuid) RETURNS boolean
    LANGUAGE sql STABLE
    BEGIN ATOMIC
 WITH sealed AS (
          SELECT ( SELECT max(s.through_position) AS through_position
                    FROM public.ledger_seals s
                   WHERE (s.subject = 'ATTEMPTS'::text)) AS through_position,
             ( SELECT s.through_id
                    FROM public.ledger_seals s
                   WHERE ((s.subject = 'ATTEMPTS'::text) AND (s.through_id IS NOT NULL))
                   ORDER BY s.through_id DESC
                  LIMIT 1) AS through_id
         )
  SELECT COALESCE(bool_and(COALESCE((a.ledger_position <= sealed.through_position), ((a.ledger_position IS NULL) AND (a.attempt_id <= sealed.through_id)), false)), true) AS sealed
    FROM (public.payment_outbox_attempts a
      CROSS JOIN sealed)
   WHERE (a.outbox_id = _attempts_sealed.p_outbox_id);
END;

--
-- Name: FUNCTION _attempts_sealed(p_outbox_id uuid); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public._attempts_sealed(p_outbox_id uuid) IS 'Private: true where every attempt of the item is sealed.';

--
-- Name: ingress_attestations; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.ingress_attestations (
    attestation_id uuid DEFAULT public.uuid_v7_or_random() NOT NULL,
    instruction_id text NOT NULL,
    tenant_id uuid NOT NULL,
    payload_hash text NOT NULL,
    signature_hash text,
    received_at timestamp with time zone DEFAULT now() NOT NULL,
    client_id uuid,
    client_id_hash text,
    member_id uuid,
    participant_id text,
    cert_fingerprint_sha256 text,
    token_jti_hash text,
    correlation_id uuid,
    signatures jsonb DEFAULT '[]'::jsonb NOT NULL,
    upstream_ref text,
    downstream_ref text,
    nfs_sequence_ref text,
    ledger_position bigint DEFAULT 
CASE
    WHEN (pg_current_xact_id() IS NOT NULL) THEN nextval('public.ledger_positions'::regclass)
    ELSE NULL::bigint
END
);

--
-- Name: TABLE ingress_attestations; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.ingress_attestations IS 'Append-only proof of acceptance: who sent which instruction when, as hashes and identifiers.';

--
-- Name: COLUMN ingress_attestations.ledger_position; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ingress_attestations.ledger_position IS 'Place in the ledger; null for rows from before revision 0006.';

--
-- Name: _attestation_leaf(public.ingress_attestations); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public._attestation_leaf(p_attestation public.ingress_attestations) RETURNS bytea
    LANGUAGE sql STABLE
    BEGIN ATOMIC
 SELECT sha256(convert_to((json_build_object('attestation_id', (p_attestation).attestation_id, 'instruction_id', (p_attestation).instruction_id, 'tenant_id', (p_attestation).tenant_id, 'payload_hash', (p_attestation).payload_hash, 'signature_hash', (p_attestation).signature_hash, 'received_at', (EXTRACT(epoch FROM (p_attestation).received_at))::text, 'client_id', (p_attestation).client_id, 'client_id_hash', (p_attestation).client_id_hash, 'member_id', (p_attestation).member_id, 'participant_id', (p_attestation).participant_id, 'cert_fingerprint_sha256', (p_attestation).cert_fingerprint_sha256, 'token_jti_hash', (p_attestation).token_jti_hash, 'correlation_id', (p_attestation).correlation_id, 'signatures', (p_attestation).signatures, 'upstream_ref', (p_attestation).upstream_ref, 'downstream_ref', (p_attestation).downstream_ref, 'nfs_sequence_ref', (p_attestation).nfs_sequence_ref, 'ledger_position', (p_attestation).ledger_position))::text, 'UTF8'::name)) AS leaf;
END;

--
-- Name: FUNCTION _attestation_leaf(p_attestation public.ingress_attestations); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public._attestation_leaf(p_attestation public.ingress_attestations) IS 'Private: SHA-256 of an attestation, as the seals cover it.';

--
-- Name: _change_outbox_control(text, text, boolean, text, boolean, boolean); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public._change_outbox_control(p_scope text, p_scope_key text, p_paused boolean, p_ordering text, p_fair boolean, p_notify_workers boolean) RETURNS TABLE(scope text, scope_key text, paused boolean, ordering text, fair boolean, notify_workers boolean, updated_at timestamp with time zone)
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    SET lock_timeout TO '500ms'
    AS $$
declare
    v_key text;
    v_before text;
    v_participants text[];
begin
    v_key := public._require_scope(p_scope, p_scope_key);
    if p_ordering not in ('NONE', 'FIFO_BLOCK', 'FIFO_SKIP') then
        raise exception 'p_ordering: must be NONE, FIFO_BLOCK or FIFO_SKIP'
            using
                errcode = 'P711D',
                column = 'p_ordering',
                constraint = 'NONE, FIFO_BLOCK or FIFO_SKIP';
    end if;
    if p_fair and p_scope <> 'QUEUE' then
        raise exception 'p_fair: is a setting of the QUEUE'
            using errcode = 'P711D', column = 'p_fair', constraint = 'a setting of the QUEUE';
    end if;

    -- An older snapshot would not see the items that came since: they would keep the old order.
    if p_ordering is not null and current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'p_ordering: must be set at READ COMMITTED'
            using
                errcode = 'P711F',
                column = 'transaction_isolation',
                constraint = 'read committed';
    end if;

    if p_ordering is not null then
        lock table public.outbox_controls in access exclusive mode;
    end if;
    insert into public.outbox_controls (scope, scope_key)
    values (p_scope, v_key)
    on conflict on constraint outbox_controls_pkey do nothing;

    select c.ordering into v_before
    from public.outbox_controls as c
    where c.scope = p_scope and c.scope_key = v_key
    for update;

    update public.outbox_controls as c
    set
        paused = coalesce(p_paused, c.paused),
        ordering = coalesce(p_ordering, c.ordering),
        fair = coalesce(p_fair, c.fair),
        notify_workers = coalesce(p_notify_workers, c.notify_workers),
        updated_at = clock_timestamp()
    where c.scope = p_scope and c.scope_key = v_key;

    if p_ordering <> v_before then
        with changed as materialized (
            select p.outbox_id
            from public.payment_outbox_pending as p
            where
                public._in_scope(p_scope, v_key, p.rail_type, p.tenant_id)
                and case
                    when p_ordering <> 'NONE' then not p.fifo
                    else p.fifo and not public._ordered_by_participant(p.rail_type, p.tenant_id)
                end
            order by p.outbox_id
            for update
        )

        update public.payment_outbox_pending as p
        set
            fifo = not p.fifo,
            hold = case when p.hold <> 'FIFO' then p.hold end,
            held_at = case when p.hold <> 'FIFO' then p.held_at end,
            next_attempt_at = case
                when p.hold = 'FIFO' then clock_timestamp() else p.next_attempt_at
            end
        from changed
        where p.outbox_id = changed.outbox_id;

        -- Who waits behind a head that may now be passed, or that does not count any more.
        select array_agg(waiting.participant_id) into v_participants
        from (
            select distinct p.participant_id
            from public.payment_outbox_pending as p
            where p.hold = 'FIFO'
            order by p.participant_id
            limit 10000
        ) as waiting;
        if v_participants is not null then
            perform public._advance_participants(v_participants);
        end if;
    end if;

    return query
    select c.scope, c.scope_key, c.paused, c.ordering, c.fair, c.notify_workers, c.updated_at
    from public.outbox_controls as c
    where c.scope = p_scope and c.scope_key = v_key;
end;
$$;

--
-- Name: FUNCTION _change_outbox_control(p_scope text, p_scope_key text, p_paused boolean, p_ordering text, p_fair boolean, p_notify_workers boolean); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public._change_outbox_control(p_scope text, p_scope_key text, p_paused boolean, p_ordering text, p_fair boolean, p_notify_workers boolean) IS 'Private: changes the settings of a scope and the waiting items with them.';

--
-- Name: _close_expired_leases(uuid[], text, timestamp with time zone, interval); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public._close_expired_leases(p_outbox_ids uuid[], p_closed_by text, p_now timestamp with time zone, p_requeue_after interval) RETURNS uuid[]
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
declare
    v_ceiling integer := public.outbox_retry_ceiling();
    v_ended uuid[];
    v_in_doubt uuid[];
    v_participants text[];
begin
    with recorded as (
        insert into public.payment_outbox_attempts as a (
            outbox_id, instruction_id, participant_id, sequence_id, idempotency_key, rail_type,
            attempt_no, state, claimed_at, completed_at, error_code, error_message,
            worker_id, closed_by, lease_token, redrive_no,
            tenant_id, correlation_id, upstream_ref, downstream_ref, nfs_sequence_ref
        )
        select
            p.outbox_id, p.instruction_id, p.participant_id, p.sequence_id, p.idempotency_key,
            p.rail_type,
            p.attempt_count + 1,
            case
                when p.attempt_count + 1 - p.budget_base >= v_ceiling then 'FAILED'
                else 'ZOMBIE_REQUEUE'
            end::public.outbox_attempt_state,
            coalesce(p.leased_at, p.lease_expires_at), p_now,
            case
                when p.attempt_count + 1 - p.budget_base >= v_ceiling then 'RETRY_CEILING_EXCEEDED'
                else 'LEASE_EXPIRED'
            end,
            'lease expired before completion',
            p.claimed_by, p_closed_by, p.lease_token, p.redrive_no,
            p.tenant_id, p.correlation_id, p.upstream_ref, p.downstream_ref, p.nfs_sequence_ref
        from public.payment_outbox_pending as p
        where
            p.outbox_id = any(p_outbox_ids)
            and p.lease_token is not null
            and p.dispatch_started_at is null
        returning a.outbox_id, a.attempt_no, a.state
    ),

    ended as (
        delete from public.payment_outbox_pending as p
        using recorded as r
        where p.outbox_id = r.outbox_id and r.state = 'FAILED'
        returning p.outbox_id, p.participant_id, p.fifo
    ),

    requeued as (
        update public.payment_outbox_pending as p
        set
            attempt_count = r.attempt_no,
            next_attempt_at = p_now + p_requeue_after,
            claimed_by = null,
            lease_token = null,
            leased_at = null,
            lease_expires_at = null
        from recorded as r
        where p.outbox_id = r.outbox_id and r.state <> 'FAILED'
        returning p.participant_id, p.fifo
    ),

    doubted as (
        update public.payment_outbox_pending as p
        set hold = 'IN_DOUBT', held_at = p_now, next_attempt_at = 'infinity'
        where
            p.outbox_id = any(p_outbox_ids)
            and p.lease_token is not null
            and p.dispatch_started_at is not null
        returning p.outbox_id, p.participant_id, p.fifo
    )

    select
        (select array_agg(e.outbox_id) from ended as e),
        (select array_agg(d.outbox_id) from doubted as d),
        (
            select array_agg(f.participant_id)
            from (
                select e.participant_id from ended as e
                where e.fifo
                union all
                select q.participant_id from requeued as q
                where q.fifo
                union all
                select d.participant_id from doubted as d
                where d.fifo
            ) as f
        )
    into v_ended, v_in_doubt, v_participants;

    if v_participants is not null then
        perform public._advance_participants(v_participants);
    end if;
    return array(
        select given.outbox_id
        from unnest(p_outbox_ids) with ordinality as given (outbox_id, place)
        where
            given.outbox_id <> all(coalesce(v_ended, '{}'))
            and given.outbox_id <> all(coalesce(v_in_doubt, '{}'))
        order by given.place
    );
end;
$$;

--
-- Name: FUNCTION _close_expired_leases(p_outbox_ids uuid[], p_closed_by text, p_now timestamp with time zone, p_requeue_after interval); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public._close_expired_leases(p_outbox_ids uuid[], p_closed_by text, p_now timestamp with time zone, p_requeue_after interval) IS 'Private: records the abandoned attempts of locked rows; returns what may be leased again.';

--
-- Name: _database_setting(text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public._database_setting(p_name text) RETURNS text
    LANGUAGE sql STABLE
    BEGIN ATOMIC
 SELECT split_part(entry.line, '='::text, 2) AS setting
    FROM ((pg_db_role_setting s
      JOIN pg_database d ON ((s.setdatabase = d.oid)))
      CROSS JOIN LATERAL unnest(s.setconfig) entry(line))
   WHERE ((d.datname = current_database()) AND (s.setrole = (0)::oid) AND (split_part(entry.line, '='::text, 1) = _database_setting.p_name));
END;

--
-- Name: FUNCTION _database_setting(p_name text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public._database_setting(p_name text) IS 'Private: the value of a parameter that was set for this database.';

--
-- Name: _due_items(integer, timestamp with time zone); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public._due_items(p_limit integer, p_now timestamp with time zone, OUT ids uuid[], OUT abandoned boolean, OUT ordered boolean) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
declare
    v_marked timestamptz;
    v_mark timestamptz;
    v_sweep_at timestamptz;
    v_from timestamptz;
    v_until timestamptz := p_now;
    v_index oid := 'public.idx_payment_outbox_pending_due_claim'::regclass;
    v_walked bigint;
    v_began_at timestamptz;
    v_was_far boolean;
    v_is_far boolean;
    v_pause interval;
    v_met uuid[];
    v_abandoned boolean;
    v_ordered boolean;
    v_first_due_at timestamptz;
    v_sweeps boolean;
begin
    select
        timestamptz 'epoch' + mark.last_value * interval '1 microsecond',
        timestamptz 'epoch' + sweep.last_value * interval '1 microsecond',
        not sweep.is_called
    into v_marked, v_sweep_at, v_was_far
    from public.outbox_due_mark as mark
    cross join public.outbox_due_sweep as sweep;
    v_sweeps := p_now
        not between v_sweep_at - interval '1 minute' and v_sweep_at + interval '1 second';
    v_from := case when v_sweeps then '-infinity' else v_marked end;
    ids := '{}';
    abandoned := false;
    ordered := false;

    loop
        if v_sweeps
            and (
                v_was_far
                or v_sweep_at not between p_now - interval '100 ms' and p_now + interval '1 minute'
            )
        then
            perform setval(
                'public.outbox_due_sweep',
                (
                    extract(
                        epoch from p_now + case when v_was_far then interval '1 second' else '0' end
                    ) * 1000000
                )::bigint,
                not v_was_far
            );
        end if;
        v_began_at := clock_timestamp();
        v_walked := pg_stat_get_xact_tuples_returned(v_index);
        select
            array_agg(d.outbox_id order by d.next_attempt_at, d.created_at),
            bool_or(d.lease_token is not null),
            bool_or(d.fifo),
            min(d.next_attempt_at)
        into v_met, v_abandoned, v_ordered, v_first_due_at
        from (
            select p.outbox_id, p.next_attempt_at, p.created_at, p.lease_token, p.fifo
            from public.payment_outbox_pending as p
            where
                p.next_attempt_at >= v_from
                and p.next_attempt_at <= v_until
                and (p.lease_expires_at is null or p.lease_expires_at <= p_now)
                and p.hold is null
            order by p.next_attempt_at, p.created_at
            limit p_limit - cardinality(ids)
            for update skip locked
        ) as d;
        ids := coalesce(v_met, '{}') || ids;
        abandoned := abandoned or coalesce(v_abandoned, false);
        ordered := ordered or coalesce(v_ordered, false);
        exit when v_sweeps or cardinality(ids) = p_limit or p_now < v_sweep_at;
        v_sweeps := true;
        v_until := v_from - interval '1 microsecond';
        v_from := '-infinity';
    end loop;

    v_mark := greatest(
        least(
            case when cardinality(ids) = p_limit then v_first_due_at else p_now end,
            p_now - interval '250 ms'
        ),
        timestamptz 'epoch'
    );
    if v_mark not between v_marked and v_marked + interval '10 ms' then
        perform setval(
            'public.outbox_due_mark', (extract(epoch from v_mark) * 1000000)::bigint
        );
    end if;
    if v_sweeps then
        v_walked := pg_stat_get_xact_tuples_returned(v_index) - v_walked;
        v_is_far := v_walked - coalesce(cardinality(v_met), 0) > 1000;
        if v_is_far or v_was_far then
            v_pause := case
                when v_is_far
                    then least((clock_timestamp() - v_began_at) * 50, interval '30 seconds')
                else interval '0'
            end;
            perform setval(
                'public.outbox_due_sweep',
                (extract(epoch from p_now + v_pause) * 1000000)::bigint,
                not v_is_far
            );
        end if;
    end if;
end;
$$;

--
-- Name: FUNCTION _due_items(p_limit integer, p_now timestamp with time zone, OUT ids uuid[], OUT abandoned boolean, OUT ordered boolean); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public._due_items(p_limit integer, p_now timestamp with time zone, OUT ids uuid[], OUT abandoned boolean, OUT ordered boolean) IS 'Private: locks due items, oldest due first, without a walk over those that are done.';

--
-- Name: _due_items_fairly(integer, timestamp with time zone); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public._due_items_fairly(p_limit integer, p_now timestamp with time zone, OUT ids uuid[], OUT abandoned boolean, OUT ordered boolean) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    SET enable_bitmapscan TO 'off'
    AS $$
declare
    v_tenants uuid[];
    v_without_tenant boolean := true;
    v_groups integer;
    v_left integer := p_limit;
    v_share integer;
    v_met uuid[];
    v_abandoned boolean;
    v_ordered boolean;
begin
    with recursive walk as (
        (
            select p.tenant_id
            from public.payment_outbox_pending as p
            where p.tenant_id is not null
            order by p.tenant_id
            limit 1
        )
        union all
        select (
            select p.tenant_id
            from public.payment_outbox_pending as p
            where p.tenant_id > w.tenant_id
            order by p.tenant_id
            limit 1
        )
        from walk as w
        where w.tenant_id is not null
    ),

    turn as (
        select w.tenant_id
        from walk as w
        where
            w.tenant_id is not null
            and exists (
                select
                from public.payment_outbox_pending as p
                where
                    p.tenant_id = w.tenant_id
                    and p.next_attempt_at <= p_now
                    and (p.lease_expires_at is null or p.lease_expires_at <= p_now)
            )
        order by random()
        limit p_limit
    )

    select array_agg(turn.tenant_id) into v_tenants
    from turn;
    ids := '{}';
    abandoned := false;
    ordered := false;

    loop
        v_groups := coalesce(cardinality(v_tenants), 0) + v_without_tenant::integer;
        exit when v_groups = 0 or v_left = 0;
        v_share := greatest(v_left / v_groups, 1);

        with turn as (
            select given.tenant_id
            from unnest(v_tenants) as given (tenant_id)
        ),

        of_tenants as (
            select turn.tenant_id, d.outbox_id, d.next_attempt_at, d.lease_token, d.fifo
            from turn
            cross join
                lateral (
                    select p.outbox_id, p.next_attempt_at, p.lease_token, p.fifo
                    from public.payment_outbox_pending as p
                    where
                        p.tenant_id = turn.tenant_id
                        and p.next_attempt_at <= p_now
                        and (p.lease_expires_at is null or p.lease_expires_at <= p_now)
                        and p.hold is null
                        and p.outbox_id <> all(ids)
                    order by p.next_attempt_at
                    limit v_share
                    for update skip locked
                ) as d
        ),

        of_none as (
            select p.outbox_id, p.next_attempt_at, p.lease_token, p.fifo
            from public.payment_outbox_pending as p
            where
                v_without_tenant
                and p.tenant_id is null
                and p.next_attempt_at <= p_now
                and (p.lease_expires_at is null or p.lease_expires_at <= p_now)
                and p.hold is null
                and p.outbox_id <> all(ids)
            order by p.next_attempt_at, p.created_at
            limit v_share
            for update skip locked
        ),

        due as (
            select t.tenant_id, t.outbox_id, t.next_attempt_at, t.lease_token, t.fifo
            from of_tenants as t
            union all
            select null as tenant_id, n.outbox_id, n.next_attempt_at, n.lease_token, n.fifo
            from of_none as n
        ),

        full_shares as (
            select due.tenant_id
            from due
            group by due.tenant_id
            having count(*) = v_share
        ),

        having_more as (
            select
                array_agg(f.tenant_id) filter (where f.tenant_id is not null) as tenants,
                coalesce(bool_or(f.tenant_id is null), false) as without_tenant
            from full_shares as f
        ),

        picked as (
            select due.outbox_id, due.next_attempt_at, due.lease_token, due.fifo
            from due
            order by random()
            limit v_left
        ),

        met as (
            select
                array_agg(picked.outbox_id order by picked.next_attempt_at) as outbox_ids,
                bool_or(picked.lease_token is not null) as abandoned,
                bool_or(picked.fifo) as ordered
            from picked
        )

        select met.outbox_ids, met.abandoned, met.ordered, more.tenants, more.without_tenant
        into v_met, v_abandoned, v_ordered, v_tenants, v_without_tenant
        from met
        cross join having_more as more;

        ids := ids || coalesce(v_met, '{}');
        abandoned := abandoned or coalesce(v_abandoned, false);
        ordered := ordered or coalesce(v_ordered, false);
        v_left := p_limit - cardinality(ids);
    end loop;
end;
$$;

--
-- Name: FUNCTION _due_items_fairly(p_limit integer, p_now timestamp with time zone, OUT ids uuid[], OUT abandoned boolean, OUT ordered boolean); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public._due_items_fairly(p_limit integer, p_now timestamp with time zone, OUT ids uuid[], OUT abandoned boolean, OUT ordered boolean) IS 'Private: locks due items, the same share of every tenant.';

--
-- Name: _enqueue_outbox_item(uuid, text, text, text, text, text, uuid, text, text, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public._enqueue_outbox_item(p_tenant_id uuid, p_instruction_id text, p_participant_id text, p_idempotency_key text, p_rail_type text, p_payload text, p_correlation_id uuid, p_upstream_ref text, p_downstream_ref text, p_nfs_sequence_ref text, OUT outbox_id uuid, OUT sequence_id bigint, OUT created_at timestamp with time zone, OUT state text, OUT replayed boolean) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $_$
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
$_$;

--
-- Name: FUNCTION _enqueue_outbox_item(p_tenant_id uuid, p_instruction_id text, p_participant_id text, p_idempotency_key text, p_rail_type text, p_payload text, p_correlation_id uuid, p_upstream_ref text, p_downstream_ref text, p_nfs_sequence_ref text, OUT outbox_id uuid, OUT sequence_id bigint, OUT created_at timestamp with time zone, OUT state text, OUT replayed boolean); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public._enqueue_outbox_item(p_tenant_id uuid, p_instruction_id text, p_participant_id text, p_idempotency_key text, p_rail_type text, p_payload text, p_correlation_id uuid, p_upstream_ref text, p_downstream_ref text, p_nfs_sequence_ref text, OUT outbox_id uuid, OUT sequence_id bigint, OUT created_at timestamp with time zone, OUT state text, OUT replayed boolean) IS 'Private: enqueues once per (tenant, instruction, key), or returns the first item.';

--
-- Name: _enqueue_outbox_items(uuid[], text[], text[], text[], text[], text[], uuid[], boolean); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public._enqueue_outbox_items(p_tenant_ids uuid[], p_instruction_ids text[], p_participant_ids text[], p_idempotency_keys text[], p_rail_types text[], p_payloads text[], p_correlation_ids uuid[], p_one_key_per_instruction boolean) RETURNS TABLE(place bigint, outbox_id uuid, sequence_id bigint, created_at timestamp with time zone, state text, outcome text)
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    SET enable_nestloop TO 'off'
    SET work_mem TO '32MB'
    AS $$
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
$$;

--
-- Name: FUNCTION _enqueue_outbox_items(p_tenant_ids uuid[], p_instruction_ids text[], p_participant_ids text[], p_idempotency_keys text[], p_rail_types text[], p_payloads text[], p_correlation_ids uuid[], p_one_key_per_instruction boolean); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public._enqueue_outbox_items(p_tenant_ids uuid[], p_instruction_ids text[], p_participant_ids text[], p_idempotency_keys text[], p_rail_types text[], p_payloads text[], p_correlation_ids uuid[], p_one_key_per_instruction boolean) IS 'Private: enqueues many items, each once per key; conflicts and replays are outcomes.';

--
-- Name: _hold_items_behind(uuid[], timestamp with time zone); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public._hold_items_behind(p_outbox_ids uuid[], p_now timestamp with time zone) RETURNS uuid[]
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
declare
    v_held uuid[];
begin
    with held as (
        update public.payment_outbox_pending as p
        set hold = 'FIFO', held_at = p_now, next_attempt_at = 'infinity'
        where
            p.outbox_id = any(p_outbox_ids)
            and p.fifo
            and exists (
                select
                from public.payment_outbox_pending as earlier
                where
                    earlier.fifo
                    and earlier.participant_id = p.participant_id
                    and earlier.sequence_id < p.sequence_id
                    and not (
                        public._may_be_passed(earlier.rail_type, earlier.tenant_id)
                        and (
                            coalesce(earlier.hold in ('IN_DOUBT', 'PAYLOAD_MISMATCH'), false)
                            or (
                                earlier.hold is null
                                and earlier.lease_token is null
                                and earlier.next_attempt_at > p_now
                            )
                        )
                    )
            )
        returning p.outbox_id
    )

    select array_agg(h.outbox_id) into v_held
    from held as h;

    return array(
        select given.outbox_id
        from unnest(p_outbox_ids) with ordinality as given (outbox_id, place)
        where given.outbox_id <> all(coalesce(v_held, '{}'))
        order by given.place
    );
end;
$$;

--
-- Name: FUNCTION _hold_items_behind(p_outbox_ids uuid[], p_now timestamp with time zone); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public._hold_items_behind(p_outbox_ids uuid[], p_now timestamp with time zone) IS 'Private: holds the locked rows that wait for an earlier one; returns the others.';

--
-- Name: _hold_paused_items(uuid[], timestamp with time zone); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public._hold_paused_items(p_outbox_ids uuid[], p_now timestamp with time zone) RETURNS uuid[]
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
declare
    v_held uuid[];
begin
    with held as (
        update public.payment_outbox_pending as p
        set hold = 'PAUSED', held_at = p_now, next_attempt_at = 'infinity'
        where
            p.outbox_id = any(p_outbox_ids)
            and exists (
                select
                from public.outbox_controls as c
                where
                    c.paused
                    and public._in_scope(c.scope, c.scope_key, p.rail_type, p.tenant_id)
            )
        returning p.outbox_id
    )

    select array_agg(h.outbox_id) into v_held
    from held as h;

    return array(
        select given.outbox_id
        from unnest(p_outbox_ids) with ordinality as given (outbox_id, place)
        where given.outbox_id <> all(coalesce(v_held, '{}'))
        order by given.place
    );
end;
$$;

--
-- Name: FUNCTION _hold_paused_items(p_outbox_ids uuid[], p_now timestamp with time zone); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public._hold_paused_items(p_outbox_ids uuid[], p_now timestamp with time zone) IS 'Private: holds the locked rows of paused scopes; returns the others.';

--
-- Name: _in_scope(text, text, text, uuid); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public._in_scope(p_scope text, p_scope_key text, p_rail_type text, p_tenant_id uuid) RETURNS boolean
    LANGUAGE sql STABLE
    BEGIN ATOMIC
 SELECT ((p_scope = 'QUEUE'::text) OR ((p_scope = 'RAIL'::text) AND (p_scope_key = p_rail_type)) OR ((p_scope = 'TENANT'::text) AND (p_scope_key = (p_tenant_id)::text))) AS in_scope;
END;

--
-- Name: FUNCTION _in_scope(p_scope text, p_scope_key text, p_rail_type text, p_tenant_id uuid); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public._in_scope(p_scope text, p_scope_key text, p_rail_type text, p_tenant_id uuid) IS 'Private: whether an item is of the queue, rail or tenant that a control names.';

--
-- Name: _outbox_fingerprint(text, text, jsonb); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public._outbox_fingerprint(p_participant_id text, p_rail_type text, p_payload jsonb) RETURNS bytea
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    BEGIN ATOMIC
 SELECT sha256(convert_to((jsonb_build_array(p_participant_id, p_rail_type, p_payload))::text, 'UTF8'::name)) AS fingerprint;
END;

--
-- Name: FUNCTION _outbox_fingerprint(p_participant_id text, p_rail_type text, p_payload jsonb); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public._outbox_fingerprint(p_participant_id text, p_rail_type text, p_payload jsonb) IS 'Private: SHA-256 of participant, rail and payload, 32 bytes.';

--
-- Name: _payment_fingerprint(text, text, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public._payment_fingerprint(p_participant_id text, p_rail_type text, p_payload text) RETURNS bytea
    LANGUAGE sql STABLE
    BEGIN ATOMIC
 SELECT sha256(convert_to((((((((length(p_participant_id))::text || ':'::text) || p_participant_id) || (length(p_rail_type))::text) || ':'::text) || p_rail_type) || p_payload), 'UTF8'::name)) AS fingerprint;
END;

--
-- Name: FUNCTION _payment_fingerprint(p_participant_id text, p_rail_type text, p_payload text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public._payment_fingerprint(p_participant_id text, p_rail_type text, p_payload text) IS 'Private: SHA-256 of participant, rail and payload bytes, 32 bytes.';

--
-- Name: _is_bound_to(bytea, text, text, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public._is_bound_to(p_fingerprint bytea, p_participant_id text, p_rail_type text, p_payload text) RETURNS boolean
    LANGUAGE sql STABLE
    BEGIN ATOMIC
 SELECT
         CASE
             WHEN (p_fingerprint = public._payment_fingerprint(p_participant_id, p_rail_type, p_payload)) THEN true
             WHEN pg_input_is_valid(p_payload, 'jsonb'::text) THEN (p_fingerprint = public._outbox_fingerprint(p_participant_id, p_rail_type, (p_payload)::jsonb))
             ELSE false
         END AS is_bound_to;
END;

--
-- Name: FUNCTION _is_bound_to(p_fingerprint bytea, p_participant_id text, p_rail_type text, p_payload text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public._is_bound_to(p_fingerprint bytea, p_participant_id text, p_rail_type text, p_payload text) IS 'Private: whether a fingerprint is that of participant, rail and payload.';

--
-- Name: _is_identifier(text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public._is_identifier(p_value text) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    BEGIN ATOMIC
 SELECT COALESCE((((length(p_value) >= 1) AND (length(p_value) <= 200)) AND (p_value = btrim(p_value)) AND (p_value !~ '[[:cntrl:]]'::text)), false) AS is_identifier;
END;

--
-- Name: FUNCTION _is_identifier(p_value text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public._is_identifier(p_value text) IS 'Private: true for an identifier that keeps the rule.';

--
-- Name: _judge_late_results(text, uuid[], uuid[], public.outbox_attempt_state[], text[], text[], text[], text[], integer[], uuid[]); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public._judge_late_results(p_worker_id text, p_outbox_ids uuid[], p_lease_tokens uuid[], p_states public.outbox_attempt_state[], p_rail_references text[], p_rail_codes text[], p_error_codes text[], p_error_messages text[], p_latency_ms integer[], p_recorded uuid[]) RETURNS TABLE(outbox_id uuid, lease_token uuid, outcome text, attempt_no integer, state public.outbox_attempt_state)
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
begin
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

    -- The first answer may have given up its wait for a standby. A record for nobody makes this
    -- commit wait too: what is said is on the standby.
    perform pg_logical_emit_message(true, 'ledgerdb', 'replay');
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
$$;

--
-- Name: FUNCTION _judge_late_results(p_worker_id text, p_outbox_ids uuid[], p_lease_tokens uuid[], p_states public.outbox_attempt_state[], p_rail_references text[], p_rail_codes text[], p_error_codes text[], p_error_messages text[], p_latency_ms integer[], p_recorded uuid[]); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public._judge_late_results(p_worker_id text, p_outbox_ids uuid[], p_lease_tokens uuid[], p_states public.outbox_attempt_state[], p_rail_references text[], p_rail_codes text[], p_error_codes text[], p_error_messages text[], p_latency_ms integer[], p_recorded uuid[]) IS 'Private: tells late results from replays and keeps them as evidence.';

--
-- Name: payment_outbox_identities; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.payment_outbox_identities (
    outbox_id uuid DEFAULT public.uuid_v7_or_random() NOT NULL,
    tenant_id uuid,
    instruction_id text NOT NULL,
    idempotency_key text NOT NULL,
    participant_id text NOT NULL,
    rail_type text NOT NULL,
    fingerprint bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    payload json,
    payload_sum bigint,
    CONSTRAINT ck_outbox_identities_fingerprint CHECK ((octet_length(fingerprint) = 32))
);

--
-- Name: TABLE payment_outbox_identities; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.payment_outbox_identities IS 'Permanent: which payment a (tenant, instruction, key) is bound to, and its outbox id.';

--
-- Name: COLUMN payment_outbox_identities.fingerprint; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.payment_outbox_identities.fingerprint IS 'SHA-256 of participant, rail and payload; the same key with another fingerprint is refused.';

--
-- Name: COLUMN payment_outbox_identities.payload; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.payment_outbox_identities.payload IS 'The payload''s own bytes; null for items that ended before revision 0004: their attempts have it.';

--
-- Name: COLUMN payment_outbox_identities.payload_sum; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.payment_outbox_identities.payload_sum IS 'A quick hash of the payload, for claims; where it is null or another one, fingerprints decide.';

--
-- Name: payment_outbox_late_results; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.payment_outbox_late_results (
    late_result_id uuid DEFAULT public.uuid_v7_or_random() NOT NULL,
    outbox_id uuid NOT NULL,
    lease_token uuid NOT NULL,
    worker_id text NOT NULL,
    state public.outbox_attempt_state NOT NULL,
    outcome text NOT NULL,
    rail_reference text,
    rail_code text,
    error_code text,
    error_message text,
    latency_ms integer,
    received_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT ck_late_results_outcome CHECK ((outcome = ANY (ARRAY['EXPIRED'::text, 'STOLEN'::text, 'ALREADY_DONE'::text, 'UNKNOWN'::text])))
);

--
-- Name: TABLE payment_outbox_late_results; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.payment_outbox_late_results IS 'Append-only evidence: results of workers whose lease was no longer theirs.';

--
-- Name: payment_outbox_pending; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.payment_outbox_pending (
    outbox_id uuid DEFAULT public.uuid_v7_or_random() NOT NULL,
    instruction_id text NOT NULL,
    participant_id text NOT NULL,
    sequence_id bigint NOT NULL,
    idempotency_key text NOT NULL,
    rail_type text NOT NULL,
    payload jsonb,
    attempt_count integer DEFAULT 0 NOT NULL,
    next_attempt_at timestamp with time zone DEFAULT now() NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    claimed_by text,
    lease_token uuid,
    lease_expires_at timestamp with time zone,
    tenant_id uuid,
    correlation_id uuid,
    upstream_ref text,
    downstream_ref text,
    nfs_sequence_ref text,
    leased_at timestamp with time zone,
    dispatch_started_at timestamp with time zone,
    hold text,
    held_at timestamp with time zone,
    redrive_no integer DEFAULT 0 NOT NULL,
    budget_base integer DEFAULT 0 NOT NULL,
    fifo boolean DEFAULT false NOT NULL,
    trace_context text DEFAULT NULLIF(current_setting('ledgerdb.trace_context'::text, true), ''::text),
    CONSTRAINT ck_pending_hold CHECK ((hold = ANY (ARRAY['IN_DOUBT'::text, 'PAYLOAD_MISMATCH'::text, 'PAUSED'::text, 'FIFO'::text]))),
    CONSTRAINT ck_pending_payload_is_object CHECK ((jsonb_typeof(payload) = 'object'::text)),
    CONSTRAINT payment_outbox_pending_attempt_count_check CHECK ((attempt_count >= 0))
)
WITH (fillfactor='80');

--
-- Name: TABLE payment_outbox_pending; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.payment_outbox_pending IS 'Hot queue: one row per instruction that has no terminal attempt yet, with its lease.';

--
-- Name: COLUMN payment_outbox_pending.next_attempt_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.payment_outbox_pending.next_attempt_at IS 'When the item is due. While it is leased: when the lease ends. While it is held: infinity.';

--
-- Name: COLUMN payment_outbox_pending.leased_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.payment_outbox_pending.leased_at IS 'When the current lease was issued.';

--
-- Name: COLUMN payment_outbox_pending.dispatch_started_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.payment_outbox_pending.dispatch_started_at IS 'When the worker declared, under the current lease, that it would now call the rail.';

--
-- Name: COLUMN payment_outbox_pending.hold; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.payment_outbox_pending.hold IS 'Why no worker may have the item: IN_DOUBT, PAYLOAD_MISMATCH, PAUSED or FIFO; null otherwise.';

--
-- Name: COLUMN payment_outbox_pending.redrive_no; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.payment_outbox_pending.redrive_no IS 'How often an operator sent the item back to the queue after it had FAILED.';

--
-- Name: COLUMN payment_outbox_pending.budget_base; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.payment_outbox_pending.budget_base IS 'Attempts that do not count towards the retry ceiling: those before the last redrive.';

--
-- Name: COLUMN payment_outbox_pending.fifo; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.payment_outbox_pending.fifo IS 'True where the item waits for earlier items of its participant.';

--
-- Name: COLUMN payment_outbox_pending.trace_context; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.payment_outbox_pending.trace_context IS 'The trace that the item was accepted in (W3C traceparent), of the setting of its transaction.';

--
-- Name: _judge_redrive(uuid[], boolean); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public._judge_redrive(p_outbox_ids uuid[], p_disputed_too boolean) RETURNS TABLE(outbox_id uuid, place bigint, verdict text, attempt_no integer, redrive_no integer)
    LANGUAGE sql STABLE
    BEGIN ATOMIC
 SELECT given.outbox_id,
     given.place,
         CASE
             WHEN (i.outbox_id IS NULL) THEN 'UNKNOWN'::text
             WHEN (p.outbox_id IS NOT NULL) THEN 'STILL_QUEUED'::text
             WHEN (latest.attempt_no IS NULL) THEN 'RETIRED'::text
             WHEN (latest.state <> 'FAILED'::public.outbox_attempt_state) THEN 'NOT_FAILED'::text
             WHEN ((NOT COALESCE(_judge_redrive.p_disputed_too, false)) AND (EXISTS ( SELECT
                FROM public.payment_outbox_late_results l
               WHERE ((l.outbox_id = given.outbox_id) AND (l.state = 'DISPATCHED'::public.outbox_attempt_state))))) THEN 'DISPUTED'::text
             ELSE 'REDRIVE'::text
         END AS verdict,
     latest.attempt_no,
     COALESCE(p.redrive_no, latest.redrive_no) AS redrive_no
    FROM (((( SELECT g.outbox_id,
             min(g.place) AS place
            FROM unnest(_judge_redrive.p_outbox_ids) WITH ORDINALITY g(outbox_id, place)
           GROUP BY g.outbox_id) given
      LEFT JOIN public.payment_outbox_identities i ON ((given.outbox_id = i.outbox_id)))
      LEFT JOIN public.payment_outbox_pending p ON ((given.outbox_id = p.outbox_id)))
      LEFT JOIN LATERAL ( SELECT a.attempt_no,
             a.state,
             a.redrive_no
            FROM public.payment_outbox_attempts a
           WHERE (a.outbox_id = given.outbox_id)
           ORDER BY a.attempt_no DESC
          LIMIT 1) latest ON (true));
END;

--
-- Name: FUNCTION _judge_redrive(p_outbox_ids uuid[], p_disputed_too boolean); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public._judge_redrive(p_outbox_ids uuid[], p_disputed_too boolean) IS 'Private: REDRIVE for each item that may go back to the queue, or the reason why not.';

--
-- Name: _lock_item_for_operator(uuid, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public._lock_item_for_operator(p_outbox_id uuid, p_actor text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
declare
    v_hold text;
    v_lease_ends_at timestamptz;
begin
    select
        p.hold,
        p.lease_expires_at
    into v_hold, v_lease_ends_at
    from public.payment_outbox_pending as p
    where p.outbox_id = p_outbox_id
    for update;
    if found and v_hold is null and v_lease_ends_at <= clock_timestamp() then
        perform public._close_expired_leases(
            array[p_outbox_id], p_actor, clock_timestamp(), interval '0'
        );
        select
            p.hold,
            p.lease_expires_at
        into v_hold, v_lease_ends_at
        from public.payment_outbox_pending as p
        where p.outbox_id = p_outbox_id;
    end if;

    if found and v_hold = 'IN_DOUBT' then
        raise exception 'outbox item %: it is in doubt', p_outbox_id
            using errcode = 'P7004', hint = 'Find out from the rail, then resolve_outbox_item.';
    end if;
    if found and v_lease_ends_at is not null then
        raise exception 'outbox item %: a worker holds it', p_outbox_id
            using errcode = 'P7004', hint = 'Wait for the worker, or for the end of its lease.';
    end if;
    if found then
        return;
    end if;
    if exists (
        select
        from public.payment_outbox_identities as i
        where i.outbox_id = p_outbox_id
    ) then
        raise exception 'outbox item %: it has ended', p_outbox_id
            using errcode = 'P7004', hint = 'If it failed: redrive_dead_letters.';
    end if;
    raise exception 'outbox item %: there is no such item', p_outbox_id
        using errcode = 'P7006', column = 'p_outbox_id', constraint = 'a known item';
end;
$$;

--
-- Name: FUNCTION _lock_item_for_operator(p_outbox_id uuid, p_actor text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public._lock_item_for_operator(p_outbox_id uuid, p_actor text) IS 'Private: locks an item that no worker holds; refuses any other.';

--
-- Name: _lock_leases(uuid[], uuid[], text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public._lock_leases(p_outbox_ids uuid[], p_lease_tokens uuid[], p_worker_id text) RETURNS TABLE(outbox_id uuid, lease_expires_at timestamp with time zone, dispatch_started_at timestamp with time zone, moment timestamp with time zone)
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    BEGIN ATOMIC
 SELECT held.outbox_id,
     held.lease_expires_at,
     held.dispatch_started_at,
     clock_timestamp() AS moment
    FROM (( SELECT DISTINCT g.outbox_id,
             g.lease_token
            FROM UNNEST(_lock_leases.p_outbox_ids, _lock_leases.p_lease_tokens) g(outbox_id, lease_token)
           ORDER BY g.outbox_id) given
      CROSS JOIN LATERAL ( SELECT p.outbox_id,
             p.lease_expires_at,
             p.dispatch_started_at
            FROM public.payment_outbox_pending p
           WHERE ((p.outbox_id = given.outbox_id) AND (p.lease_token = given.lease_token) AND (p.claimed_by = _lock_leases.p_worker_id) AND (p.hold IS NULL))
           ORDER BY p.outbox_id
          LIMIT 1
          FOR UPDATE OF p) held);
END;

--
-- Name: FUNCTION _lock_leases(p_outbox_ids uuid[], p_lease_tokens uuid[], p_worker_id text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public._lock_leases(p_outbox_ids uuid[], p_lease_tokens uuid[], p_worker_id text) IS 'Private: locks the leases of a worker, each with the moment at which it was had.';

--
-- Name: outbox_controls; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.outbox_controls (
    scope text NOT NULL,
    scope_key text NOT NULL,
    paused boolean DEFAULT false NOT NULL,
    ordering text DEFAULT 'NONE'::text NOT NULL,
    fair boolean DEFAULT false NOT NULL,
    notify_workers boolean DEFAULT true NOT NULL,
    updated_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT ck_controls_fair_is_of_the_queue CHECK (((scope = 'QUEUE'::text) OR (NOT fair))),
    CONSTRAINT ck_controls_ordering CHECK ((ordering = ANY (ARRAY['NONE'::text, 'FIFO_BLOCK'::text, 'FIFO_SKIP'::text]))),
    CONSTRAINT ck_controls_queue_key CHECK (((scope <> 'QUEUE'::text) OR (scope_key = '*'::text))),
    CONSTRAINT ck_controls_scope CHECK ((scope = ANY (ARRAY['QUEUE'::text, 'RAIL'::text, 'TENANT'::text])))
);

--
-- Name: TABLE outbox_controls; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.outbox_controls IS 'Settings of the whole queue (QUEUE, *), of a rail or of a tenant; no row means the defaults.';

--
-- Name: COLUMN outbox_controls.ordering; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.outbox_controls.ordering IS 'FIFO_BLOCK: a participant''s items go one after the other, a blocked head stops them. FIFO_SKIP: they pass a head that is held or waits for its retry.';

--
-- Name: COLUMN outbox_controls.fair; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.outbox_controls.fair IS 'Claims take the same share of every tenant that has due items.';

--
-- Name: COLUMN outbox_controls.notify_workers; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.outbox_controls.notify_workers IS 'False: no NOTIFY for new items of this scope; workers find them by polling.';

--
-- Name: _may_be_passed(text, uuid); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public._may_be_passed(p_rail_type text, p_tenant_id uuid) RETURNS boolean
    LANGUAGE sql STABLE
    BEGIN ATOMIC
 SELECT COALESCE(bool_and((c.ordering = 'FIFO_SKIP'::text)), false) AS may_be_passed
    FROM public.outbox_controls c
   WHERE ((c.ordering <> 'NONE'::text) AND public._in_scope(c.scope, c.scope_key, _may_be_passed.p_rail_type, _may_be_passed.p_tenant_id));
END;

--
-- Name: FUNCTION _may_be_passed(p_rail_type text, p_tenant_id uuid); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public._may_be_passed(p_rail_type text, p_tenant_id uuid) IS 'Private: true where the ordering is FIFO_SKIP.';

--
-- Name: _nth_uuid(uuid, bigint); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public._nth_uuid(p_first uuid, p_nth bigint) RETURNS uuid
    LANGUAGE sql IMMUTABLE
    BEGIN ATOMIC
 SELECT (("left"((p_first)::text, 24) || lpad(to_hex(((((('x'::text || "right"((p_first)::text, 12)))::bit(48))::bigint + p_nth) & '281474976710655'::bigint)), 12, '0'::text)))::uuid AS nth_uuid;
END;

--
-- Name: FUNCTION _nth_uuid(p_first uuid, p_nth bigint); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public._nth_uuid(p_first uuid, p_nth bigint) IS 'Private: the n-th identifier after the first of a set.';

--
-- Name: _ordered_by_participant(text, uuid); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public._ordered_by_participant(p_rail_type text, p_tenant_id uuid) RETURNS boolean
    LANGUAGE sql STABLE
    BEGIN ATOMIC
 SELECT COALESCE(bool_or((c.ordering <> 'NONE'::text)), false) AS ordered
    FROM public.outbox_controls c
   WHERE public._in_scope(c.scope, c.scope_key, _ordered_by_participant.p_rail_type, _ordered_by_participant.p_tenant_id);
END;

--
-- Name: FUNCTION _ordered_by_participant(p_rail_type text, p_tenant_id uuid); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public._ordered_by_participant(p_rail_type text, p_tenant_id uuid) IS 'Private: true where the controls ask for the order of the participant.';

--
-- Name: payment_outbox_outcomes; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.payment_outbox_outcomes (
    outbox_id uuid NOT NULL,
    run_id uuid NOT NULL,
    sequence_id bigint NOT NULL,
    state public.outbox_attempt_state NOT NULL,
    attempts integer NOT NULL,
    first_claimed_at timestamp with time zone NOT NULL,
    completed_at timestamp with time zone NOT NULL,
    rail_reference text,
    error_code text,
    digest bytea NOT NULL,
    payload json,
    retired_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT ck_outcomes_attempts CHECK ((attempts >= 1)),
    CONSTRAINT ck_outcomes_digest CHECK ((octet_length(digest) = 32)),
    CONSTRAINT ck_outcomes_state CHECK ((state = ANY (ARRAY['DISPATCHED'::public.outbox_attempt_state, 'FAILED'::public.outbox_attempt_state])))
);

--
-- Name: TABLE payment_outbox_outcomes; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.payment_outbox_outcomes IS 'Permanent: how an item ended whose attempts were retired; replays are answered from it.';

--
-- Name: COLUMN payment_outbox_outcomes.digest; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.payment_outbox_outcomes.digest IS 'SHA-256 over the hashes of the retired attempts (_attempts_digest): proves an export of them.';

--
-- Name: COLUMN payment_outbox_outcomes.payload; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.payment_outbox_outcomes.payload IS 'The payload, for items from before revision 0004, whose identity does not carry it.';

--
-- Name: _outcome_of(uuid); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public._outcome_of(p_outbox_id uuid, OUT sequence_id bigint, OUT state text) RETURNS record
    LANGUAGE sql STABLE
    BEGIN ATOMIC
 SELECT COALESCE(p.sequence_id, latest.sequence_id, o.sequence_id) AS sequence_id,
         CASE
             WHEN (p.hold = 'IN_DOUBT'::text) THEN 'IN_DOUBT'::text
             WHEN (p.outbox_id IS NOT NULL) THEN 'PENDING'::text
             ELSE (COALESCE(latest.state, o.state))::text
         END AS state
    FROM (((( SELECT _outcome_of.p_outbox_id AS outbox_id) asked
      LEFT JOIN public.payment_outbox_pending p ON ((asked.outbox_id = p.outbox_id)))
      LEFT JOIN public.payment_outbox_outcomes o ON ((asked.outbox_id = o.outbox_id)))
      LEFT JOIN LATERAL ( SELECT a.sequence_id,
             a.state
            FROM public.payment_outbox_attempts a
           WHERE (a.outbox_id = asked.outbox_id)
           ORDER BY a.attempt_no DESC
          LIMIT 1) latest ON (true));
END;

--
-- Name: FUNCTION _outcome_of(p_outbox_id uuid, OUT sequence_id bigint, OUT state text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public._outcome_of(p_outbox_id uuid, OUT sequence_id bigint, OUT state text) IS 'Private: sequence number and state of an item: PENDING, IN_DOUBT or its last attempt''s.';

--
-- Name: _rail_key(uuid, text, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public._rail_key(p_tenant_id uuid, p_instruction_id text, p_idempotency_key text) RETURNS text
    LANGUAGE sql STABLE
    BEGIN ATOMIC
 SELECT "left"(encode(sha256(convert_to((((((COALESCE((p_tenant_id)::text, ''::text) || ':'::text) || (length(p_instruction_id))::text) || ':'::text) || p_instruction_id) || p_idempotency_key), 'UTF8'::name)), 'hex'::text), 32) AS rail_key;
END;

--
-- Name: FUNCTION _rail_key(p_tenant_id uuid, p_instruction_id text, p_idempotency_key text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public._rail_key(p_tenant_id uuid, p_instruction_id text, p_idempotency_key text) IS 'Private: the idempotency key that the rail gets, derived from the identity.';

--
-- Name: _record_by_operator(uuid, public.outbox_attempt_state, text, text, text, text, text, interval); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public._record_by_operator(p_outbox_id uuid, p_state public.outbox_attempt_state, p_closed_by text, p_rail_reference text, p_rail_code text, p_error_code text, p_error_message text, p_requeue_after interval) RETURNS TABLE(attempt_no integer, state public.outbox_attempt_state)
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
declare
    v_now timestamptz := clock_timestamp();
    v_last_try boolean;
    v_attempt_no integer;
    v_state text;
    v_participant_id text;
    v_fifo boolean;
begin
    select p.attempt_count + 1 - p.budget_base >= public.outbox_retry_ceiling() into v_last_try
    from public.payment_outbox_pending as p
    where p.outbox_id = p_outbox_id;

    insert into public.payment_outbox_attempts as a (
        outbox_id, instruction_id, participant_id, sequence_id, idempotency_key, rail_type,
        attempt_no, state, claimed_at, completed_at,
        rail_reference, rail_code, error_code, error_message,
        worker_id, closed_by, lease_token, dispatch_started_at, redrive_no,
        tenant_id, correlation_id, upstream_ref, downstream_ref, nfs_sequence_ref
    )
    select
        p.outbox_id, p.instruction_id, p.participant_id, p.sequence_id, p.idempotency_key,
        p.rail_type,
        p.attempt_count + 1,
        case
            when p_state not in ('DISPATCHED', 'FAILED') and v_last_try then 'FAILED'
            else p_state
        end,
        coalesce(p.leased_at, v_now), v_now,
        p_rail_reference, left(p_rail_code, 100),
        case
            when p_state = 'ZOMBIE_REQUEUE' and v_last_try then 'RETRY_CEILING_EXCEEDED'
            else left(p_error_code, 100)
        end,
        left(p_error_message, 2000),
        p.claimed_by, p_closed_by, p.lease_token, p.dispatch_started_at, p.redrive_no,
        p.tenant_id, p.correlation_id, p.upstream_ref, p.downstream_ref, p.nfs_sequence_ref
    from public.payment_outbox_pending as p
    where p.outbox_id = p_outbox_id
    returning a.attempt_no, a.state into v_attempt_no, v_state;

    if v_state in ('DISPATCHED', 'FAILED') then
        delete from public.payment_outbox_pending as p
        where p.outbox_id = p_outbox_id
        returning p.participant_id, p.fifo into v_participant_id, v_fifo;
    else
        update public.payment_outbox_pending as p
        set
            attempt_count = v_attempt_no,
            hold = case when p.hold <> 'IN_DOUBT' then p.hold end,
            held_at = case when p.hold <> 'IN_DOUBT' then p.held_at end,
            next_attempt_at = case
                when p.hold <> 'IN_DOUBT' then p.next_attempt_at
                else v_now + coalesce(
                    p_requeue_after,
                    public._retry_delay(p.rail_type, v_attempt_no - p.budget_base, null)
                )
            end,
            claimed_by = null,
            lease_token = null,
            leased_at = null,
            lease_expires_at = null,
            dispatch_started_at = null
        where p.outbox_id = p_outbox_id
        returning p.participant_id, p.fifo into v_participant_id, v_fifo;
    end if;
    if v_fifo then
        perform public._advance_participants(array[v_participant_id]);
    end if;

    return query
    select v_attempt_no, v_state::public.outbox_attempt_state;
end;
$$;

--
-- Name: FUNCTION _record_by_operator(p_outbox_id uuid, p_state public.outbox_attempt_state, p_closed_by text, p_rail_reference text, p_rail_code text, p_error_code text, p_error_message text, p_requeue_after interval); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public._record_by_operator(p_outbox_id uuid, p_state public.outbox_attempt_state, p_closed_by text, p_rail_reference text, p_rail_code text, p_error_code text, p_error_message text, p_requeue_after interval) IS 'Private: the next attempt of a locked item, written by an operator.';

--
-- Name: _release_paused_items(text, text, integer); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public._release_paused_items(p_scope text, p_scope_key text, p_limit integer) RETURNS TABLE(released bigint, remaining bigint)
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
declare
    v_released bigint;
begin
    with free as materialized (
        select p.outbox_id
        from public.payment_outbox_pending as p
        where
            p.hold = 'PAUSED'
            and public._in_scope(p_scope, p_scope_key, p.rail_type, p.tenant_id)
            and not exists (
                select
                from public.outbox_controls as c
                where
                    c.paused
                    and public._in_scope(c.scope, c.scope_key, p.rail_type, p.tenant_id)
            )
        order by p.outbox_id
        limit p_limit
        for update of p skip locked
    )

    update public.payment_outbox_pending as p
    set hold = null, held_at = null, next_attempt_at = clock_timestamp()
    from free
    where p.outbox_id = free.outbox_id;
    get diagnostics v_released = row_count;

    return query
    select
        v_released as released,
        count(*) as remaining
    from public.payment_outbox_pending as p
    where
        p.hold = 'PAUSED'
        and public._in_scope(p_scope, p_scope_key, p.rail_type, p.tenant_id)
        and not exists (
            select
            from public.outbox_controls as c
            where
                c.paused
                and public._in_scope(c.scope, c.scope_key, p.rail_type, p.tenant_id)
        );
end;
$$;

--
-- Name: FUNCTION _release_paused_items(p_scope text, p_scope_key text, p_limit integer); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public._release_paused_items(p_scope text, p_scope_key text, p_limit integer) IS 'Private: releases items of a scope that no control keeps paused.';

--
-- Name: _release_stale_holds(integer); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public._release_stale_holds(p_limit integer) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
declare
    v_participants text[];
begin
    with stale as (
        select p.outbox_id
        from public.payment_outbox_pending as p
        where
            p.hold = 'PAUSED'
            and not exists (
                select
                from public.outbox_controls as c
                where
                    c.paused
                    and public._in_scope(c.scope, c.scope_key, p.rail_type, p.tenant_id)
            )
        order by p.held_at
        limit p_limit
        for update skip locked
    )

    update public.payment_outbox_pending as p
    set hold = null, held_at = null, next_attempt_at = clock_timestamp()
    from stale
    where p.outbox_id = stale.outbox_id;

    -- From participant to participant, by index.
    with recursive walk as (
        (
            select p.participant_id
            from public.payment_outbox_pending as p
            where p.fifo
            order by p.participant_id
            limit 1
        )
        union all
        select (
            select p.participant_id
            from public.payment_outbox_pending as p
            where p.fifo and p.participant_id > w.participant_id
            order by p.participant_id
            limit 1
        )
        from walk as w
        where w.participant_id is not null
    )

    select array_agg(known.participant_id) into v_participants
    from (
        select w.participant_id
        from walk as w
        where w.participant_id is not null
        order by w.participant_id
        limit 10000
    ) as known;
    if v_participants is not null then
        perform public._advance_participants(v_participants);
    end if;
end;
$$;

--
-- Name: FUNCTION _release_stale_holds(p_limit integer); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public._release_stale_holds(p_limit integer) IS 'Private: releases held items that nothing holds any more.';

--
-- Name: _require_horizon(timestamp with time zone); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public._require_horizon(p_before timestamp with time zone) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
declare
    v_days integer := public._retention_days_min();
begin
    if p_before is null
        or not isfinite(p_before)
        or p_before > clock_timestamp() - make_interval(days => v_days)
    then
        raise exception 'p_before: must be at least % days ago', v_days
            using
                errcode = 'P711F',
                column = 'p_before',
                constraint = 'as long ago as symphony.retention_days_min says',
                hint = 'alter database ... set symphony.retention_days_min changes the limit.';
    end if;
end;
$$;

--
-- Name: FUNCTION _require_horizon(p_before timestamp with time zone); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public._require_horizon(p_before timestamp with time zone) IS 'Private: refuses a horizon that is younger than the limit of the database.';

--
-- Name: _require_leases(uuid[], uuid[], text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public._require_leases(p_outbox_ids uuid[], p_lease_tokens uuid[], p_worker_id text) RETURNS void
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
begin
    perform public._require_text('p_worker_id', p_worker_id, 'P7117');
    if coalesce(cardinality(p_outbox_ids), 0) not between 1 and 10000
        or cardinality(p_outbox_ids) is distinct from cardinality(p_lease_tokens)
    then
        raise exception 'p_outbox_ids: must be 1 to 10000 ids, with as many tokens'
            using
                errcode = 'P7118',
                column = 'p_outbox_ids',
                constraint = '1 to 10000 ids, as many tokens';
    end if;
end;
$$;

--
-- Name: FUNCTION _require_leases(p_outbox_ids uuid[], p_lease_tokens uuid[], p_worker_id text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public._require_leases(p_outbox_ids uuid[], p_lease_tokens uuid[], p_worker_id text) IS 'Private: refuses a list of leases that breaks its limits.';

--
-- Name: _require_operator(text, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public._require_operator(p_actor text, p_reason text) RETURNS void
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
begin
    if not public._is_identifier(btrim(p_actor)) then
        raise exception 'p_actor: must be 1 to 200 characters, no control characters'
            using
                errcode = 'P711C',
                column = 'p_actor',
                constraint = '1 to 200 characters, no control characters';
    end if;
    if coalesce(length(btrim(p_reason)), 0) not between 1 and 1000 then
        raise exception 'p_reason: must be 1 to 1000 characters'
            using errcode = 'P711C', column = 'p_reason', constraint = '1 to 1000 characters';
    end if;
end;
$$;

--
-- Name: FUNCTION _require_operator(p_actor text, p_reason text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public._require_operator(p_actor text, p_reason text) IS 'Private: refuses an actor or a reason that is missing or too long.';

--
-- Name: _require_scope(text, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public._require_scope(p_scope text, p_scope_key text) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
declare
    v_key text := p_scope_key;
begin
    if p_scope is null or p_scope not in ('QUEUE', 'RAIL', 'TENANT') then
        raise exception 'p_scope: must be QUEUE, RAIL or TENANT'
            using errcode = 'P711D', column = 'p_scope', constraint = 'QUEUE, RAIL or TENANT';
    end if;
    if p_scope = 'TENANT' and pg_input_is_valid(p_scope_key, 'uuid') then
        select t.tenant_id::text into v_key
        from public.tenants as t
        where t.tenant_id = p_scope_key::uuid;
    elsif p_scope = 'TENANT'
        or (p_scope = 'QUEUE' and p_scope_key <> '*')
        or (p_scope = 'RAIL' and not public._is_identifier(p_scope_key))
    then
        v_key := null;
    end if;
    if v_key is null then
        raise exception 'p_scope_key: must be * for QUEUE, a rail, or a known tenant''s id'
            using
                errcode = 'P711D',
                column = 'p_scope_key',
                constraint = '* for QUEUE, a rail, or a known tenant''s id';
    end if;
    return v_key;
end;
$$;

--
-- Name: FUNCTION _require_scope(p_scope text, p_scope_key text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public._require_scope(p_scope text, p_scope_key text) IS 'Private: the key of a scope in the form in which items are compared with it.';

--
-- Name: _require_text(text, text, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public._require_text(p_parameter text, p_value text, p_sqlstate text) RETURNS void
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
begin
    if not public._is_identifier(p_value) then
        raise exception '%: must be 1 to 200 characters, no end blanks, no control characters',
            p_parameter
            using
                errcode = p_sqlstate,
                column = p_parameter,
                constraint = '1 to 200 characters, no end blanks, no control characters';
    end if;
end;
$$;

--
-- Name: FUNCTION _require_text(p_parameter text, p_value text, p_sqlstate text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public._require_text(p_parameter text, p_value text, p_sqlstate text) IS 'Private: refuses an identifier that breaks the rule, under the SQLSTATE of its parameter.';

--
-- Name: _require_texts(text, text[], text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public._require_texts(p_parameter text, p_values text[], p_sqlstate text) RETURNS void
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
declare
    v_place bigint;
begin
    select g.place into v_place
    from unnest(p_values) with ordinality as g (value, place)
    where not public._is_identifier(g.value)
    order by g.place
    limit 1;
    if found then
        raise exception '%: must be 1 to 200 characters, no end blanks, no control characters',
            p_parameter
            using
                errcode = p_sqlstate,
                column = p_parameter,
                constraint = '1 to 200 characters, no end blanks, no control characters',
                detail = format('item %s', v_place);
    end if;
end;
$$;

--
-- Name: FUNCTION _require_texts(p_parameter text, p_values text[], p_sqlstate text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public._require_texts(p_parameter text, p_values text[], p_sqlstate text) IS 'Private: refuses a list of identifiers of which one breaks the rule.';

--
-- Name: _retention_days_min(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public._retention_days_min() RETURNS integer
    LANGUAGE sql STABLE
    BEGIN ATOMIC
 SELECT
         CASE
             WHEN ((given.setting ~ '^[1-9][0-9]{0,4}$'::text) AND ((given.setting)::integer <= 36500)) THEN (given.setting)::integer
             ELSE 90
         END AS days_min
    FROM ( SELECT public._database_setting('symphony.retention_days_min'::text) AS setting) given;
END;

--
-- Name: FUNCTION _retention_days_min(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public._retention_days_min() IS 'Private: days that history stays at least: a setting of the database, 1 to 36500, default 90.';

--
-- Name: _retention_verdicts(uuid[], timestamp with time zone); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public._retention_verdicts(p_outbox_ids uuid[], p_before timestamp with time zone) RETURNS TABLE(outbox_id uuid, verdict text, attempts bigint, bytes bigint, oldest timestamp with time zone, newest timestamp with time zone)
    LANGUAGE sql STABLE
    BEGIN ATOMIC
 WITH history AS (
          SELECT a.outbox_id,
             count(*) AS attempts,
             sum(pg_column_size(a.*)) AS bytes,
             min(COALESCE(a.completed_at, a.created_at)) AS oldest,
             max(COALESCE(a.completed_at, a.created_at)) AS newest,
             (array_agg(a.state ORDER BY a.attempt_no DESC))[1] AS state
            FROM public.payment_outbox_attempts a
           WHERE (a.outbox_id = ANY (_retention_verdicts.p_outbox_ids))
           GROUP BY a.outbox_id
         )
  SELECT history.outbox_id,
         CASE
             WHEN (NOT (EXISTS ( SELECT
                FROM public.payment_outbox_identities i
               WHERE (i.outbox_id = history.outbox_id)))) THEN 'UNREGISTERED'::text
             WHEN (EXISTS ( SELECT
                FROM public.payment_outbox_outcomes o
               WHERE (o.outbox_id = history.outbox_id))) THEN 'REAPPEARED'::text
             WHEN (EXISTS ( SELECT
                FROM public.payment_outbox_pending p
               WHERE (p.outbox_id = history.outbox_id))) THEN 'ON_QUEUE'::text
             WHEN (history.state <> ALL (ARRAY['DISPATCHED'::public.outbox_attempt_state, 'FAILED'::public.outbox_attempt_state])) THEN 'NOT_ENDED'::text
             WHEN (history.newest >= _retention_verdicts.p_before) THEN 'TOO_YOUNG'::text
             WHEN ((history.state = 'FAILED'::public.outbox_attempt_state) AND (EXISTS ( SELECT
                FROM public.payment_outbox_late_results l
               WHERE ((l.outbox_id = history.outbox_id) AND (l.state = 'DISPATCHED'::public.outbox_attempt_state))))) THEN 'DISPUTED'::text
             WHEN (EXISTS ( SELECT
                FROM public.payment_outbox_late_results l
               WHERE ((l.outbox_id = history.outbox_id) AND (l.received_at >= _retention_verdicts.p_before)))) THEN 'LATE_RESULT'::text
             WHEN (NOT public._attempts_sealed(history.outbox_id)) THEN 'UNSEALED'::text
             ELSE 'RETIRE'::text
         END AS verdict,
     history.attempts,
     history.bytes,
     history.oldest,
     history.newest
    FROM history;
END;

--
-- Name: FUNCTION _retention_verdicts(p_outbox_ids uuid[], p_before timestamp with time zone); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public._retention_verdicts(p_outbox_ids uuid[], p_before timestamp with time zone) IS 'Private: RETIRE for each item whose attempts may go, or the reason why they stay.';

--
-- Name: outbox_retry_policies; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.outbox_retry_policies (
    rail_type text NOT NULL,
    strategy text NOT NULL,
    base_seconds numeric NOT NULL,
    factor numeric DEFAULT 2 NOT NULL,
    max_seconds numeric NOT NULL,
    jitter numeric DEFAULT 0 NOT NULL,
    updated_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT ck_retry_policies_base CHECK (((base_seconds >= (0)::numeric) AND (base_seconds <= (604800)::numeric))),
    CONSTRAINT ck_retry_policies_factor CHECK (((factor >= (1)::numeric) AND (factor <= (10)::numeric))),
    CONSTRAINT ck_retry_policies_jitter CHECK (((jitter >= (0)::numeric) AND (jitter <= (1)::numeric))),
    CONSTRAINT ck_retry_policies_max CHECK (((max_seconds >= base_seconds) AND (max_seconds <= (604800)::numeric))),
    CONSTRAINT ck_retry_policies_strategy CHECK ((strategy = ANY (ARRAY['FIXED'::text, 'EXPONENTIAL'::text])))
);

--
-- Name: TABLE outbox_retry_policies; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.outbox_retry_policies IS 'How long a RETRYABLE attempt waits, by rail (* for the others), if the worker names no delay.';

--
-- Name: COLUMN outbox_retry_policies.jitter; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.outbox_retry_policies.jitter IS 'Share of the delay that is random: 0 none, 1 all of it.';

--
-- Name: _retry_delay(text, integer, integer); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public._retry_delay(p_rail_type text, p_retries integer, p_retry_delay_seconds integer) RETURNS interval
    LANGUAGE sql
    BEGIN ATOMIC
 SELECT
         CASE
             WHEN (p_retry_delay_seconds IS NOT NULL) THEN make_interval(secs => (LEAST(GREATEST(p_retry_delay_seconds, 0), 604800))::double precision)
             ELSE COALESCE(( SELECT make_interval(secs => ((round(LEAST(r.max_seconds,
                     CASE r.strategy
                         WHEN 'FIXED'::text THEN r.base_seconds
                         ELSE (r.base_seconds * (r.factor ^ (LEAST((_retry_delay.p_retries - 1), 100))::numeric))
                     END), 6))::double precision * ((1)::double precision - ((round(r.jitter, 6))::double precision * random())))) AS delay
                FROM public.outbox_retry_policies r
               WHERE (r.rail_type = ANY (ARRAY[_retry_delay.p_rail_type, '*'::text]))
               ORDER BY (r.rail_type = '*'::text)
              LIMIT 1), '00:00:01'::interval)
         END AS delay;
END;

--
-- Name: FUNCTION _retry_delay(p_rail_type text, p_retries integer, p_retry_delay_seconds integer); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public._retry_delay(p_rail_type text, p_retries integer, p_retry_delay_seconds integer) IS 'Private: the wait before the next attempt, by the worker''s wish or the rail''s policy.';

--
-- Name: _seal_over(text, bigint, uuid); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public._seal_over(p_subject text, p_position bigint, p_row_id uuid) RETURNS bigint
    LANGUAGE sql STABLE
    BEGIN ATOMIC
 SELECT COALESCE(( SELECT s.seal_no
            FROM public.ledger_seals s
           WHERE ((s.subject = _seal_over.p_subject) AND (s.through_position >= _seal_over.p_position))
           ORDER BY s.through_position
          LIMIT 1), ( SELECT s.seal_no
            FROM public.ledger_seals s
           WHERE ((_seal_over.p_position IS NULL) AND (s.subject = _seal_over.p_subject) AND (s.through_id >= _seal_over.p_row_id))
           ORDER BY s.through_id
          LIMIT 1)) AS seal_no;
END;

--
-- Name: FUNCTION _seal_over(p_subject text, p_position bigint, p_row_id uuid); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public._seal_over(p_subject text, p_position bigint, p_row_id uuid) IS 'Private: the seal that covers a row of the ledger, or null.';

--
-- Name: adopt_queued_item(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.adopt_queued_item() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
begin
    insert into public.payment_outbox_identities (
        outbox_id, tenant_id, instruction_id, idempotency_key, participant_id, rail_type,
        fingerprint, payload, created_at
    )
    values (
        new.outbox_id, new.tenant_id, new.instruction_id, new.idempotency_key, new.participant_id,
        new.rail_type,
        public._payment_fingerprint(new.participant_id, new.rail_type, new.payload::text),
        new.payload::text::json, new.created_at
    )
    on conflict do nothing;
    if not found and not exists (
        select
        from public.payment_outbox_identities as i
        where
            i.outbox_id = new.outbox_id
            and i.tenant_id is not distinct from new.tenant_id
            and i.instruction_id = new.instruction_id
            and i.idempotency_key = new.idempotency_key
            and public._is_bound_to(
                i.fingerprint, new.participant_id, new.rail_type, new.payload::text
            )
    ) then
        raise exception 'outbox item %: its key belongs to another item', new.outbox_id
            using errcode = '23505', constraint = 'ux_outbox_identities_key';
    end if;

    insert into public.participant_outbox_sequences as s (participant_id, next_sequence_id)
    values (new.participant_id, new.sequence_id + 1)
    on conflict (participant_id) do update
        set next_sequence_id = excluded.next_sequence_id
        where s.next_sequence_id < excluded.next_sequence_id;

    if new.next_attempt_at < statement_timestamp() - interval '100 ms' then
        perform setval('public.outbox_due_sweep', 0);
    end if;
    -- The identity of an item that ended before revision 0004 has no payload: the row keeps it.
    if exists (
        select
        from public.payment_outbox_identities as i
        where i.outbox_id = new.outbox_id and i.payload is not null
    ) then
        new.payload := null;
    end if;
    return new;
end;
$$;

--
-- Name: FUNCTION adopt_queued_item(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.adopt_queued_item() IS 'Registers the identity of an item that was inserted with its payload.';

--
-- Name: adopt_recorded_attempt(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.adopt_recorded_attempt() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
begin
    insert into public.payment_outbox_identities (
        outbox_id, tenant_id, instruction_id, idempotency_key, participant_id, rail_type,
        fingerprint, payload, created_at
    )
    values (
        new.outbox_id, new.tenant_id, new.instruction_id, new.idempotency_key, new.participant_id,
        new.rail_type,
        public._payment_fingerprint(new.participant_id, new.rail_type, new.payload::text),
        new.payload::text::json, new.created_at
    )
    on conflict do nothing;

    update public.payment_outbox_pending as p
    set attempt_count = new.attempt_no
    where p.outbox_id = new.outbox_id and p.attempt_count < new.attempt_no;
    return new;
end;
$$;

--
-- Name: FUNCTION adopt_recorded_attempt(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.adopt_recorded_attempt() IS 'Registers the identity of an attempt that was inserted with its payload, and moves the counter.';

--
-- Name: begin_outbox_dispatch(uuid[], uuid[], text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.begin_outbox_dispatch(p_outbox_ids uuid[], p_lease_tokens uuid[], p_worker_id text) RETURNS TABLE(outbox_id uuid)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
begin
    perform public._require_leases(p_outbox_ids, p_lease_tokens, p_worker_id);

    return query
    update public.payment_outbox_pending as p
    set dispatch_started_at = coalesce(p.dispatch_started_at, held.moment)
    from public._lock_leases(p_outbox_ids, p_lease_tokens, p_worker_id) as held
    where p.outbox_id = held.outbox_id and held.lease_expires_at > held.moment
    returning p.outbox_id;
end;
$$;

--
-- Name: FUNCTION begin_outbox_dispatch(p_outbox_ids uuid[], p_lease_tokens uuid[], p_worker_id text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.begin_outbox_dispatch(p_outbox_ids uuid[], p_lease_tokens uuid[], p_worker_id text) IS 'Declares that the rail is about to be called; returns the items that may be sent.';

--
-- Name: bump_participant_outbox_seq(text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.bump_participant_outbox_seq(p_participant_id text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
declare
    v_sequence_id bigint;
begin
    perform public._require_text('p_participant_id', p_participant_id, 'P7113');
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
    into v_sequence_id;
    return v_sequence_id;
end;
$$;

--
-- Name: FUNCTION bump_participant_outbox_seq(p_participant_id text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.bump_participant_outbox_seq(p_participant_id text) IS 'Takes the next sequence number of the participant; rolled back with the transaction.';

--
-- Name: cancel_outbox_item(uuid, text, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.cancel_outbox_item(p_outbox_id uuid, p_actor text, p_reason text) RETURNS TABLE(attempt_no integer, state public.outbox_attempt_state)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
declare
    v_attempt_no integer;
    v_state text;
begin
    perform public._require_operator(p_actor, p_reason);
    -- It waits for whoever is just cancelling the item; what follows sees the end of that.
    perform
    from public.payment_outbox_pending as p
    where p.outbox_id = p_outbox_id
    for update;
    if not found then
        return query
        select a.attempt_no, a.state
        from public.payment_outbox_attempts as a
        where
            a.outbox_id = p_outbox_id
            and a.state = 'FAILED'
            and a.error_code = 'CANCELLED'
            and a.closed_by is not null
            and not exists (
                select
                from public.payment_outbox_attempts as later
                where later.outbox_id = a.outbox_id and later.attempt_no > a.attempt_no
            );
        if found then
            -- The first answer may have given up its wait for a standby. A record for nobody makes
            -- this commit wait too: what is said is on the standby.
            perform pg_logical_emit_message(true, 'ledgerdb', 'replay');
            return;
        end if;
    end if;

    perform public._lock_item_for_operator(p_outbox_id, btrim(p_actor));
    select r.attempt_no, r.state into v_attempt_no, v_state
    from public._record_by_operator(
        p_outbox_id, 'FAILED', btrim(p_actor), null, null, 'CANCELLED', btrim(p_reason), null
    ) as r;

    insert into public.payment_outbox_operator_actions (action, outbox_id, actor, reason, detail)
    values (
        'CANCEL', p_outbox_id, btrim(p_actor), btrim(p_reason),
        jsonb_build_object('attempt_no', v_attempt_no)
    );
    return query
    select v_attempt_no, v_state::public.outbox_attempt_state;
end;
$$;

--
-- Name: FUNCTION cancel_outbox_item(p_outbox_id uuid, p_actor text, p_reason text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.cancel_outbox_item(p_outbox_id uuid, p_actor text, p_reason text) IS 'Ends an item that must not be sent, as FAILED with the error code CANCELLED.';

--
-- Name: claim_outbox_batch(integer, text, integer); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.claim_outbox_batch(p_batch_size integer, p_worker_id text, p_lease_seconds integer) RETURNS TABLE(outbox_id uuid, instruction_id text, participant_id text, sequence_id bigint, idempotency_key text, rail_type text, payload jsonb, attempt_count integer, lease_token uuid, lease_expires_at timestamp with time zone)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
begin
    return query
    select
        c.outbox_id, c.instruction_id, c.participant_id, c.sequence_id, c.idempotency_key,
        c.rail_type, c.payload::jsonb,
        c.attempt_no - 1, c.lease_token, c.lease_expires_at
    from public.claim_outbox_items(p_batch_size, p_worker_id, p_lease_seconds) as c;
end;
$$;

--
-- Name: FUNCTION claim_outbox_batch(p_batch_size integer, p_worker_id text, p_lease_seconds integer); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.claim_outbox_batch(p_batch_size integer, p_worker_id text, p_lease_seconds integer) IS 'Leases due items to a worker, in due order, each under a new lease token.';

--
-- Name: claim_outbox_items(integer, text, integer); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.claim_outbox_items(p_batch_size integer, p_worker_id text, p_lease_seconds integer) RETURNS TABLE(outbox_id uuid, tenant_id uuid, instruction_id text, participant_id text, sequence_id bigint, idempotency_key text, rail_type text, payload json, correlation_id uuid, attempt_no integer, lease_token uuid, lease_expires_at timestamp with time zone, rail_key text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
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
$$;

--
-- Name: FUNCTION claim_outbox_items(p_batch_size integer, p_worker_id text, p_lease_seconds integer); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.claim_outbox_items(p_batch_size integer, p_worker_id text, p_lease_seconds integer) IS 'Leases due items to a worker, each under a new lease token, with payload and rail key.';

--
-- Name: claim_traced_items(integer, text, integer); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.claim_traced_items(p_batch_size integer, p_worker_id text, p_lease_seconds integer) RETURNS TABLE(outbox_id uuid, tenant_id uuid, instruction_id text, participant_id text, sequence_id bigint, idempotency_key text, rail_type text, payload json, correlation_id uuid, attempt_no integer, lease_token uuid, lease_expires_at timestamp with time zone, rail_key text, trace_context text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
begin
    return query
    select
        c.outbox_id, c.tenant_id, c.instruction_id, c.participant_id, c.sequence_id,
        c.idempotency_key, c.rail_type, c.payload, c.correlation_id, c.attempt_no, c.lease_token,
        c.lease_expires_at, c.rail_key, p.trace_context
    from
        public.claim_outbox_items(p_batch_size, p_worker_id, p_lease_seconds) with ordinality as c
    inner join public.payment_outbox_pending as p on c.outbox_id = p.outbox_id
    order by c.ordinality;
end;
$$;

--
-- Name: FUNCTION claim_traced_items(p_batch_size integer, p_worker_id text, p_lease_seconds integer); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.claim_traced_items(p_batch_size integer, p_worker_id text, p_lease_seconds integer) IS 'Leases due items to a worker, each with the trace that it was accepted in.';

--
-- Name: complete_outbox_attempt(uuid, uuid, text, public.outbox_attempt_state, text, text, text, text, integer, integer); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.complete_outbox_attempt(p_outbox_id uuid, p_lease_token uuid, p_worker_id text, p_state public.outbox_attempt_state, p_rail_reference text DEFAULT NULL::text, p_rail_code text DEFAULT NULL::text, p_error_code text DEFAULT NULL::text, p_error_message text DEFAULT NULL::text, p_latency_ms integer DEFAULT NULL::integer, p_retry_delay_seconds integer DEFAULT 1) RETURNS TABLE(attempt_no integer, state public.outbox_attempt_state)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
declare
    v_result record;
begin
    select c.outcome, c.attempt_no, c.state
    into v_result
    from public.complete_outbox_attempts(
        p_worker_id => p_worker_id,
        p_outbox_ids => array[p_outbox_id],
        p_lease_tokens => array[p_lease_token],
        p_states => array[p_state],
        p_rail_references => array[p_rail_reference],
        p_rail_codes => array[p_rail_code],
        p_error_codes => array[p_error_code],
        p_error_messages => array[p_error_message],
        p_latency_ms => array[p_latency_ms],
        p_retry_delay_seconds => array[coalesce(p_retry_delay_seconds, 1)]
    ) as c;
    if v_result.outcome not in ('RECORDED', 'REPLAYED') then
        raise exception 'lease lost for outbox item %', p_outbox_id
            using
                errcode = 'P7002',
                detail = v_result.outcome,
                hint = 'complete_outbox_attempts keeps a late result as evidence.';
    end if;

    return query
    select v_result.attempt_no, v_result.state;
end;
$$;

--
-- Name: FUNCTION complete_outbox_attempt(p_outbox_id uuid, p_lease_token uuid, p_worker_id text, p_state public.outbox_attempt_state, p_rail_reference text, p_rail_code text, p_error_code text, p_error_message text, p_latency_ms integer, p_retry_delay_seconds integer); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.complete_outbox_attempt(p_outbox_id uuid, p_lease_token uuid, p_worker_id text, p_state public.outbox_attempt_state, p_rail_reference text, p_rail_code text, p_error_code text, p_error_message text, p_latency_ms integer, p_retry_delay_seconds integer) IS 'Ends a leased attempt: appends its row under the next number, and ends or requeues the item.';

--
-- Name: complete_outbox_attempts(text, uuid[], uuid[], public.outbox_attempt_state[], text[], text[], text[], text[], integer[], integer[]); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.complete_outbox_attempts(p_worker_id text, p_outbox_ids uuid[], p_lease_tokens uuid[], p_states public.outbox_attempt_state[], p_rail_references text[] DEFAULT NULL::text[], p_rail_codes text[] DEFAULT NULL::text[], p_error_codes text[] DEFAULT NULL::text[], p_error_messages text[] DEFAULT NULL::text[], p_latency_ms integer[] DEFAULT NULL::integer[], p_retry_delay_seconds integer[] DEFAULT NULL::integer[]) RETURNS TABLE(outbox_id uuid, lease_token uuid, outcome text, attempt_no integer, state public.outbox_attempt_state)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
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
$$;

--
-- Name: FUNCTION complete_outbox_attempts(p_worker_id text, p_outbox_ids uuid[], p_lease_tokens uuid[], p_states public.outbox_attempt_state[], p_rail_references text[], p_rail_codes text[], p_error_codes text[], p_error_messages text[], p_latency_ms integer[], p_retry_delay_seconds integer[]); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.complete_outbox_attempts(p_worker_id text, p_outbox_ids uuid[], p_lease_tokens uuid[], p_states public.outbox_attempt_state[], p_rail_references text[], p_rail_codes text[], p_error_codes text[], p_error_messages text[], p_latency_ms integer[], p_retry_delay_seconds integer[]) IS 'Ends many leased attempts; what came too late is an outcome, kept as evidence.';

--
-- Name: deny_ingress_attestations_mutation(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.deny_ingress_attestations_mutation() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
begin
    raise exception 'ingress_attestations is append-only' using errcode = 'P0001';
end;
$$;

--
-- Name: FUNCTION deny_ingress_attestations_mutation(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.deny_ingress_attestations_mutation() IS 'Refuses changes to rows of ingress_attestations.';

--
-- Name: deny_late_results_mutation(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.deny_late_results_mutation() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
begin
    raise exception 'payment_outbox_late_results is append-only' using errcode = 'P0001';
end;
$$;

--
-- Name: FUNCTION deny_late_results_mutation(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.deny_late_results_mutation() IS 'Refuses changes to rows of payment_outbox_late_results.';

--
-- Name: deny_operator_actions_mutation(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.deny_operator_actions_mutation() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
begin
    raise exception 'payment_outbox_operator_actions is append-only' using errcode = 'P0001';
end;
$$;

--
-- Name: FUNCTION deny_operator_actions_mutation(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.deny_operator_actions_mutation() IS 'Refuses changes to rows of payment_outbox_operator_actions.';

--
-- Name: deny_outbox_attempts_mutation(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.deny_outbox_attempts_mutation() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
begin
    if tg_op = 'DELETE' and exists (
        select
        from public.payment_outbox_outcomes as o
        inner join public.ledger_retention_runs as r on o.run_id = r.run_id
        inner join public.ledger_retired_leaves as l on o.outbox_id = l.outbox_id
        where
            o.outbox_id = old.outbox_id
            and l.attempt_id = old.attempt_id
            and o.attempts >= old.attempt_no
            and r.transaction_id = pg_current_xact_id_if_assigned()
            and coalesce(old.completed_at, old.created_at) < r.horizon
    ) then
        return old;
    end if;
    raise exception 'payment_outbox_attempts is append-only' using errcode = 'P0001';
end;
$$;

--
-- Name: FUNCTION deny_outbox_attempts_mutation(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.deny_outbox_attempts_mutation() IS 'Refuses changes to rows of payment_outbox_attempts, except by a retention run.';

--
-- Name: deny_outbox_identities_mutation(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.deny_outbox_identities_mutation() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
begin
    raise exception 'payment_outbox_identities is append-only' using errcode = 'P0001';
end;
$$;

--
-- Name: FUNCTION deny_outbox_identities_mutation(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.deny_outbox_identities_mutation() IS 'Refuses changes to rows of payment_outbox_identities.';

--
-- Name: deny_retention_mutation(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.deny_retention_mutation() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
begin
    raise exception '% is append-only', tg_table_name using errcode = 'P0001';
end;
$$;

--
-- Name: FUNCTION deny_retention_mutation(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.deny_retention_mutation() IS 'Refuses changes to rows of payment_outbox_outcomes, ledger_retired_leaves and their runs.';

--
-- Name: deny_revocation_mutation(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.deny_revocation_mutation() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
begin
    raise exception '% is append-only', tg_table_name using errcode = 'P0001';
end;
$$;

--
-- Name: FUNCTION deny_revocation_mutation(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.deny_revocation_mutation() IS 'Refuses changes to rows of the revocation lists.';

--
-- Name: deny_seal_mutation(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.deny_seal_mutation() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
begin
    raise exception 'ledger_seals is append-only' using errcode = 'P0001';
end;
$$;

--
-- Name: FUNCTION deny_seal_mutation(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.deny_seal_mutation() IS 'Refuses changes to rows of ledger_seals.';

--
-- Name: enforce_member_tenant_match(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.enforce_member_tenant_match() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
declare
    v_tenant_id uuid;
begin
    if new.member_id is null then
        return new;
    end if;
    select m.tenant_id into v_tenant_id
    from public.tenant_members as m
    where m.member_id = new.member_id;
    if not found then
        raise exception 'member % does not exist', new.member_id using errcode = '23503';
    end if;
    if new.tenant_id is null then
        raise exception 'an attestation with a member needs a tenant' using errcode = 'P7201';
    end if;
    if new.tenant_id <> v_tenant_id then
        raise exception 'member % belongs to another tenant', new.member_id using errcode = 'P7202';
    end if;
    return new;
end;
$$;

--
-- Name: FUNCTION enforce_member_tenant_match(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.enforce_member_tenant_match() IS 'Refuses an attestation whose member belongs to another tenant.';

--
-- Name: enqueue_outbox_items(text[], text[], text[], text[], text[]); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.enqueue_outbox_items(p_instruction_ids text[], p_participant_ids text[], p_idempotency_keys text[], p_rail_types text[], p_payloads text[]) RETURNS TABLE(place bigint, outbox_id uuid, sequence_id bigint, created_at timestamp with time zone, state text, outcome text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
begin
    return query
    select i.place, i.outbox_id, i.sequence_id, i.created_at, i.state, i.outcome
    from public._enqueue_outbox_items(
        p_tenant_ids => null,
        p_instruction_ids => p_instruction_ids,
        p_participant_ids => p_participant_ids,
        p_idempotency_keys => p_idempotency_keys,
        p_rail_types => p_rail_types,
        p_payloads => p_payloads,
        p_correlation_ids => null,
        p_one_key_per_instruction => false
    ) as i;
end;
$$;

--
-- Name: FUNCTION enqueue_outbox_items(p_instruction_ids text[], p_participant_ids text[], p_idempotency_keys text[], p_rail_types text[], p_payloads text[]); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.enqueue_outbox_items(p_instruction_ids text[], p_participant_ids text[], p_idempotency_keys text[], p_rail_types text[], p_payloads text[]) IS 'Enqueues many instructions at once; replays and conflicts are outcomes.';

--
-- Name: enqueue_payment_outbox(text, text, text, text, jsonb); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.enqueue_payment_outbox(p_instruction_id text, p_participant_id text, p_idempotency_key text, p_rail_type text, p_payload jsonb) RETURNS TABLE(outbox_id uuid, sequence_id bigint, created_at timestamp with time zone, state text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
declare
    v_item record;
begin
    v_item := public._enqueue_outbox_item(
        p_tenant_id => null,
        p_instruction_id => p_instruction_id,
        p_participant_id => p_participant_id,
        p_idempotency_key => p_idempotency_key,
        p_rail_type => p_rail_type,
        p_payload => p_payload::text,
        p_correlation_id => null,
        p_upstream_ref => null,
        p_downstream_ref => null,
        p_nfs_sequence_ref => null
    );
    outbox_id := v_item.outbox_id;
    sequence_id := v_item.sequence_id;
    created_at := v_item.created_at;
    state := case v_item.state when 'IN_DOUBT' then 'PENDING' else v_item.state end;
    return next;
end;
$$;

--
-- Name: FUNCTION enqueue_payment_outbox(p_instruction_id text, p_participant_id text, p_idempotency_key text, p_rail_type text, p_payload jsonb); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.enqueue_payment_outbox(p_instruction_id text, p_participant_id text, p_idempotency_key text, p_rail_type text, p_payload jsonb) IS 'Enqueues an instruction; a replay returns the first item, other content is refused.';

--
-- Name: ledgerdb_alembic_version; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.ledgerdb_alembic_version (
    version_num character varying(32) NOT NULL
);

--
-- Name: payment_outbox_operator_actions; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.payment_outbox_operator_actions (
    action_id uuid DEFAULT public.uuid_v7_or_random() NOT NULL,
    action text NOT NULL,
    outbox_id uuid,
    scope text,
    scope_key text,
    actor text NOT NULL,
    reason text NOT NULL,
    detail jsonb DEFAULT '{}'::jsonb NOT NULL,
    session_role name DEFAULT SESSION_USER NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT ck_operator_actions_action CHECK ((action = ANY (ARRAY['SET_CONTROL'::text, 'PAUSE'::text, 'RESUME'::text, 'SET_RETRY_POLICY'::text, 'MANUAL_ATTEMPT'::text, 'CANCEL'::text, 'RESOLVE'::text, 'REDRIVE'::text]))),
    CONSTRAINT ck_operator_actions_subject CHECK ((num_nonnulls(outbox_id, scope_key) = 1))
);

--
-- Name: TABLE payment_outbox_operator_actions; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.payment_outbox_operator_actions IS 'Append-only: what operators did to items, queues, rails and tenants, and why.';

--
-- Name: COLUMN payment_outbox_operator_actions.actor; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.payment_outbox_operator_actions.actor IS 'Who says to have done it; session_role is who the server knows it was.';

--
-- Name: COLUMN payment_outbox_operator_actions.detail; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.payment_outbox_operator_actions.detail IS 'What was asked for and what came of it; never a lease token.';

--
-- Name: evidence_pack(uuid, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.evidence_pack(p_tenant_id uuid, p_instruction_id text) RETURNS jsonb
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    BEGIN ATOMIC
 SELECT jsonb_build_object('schema_version', ( SELECT string_agg((v.version_num)::text, ','::text ORDER BY (v.version_num)::text) AS schema_version
            FROM public.ledgerdb_alembic_version v), 'attestation', jsonb_build_object('attestation_id', t.attestation_id, 'tenant_id', t.tenant_id, 'instruction_id', t.instruction_id, 'participant_id', t.participant_id, 'payload_hash', t.payload_hash, 'signature_hash', t.signature_hash, 'client_id', t.client_id, 'member_id', t.member_id, 'correlation_id', t.correlation_id, 'received_at', t.received_at, 'chain', jsonb_build_object('position', t.ledger_position, 'leaf', encode(public._attestation_leaf(t.*), 'hex'::text), 'seal_no', public._seal_over('ATTESTATIONS'::text, t.ledger_position, t.attestation_id))), 'outbox',
         CASE
             WHEN (i.outbox_id IS NOT NULL) THEN jsonb_build_object('outbox_id', i.outbox_id, 'idempotency_key', i.idempotency_key, 'rail_type', i.rail_type, 'fingerprint', encode(i.fingerprint, 'hex'::text), 'state',
             CASE
                 WHEN (p.hold = 'IN_DOUBT'::text) THEN 'IN_DOUBT'::text
                 WHEN (p.outbox_id IS NOT NULL) THEN 'PENDING'::text
                 ELSE COALESCE(history.state, (retired.state)::text)
             END, 'sequence_id', COALESCE(p.sequence_id, history.sequence_id, retired.sequence_id), 'created_at', i.created_at)
             ELSE NULL::jsonb
         END, 'attempts', COALESCE(history.attempts, '[]'::jsonb), 'retired',
         CASE
             WHEN (retired.outbox_id IS NOT NULL) THEN jsonb_build_object('run_id', retired.run_id, 'retired_at', retired.retired_at, 'state', retired.state, 'attempts', retired.attempts, 'first_claimed_at', retired.first_claimed_at, 'completed_at', retired.completed_at, 'rail_reference', retired.rail_reference, 'error_code', retired.error_code, 'digest', encode(retired.digest, 'hex'::text))
             ELSE NULL::jsonb
         END, 'late_results', ( SELECT COALESCE(jsonb_agg(jsonb_build_object('late_result_id', l.late_result_id, 'state', l.state, 'outcome', l.outcome, 'received_at', l.received_at, 'worker_id', l.worker_id, 'rail_reference', l.rail_reference, 'rail_code', l.rail_code, 'error_code', l.error_code, 'error_message', l.error_message, 'latency_ms', l.latency_ms) ORDER BY l.received_at, l.late_result_id), '[]'::jsonb) AS late_results
            FROM public.payment_outbox_late_results l
           WHERE (l.outbox_id = i.outbox_id)), 'operator_actions', ( SELECT COALESCE(jsonb_agg(jsonb_build_object('action_id', o.action_id, 'action', o.action, 'actor', o.actor, 'reason', o.reason, 'created_at', o.created_at) ORDER BY o.created_at, o.action_id), '[]'::jsonb) AS operator_actions
            FROM public.payment_outbox_operator_actions o
           WHERE (o.outbox_id = i.outbox_id)), 'seals', ( SELECT COALESCE(jsonb_agg(jsonb_build_object('seal_no', s.seal_no, 'subject', s.subject, 'after_position', s.after_position, 'through_position', s.through_position, 'after_id', s.after_id, 'through_id', s.through_id, 'row_count', s.row_count, 'leaf_version', s.leaf_version, 'digest', encode(s.digest, 'hex'::text), 'previous_hash', encode(s.previous_hash, 'hex'::text), 'seal_hash', encode(s.seal_hash, 'hex'::text), 'sealed_at', s.sealed_at) ORDER BY s.seal_no), '[]'::jsonb) AS seals
            FROM public.ledger_seals s
           WHERE (s.seal_no IN ( SELECT public._seal_over('ATTESTATIONS'::text, t.ledger_position, t.attestation_id) AS seal_no
                 UNION
                  SELECT unnest(history.seal_numbers) AS seal_no)))) AS pack
    FROM ((((public.ingress_attestations t
      LEFT JOIN LATERAL ( SELECT d.outbox_id,
             d.idempotency_key,
             d.rail_type,
             d.fingerprint,
             d.created_at
            FROM public.payment_outbox_identities d
           WHERE ((d.tenant_id = t.tenant_id) AND (d.instruction_id = t.instruction_id))
           ORDER BY d.created_at, d.outbox_id
          LIMIT 1) i ON (true))
      LEFT JOIN public.payment_outbox_pending p ON ((i.outbox_id = p.outbox_id)))
      LEFT JOIN public.payment_outbox_outcomes retired ON ((i.outbox_id = retired.outbox_id)))
      LEFT JOIN LATERAL ( SELECT jsonb_agg(jsonb_build_object('attempt_id', a.attempt_id, 'attempt_no', a.attempt_no, 'state', a.state, 'claimed_at', a.claimed_at, 'dispatch_started_at', a.dispatch_started_at, 'completed_at', a.completed_at, 'worker_id', a.worker_id, 'closed_by', a.closed_by, 'redrive_no', a.redrive_no, 'rail_reference', a.rail_reference, 'rail_code', a.rail_code, 'error_code', a.error_code, 'error_message', a.error_message, 'latency_ms', a.latency_ms, 'chain', jsonb_build_object('position', a.ledger_position, 'leaf', encode(public._attempt_leaf(a.*), 'hex'::text), 'seal_no', public._seal_over('ATTEMPTS'::text, a.ledger_position, a.attempt_id))) ORDER BY a.attempt_no) AS attempts,
             array_agg(public._seal_over('ATTEMPTS'::text, a.ledger_position, a.attempt_id)) AS seal_numbers,
             (array_agg((a.state)::text ORDER BY a.attempt_no DESC))[1] AS state,
             max(a.sequence_id) AS sequence_id
            FROM public.payment_outbox_attempts a
           WHERE (a.outbox_id = i.outbox_id)) history ON (true))
   WHERE ((t.tenant_id = evidence_pack.p_tenant_id) AND (t.instruction_id = evidence_pack.p_instruction_id));
END;

--
-- Name: FUNCTION evidence_pack(p_tenant_id uuid, p_instruction_id text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.evidence_pack(p_tenant_id uuid, p_instruction_id text) IS 'Attestation, outbox identity, attempts and evidence of one instruction of a tenant, as JSON.';

--
-- Name: extend_outbox_leases(uuid[], uuid[], text, integer); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.extend_outbox_leases(p_outbox_ids uuid[], p_lease_tokens uuid[], p_worker_id text, p_lease_seconds integer) RETURNS TABLE(outbox_id uuid, lease_expires_at timestamp with time zone)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
begin
    perform public._require_leases(p_outbox_ids, p_lease_tokens, p_worker_id);
    if p_lease_seconds is null or p_lease_seconds not between 1 and 86400 then
        raise exception 'p_lease_seconds: must be between 1 and 86400'
            using
                errcode = 'P7119',
                column = 'p_lease_seconds',
                constraint = 'between 1 and 86400';
    end if;

    return query
    update public.payment_outbox_pending as p
    set
        lease_expires_at = greatest(
            p.lease_expires_at, held.moment + make_interval(secs => p_lease_seconds)
        ),
        next_attempt_at = greatest(
            p.lease_expires_at, held.moment + make_interval(secs => p_lease_seconds)
        )
    from public._lock_leases(p_outbox_ids, p_lease_tokens, p_worker_id) as held
    where p.outbox_id = held.outbox_id and held.lease_expires_at > held.moment
    returning p.outbox_id, p.lease_expires_at;
end;
$$;

--
-- Name: FUNCTION extend_outbox_leases(p_outbox_ids uuid[], p_lease_tokens uuid[], p_worker_id text, p_lease_seconds integer); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.extend_outbox_leases(p_outbox_ids uuid[], p_lease_tokens uuid[], p_worker_id text, p_lease_seconds integer) IS 'Extends live leases of this worker; returns those that it still held.';

--
-- Name: find_outbox_items(text, uuid); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.find_outbox_items(p_instruction_id text, p_tenant_id uuid DEFAULT NULL::uuid) RETURNS TABLE(outbox_id uuid, tenant_id uuid, instruction_id text, idempotency_key text, participant_id text, rail_type text, state text, attempts bigint, created_at timestamp with time zone)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    BEGIN ATOMIC
 SELECT i.outbox_id,
     i.tenant_id,
     i.instruction_id,
     i.idempotency_key,
     i.participant_id,
     i.rail_type,
         CASE
             WHEN (p.hold = 'IN_DOUBT'::text) THEN 'IN_DOUBT'::text
             WHEN (p.outbox_id IS NOT NULL) THEN 'PENDING'::text
             ELSE (COALESCE(latest.state, o.state))::text
         END AS state,
     COALESCE(latest.attempts, (o.attempts)::bigint, (0)::bigint) AS attempts,
     i.created_at
    FROM (((public.payment_outbox_identities i
      LEFT JOIN public.payment_outbox_pending p ON ((i.outbox_id = p.outbox_id)))
      LEFT JOIN public.payment_outbox_outcomes o ON ((i.outbox_id = o.outbox_id)))
      LEFT JOIN LATERAL ( SELECT a.state,
             (a.attempt_no)::bigint AS attempts
            FROM public.payment_outbox_attempts a
           WHERE (a.outbox_id = i.outbox_id)
           ORDER BY a.attempt_no DESC
          LIMIT 1) latest ON (true))
   WHERE ((i.instruction_id = find_outbox_items.p_instruction_id) AND ((find_outbox_items.p_tenant_id IS NULL) OR (i.tenant_id = find_outbox_items.p_tenant_id)))
   ORDER BY i.created_at, i.outbox_id
  LIMIT 1000;
END;

--
-- Name: FUNCTION find_outbox_items(p_instruction_id text, p_tenant_id uuid); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.find_outbox_items(p_instruction_id text, p_tenant_id uuid) IS 'The items of an instruction, of one tenant or of all, and where they stand.';

--
-- Name: follow_edited_item(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.follow_edited_item() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
begin
    if new.next_attempt_at = old.next_attempt_at then
        new.next_attempt_at := coalesce(new.lease_expires_at, clock_timestamp());
    end if;
    perform setval('public.outbox_due_sweep', 0);
    return new;
end;
$$;

--
-- Name: FUNCTION follow_edited_item(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.follow_edited_item() IS 'Lets claims find an item whose times were edited by hand.';

--
-- Name: ingest_instruction(uuid, text, text, text, text, text, uuid, uuid, text, uuid, text, jsonb, text, text, text, text, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.ingest_instruction(p_tenant_id uuid, p_instruction_id text, p_participant_id text, p_idempotency_key text, p_rail_type text, p_payload text, p_correlation_id uuid DEFAULT NULL::uuid, p_client_id uuid DEFAULT NULL::uuid, p_client_id_hash text DEFAULT NULL::text, p_member_id uuid DEFAULT NULL::uuid, p_signature_hash text DEFAULT NULL::text, p_signatures jsonb DEFAULT '[]'::jsonb, p_cert_fingerprint_sha256 text DEFAULT NULL::text, p_token_jti_hash text DEFAULT NULL::text, p_upstream_ref text DEFAULT NULL::text, p_downstream_ref text DEFAULT NULL::text, p_nfs_sequence_ref text DEFAULT NULL::text) RETURNS TABLE(attestation_id uuid, outbox_id uuid, sequence_id bigint, received_at timestamp with time zone, payload_hash text, state text, replayed boolean)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
declare
    v_parameter text;
    v_item record;
    v_attestation record;
begin
    -- One answer for an unknown and for a suspended tenant: a caller learns nothing about other
    -- tenants.
    if not exists (
        select from public.tenants as t where t.tenant_id = p_tenant_id and t.status = 'ACTIVE'
    ) then
        raise exception 'p_tenant_id: is not an active tenant'
            using
                errcode = 'P7102',
                column = 'p_tenant_id',
                constraint = 'an active tenant';
    end if;
    if p_payload is null
        or octet_length(p_payload) > 1048576
        or not pg_input_is_valid(p_payload, 'jsonb')
        or not p_payload is json object with unique keys
    then
        raise exception 'p_payload: must be a JSON object with unique keys, at most 1048576 bytes'
            using
                errcode = 'P7116',
                column = 'p_payload',
                constraint = 'a JSON object with unique keys, at most 1048576 bytes';
    end if;
    if greatest(
        length(p_client_id_hash), length(p_signature_hash), length(p_cert_fingerprint_sha256),
        length(p_token_jti_hash),
        length(p_upstream_ref), length(p_downstream_ref), length(p_nfs_sequence_ref)
    ) > 500 then
        select g.parameter into v_parameter
        from (
            values
            ('p_client_id_hash', p_client_id_hash),
            ('p_signature_hash', p_signature_hash),
            ('p_cert_fingerprint_sha256', p_cert_fingerprint_sha256),
            ('p_token_jti_hash', p_token_jti_hash),
            ('p_upstream_ref', p_upstream_ref),
            ('p_downstream_ref', p_downstream_ref),
            ('p_nfs_sequence_ref', p_nfs_sequence_ref)
        ) as g (parameter, given)
        where length(g.given) > 500
        order by g.parameter
        limit 1;
        raise exception '%: must be at most 500 characters', v_parameter
            using
                errcode = 'P711A',
                column = v_parameter,
                constraint = 'at most 500 characters';
    end if;
    if p_signatures is null
        or jsonb_typeof(p_signatures) <> 'array'
        or octet_length(p_signatures::text) > 65536
    then
        raise exception 'p_signatures: must be a JSON array, at most 65536 bytes'
            using
                errcode = 'P711A',
                column = 'p_signatures',
                constraint = 'a JSON array, at most 65536 bytes';
    end if;

    v_item := public._enqueue_outbox_item(
        p_tenant_id => p_tenant_id,
        p_instruction_id => p_instruction_id,
        p_participant_id => p_participant_id,
        p_idempotency_key => p_idempotency_key,
        p_rail_type => p_rail_type,
        p_payload => p_payload,
        p_correlation_id => p_correlation_id,
        p_upstream_ref => p_upstream_ref,
        p_downstream_ref => p_downstream_ref,
        p_nfs_sequence_ref => p_nfs_sequence_ref
    );

    if v_item.replayed then
        select a.attestation_id, a.received_at, a.payload_hash
        into v_attestation
        from public.ingress_attestations as a
        where a.tenant_id = p_tenant_id and a.instruction_id = p_instruction_id;
    else
        insert into public.ingress_attestations as a (
            instruction_id, tenant_id, payload_hash, signature_hash, received_at, client_id,
            client_id_hash, member_id,
            participant_id, cert_fingerprint_sha256, token_jti_hash, correlation_id, signatures,
            upstream_ref, downstream_ref, nfs_sequence_ref
        )
        values (
            p_instruction_id, p_tenant_id,
            encode(sha256(convert_to(p_payload, 'UTF8')), 'hex'), p_signature_hash,
            v_item.created_at, p_client_id, p_client_id_hash, p_member_id,
            p_participant_id, p_cert_fingerprint_sha256, p_token_jti_hash, p_correlation_id,
            p_signatures,
            p_upstream_ref, p_downstream_ref, p_nfs_sequence_ref
        )
        on conflict (tenant_id, instruction_id) do nothing
        returning a.attestation_id, a.received_at, a.payload_hash into v_attestation;
        if not found then
            raise exception 'p_instruction_id: was accepted before under another idempotency key'
                using
                    errcode = 'P7101',
                    column = 'p_instruction_id',
                    constraint = 'one instruction, one key';
        end if;
    end if;

    attestation_id := v_attestation.attestation_id;
    outbox_id := v_item.outbox_id;
    sequence_id := v_item.sequence_id;
    received_at := v_attestation.received_at;
    payload_hash := v_attestation.payload_hash;
    state := v_item.state;
    replayed := v_item.replayed;
    return next;
end;
$$;

--
-- Name: FUNCTION ingest_instruction(p_tenant_id uuid, p_instruction_id text, p_participant_id text, p_idempotency_key text, p_rail_type text, p_payload text, p_correlation_id uuid, p_client_id uuid, p_client_id_hash text, p_member_id uuid, p_signature_hash text, p_signatures jsonb, p_cert_fingerprint_sha256 text, p_token_jti_hash text, p_upstream_ref text, p_downstream_ref text, p_nfs_sequence_ref text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.ingest_instruction(p_tenant_id uuid, p_instruction_id text, p_participant_id text, p_idempotency_key text, p_rail_type text, p_payload text, p_correlation_id uuid, p_client_id uuid, p_client_id_hash text, p_member_id uuid, p_signature_hash text, p_signatures jsonb, p_cert_fingerprint_sha256 text, p_token_jti_hash text, p_upstream_ref text, p_downstream_ref text, p_nfs_sequence_ref text) IS 'Accepts an instruction of a tenant; a replay returns the first acknowledgement.';

--
-- Name: ingest_instructions(uuid[], text[], text[], text[], text[], text[], uuid[]); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.ingest_instructions(p_tenant_ids uuid[], p_instruction_ids text[], p_participant_ids text[], p_idempotency_keys text[], p_rail_types text[], p_payloads text[], p_correlation_ids uuid[] DEFAULT NULL::uuid[]) RETURNS TABLE(place bigint, outcome text, attestation_id uuid, outbox_id uuid, sequence_id bigint, received_at timestamp with time zone, payload_hash text, state text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
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
$$;

--
-- Name: FUNCTION ingest_instructions(p_tenant_ids uuid[], p_instruction_ids text[], p_participant_ids text[], p_idempotency_keys text[], p_rail_types text[], p_payloads text[], p_correlation_ids uuid[]); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.ingest_instructions(p_tenant_ids uuid[], p_instruction_ids text[], p_participant_ids text[], p_idempotency_keys text[], p_rail_types text[], p_payloads text[], p_correlation_ids uuid[]) IS 'Accepts many instructions at once; replays and conflicts are outcomes.';

--
-- Name: ingest_traced_instruction(uuid, text, text, text, text, text, uuid, uuid, text, uuid, text, jsonb, text, text, text, text, text, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.ingest_traced_instruction(p_tenant_id uuid, p_instruction_id text, p_participant_id text, p_idempotency_key text, p_rail_type text, p_payload text, p_correlation_id uuid DEFAULT NULL::uuid, p_client_id uuid DEFAULT NULL::uuid, p_client_id_hash text DEFAULT NULL::text, p_member_id uuid DEFAULT NULL::uuid, p_signature_hash text DEFAULT NULL::text, p_signatures jsonb DEFAULT '[]'::jsonb, p_cert_fingerprint_sha256 text DEFAULT NULL::text, p_token_jti_hash text DEFAULT NULL::text, p_upstream_ref text DEFAULT NULL::text, p_downstream_ref text DEFAULT NULL::text, p_nfs_sequence_ref text DEFAULT NULL::text, p_trace_context text DEFAULT NULL::text) RETURNS TABLE(attestation_id uuid, outbox_id uuid, sequence_id bigint, received_at timestamp with time zone, payload_hash text, state text, replayed boolean)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
declare
    v_before text := current_setting('ledgerdb.trace_context', true);
begin
    perform set_config(
        'ledgerdb.trace_context', case when length(p_trace_context) <= 200 then p_trace_context end,
        true
    );
    return query
    select
        i.attestation_id, i.outbox_id, i.sequence_id, i.received_at, i.payload_hash, i.state,
        i.replayed
    from public.ingest_instruction(
        p_tenant_id => p_tenant_id,
        p_instruction_id => p_instruction_id,
        p_participant_id => p_participant_id,
        p_idempotency_key => p_idempotency_key,
        p_rail_type => p_rail_type,
        p_payload => p_payload,
        p_correlation_id => p_correlation_id,
        p_client_id => p_client_id,
        p_client_id_hash => p_client_id_hash,
        p_member_id => p_member_id,
        p_signature_hash => p_signature_hash,
        p_signatures => p_signatures,
        p_cert_fingerprint_sha256 => p_cert_fingerprint_sha256,
        p_token_jti_hash => p_token_jti_hash,
        p_upstream_ref => p_upstream_ref,
        p_downstream_ref => p_downstream_ref,
        p_nfs_sequence_ref => p_nfs_sequence_ref
    ) as i;
    perform set_config('ledgerdb.trace_context', v_before, true);
end;
$$;

--
-- Name: FUNCTION ingest_traced_instruction(p_tenant_id uuid, p_instruction_id text, p_participant_id text, p_idempotency_key text, p_rail_type text, p_payload text, p_correlation_id uuid, p_client_id uuid, p_client_id_hash text, p_member_id uuid, p_signature_hash text, p_signatures jsonb, p_cert_fingerprint_sha256 text, p_token_jti_hash text, p_upstream_ref text, p_downstream_ref text, p_nfs_sequence_ref text, p_trace_context text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.ingest_traced_instruction(p_tenant_id uuid, p_instruction_id text, p_participant_id text, p_idempotency_key text, p_rail_type text, p_payload text, p_correlation_id uuid, p_client_id uuid, p_client_id_hash text, p_member_id uuid, p_signature_hash text, p_signatures jsonb, p_cert_fingerprint_sha256 text, p_token_jti_hash text, p_upstream_ref text, p_downstream_ref text, p_nfs_sequence_ref text, p_trace_context text) IS 'Accepts an instruction of a tenant with the trace that it is part of.';

--
-- Name: payment_outbox_history; Type: VIEW; Schema: public; Owner: -
--

CREATE VIEW public.payment_outbox_history AS
 SELECT a.attempt_id,
    a.outbox_id,
    a.tenant_id,
    a.instruction_id,
    a.participant_id,
    a.sequence_id,
    a.idempotency_key,
    a.rail_type,
    COALESCE(i.payload, ((a.payload)::text)::json, ( SELECT ((first_one.payload)::text)::json AS payload
           FROM public.payment_outbox_attempts first_one
          WHERE ((first_one.outbox_id = a.outbox_id) AND (first_one.payload IS NOT NULL))
          ORDER BY first_one.attempt_no
         LIMIT 1)) AS payload,
    a.attempt_no,
    a.state,
    a.claimed_at,
    a.dispatch_started_at,
    a.completed_at,
    a.rail_reference,
    a.rail_code,
    a.error_code,
    a.error_message,
    a.latency_ms,
    a.worker_id,
    a.closed_by,
    a.redrive_no,
    a.created_at,
    a.member_id,
    a.correlation_id,
    a.upstream_ref,
    a.downstream_ref,
    a.nfs_sequence_ref
   FROM (public.payment_outbox_attempts a
     LEFT JOIN public.payment_outbox_identities i ON ((a.outbox_id = i.outbox_id)));

--
-- Name: VIEW payment_outbox_history; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON VIEW public.payment_outbox_history IS 'Every attempt, with the payload of its item beside it.';

--
-- Name: payment_outbox_late_evidence; Type: VIEW; Schema: public; Owner: -
--

CREATE VIEW public.payment_outbox_late_evidence AS
 SELECT l.late_result_id,
    l.outbox_id,
    i.tenant_id,
    i.instruction_id,
    i.participant_id,
    i.rail_type,
    l.worker_id,
    l.state,
    l.outcome,
    l.rail_reference,
    l.rail_code,
    l.error_code,
    l.error_message,
    l.latency_ms,
    l.received_at,
    ending.attempt_no,
        CASE
            WHEN (p.hold = 'IN_DOUBT'::text) THEN 'IN_DOUBT'::text
            WHEN (p.outbox_id IS NOT NULL) THEN 'PENDING'::text
            ELSE (latest.state)::text
        END AS item_state,
    latest.rail_reference AS item_rail_reference,
    ((l.state = 'DISPATCHED'::public.outbox_attempt_state) AND COALESCE((latest.state <> 'DISPATCHED'::public.outbox_attempt_state), true)) AS contradicts
   FROM ((((public.payment_outbox_late_results l
     LEFT JOIN public.payment_outbox_identities i ON ((l.outbox_id = i.outbox_id)))
     LEFT JOIN public.payment_outbox_pending p ON ((l.outbox_id = p.outbox_id)))
     LEFT JOIN public.payment_outbox_attempts ending ON (((l.outbox_id = ending.outbox_id) AND (l.lease_token = ending.lease_token))))
     LEFT JOIN LATERAL ( SELECT a.state,
            a.rail_reference
           FROM public.payment_outbox_attempts a
          WHERE (a.outbox_id = l.outbox_id)
          ORDER BY a.attempt_no DESC
         LIMIT 1) latest ON (true));

--
-- Name: VIEW payment_outbox_late_evidence; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON VIEW public.payment_outbox_late_evidence IS 'Results that came too late, beside what became of their items.';

--
-- Name: COLUMN payment_outbox_late_evidence.contradicts; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.payment_outbox_late_evidence.contradicts IS 'The result says DISPATCHED, the ledger does not (yet): somebody must look.';

--
-- Name: payment_outbox_queue; Type: VIEW; Schema: public; Owner: -
--

CREATE VIEW public.payment_outbox_queue AS
 SELECT p.outbox_id,
    p.tenant_id,
    p.instruction_id,
    p.participant_id,
    p.sequence_id,
    p.idempotency_key,
    p.rail_type,
    COALESCE(i.payload, ((p.payload)::text)::json) AS payload,
        CASE
            WHEN (p.hold IS NOT NULL) THEN p.hold
            WHEN ((p.lease_token IS NOT NULL) AND (p.lease_expires_at <= statement_timestamp())) THEN 'EXPIRED'::text
            WHEN (p.lease_token IS NOT NULL) THEN 'LEASED'::text
            WHEN (p.next_attempt_at > statement_timestamp()) THEN 'SCHEDULED'::text
            ELSE 'READY'::text
        END AS status,
    p.attempt_count,
    NULLIF(p.next_attempt_at, 'infinity'::timestamp with time zone) AS next_attempt_at,
    p.created_at,
    p.claimed_by,
    p.leased_at,
    p.lease_expires_at,
    p.dispatch_started_at,
    p.held_at,
    p.redrive_no,
    p.budget_base,
    p.fifo,
    p.correlation_id,
    p.upstream_ref,
    p.downstream_ref,
    p.nfs_sequence_ref
   FROM (public.payment_outbox_pending p
     LEFT JOIN public.payment_outbox_identities i ON ((p.outbox_id = i.outbox_id)));

--
-- Name: VIEW payment_outbox_queue; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON VIEW public.payment_outbox_queue IS 'Items that have not ended: READY, SCHEDULED, LEASED, EXPIRED, or why they are on hold.';

--
-- Name: inspect_outbox_item(uuid); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.inspect_outbox_item(p_outbox_id uuid) RETURNS jsonb
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    BEGIN ATOMIC
 SELECT jsonb_build_object('identity', (((to_jsonb(i.*) - 'payload'::text) - 'fingerprint'::text) || jsonb_build_object('fingerprint', encode(i.fingerprint, 'hex'::text), 'rail_key', public._rail_key(i.tenant_id, i.instruction_id, i.idempotency_key))), 'payload', (COALESCE((i.payload)::text, ( SELECT (q.payload)::text AS payload
            FROM public.payment_outbox_queue q
           WHERE (q.outbox_id = i.outbox_id)), ( SELECT (a.payload)::text AS payload
            FROM public.payment_outbox_attempts a
           WHERE ((a.outbox_id = i.outbox_id) AND (a.payload IS NOT NULL))
           ORDER BY a.attempt_no
          LIMIT 1), (retired.payload)::text))::jsonb, 'queue', ( SELECT (to_jsonb(q.*) - 'payload'::text) AS queue
            FROM public.payment_outbox_queue q
           WHERE (q.outbox_id = i.outbox_id)), 'attempts', ( SELECT COALESCE(jsonb_agg((to_jsonb(h.*) - 'payload'::text) ORDER BY h.attempt_no), '[]'::jsonb) AS attempts
            FROM public.payment_outbox_history h
           WHERE (h.outbox_id = i.outbox_id)), 'retired',
         CASE
             WHEN (retired.outbox_id IS NOT NULL) THEN ((to_jsonb(retired.*) - 'payload'::text) || jsonb_build_object('digest', encode(retired.digest, 'hex'::text)))
             ELSE NULL::jsonb
         END, 'late_results', ( SELECT COALESCE(jsonb_agg(to_jsonb(l.*) ORDER BY l.received_at), '[]'::jsonb) AS results
            FROM public.payment_outbox_late_evidence l
           WHERE (l.outbox_id = i.outbox_id)), 'operator_actions', ( SELECT COALESCE(jsonb_agg(to_jsonb(o.*) ORDER BY o.created_at), '[]'::jsonb) AS actions
            FROM public.payment_outbox_operator_actions o
           WHERE (o.outbox_id = i.outbox_id))) AS item
    FROM (public.payment_outbox_identities i
      LEFT JOIN public.payment_outbox_outcomes retired ON ((i.outbox_id = retired.outbox_id)))
   WHERE (i.outbox_id = inspect_outbox_item.p_outbox_id);
END;

--
-- Name: FUNCTION inspect_outbox_item(p_outbox_id uuid); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.inspect_outbox_item(p_outbox_id uuid) IS 'Everything about one item as JSON: identity, payload, queue, attempts, evidence, operators.';

--
-- Name: instruction_status(uuid, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.instruction_status(p_tenant_id uuid, p_instruction_id text) RETURNS TABLE(instruction_id text, outbox_id uuid, participant_id text, rail_type text, state text, attempts bigint, rail_reference text, error_code text, accepted_at timestamp with time zone, completed_at timestamp with time zone, next_attempt_at timestamp with time zone)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    BEGIN ATOMIC
 SELECT i.instruction_id,
     i.outbox_id,
     i.participant_id,
     i.rail_type,
         CASE
             WHEN (p.hold = 'IN_DOUBT'::text) THEN 'IN_DOUBT'::text
             WHEN (p.outbox_id IS NOT NULL) THEN 'PENDING'::text
             ELSE (COALESCE(latest.state, o.state))::text
         END AS state,
     COALESCE(latest.attempts, (o.attempts)::bigint, (0)::bigint) AS attempts,
     COALESCE(latest.rail_reference, o.rail_reference) AS rail_reference,
     COALESCE(latest.error_code, o.error_code) AS error_code,
     i.created_at AS accepted_at,
         CASE
             WHEN (p.outbox_id IS NULL) THEN COALESCE(latest.completed_at, o.completed_at)
             ELSE NULL::timestamp with time zone
         END AS completed_at,
     NULLIF(p.next_attempt_at, 'infinity'::timestamp with time zone) AS next_attempt_at
    FROM (((public.payment_outbox_identities i
      LEFT JOIN public.payment_outbox_pending p ON ((i.outbox_id = p.outbox_id)))
      LEFT JOIN public.payment_outbox_outcomes o ON ((i.outbox_id = o.outbox_id)))
      LEFT JOIN LATERAL ( SELECT a.state,
             a.rail_reference,
             a.error_code,
             a.completed_at,
             (a.attempt_no)::bigint AS attempts
            FROM public.payment_outbox_attempts a
           WHERE (a.outbox_id = i.outbox_id)
           ORDER BY a.attempt_no DESC
          LIMIT 1) latest ON (true))
   WHERE ((i.tenant_id = instruction_status.p_tenant_id) AND (i.instruction_id = instruction_status.p_instruction_id));
END;

--
-- Name: FUNCTION instruction_status(p_tenant_id uuid, p_instruction_id text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.instruction_status(p_tenant_id uuid, p_instruction_id text) IS 'State of an instruction: PENDING, IN_DOUBT, or the state of its last attempt.';

--
-- Name: list_dead_letters(timestamp with time zone, uuid, integer, text, uuid, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.list_dead_letters(p_after_completed_at timestamp with time zone DEFAULT NULL::timestamp with time zone, p_after_outbox_id uuid DEFAULT NULL::uuid, p_limit integer DEFAULT 100, p_rail_type text DEFAULT NULL::text, p_tenant_id uuid DEFAULT NULL::uuid, p_error_code text DEFAULT NULL::text) RETURNS TABLE(outbox_id uuid, tenant_id uuid, instruction_id text, participant_id text, sequence_id bigint, idempotency_key text, rail_type text, attempt_no integer, redrive_no integer, error_code text, error_message text, rail_code text, worker_id text, closed_by text, claimed_at timestamp with time zone, completed_at timestamp with time zone, disputed boolean)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
declare
    v_from timestamptz := coalesce(p_after_completed_at, '-infinity');
    v_after uuid := coalesce(
        p_after_outbox_id,
        case
            when p_after_completed_at is null then '00000000-0000-0000-0000-000000000000'
            else 'ffffffff-ffff-ffff-ffff-ffffffffffff'
        end::uuid
    );
    v_untimed boolean := p_after_completed_at is null and p_after_outbox_id is not null;
begin
    if p_limit is null or p_limit not between 1 and 10000 then
        raise exception 'p_limit: must be between 1 and 10000'
            using errcode = 'P7118', column = 'p_limit', constraint = 'between 1 and 10000';
    end if;

    return query
    select
        f.outbox_id,
        f.tenant_id,
        f.instruction_id,
        f.participant_id,
        f.sequence_id,
        f.idempotency_key,
        f.rail_type,
        f.attempt_no,
        f.redrive_no,
        f.error_code,
        f.error_message,
        f.rail_code,
        f.worker_id,
        f.closed_by,
        f.claimed_at,
        f.completed_at,
        f.disputed
    from (
        (
            select
                d.outbox_id,
                d.tenant_id,
                d.instruction_id,
                d.participant_id,
                d.sequence_id,
                d.idempotency_key,
                d.rail_type,
                d.attempt_no,
                d.redrive_no,
                d.error_code,
                d.error_message,
                d.rail_code,
                d.worker_id,
                d.closed_by,
                d.claimed_at,
                d.completed_at,
                d.disputed
            from public.payment_outbox_dead_letters as d
            where
                not v_untimed
                and (d.completed_at, d.outbox_id) > (v_from, v_after)
                and (p_rail_type is null or d.rail_type = p_rail_type)
                and (p_tenant_id is null or d.tenant_id = p_tenant_id)
                and (p_error_code is null or d.error_code = p_error_code)
            order by d.completed_at, d.outbox_id
            limit p_limit
        )
        union all
        (
            select
                d.outbox_id,
                d.tenant_id,
                d.instruction_id,
                d.participant_id,
                d.sequence_id,
                d.idempotency_key,
                d.rail_type,
                d.attempt_no,
                d.redrive_no,
                d.error_code,
                d.error_message,
                d.rail_code,
                d.worker_id,
                d.closed_by,
                d.claimed_at,
                d.completed_at,
                d.disputed
            from public.payment_outbox_dead_letters as d
            where
                d.completed_at is null
                and (not v_untimed or d.outbox_id > v_after)
                and (p_rail_type is null or d.rail_type = p_rail_type)
                and (p_tenant_id is null or d.tenant_id = p_tenant_id)
                and (p_error_code is null or d.error_code = p_error_code)
            order by d.completed_at, d.outbox_id
            limit p_limit
        )
    ) as f
    order by f.completed_at, f.outbox_id
    limit p_limit;
end;
$$;

--
-- Name: FUNCTION list_dead_letters(p_after_completed_at timestamp with time zone, p_after_outbox_id uuid, p_limit integer, p_rail_type text, p_tenant_id uuid, p_error_code text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.list_dead_letters(p_after_completed_at timestamp with time zone, p_after_outbox_id uuid, p_limit integer, p_rail_type text, p_tenant_id uuid, p_error_code text) IS 'Items that ended as FAILED, page by page, the oldest first.';

--
-- Name: list_outbox_controls(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.list_outbox_controls() RETURNS TABLE(scope text, scope_key text, paused boolean, ordering text, fair boolean, notify_workers boolean, updated_at timestamp with time zone)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    BEGIN ATOMIC
 SELECT c.scope,
     c.scope_key,
     c.paused,
     c.ordering,
     c.fair,
     c.notify_workers,
     c.updated_at
    FROM public.outbox_controls c
   ORDER BY c.scope, c.scope_key;
END;

--
-- Name: FUNCTION list_outbox_controls(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.list_outbox_controls() IS 'Every scope that has a control: paused, ordering, fair, notify_workers.';

--
-- Name: list_outbox_items(text, uuid, text, text, uuid, integer); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.list_outbox_items(p_status text DEFAULT NULL::text, p_tenant_id uuid DEFAULT NULL::uuid, p_participant_id text DEFAULT NULL::text, p_rail_type text DEFAULT NULL::text, p_after_outbox_id uuid DEFAULT NULL::uuid, p_limit integer DEFAULT 100) RETURNS TABLE(outbox_id uuid, tenant_id uuid, instruction_id text, participant_id text, sequence_id bigint, idempotency_key text, rail_type text, status text, attempt_count integer, redrive_no integer, created_at timestamp with time zone, next_attempt_at timestamp with time zone, claimed_by text, leased_at timestamp with time zone, lease_expires_at timestamp with time zone, dispatch_started_at timestamp with time zone, held_at timestamp with time zone, correlation_id uuid)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
begin
    if p_limit is null or p_limit not between 1 and 10000 then
        raise exception 'p_limit: must be between 1 and 10000'
            using errcode = 'P7118', column = 'p_limit', constraint = 'between 1 and 10000';
    end if;
    return query
    select
        q.outbox_id,
        q.tenant_id,
        q.instruction_id,
        q.participant_id,
        q.sequence_id,
        q.idempotency_key,
        q.rail_type,
        q.status,
        q.attempt_count,
        q.redrive_no,
        q.created_at,
        q.next_attempt_at,
        q.claimed_by,
        q.leased_at,
        q.lease_expires_at,
        q.dispatch_started_at,
        q.held_at,
        q.correlation_id
    from public.payment_outbox_queue as q
    where
        (p_after_outbox_id is null or q.outbox_id > p_after_outbox_id)
        and (p_status is null or q.status = p_status)
        and (p_tenant_id is null or q.tenant_id = p_tenant_id)
        and (p_participant_id is null or q.participant_id = p_participant_id)
        and (p_rail_type is null or q.rail_type = p_rail_type)
    order by q.outbox_id
    limit p_limit;
end;
$$;

--
-- Name: FUNCTION list_outbox_items(p_status text, p_tenant_id uuid, p_participant_id text, p_rail_type text, p_after_outbox_id uuid, p_limit integer); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.list_outbox_items(p_status text, p_tenant_id uuid, p_participant_id text, p_rail_type text, p_after_outbox_id uuid, p_limit integer) IS 'A page of the queue in the order of acceptance, without payloads and lease tokens.';

--
-- Name: notify_outbox(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.notify_outbox() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
declare
    v_now bigint := (extract(epoch from clock_timestamp()) * 1000)::bigint;
begin
    -- Read in an expression and not by a query: this runs for every item of a set.
    if v_now - pg_sequence_last_value('public.outbox_notify_clock') between 0 and 9 then
        return null;
    end if;
    if exists (
        select
        from public.outbox_controls as c
        where
            not c.notify_workers
            and public._in_scope(c.scope, c.scope_key, new.rail_type, new.tenant_id)
    ) then
        return null;
    end if;
    perform setval('public.outbox_notify_clock', v_now);
    perform pg_notify('symphony_outbox', '');
    return null;
end;
$$;

--
-- Name: FUNCTION notify_outbox(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.notify_outbox() IS 'Sends an empty NOTIFY on symphony_outbox, at most once in 10 ms, unless switched off.';

--
-- Name: number_participant_monotonically(text, text, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.number_participant_monotonically(p_participant_id text, p_actor text, p_reason text) RETURNS TABLE(participant_id text, monotonic_from bigint, changed boolean)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
begin
    perform public._require_operator(p_actor, p_reason);
    perform public._require_text('p_participant_id', p_participant_id, 'P7113');
    -- From the first number on, payments ask whether their participant is numbered so.
    perform nextval('public.participant_outbox_numbers');
    insert into public.participant_outbox_sequences as s (
        participant_id, next_sequence_id, monotonic_from
    )
    values (p_participant_id, 1, 0)
    on conflict on constraint participant_outbox_sequences_pkey do update
        set monotonic_from = s.next_sequence_id - 1
        where s.monotonic_from is null
    returning s.participant_id, s.monotonic_from, true
    into participant_id, monotonic_from, changed;
    if found then
        insert into public.payment_outbox_operator_actions (
            action, scope, scope_key, actor, reason, detail
        )
        values (
            'SET_CONTROL', 'PARTICIPANT', p_participant_id, btrim(p_actor), btrim(p_reason),
            jsonb_build_object('numbering', 'MONOTONIC', 'monotonic_from', monotonic_from)
        );
    else
        select s.participant_id, s.monotonic_from, false
        into participant_id, monotonic_from, changed
        from public.participant_outbox_sequences as s
        where s.participant_id = p_participant_id;
    end if;
    return next;
end;
$$;

--
-- Name: FUNCTION number_participant_monotonically(p_participant_id text, p_actor text, p_reason text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.number_participant_monotonically(p_participant_id text, p_actor text, p_reason text) IS 'Lets a participant''s numbers have holes from now on, so that its payments do not wait.';

--
-- Name: outbox_activity(integer, integer); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.outbox_activity(p_minutes integer DEFAULT 60, p_bucket_seconds integer DEFAULT 60) RETURNS TABLE(bucket_start timestamp with time zone, accepted bigint, dispatched bigint, retried bigint, failed bigint, crashed bigint, latency_p50_ms double precision, latency_p95_ms double precision)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
declare
    v_step interval := make_interval(secs => p_bucket_seconds);
    v_from timestamptz;
    v_first_id uuid;
begin
    if p_minutes is null or p_minutes not between 1 and 1440 then
        raise exception 'p_minutes: must be between 1 and 1440'
            using errcode = 'P711G', column = 'p_minutes', constraint = 'between 1 and 1440';
    end if;
    if p_bucket_seconds is null or p_bucket_seconds not between 1 and 86400 then
        raise exception 'p_bucket_seconds: must be between 1 and 86400'
            using
                errcode = 'P711G',
                column = 'p_bucket_seconds',
                constraint = 'between 1 and 86400';
    end if;
    v_from := date_bin(
        v_step,
        statement_timestamp() - make_interval(mins => p_minutes),
        '2000-01-01 00:00:00+00'::timestamptz
    );
    v_first_id := (
        lpad(to_hex((extract(epoch from v_from) * 1000)::bigint), 12, '0') || repeat('0', 20)
    )::uuid;
    return query
    with ingress as (
        select
            date_bin(v_step, i.created_at, v_from) as bucket_start,
            count(*) as accepted
        from public.payment_outbox_identities as i
        where i.outbox_id >= v_first_id and i.created_at >= v_from
        group by date_bin(v_step, i.created_at, v_from)
    ),

    ended as (
        select
            date_bin(v_step, coalesce(a.completed_at, a.created_at), v_from) as bucket_start,
            count(*) filter (where a.state = 'DISPATCHED') as dispatched,
            count(*) filter (where a.state = 'RETRYABLE') as retried,
            count(*) filter (where a.state = 'FAILED') as failed,
            count(*) filter (where a.state = 'ZOMBIE_REQUEUE') as crashed,
            percentile_cont(0.5) within group (order by a.latency_ms) as latency_p50_ms,
            percentile_cont(0.95) within group (order by a.latency_ms) as latency_p95_ms
        from public.payment_outbox_attempts as a
        where a.attempt_id >= v_first_id and coalesce(a.completed_at, a.created_at) >= v_from
        group by date_bin(v_step, coalesce(a.completed_at, a.created_at), v_from)
    )

    select
        b.bucket_start,
        coalesce(i.accepted, 0) as accepted,
        coalesce(e.dispatched, 0) as dispatched,
        coalesce(e.retried, 0) as retried,
        coalesce(e.failed, 0) as failed,
        coalesce(e.crashed, 0) as crashed,
        e.latency_p50_ms,
        e.latency_p95_ms
    from generate_series(v_from, statement_timestamp(), v_step) as b (bucket_start)
    left join ingress as i on b.bucket_start = i.bucket_start
    left join ended as e on b.bucket_start = e.bucket_start
    order by b.bucket_start;
end;
$$;

--
-- Name: FUNCTION outbox_activity(p_minutes integer, p_bucket_seconds integer); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.outbox_activity(p_minutes integer, p_bucket_seconds integer) IS 'Accepted instructions and ended attempts of the last minutes, bucket by bucket.';

--
-- Name: outbox_backlog(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.outbox_backlog() RETURNS TABLE(due bigint, delayed bigint, leased bigint, expired bigint, in_doubt bigint, held bigint, oldest_due_at timestamp with time zone)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    BEGIN ATOMIC
 SELECT count(*) FILTER (WHERE ((p.hold IS NULL) AND (p.lease_token IS NULL) AND (p.next_attempt_at <= statement_timestamp()))) AS due,
     count(*) FILTER (WHERE ((p.hold IS NULL) AND (p.lease_token IS NULL) AND (p.next_attempt_at > statement_timestamp()))) AS delayed,
     count(*) FILTER (WHERE ((p.hold IS NULL) AND (p.lease_token IS NOT NULL) AND (p.lease_expires_at > statement_timestamp()))) AS leased,
     count(*) FILTER (WHERE ((p.hold IS NULL) AND (p.lease_token IS NOT NULL) AND (p.lease_expires_at <= statement_timestamp()))) AS expired,
     count(*) FILTER (WHERE (p.hold = 'IN_DOUBT'::text)) AS in_doubt,
     count(*) FILTER (WHERE (p.hold <> 'IN_DOUBT'::text)) AS held,
     min(p.next_attempt_at) FILTER (WHERE ((p.hold IS NULL) AND (p.lease_token IS NULL) AND (p.next_attempt_at <= statement_timestamp()))) AS oldest_due_at
    FROM public.payment_outbox_pending p;
END;

--
-- Name: FUNCTION outbox_backlog(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.outbox_backlog() IS 'Pending items by what they wait for, and when the oldest due item became due.';

--
-- Name: outbox_breakdown(text, integer); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.outbox_breakdown(p_by text, p_limit integer DEFAULT 100) RETURNS TABLE(scope_key text, label text, due bigint, delayed bigint, leased bigint, expired bigint, in_doubt bigint, held bigint, dead_letters bigint, oldest_due_at timestamp with time zone)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
begin
    if p_by is null or p_by not in ('TENANT', 'PARTICIPANT', 'RAIL') then
        raise exception 'p_by: must be TENANT, PARTICIPANT or RAIL'
            using
                errcode = 'P711G', column = 'p_by', constraint = 'TENANT, PARTICIPANT or RAIL';
    end if;
    if p_limit is null or p_limit not between 1 and 10000 then
        raise exception 'p_limit: must be between 1 and 10000'
            using errcode = 'P7118', column = 'p_limit', constraint = 'between 1 and 10000';
    end if;
    return query
    with items as (
        select
            case p_by
                when 'TENANT' then q.tenant_id::text
                when 'PARTICIPANT' then q.participant_id
                else q.rail_type
            end as item_scope,
            q.status as item_status,
            q.next_attempt_at as due_at
        from public.payment_outbox_queue as q
        union all
        select
            case p_by
                when 'TENANT' then a.tenant_id::text
                when 'PARTICIPANT' then a.participant_id
                else a.rail_type
            end as item_scope,
            'DEAD' as item_status,
            null as due_at
        from public.payment_outbox_attempts as a
        where
            a.state = 'FAILED'
            and not exists (
                select
                from public.payment_outbox_attempts as later
                where later.outbox_id = a.outbox_id and later.attempt_no > a.attempt_no
            )
            and not exists (
                select
                from public.payment_outbox_pending as p
                where p.outbox_id = a.outbox_id
            )
    ),

    counted as (
        select
            i.item_scope,
            count(*) filter (where i.item_status = 'READY') as due,
            count(*) filter (where i.item_status = 'SCHEDULED') as delayed,
            count(*) filter (where i.item_status = 'LEASED') as leased,
            count(*) filter (where i.item_status = 'EXPIRED') as expired,
            count(*) filter (where i.item_status = 'IN_DOUBT') as in_doubt,
            count(*) filter (
                where
                i.item_status not in (
                    'READY', 'SCHEDULED', 'LEASED', 'EXPIRED', 'IN_DOUBT', 'DEAD'
                )
            ) as held,
            count(*) filter (where i.item_status = 'DEAD') as dead_letters,
            min(i.due_at) filter (where i.item_status = 'READY') as oldest_due_at
        from items as i
        group by i.item_scope
    )

    select
        c.item_scope,
        t.tenant_key,
        c.due,
        c.delayed,
        c.leased,
        c.expired,
        c.in_doubt,
        c.held,
        c.dead_letters,
        c.oldest_due_at
    from counted as c
    left join public.tenants as t
        on p_by = 'TENANT' and c.item_scope = t.tenant_id::text
    order by
        c.oldest_due_at asc nulls last,
        c.due desc,
        c.dead_letters desc,
        c.item_scope asc
    limit p_limit;
end;
$$;

--
-- Name: FUNCTION outbox_breakdown(p_by text, p_limit integer); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.outbox_breakdown(p_by text, p_limit integer) IS 'The queue and the dead letters per tenant, participant or rail, the longest wait first.';

--
-- Name: outbox_counter_drift(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.outbox_counter_drift() RETURNS TABLE(outbox_id uuid, attempt_count integer, max_attempt_no integer, attempts bigint, has_terminal boolean, near_overflow boolean)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    BEGIN ATOMIC
 SELECT p.outbox_id,
     p.attempt_count,
     ledger.max_attempt_no,
     ledger.attempts,
     ledger.has_terminal,
     (ledger.max_attempt_no > (2147483647 - 1000)) AS near_overflow
    FROM (public.payment_outbox_pending p
      CROSS JOIN LATERAL ( SELECT COALESCE(max(a.attempt_no), 0) AS max_attempt_no,
             count(*) AS attempts,
             COALESCE(bool_or(((a.state = 'DISPATCHED'::public.outbox_attempt_state) OR ((a.state = 'FAILED'::public.outbox_attempt_state) AND (a.redrive_no >= p.redrive_no)))), false) AS has_terminal
            FROM public.payment_outbox_attempts a
           WHERE (a.outbox_id = p.outbox_id)) ledger)
   WHERE ((p.attempt_count <> ledger.max_attempt_no) OR ledger.has_terminal OR (ledger.max_attempt_no > (2147483647 - 1000)));
END;

--
-- Name: FUNCTION outbox_counter_drift(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.outbox_counter_drift() IS 'Pending items whose counter and attempts disagree; no row is right.';

--
-- Name: outbox_retry_ceiling(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.outbox_retry_ceiling() RETURNS integer
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    BEGIN ATOMIC
 SELECT
         CASE
             WHEN (given.setting ~ '^([1-9][0-9]{0,2}|1000)$'::text) THEN (given.setting)::integer
             ELSE 20
         END AS ceiling
    FROM ( SELECT public._database_setting('symphony.outbox_retry_ceiling'::text) AS setting) given;
END;

--
-- Name: FUNCTION outbox_retry_ceiling(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.outbox_retry_ceiling() IS 'Attempts after which an item ends as FAILED: a setting of the database, 1 to 1000, default 20.';

--
-- Name: payment_outbox_dead_letters; Type: VIEW; Schema: public; Owner: -
--

CREATE VIEW public.payment_outbox_dead_letters AS
 SELECT a.outbox_id,
    a.tenant_id,
    a.instruction_id,
    a.participant_id,
    a.sequence_id,
    a.idempotency_key,
    a.rail_type,
    a.attempt_no,
    a.redrive_no,
    a.error_code,
    a.error_message,
    a.rail_code,
    a.worker_id,
    a.closed_by,
    a.claimed_at,
    a.completed_at,
    late.disputed
   FROM (public.payment_outbox_attempts a
     CROSS JOIN LATERAL ( SELECT (count(*) > 0) AS disputed
           FROM public.payment_outbox_late_results l
          WHERE ((l.outbox_id = a.outbox_id) AND (l.state = 'DISPATCHED'::public.outbox_attempt_state))) late)
  WHERE ((a.state = 'FAILED'::public.outbox_attempt_state) AND (NOT (EXISTS ( SELECT
           FROM public.payment_outbox_attempts later
          WHERE ((later.outbox_id = a.outbox_id) AND (later.attempt_no > a.attempt_no))))) AND (NOT (EXISTS ( SELECT
           FROM public.payment_outbox_pending p
          WHERE (p.outbox_id = a.outbox_id)))));

--
-- Name: VIEW payment_outbox_dead_letters; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON VIEW public.payment_outbox_dead_letters IS 'Items that ended as FAILED, with their last attempt, for redrive_dead_letters.';

--
-- Name: COLUMN payment_outbox_dead_letters.disputed; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.payment_outbox_dead_letters.disputed IS 'A late result says that the item was sent after all.';

--
-- Name: payment_outbox_in_doubt; Type: VIEW; Schema: public; Owner: -
--

CREATE VIEW public.payment_outbox_in_doubt AS
 SELECT p.outbox_id,
    p.tenant_id,
    p.instruction_id,
    p.participant_id,
    p.sequence_id,
    p.idempotency_key,
    p.rail_type,
    (p.attempt_count + 1) AS attempt_no,
    p.claimed_by AS worker_id,
    p.leased_at,
    p.dispatch_started_at,
    p.lease_expires_at,
    COALESCE(p.held_at, p.lease_expires_at) AS in_doubt_since,
    late.late_results,
    late.late_result_id,
    late.rail_reference
   FROM (public.payment_outbox_pending p
     CROSS JOIN LATERAL ( SELECT count(*) AS late_results,
            (array_agg(l.late_result_id ORDER BY l.received_at) FILTER (WHERE (l.state = 'DISPATCHED'::public.outbox_attempt_state)))[1] AS late_result_id,
            (array_agg(l.rail_reference ORDER BY l.received_at) FILTER (WHERE (l.state = 'DISPATCHED'::public.outbox_attempt_state)))[1] AS rail_reference
           FROM public.payment_outbox_late_results l
          WHERE ((l.outbox_id = p.outbox_id) AND (l.lease_token = p.lease_token))) late)
  WHERE ((p.hold = 'IN_DOUBT'::text) OR ((p.hold IS NULL) AND (p.dispatch_started_at IS NOT NULL) AND (p.lease_expires_at <= statement_timestamp())));

--
-- Name: VIEW payment_outbox_in_doubt; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON VIEW public.payment_outbox_in_doubt IS 'Items of which nobody knows whether the rail got them, for resolve_outbox_item.';

--
-- Name: COLUMN payment_outbox_in_doubt.late_result_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.payment_outbox_in_doubt.late_result_id IS 'The first late result under this lease that says DISPATCHED, with its rail_reference.';

--
-- Name: outbox_health(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.outbox_health() RETURNS TABLE(schema_version text, server_time timestamp with time zone, retry_ceiling integer, dead_letters bigint, disputed bigint, oldest_in_doubt_at timestamp with time zone, paused_scopes bigint, last_sealed_at timestamp with time zone, unsealed bigint, oldest_unsealed_at timestamp with time zone)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    BEGIN ATOMIC
 WITH dead AS (
          SELECT count(*) AS letters,
             count(*) FILTER (WHERE d.disputed) AS disputed
            FROM public.payment_outbox_dead_letters d
         ), attempts_left AS (
          SELECT a.created_at AS made_at
            FROM public.payment_outbox_attempts a
           WHERE (a.ledger_position > COALESCE(( SELECT max(s.through_position) AS through
                    FROM public.ledger_seals s
                   WHERE (s.subject = 'ATTEMPTS'::text)), (0)::bigint))
           ORDER BY a.ledger_position
          LIMIT 10000
         ), attestations_left AS (
          SELECT t.received_at AS made_at
            FROM public.ingress_attestations t
           WHERE (t.ledger_position > COALESCE(( SELECT max(s.through_position) AS through
                    FROM public.ledger_seals s
                   WHERE (s.subject = 'ATTESTATIONS'::text)), (0)::bigint))
           ORDER BY t.ledger_position
          LIMIT 10000
         ), unsealed AS (
          SELECT count(*) AS rows_left,
             min(w.made_at) AS oldest
            FROM ( SELECT attempts_left.made_at
                    FROM attempts_left
                 UNION ALL
                  SELECT attestations_left.made_at
                    FROM attestations_left) w
         )
  SELECT ( SELECT string_agg((v.version_num)::text, ','::text ORDER BY (v.version_num)::text) AS schema_version
            FROM public.ledgerdb_alembic_version v) AS schema_version,
     statement_timestamp() AS server_time,
     public.outbox_retry_ceiling() AS retry_ceiling,
     dead.letters AS dead_letters,
     dead.disputed,
     ( SELECT min(d.in_doubt_since) AS oldest
            FROM public.payment_outbox_in_doubt d) AS oldest_in_doubt_at,
     ( SELECT count(*) AS paused
            FROM public.outbox_controls c
           WHERE c.paused) AS paused_scopes,
     ( SELECT max(s.sealed_at) AS last_one
            FROM public.ledger_seals s) AS last_sealed_at,
     unsealed.rows_left AS unsealed,
     unsealed.oldest AS oldest_unsealed_at
    FROM (dead
      CROSS JOIN unsealed);
END;

--
-- Name: FUNCTION outbox_health(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.outbox_health() IS 'What somebody must look at: dead letters, doubts, pauses, and how far the seals are behind.';

--
-- Name: pause_outbox(text, text, text, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.pause_outbox(p_scope text, p_scope_key text, p_actor text, p_reason text) RETURNS TABLE(scope text, scope_key text, paused boolean, ordering text, fair boolean, notify_workers boolean, updated_at timestamp with time zone)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
declare
    v_now record;
begin
    perform public._require_operator(p_actor, p_reason);
    select c.scope, c.scope_key, c.paused, c.ordering, c.fair, c.notify_workers, c.updated_at
    into v_now
    from public._change_outbox_control(p_scope, p_scope_key, true, null, null, null) as c;

    insert into public.payment_outbox_operator_actions (action, scope, scope_key, actor, reason)
    values ('PAUSE', p_scope, v_now.scope_key, btrim(p_actor), btrim(p_reason));
    return query
    select
        v_now.scope, v_now.scope_key, v_now.paused, v_now.ordering, v_now.fair,
        v_now.notify_workers, v_now.updated_at;
end;
$$;

--
-- Name: FUNCTION pause_outbox(p_scope text, p_scope_key text, p_actor text, p_reason text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.pause_outbox(p_scope text, p_scope_key text, p_actor text, p_reason text) IS 'Stops the queue, a rail or a tenant: no worker gets its items any more.';

--
-- Name: record_manual_attempt(uuid, public.outbox_attempt_state, text, text, text, text, text, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.record_manual_attempt(p_outbox_id uuid, p_state public.outbox_attempt_state, p_rail_reference text, p_rail_code text, p_error_code text, p_error_message text, p_actor text, p_reason text) RETURNS TABLE(attempt_no integer, state public.outbox_attempt_state)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
declare
    v_attempt_no integer;
    v_state text;
begin
    perform public._require_operator(p_actor, p_reason);
    if p_state is null or p_state not in ('DISPATCHED', 'FAILED', 'RETRYABLE') then
        raise exception 'p_state: must be DISPATCHED, FAILED or RETRYABLE'
            using
                errcode = 'P7003',
                column = 'p_state',
                constraint = 'DISPATCHED, FAILED or RETRYABLE';
    end if;
    if length(p_rail_reference) > 500 then
        raise exception 'p_rail_reference: must be at most 500 characters'
            using
                errcode = 'P711B',
                column = 'p_rail_reference',
                constraint = 'at most 500 characters';
    end if;
    perform public._lock_item_for_operator(p_outbox_id, btrim(p_actor));
    select r.attempt_no, r.state into v_attempt_no, v_state
    from public._record_by_operator(
        p_outbox_id, p_state, btrim(p_actor), p_rail_reference, p_rail_code, p_error_code,
        p_error_message, null
    ) as r;

    insert into public.payment_outbox_operator_actions (action, outbox_id, actor, reason, detail)
    values (
        'MANUAL_ATTEMPT', p_outbox_id, btrim(p_actor), btrim(p_reason),
        jsonb_build_object('attempt_no', v_attempt_no, 'state', v_state)
    );
    return query
    select v_attempt_no, v_state::public.outbox_attempt_state;
end;
$$;

--
-- Name: FUNCTION record_manual_attempt(p_outbox_id uuid, p_state public.outbox_attempt_state, p_rail_reference text, p_rail_code text, p_error_code text, p_error_message text, p_actor text, p_reason text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.record_manual_attempt(p_outbox_id uuid, p_state public.outbox_attempt_state, p_rail_reference text, p_rail_code text, p_error_code text, p_error_message text, p_actor text, p_reason text) IS 'Records what an operator did by hand as the next attempt of an item.';

--
-- Name: redrive_dead_letters(uuid[], boolean, text, text, boolean); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.redrive_dead_letters(p_outbox_ids uuid[], p_dry_run boolean DEFAULT true, p_actor text DEFAULT NULL::text, p_reason text DEFAULT NULL::text, p_disputed_too boolean DEFAULT false) RETURNS TABLE(outbox_id uuid, outcome text, attempt_count integer, redrive_no integer)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
declare
    v_dry_run boolean := coalesce(p_dry_run, true);
    v_redriven uuid[];
begin
    perform public._require_operator(p_actor, p_reason);
    if coalesce(cardinality(p_outbox_ids), 0) not between 1 and 10000 then
        raise exception 'p_outbox_ids: must be 1 to 10000 ids'
            using errcode = 'P7118', column = 'p_outbox_ids', constraint = '1 to 10000 ids';
    end if;
    -- An older snapshot would not see who redrove the item meanwhile, nor how it ended.
    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'redrive_dead_letters: must run at READ COMMITTED'
            using
                errcode = 'P711F',
                column = 'transaction_isolation',
                constraint = 'read committed';
    end if;

    if not v_dry_run then
        perform
        from public.payment_outbox_identities as i
        where i.outbox_id = any(p_outbox_ids)
        order by i.outbox_id
        for update;

        -- A statement of its own: it sees what was committed before the locks were had.
        with queued as (
            insert into public.payment_outbox_pending as p (
                outbox_id, instruction_id, participant_id, sequence_id, idempotency_key, rail_type,
                payload, attempt_count, budget_base, redrive_no, next_attempt_at, created_at, fifo,
                tenant_id, correlation_id, upstream_ref, downstream_ref, nfs_sequence_ref
            )
            select
                i.outbox_id, i.instruction_id, i.participant_id, last_one.sequence_id,
                i.idempotency_key, i.rail_type,
                case
                    when i.payload is null then (
                        select a.payload
                        from public.payment_outbox_attempts as a
                        where a.outbox_id = i.outbox_id and a.payload is not null
                        order by a.attempt_no
                        limit 1
                    )
                end,
                last_one.attempt_no, last_one.attempt_no as budget_base, last_one.redrive_no + 1,
                clock_timestamp(), i.created_at,
                public._ordered_by_participant(i.rail_type, i.tenant_id),
                i.tenant_id, last_one.correlation_id, last_one.upstream_ref,
                last_one.downstream_ref, last_one.nfs_sequence_ref
            from public._judge_redrive(p_outbox_ids, p_disputed_too) as j
            inner join public.payment_outbox_identities as i on j.outbox_id = i.outbox_id
            inner join public.payment_outbox_attempts as last_one
                on j.outbox_id = last_one.outbox_id and j.attempt_no = last_one.attempt_no
            where j.verdict = 'REDRIVE'
            order by i.outbox_id
            returning p.outbox_id, p.attempt_count, p.redrive_no
        ),

        recorded as (
            insert into public.payment_outbox_operator_actions (
                action, outbox_id, actor, reason, detail
            )
            select
                'REDRIVE', q.outbox_id, btrim(p_actor), btrim(p_reason),
                jsonb_build_object(
                    'attempt_count', q.attempt_count,
                    'redrive_no', q.redrive_no,
                    'disputed_too', coalesce(p_disputed_too, false)
                )
            from queued as q
        )

        select array_agg(q.outbox_id) into v_redriven
        from queued as q;
    end if;

    return query
    select
        j.outbox_id,
        case
            when j.outbox_id = any(v_redriven) then 'REDRIVEN'
            when j.verdict = 'REDRIVE' then 'WOULD_REDRIVE'
            else j.verdict
        end,
        j.attempt_no,
        j.redrive_no
    from public._judge_redrive(p_outbox_ids, p_disputed_too) as j
    order by j.place;
end;
$$;

--
-- Name: FUNCTION redrive_dead_letters(p_outbox_ids uuid[], p_dry_run boolean, p_actor text, p_reason text, p_disputed_too boolean); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.redrive_dead_letters(p_outbox_ids uuid[], p_dry_run boolean, p_actor text, p_reason text, p_disputed_too boolean) IS 'Sends FAILED items back to the queue with a new retry budget; a rehearsal unless told otherwise.';

--
-- Name: register_tenant(uuid, text, text, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.register_tenant(p_tenant_id uuid, p_tenant_key text, p_tenant_name text, p_tenant_type text) RETURNS TABLE(tenant_id uuid, tenant_key text, status text, created_at timestamp with time zone, created boolean)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
begin
    perform public._require_text('p_tenant_key', p_tenant_key, 'P7111');
    perform public._require_text('p_tenant_name', p_tenant_name, 'P7111');
    if p_tenant_id is null then
        raise exception 'p_tenant_id: must not be null'
            using
                errcode = 'P7111',
                column = 'p_tenant_id',
                constraint = 'not null';
    end if;
    if p_tenant_type is null
        or p_tenant_type not in ('NGO', 'COOPERATIVE', 'GOVERNMENT', 'COMMERCIAL')
    then
        raise exception 'p_tenant_type: must be NGO, COOPERATIVE, GOVERNMENT or COMMERCIAL'
            using
                errcode = 'P7111',
                column = 'p_tenant_type',
                constraint = 'NGO, COOPERATIVE, GOVERNMENT or COMMERCIAL';
    end if;

    return query
    insert into public.tenants as t (tenant_id, tenant_key, tenant_name, tenant_type)
    values (p_tenant_id, p_tenant_key, p_tenant_name, p_tenant_type)
    on conflict do nothing
    returning t.tenant_id, t.tenant_key, t.status, t.created_at, true;
    if found then
        return;
    end if;

    return query
    select t.tenant_id, t.tenant_key, t.status, t.created_at, false
    from public.tenants as t
    where
        t.tenant_id = p_tenant_id
        and t.tenant_key = p_tenant_key
        and t.tenant_name = p_tenant_name
        and t.tenant_type = p_tenant_type;
    if not found then
        raise exception 'p_tenant_key: the id or the key is registered with other content'
            using
                errcode = 'P7101',
                column = 'p_tenant_key',
                constraint = 'one key, one tenant';
    end if;
end;
$$;

--
-- Name: FUNCTION register_tenant(p_tenant_id uuid, p_tenant_key text, p_tenant_name text, p_tenant_type text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.register_tenant(p_tenant_id uuid, p_tenant_key text, p_tenant_name text, p_tenant_type text) IS 'Registers a tenant; the same registration again returns it.';

--
-- Name: release_outbox_leases(uuid[], uuid[], text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.release_outbox_leases(p_outbox_ids uuid[], p_lease_tokens uuid[], p_worker_id text) RETURNS TABLE(outbox_id uuid)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
begin
    perform public._require_leases(p_outbox_ids, p_lease_tokens, p_worker_id);

    return query
    update public.payment_outbox_pending as p
    set
        claimed_by = null,
        lease_token = null,
        leased_at = null,
        lease_expires_at = null,
        next_attempt_at = held.moment
    from public._lock_leases(p_outbox_ids, p_lease_tokens, p_worker_id) as held
    where p.outbox_id = held.outbox_id and held.dispatch_started_at is null
    returning p.outbox_id;
end;
$$;

--
-- Name: FUNCTION release_outbox_leases(p_outbox_ids uuid[], p_lease_tokens uuid[], p_worker_id text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.release_outbox_leases(p_outbox_ids uuid[], p_lease_tokens uuid[], p_worker_id text) IS 'Gives back unstarted items of this worker; returns those that were still held.';

--
-- Name: repair_expired_leases(integer, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.repair_expired_leases(p_batch_size integer, p_worker_id text) RETURNS TABLE(outbox_id uuid, attempt_no integer)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
declare
    v_now timestamptz := clock_timestamp();
    v_ids uuid[];
    v_tokens uuid[];
begin
    if p_batch_size is null or p_batch_size not between 1 and 10000 then
        raise exception 'p_batch_size: must be between 1 and 10000'
            using
                errcode = 'P7118',
                column = 'p_batch_size',
                constraint = 'between 1 and 10000';
    end if;
    perform public._require_text('p_worker_id', p_worker_id, 'P7117');

    select array_agg(expired.outbox_id), array_agg(expired.lease_token)
    into v_ids, v_tokens
    from (
        select p.outbox_id, p.lease_token
        from public.payment_outbox_pending as p
        where
            p.next_attempt_at <= v_now
            and p.lease_expires_at <= v_now
            and p.lease_token is not null
            and p.hold is null
        order by p.next_attempt_at
        limit p_batch_size
        for update skip locked
    ) as expired;

    if v_ids is not null then
        perform public._close_expired_leases(v_ids, p_worker_id, v_now, interval '1 second');
        return query
        select a.outbox_id, a.attempt_no
        from unnest(v_ids, v_tokens) with ordinality as e (outbox_id, lease_token, place)
        inner join public.payment_outbox_attempts as a
            on e.outbox_id = a.outbox_id and e.lease_token = a.lease_token
        order by e.place;
    end if;
    perform public._release_stale_holds(p_batch_size);
end;
$$;

--
-- Name: FUNCTION repair_expired_leases(p_batch_size integer, p_worker_id text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.repair_expired_leases(p_batch_size integer, p_worker_id text) IS 'Requeues items whose lease expired, one attempt each; ends them at the retry ceiling.';

--
-- Name: resolve_outbox_item(uuid, text, text, text, text, text, uuid, jsonb, integer); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.resolve_outbox_item(p_outbox_id uuid, p_resolution text, p_actor text, p_reason text, p_rail_reference text DEFAULT NULL::text, p_rail_code text DEFAULT NULL::text, p_late_result_id uuid DEFAULT NULL::uuid, p_evidence jsonb DEFAULT '{}'::jsonb, p_attempt_no integer DEFAULT NULL::integer) RETURNS TABLE(attempt_no integer, state public.outbox_attempt_state)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
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
$$;

--
-- Name: FUNCTION resolve_outbox_item(p_outbox_id uuid, p_resolution text, p_actor text, p_reason text, p_rail_reference text, p_rail_code text, p_late_result_id uuid, p_evidence jsonb, p_attempt_no integer); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.resolve_outbox_item(p_outbox_id uuid, p_resolution text, p_actor text, p_reason text, p_rail_reference text, p_rail_code text, p_late_result_id uuid, p_evidence jsonb, p_attempt_no integer) IS 'Ends the doubt about an item with what the rail said: DISPATCHED, FAILED or REQUEUE.';

--
-- Name: resume_outbox(text, text, text, text, integer); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.resume_outbox(p_scope text, p_scope_key text, p_actor text, p_reason text, p_limit integer DEFAULT 10000) RETURNS TABLE(released bigint, remaining bigint)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
declare
    v_key text;
    v_released bigint;
    v_remaining bigint;
begin
    perform public._require_operator(p_actor, p_reason);
    if p_limit is null or p_limit not between 1 and 10000 then
        raise exception 'p_limit: must be between 1 and 10000'
            using errcode = 'P7118', column = 'p_limit', constraint = 'between 1 and 10000';
    end if;
    select c.scope_key into v_key
    from public._change_outbox_control(p_scope, p_scope_key, false, null, null, null) as c;
    select r.released, r.remaining into v_released, v_remaining
    from public._release_paused_items(p_scope, v_key, p_limit) as r;

    insert into public.payment_outbox_operator_actions (
        action, scope, scope_key, actor, reason, detail
    )
    values (
        'RESUME', p_scope, v_key, btrim(p_actor), btrim(p_reason),
        jsonb_build_object('released', v_released, 'remaining', v_remaining)
    );
    return query
    select v_released, v_remaining;
end;
$$;

--
-- Name: FUNCTION resume_outbox(p_scope text, p_scope_key text, p_actor text, p_reason text, p_limit integer); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.resume_outbox(p_scope text, p_scope_key text, p_actor text, p_reason text, p_limit integer) IS 'Lets the queue, a rail or a tenant run again; says how many held items are due and how many wait.';

--
-- Name: retention_plan(timestamp with time zone, interval); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.retention_plan(p_before timestamp with time zone DEFAULT NULL::timestamp with time zone, p_older_than interval DEFAULT NULL::interval) RETURNS TABLE(horizon timestamp with time zone, verdict text, items bigint, attempts bigint, bytes bigint, oldest timestamp with time zone, newest timestamp with time zone)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
declare
    v_horizon timestamptz := p_before;
begin
    if num_nonnulls(p_before, p_older_than) <> 1
        or p_older_than < interval '0'
        or p_older_than > interval '200 years'
    then
        raise exception 'p_before, p_older_than: exactly one, and none in the future'
            using
                errcode = 'P711F',
                column = 'p_older_than',
                constraint = 'one of p_before and p_older_than, up to 200 years';
    end if;
    if p_older_than is not null then
        v_horizon := clock_timestamp() - p_older_than;
    end if;
    perform public._require_horizon(v_horizon);

    return query
    with judged as materialized (
        select v.verdict, v.attempts, v.bytes, v.oldest, v.newest
        from (
            select distinct a.outbox_id
            from public.payment_outbox_attempts as a
        ) as item
        cross join lateral public._retention_verdicts(array[item.outbox_id], v_horizon) as v
    )

    select
        v_horizon as horizon,
        kinds.verdict,
        count(j.verdict) as items,
        coalesce(sum(j.attempts), 0)::bigint as attempts,
        coalesce(sum(j.bytes), 0)::bigint as bytes,
        min(j.oldest) as oldest,
        max(j.newest) as newest
    from
        unnest(array[
            'RETIRE', 'TOO_YOUNG', 'ON_QUEUE', 'LATE_RESULT', 'DISPUTED', 'UNSEALED', 'NOT_ENDED',
            'REAPPEARED', 'UNREGISTERED'
        ]) with ordinality as kinds (verdict, place)
    left join judged as j on kinds.verdict = j.verdict
    group by kinds.verdict, kinds.place
    order by kinds.place;
end;
$$;

--
-- Name: FUNCTION retention_plan(p_before timestamp with time zone, p_older_than interval); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.retention_plan(p_before timestamp with time zone, p_older_than interval) IS 'What retire_history would retire and what it would keep, and why. Reads only.';

--
-- Name: retire_history(timestamp with time zone, integer, text, text, uuid); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.retire_history(p_before timestamp with time zone, p_limit integer, p_actor text, p_reason text, p_after uuid DEFAULT NULL::uuid) RETURNS TABLE(run_id uuid, examined integer, items integer, attempts bigint, bytes bigint, last_outbox_id uuid)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
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
$$;

--
-- Name: FUNCTION retire_history(p_before timestamp with time zone, p_limit integer, p_actor text, p_reason text, p_after uuid); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.retire_history(p_before timestamp with time zone, p_limit integer, p_actor text, p_reason text, p_after uuid) IS 'Retires the attempts of one batch of ended items; their outcomes stay for life.';

--
-- Name: seal_ledger(integer); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.seal_ledger(p_limit integer) RETURNS TABLE(outcome text, seals integer, attempts integer, attestations integer, last_seal_no bigint)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
declare
    v_taken bigint;
    v_xid xid8;
    v_oldest_running xid8;
    v_horizon public.ledger_seal_horizon;
    v_final bigint;
    v_subject text;
    v_rows integer;
    v_full boolean := false;
begin
    if p_limit is null or p_limit not between 1 and 10000 then
        raise exception 'p_limit: must be between 1 and 10000'
            using
                errcode = 'P711F',
                column = 'p_limit',
                constraint = 'between 1 and 10000';
    end if;
    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'seal_ledger: must run at READ COMMITTED'
            using
                errcode = 'P711F',
                column = 'transaction_isolation',
                constraint = 'read committed';
    end if;
    if pg_current_xact_id_if_assigned() is not null then
        raise exception 'seal_ledger: must be the first write of its transaction'
            using
                errcode = 'P711F',
                column = 'transaction_id',
                constraint = 'not assigned yet';
    end if;
    seals := 0;
    attempts := 0;
    attestations := 0;

    select case when p.is_called then p.last_value else 0 end into v_taken
    from public.ledger_positions as p;
    v_xid := pg_current_xact_id();

    select h.final_position, h.noted_position, h.noted_xid, h.without_position
    into
        v_horizon.final_position,
        v_horizon.noted_position,
        v_horizon.noted_xid,
        v_horizon.without_position
    from public.ledger_seal_horizon as h
    for update skip locked;
    if not found then
        outcome := 'BUSY';
        return next;
        return;
    end if;

    select pg_snapshot_xmin(pg_current_snapshot()) into v_oldest_running;
    v_final := v_horizon.final_position;
    if v_oldest_running >= v_xid then
        v_final := greatest(v_final, v_taken);
    elsif v_horizon.noted_xid <= v_oldest_running then
        v_final := greatest(v_final, v_horizon.noted_position);
    end if;
    if v_final >= v_taken then
        v_horizon.noted_position := null;
        v_horizon.noted_xid := null;
    -- A noted id above our own is of another cluster, before a restore: it would never come.
    elsif not coalesce(
        v_horizon.noted_xid > v_oldest_running and v_horizon.noted_xid <= v_xid, false
    ) then
        v_horizon.noted_position := v_taken;
        v_horizon.noted_xid := v_xid;
    end if;

    foreach v_subject in array array['ATTEMPTS', 'ATTESTATIONS']
    loop
        v_rows := 0;
        if v_subject = any(v_horizon.without_position) then
            v_rows := public._append_seal(v_subject, null, p_limit);
            seals := seals + (v_rows > 0)::integer;
            if v_rows = p_limit then
                v_full := true;
            else
                v_horizon.without_position := array_remove(v_horizon.without_position, v_subject);
            end if;
        end if;
        attempts := attempts + case when v_subject = 'ATTEMPTS' then v_rows else 0 end;
        attestations := attestations + case when v_subject = 'ATTESTATIONS' then v_rows else 0 end;

        v_rows := public._append_seal(v_subject, v_final, p_limit);
        seals := seals + (v_rows > 0)::integer;
        v_full := v_full or v_rows = p_limit;
        attempts := attempts + case when v_subject = 'ATTEMPTS' then v_rows else 0 end;
        attestations := attestations + case when v_subject = 'ATTESTATIONS' then v_rows else 0 end;
    end loop;

    update public.ledger_seal_horizon as h
    set
        final_position = v_final,
        noted_position = v_horizon.noted_position,
        noted_xid = v_horizon.noted_xid,
        without_position = v_horizon.without_position
    where
        (h.final_position, h.noted_position, h.noted_xid, h.without_position) is distinct from
        (v_final, v_horizon.noted_position, v_horizon.noted_xid, v_horizon.without_position);

    select max(s.seal_no) into last_seal_no
    from public.ledger_seals as s;
    outcome := case
        when v_full then 'MORE'
        when v_final < v_taken then 'WAITING'
        else 'DONE'
    end;
    return next;
end;
$$;

--
-- Name: FUNCTION seal_ledger(p_limit integer); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.seal_ledger(p_limit integer) IS 'Seals the next rows of attempts and attestations; the outcome says whether some are left.';

--
-- Name: set_outbox_control(text, text, boolean, text, boolean, boolean, text, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.set_outbox_control(p_scope text, p_scope_key text, p_paused boolean, p_ordering text, p_fair boolean, p_notify_workers boolean, p_actor text, p_reason text) RETURNS TABLE(scope text, scope_key text, paused boolean, ordering text, fair boolean, notify_workers boolean, updated_at timestamp with time zone)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
declare
    v_now record;
begin
    perform public._require_operator(p_actor, p_reason);
    select c.scope, c.scope_key, c.paused, c.ordering, c.fair, c.notify_workers, c.updated_at
    into v_now
    from public._change_outbox_control(
        p_scope, p_scope_key, p_paused, p_ordering, p_fair, p_notify_workers
    ) as c;
    if not p_paused then
        perform public._release_paused_items(p_scope, v_now.scope_key, 10000);
    end if;

    insert into public.payment_outbox_operator_actions (
        action, scope, scope_key, actor, reason, detail
    )
    values (
        'SET_CONTROL', p_scope, v_now.scope_key, btrim(p_actor), btrim(p_reason),
        jsonb_strip_nulls(
            jsonb_build_object(
                'paused', p_paused,
                'ordering', p_ordering,
                'fair', p_fair,
                'notify_workers', p_notify_workers
            )
        )
    );
    return query
    select
        v_now.scope, v_now.scope_key, v_now.paused, v_now.ordering, v_now.fair,
        v_now.notify_workers, v_now.updated_at;
end;
$$;

--
-- Name: FUNCTION set_outbox_control(p_scope text, p_scope_key text, p_paused boolean, p_ordering text, p_fair boolean, p_notify_workers boolean, p_actor text, p_reason text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.set_outbox_control(p_scope text, p_scope_key text, p_paused boolean, p_ordering text, p_fair boolean, p_notify_workers boolean, p_actor text, p_reason text) IS 'Sets how the queue, a rail or a tenant runs; null leaves a setting as it is.';

--
-- Name: set_retry_policy(text, text, double precision, double precision, double precision, double precision, text, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.set_retry_policy(p_rail_type text, p_strategy text, p_base_seconds double precision, p_factor double precision, p_max_seconds double precision, p_jitter double precision, p_actor text, p_reason text) RETURNS TABLE(rail_type text, strategy text, base_seconds numeric, factor numeric, max_seconds numeric, jitter numeric, updated_at timestamp with time zone)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
declare
    v_parameter text;
    v_rule text;
begin
    perform public._require_operator(p_actor, p_reason);
    select rules.parameter, rules.rule
    into v_parameter, v_rule
    from (
        values
        ('p_rail_type', '* or a rail', public._is_identifier(p_rail_type)),
        (
            'p_strategy', 'FIXED or EXPONENTIAL',
            coalesce(p_strategy in ('FIXED', 'EXPONENTIAL'), false)
        ),
        (
            'p_base_seconds', 'between 0 and 604800',
            coalesce(p_base_seconds between 0 and 604800, false)
        ),
        ('p_factor', 'between 1 and 10', coalesce(p_factor between 1 and 10, false)),
        (
            'p_max_seconds', 'between p_base_seconds and 604800',
            coalesce(p_max_seconds between p_base_seconds and 604800, false)
        ),
        ('p_jitter', 'between 0 and 1', coalesce(p_jitter between 0 and 1, false))
    ) as rules (parameter, rule, kept)
    where not rules.kept
    order by rules.parameter
    limit 1;
    if found then
        raise exception '%: must be %', v_parameter, v_rule
            using errcode = 'P711E', column = v_parameter, constraint = v_rule;
    end if;

    insert into public.payment_outbox_operator_actions (
        action, scope, scope_key, actor, reason, detail
    )
    values (
        'SET_RETRY_POLICY', 'RAIL', p_rail_type, btrim(p_actor), btrim(p_reason),
        jsonb_build_object(
            'strategy', p_strategy,
            'base_seconds', p_base_seconds,
            'factor', p_factor,
            'max_seconds', p_max_seconds,
            'jitter', p_jitter
        )
    );
    return query
    insert into public.outbox_retry_policies as r (
        rail_type, strategy, base_seconds, factor, max_seconds, jitter
    )
    values (p_rail_type, p_strategy, p_base_seconds, p_factor, p_max_seconds, p_jitter)
    on conflict on constraint outbox_retry_policies_pkey do update
        set
            strategy = excluded.strategy,
            base_seconds = excluded.base_seconds,
            factor = excluded.factor,
            max_seconds = excluded.max_seconds,
            jitter = excluded.jitter,
            updated_at = excluded.updated_at
    returning
        r.rail_type, r.strategy, r.base_seconds, r.factor, r.max_seconds, r.jitter, r.updated_at;
end;
$$;

--
-- Name: FUNCTION set_retry_policy(p_rail_type text, p_strategy text, p_base_seconds double precision, p_factor double precision, p_max_seconds double precision, p_jitter double precision, p_actor text, p_reason text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.set_retry_policy(p_rail_type text, p_strategy text, p_base_seconds double precision, p_factor double precision, p_max_seconds double precision, p_jitter double precision, p_actor text, p_reason text) IS 'Sets how long a RETRYABLE attempt on a rail waits.';

--
-- Name: uuid_strategy(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.uuid_strategy() RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    BEGIN ATOMIC
 SELECT
         CASE
             WHEN (to_regprocedure('pg_catalog.uuidv7()'::text) IS NOT NULL) THEN 'uuidv7'::text
             ELSE 'gen_random_uuid'::text
         END AS strategy;
END;

--
-- Name: FUNCTION uuid_strategy(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.uuid_strategy() IS 'Source of identifiers: uuidv7 (PostgreSQL 18), or gen_random_uuid under a time prefix.';

--
-- Name: ledger_leaves; Type: VIEW; Schema: public; Owner: -
--

CREATE VIEW public.ledger_leaves AS
 SELECT 'ATTEMPTS'::text AS subject,
    a.ledger_position,
    a.attempt_id AS row_id,
    public._attempt_leaf(a.*) AS leaf
   FROM public.payment_outbox_attempts a
UNION ALL
 SELECT 'ATTESTATIONS'::text AS subject,
    t.ledger_position,
    t.attestation_id AS row_id,
    public._attestation_leaf(t.*) AS leaf
   FROM public.ingress_attestations t;

--
-- Name: VIEW ledger_leaves; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON VIEW public.ledger_leaves IS 'Private: the hash of every row that is sealed, or will be.';

--
-- Name: ledger_retention_runs; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.ledger_retention_runs (
    run_id uuid DEFAULT public.uuid_v7_or_random() NOT NULL,
    transaction_id xid8 DEFAULT pg_current_xact_id() NOT NULL,
    actor text NOT NULL,
    reason text NOT NULL,
    horizon timestamp with time zone NOT NULL,
    ran_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    items integer NOT NULL,
    attempts bigint NOT NULL,
    bytes bigint NOT NULL,
    CONSTRAINT ck_retention_runs_counts CHECK (((items >= 1) AND (attempts >= items) AND (bytes >= 0)))
);

--
-- Name: TABLE ledger_retention_runs; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.ledger_retention_runs IS 'Append-only: who retired history, up to when, why, and how much. One row per batch.';

--
-- Name: COLUMN ledger_retention_runs.transaction_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ledger_retention_runs.transaction_id IS 'The transaction of the run: attempts can be deleted in it and in no other.';

--
-- Name: COLUMN ledger_retention_runs.horizon; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ledger_retention_runs.horizon IS 'Every retired attempt was complete before this time.';

--
-- Name: ledger_retired_leaves; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.ledger_retired_leaves (
    attempt_id uuid NOT NULL,
    outbox_id uuid NOT NULL,
    attempt_no integer NOT NULL,
    ledger_position bigint,
    leaf bytea NOT NULL,
    CONSTRAINT ck_retired_leaves_leaf CHECK ((octet_length(leaf) = 32))
);

--
-- Name: TABLE ledger_retired_leaves; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.ledger_retired_leaves IS 'Permanent: the hash of each retired attempt and its place, so that the seals can be checked.';

--
-- Name: ledger_seal_horizon; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.ledger_seal_horizon (
    only_row boolean DEFAULT true NOT NULL,
    final_position bigint DEFAULT 0 NOT NULL,
    noted_position bigint,
    noted_xid xid8,
    without_position text[] DEFAULT '{ATTEMPTS,ATTESTATIONS}'::text[] NOT NULL,
    CONSTRAINT ck_seal_horizon_noted CHECK ((num_nonnulls(noted_position, noted_xid) = ANY (ARRAY[0, 2]))),
    CONSTRAINT ck_seal_horizon_only_row CHECK (only_row)
);

--
-- Name: TABLE ledger_seal_horizon; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.ledger_seal_horizon IS 'One row: up to which position the ledger is final. Its lock is the sealer''s.';

--
-- Name: COLUMN ledger_seal_horizon.noted_xid; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ledger_seal_horizon.noted_xid IS 'Where every transaction below this one is done, noted_position is final.';

--
-- Name: COLUMN ledger_seal_horizon.without_position; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ledger_seal_horizon.without_position IS 'Where rows from before revision 0006 are still to be sealed, or to be looked for.';

--
-- Name: ledgerdb_migration_steps; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.ledgerdb_migration_steps (
    revision text NOT NULL,
    step_no integer NOT NULL,
    name text NOT NULL,
    sha256 text NOT NULL,
    state text DEFAULT 'RUNNING'::text NOT NULL,
    last_key text,
    rows_done bigint DEFAULT 0 NOT NULL,
    rows_estimate bigint,
    started_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    updated_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    finished_at timestamp with time zone,
    CONSTRAINT ck_migration_steps_finished CHECK (((state = 'DONE'::text) = (finished_at IS NOT NULL))),
    CONSTRAINT ck_migration_steps_rows_done CHECK ((rows_done >= 0)),
    CONSTRAINT ck_migration_steps_state CHECK ((state = ANY (ARRAY['RUNNING'::text, 'DONE'::text]))),
    CONSTRAINT ck_migration_steps_step_no CHECK ((step_no >= 1))
);

--
-- Name: TABLE ledgerdb_migration_steps; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.ledgerdb_migration_steps IS 'Journal of steps that run outside of a transaction: concurrent indexes, validations, backfills, and what prepares a revision on a database in use.';

--
-- Name: COLUMN ledgerdb_migration_steps.last_key; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ledgerdb_migration_steps.last_key IS 'Where a backfill goes on; written in the transaction of each batch.';

--
-- Name: COLUMN ledgerdb_migration_steps.rows_done; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ledgerdb_migration_steps.rows_done IS 'Rows that a backfill has looked at.';

--
-- Name: ledgerdb_migrations; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.ledgerdb_migrations (
    revision text NOT NULL,
    summary text NOT NULL,
    files jsonb NOT NULL,
    route text NOT NULL,
    release text NOT NULL,
    client text DEFAULT current_setting('application_name'::text) NOT NULL,
    applied_by name DEFAULT SESSION_USER NOT NULL,
    applied_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    seconds numeric(12,3),
    verified_at timestamp with time zone,
    verify_error text,
    CONSTRAINT ck_migrations_files CHECK ((jsonb_typeof(files) = 'object'::text)),
    CONSTRAINT ck_migrations_route CHECK ((route = ANY (ARRAY['DIRECT'::text, 'ONLINE'::text, 'ADOPTED'::text, 'RECORDED'::text])))
);

--
-- Name: TABLE ledgerdb_migrations; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.ledgerdb_migrations IS 'Ledger of the migrations: one row per revision, written in the transaction that applied it.';

--
-- Name: COLUMN ledgerdb_migrations.files; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ledgerdb_migrations.files IS 'SHA-256 of every file that the revision consists of, by folder and name, with LF line ends.';

--
-- Name: COLUMN ledgerdb_migrations.route; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ledgerdb_migrations.route IS 'DIRECT: from an empty database. ONLINE: prepared under traffic. ADOPTED: found as the earlier plain-SQL migrations left it. RECORDED: applied before this ledger existed.';

--
-- Name: COLUMN ledgerdb_migrations.release; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ledgerdb_migrations.release IS 'The release of ledgerdb that applied it.';

--
-- Name: COLUMN ledgerdb_migrations.client; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ledgerdb_migrations.client IS 'The application name of the session: ledgerdb-migrate, or ledgerdb-script- and its digest.';

--
-- Name: COLUMN ledgerdb_migrations.seconds; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ledgerdb_migrations.seconds IS 'How long the transaction took, the wait for its locks included.';

--
-- Name: COLUMN ledgerdb_migrations.verified_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ledgerdb_migrations.verified_at IS 'When the check of the revision last held.';

--
-- Name: COLUMN ledgerdb_migrations.verify_error; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.ledgerdb_migrations.verify_error IS 'What the check of the revision found when it did not hold; null while it holds.';

--
-- Name: outbox_counter_drift_report; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.outbox_counter_drift_report (
    outbox_id uuid NOT NULL,
    detected_at timestamp with time zone DEFAULT now() NOT NULL,
    attempt_count integer NOT NULL,
    max_attempt_no integer NOT NULL,
    attempts bigint NOT NULL,
    has_terminal boolean NOT NULL,
    near_overflow boolean NOT NULL,
    action text NOT NULL,
    CONSTRAINT ck_counter_drift_action CHECK ((action = ANY (ARRAY['COUNTER_SET'::text, 'ENDED'::text])))
);

--
-- Name: TABLE outbox_counter_drift_report; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.outbox_counter_drift_report IS 'What revision 0002 did: COUNTER_SET to the highest number, or ENDED a terminal item.';

--
-- Name: outbox_due_mark; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.outbox_due_mark
    START WITH 0
    INCREMENT BY 1
    MINVALUE 0
    NO MAXVALUE
    CACHE 1;

--
-- Name: SEQUENCE outbox_due_mark; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON SEQUENCE public.outbox_due_mark IS 'Microseconds since 1970: before this time nothing was due when a claim looked last; a hint.';

--
-- Name: outbox_due_sweep; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.outbox_due_sweep
    START WITH 0
    INCREMENT BY 1
    MINVALUE 0
    NO MAXVALUE
    CACHE 1;

--
-- Name: SEQUENCE outbox_due_sweep; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON SEQUENCE public.outbox_due_sweep IS 'Microseconds since 1970: from when on a claim may look before outbox_due_mark again; a hint.';

--
-- Name: outbox_notify_clock; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.outbox_notify_clock
    START WITH 0
    INCREMENT BY 1
    MINVALUE 0
    NO MAXVALUE
    CACHE 1;

--
-- Name: SEQUENCE outbox_notify_clock; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON SEQUENCE public.outbox_notify_clock IS 'Milliseconds since 1970 of the last NOTIFY on symphony_outbox; throttles it.';

--
-- Name: participant_outbox_numbers; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.participant_outbox_numbers
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

--
-- Name: SEQUENCE participant_outbox_numbers; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON SEQUENCE public.participant_outbox_numbers IS 'How far the monotonic numbers of participants are beyond their counters; shared, so with holes.';

--
-- Name: participant_outbox_sequences; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.participant_outbox_sequences (
    participant_id text NOT NULL,
    next_sequence_id bigint NOT NULL,
    monotonic_from bigint,
    CONSTRAINT participant_outbox_sequences_next_sequence_id_check CHECK ((next_sequence_id >= 1))
);

--
-- Name: TABLE participant_outbox_sequences; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.participant_outbox_sequences IS 'Next gapless sequence number of each participant.';

--
-- Name: COLUMN participant_outbox_sequences.monotonic_from; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.participant_outbox_sequences.monotonic_from IS 'The last number without a hole before it; the numbers after it come from a sequence. Null: all.';

--
-- Name: payment_outbox_blocked_heads; Type: VIEW; Schema: public; Owner: -
--

CREATE VIEW public.payment_outbox_blocked_heads AS
 SELECT head.participant_id,
    head.outbox_id,
    head.sequence_id,
    head.tenant_id,
    head.instruction_id,
    head.rail_type,
    COALESCE(head.hold, 'SCHEDULED'::text) AS reason,
    chosen.ordering,
    head.attempt_count,
    NULLIF(head.next_attempt_at, 'infinity'::timestamp with time zone) AS next_attempt_at,
    COALESCE(head.held_at, latest.completed_at, head.created_at) AS blocked_since,
    behind.waiting,
    behind.oldest_waiting_at
   FROM (((public.payment_outbox_pending head
     CROSS JOIN LATERAL ( SELECT
                CASE
                    WHEN bool_and((c.ordering = 'FIFO_SKIP'::text)) THEN 'FIFO_SKIP'::text
                    ELSE 'FIFO_BLOCK'::text
                END AS ordering
           FROM public.outbox_controls c
          WHERE ((c.ordering <> 'NONE'::text) AND ((c.scope = 'QUEUE'::text) OR ((c.scope = 'RAIL'::text) AND (c.scope_key = head.rail_type)) OR ((c.scope = 'TENANT'::text) AND (c.scope_key = (head.tenant_id)::text))))) chosen)
     CROSS JOIN LATERAL ( SELECT count(*) AS waiting,
            min(p.created_at) AS oldest_waiting_at
           FROM public.payment_outbox_pending p
          WHERE (p.fifo AND (p.participant_id = head.participant_id) AND (p.sequence_id > head.sequence_id) AND (p.lease_token IS NULL))) behind)
     LEFT JOIN public.payment_outbox_attempts latest ON (((head.outbox_id = latest.outbox_id) AND (head.attempt_count = latest.attempt_no))))
  WHERE (head.fifo AND (NOT (EXISTS ( SELECT
           FROM public.payment_outbox_pending earlier
          WHERE (earlier.fifo AND (earlier.participant_id = head.participant_id) AND (earlier.sequence_id < head.sequence_id))))) AND ((head.hold = ANY (ARRAY['IN_DOUBT'::text, 'PAYLOAD_MISMATCH'::text, 'PAUSED'::text])) OR ((head.hold IS NULL) AND (head.lease_token IS NULL) AND (head.next_attempt_at > statement_timestamp()))) AND (behind.waiting > 0));

--
-- Name: VIEW payment_outbox_blocked_heads; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON VIEW public.payment_outbox_blocked_heads IS 'Ordered participants whose first item cannot go now while others are behind it.';

--
-- Name: COLUMN payment_outbox_blocked_heads.ordering; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.payment_outbox_blocked_heads.ordering IS 'FIFO_BLOCK: the others wait. FIFO_SKIP: they pass, unless the reason is PAUSED.';

--
-- Name: payment_outbox_controls; Type: VIEW; Schema: public; Owner: -
--

CREATE VIEW public.payment_outbox_controls AS
 SELECT scope,
    scope_key,
    paused,
    ordering,
    fair,
    notify_workers,
    updated_at,
    ( SELECT count(*) AS held_items
           FROM public.payment_outbox_pending p
          WHERE ((p.hold = 'PAUSED'::text) AND ((c.scope = 'QUEUE'::text) OR ((c.scope = 'RAIL'::text) AND (c.scope_key = p.rail_type)) OR ((c.scope = 'TENANT'::text) AND (c.scope_key = (p.tenant_id)::text))))) AS held_items
   FROM public.outbox_controls c;

--
-- Name: VIEW payment_outbox_controls; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON VIEW public.payment_outbox_controls IS 'What operators set for the queue, rails and tenants; held_items are on hold by some pause.';

--
-- Name: payment_outbox_retry_policies; Type: VIEW; Schema: public; Owner: -
--

CREATE VIEW public.payment_outbox_retry_policies AS
 SELECT rail_type,
    strategy,
    base_seconds,
    factor,
    max_seconds,
    jitter,
    updated_at
   FROM public.outbox_retry_policies r;

--
-- Name: VIEW payment_outbox_retry_policies; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON VIEW public.payment_outbox_retry_policies IS 'How long a RETRYABLE attempt waits, by rail; * is for the others.';

--
-- Name: policy_versions; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.policy_versions (
    version text NOT NULL,
    status public.policy_version_status DEFAULT 'ACTIVE'::public.policy_version_status NOT NULL,
    activated_at timestamp with time zone DEFAULT now() NOT NULL,
    grace_expires_at timestamp with time zone,
    checksum text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    is_active boolean GENERATED ALWAYS AS ((status = 'ACTIVE'::public.policy_version_status)) STORED,
    CONSTRAINT ck_policy_active_has_no_grace_expiry CHECK (((status <> 'ACTIVE'::public.policy_version_status) OR (grace_expires_at IS NULL))),
    CONSTRAINT ck_policy_checksum_nonempty CHECK ((length(checksum) > 0)),
    CONSTRAINT ck_policy_grace_requires_expiry CHECK (((status <> 'GRACE'::public.policy_version_status) OR (grace_expires_at IS NOT NULL)))
);

--
-- Name: TABLE policy_versions; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.policy_versions IS 'Policy bundles by version; at most one is ACTIVE.';

--
-- Name: revoked_client_certs; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.revoked_client_certs (
    cert_fingerprint_sha256 text NOT NULL,
    revoked_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone,
    reason_code text,
    revoked_by text
);

--
-- Name: TABLE revoked_client_certs; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.revoked_client_certs IS 'Append-only: client certificates no longer accepted.';

--
-- Name: revoked_tokens; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.revoked_tokens (
    token_jti text NOT NULL,
    revoked_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone,
    reason_code text,
    revoked_by text
);

--
-- Name: TABLE revoked_tokens; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.revoked_tokens IS 'Append-only: access tokens no longer accepted.';

--
-- Name: tenant_clients; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.tenant_clients (
    client_id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid NOT NULL,
    client_key text NOT NULL,
    display_name text NOT NULL,
    status text DEFAULT 'ACTIVE'::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT tenant_clients_status_check CHECK ((status = ANY (ARRAY['ACTIVE'::text, 'SUSPENDED'::text, 'REVOKED'::text])))
);

--
-- Name: TABLE tenant_clients; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.tenant_clients IS 'API clients of a tenant.';

--
-- Name: tenant_members; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.tenant_members (
    member_id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid NOT NULL,
    member_ref text NOT NULL,
    status text DEFAULT 'ACTIVE'::text NOT NULL,
    tpin_hash bytea,
    msisdn_hash bytea,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT tenant_members_status_check CHECK ((status = ANY (ARRAY['ACTIVE'::text, 'SUSPENDED'::text, 'EXITED'::text])))
);

--
-- Name: TABLE tenant_members; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.tenant_members IS 'People behind a tenant; secrets are stored as hashes only.';

--
-- Name: tenants; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.tenants (
    tenant_id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_key text NOT NULL,
    tenant_name text NOT NULL,
    tenant_type text NOT NULL,
    status text DEFAULT 'ACTIVE'::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT tenants_status_check CHECK ((status = ANY (ARRAY['ACTIVE'::text, 'SUSPENDED'::text, 'CLOSED'::text]))),
    CONSTRAINT tenants_tenant_type_check CHECK ((tenant_type = ANY (ARRAY['NGO'::text, 'COOPERATIVE'::text, 'GOVERNMENT'::text, 'COMMERCIAL'::text])))
);

--
-- Name: TABLE tenants; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.tenants IS 'Organisations whose instructions the ledger carries.';

--
-- Name: payment_outbox_attempts ck_attempts_ledger_position; Type: CHECK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE public.payment_outbox_attempts
    ADD CONSTRAINT ck_attempts_ledger_position CHECK ((ledger_position IS NOT NULL)) NOT VALID;

--
-- Name: ingress_attestations ck_attestations_ledger_position; Type: CHECK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE public.ingress_attestations
    ADD CONSTRAINT ck_attestations_ledger_position CHECK ((ledger_position IS NOT NULL)) NOT VALID;

--
-- Name: ingress_attestations ingress_attestations_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ingress_attestations
    ADD CONSTRAINT ingress_attestations_pkey PRIMARY KEY (attestation_id);

--
-- Name: ledger_retention_runs ledger_retention_runs_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ledger_retention_runs
    ADD CONSTRAINT ledger_retention_runs_pkey PRIMARY KEY (run_id);

--
-- Name: ledger_retired_leaves ledger_retired_leaves_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ledger_retired_leaves
    ADD CONSTRAINT ledger_retired_leaves_pkey PRIMARY KEY (attempt_id);

--
-- Name: ledger_seal_horizon ledger_seal_horizon_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ledger_seal_horizon
    ADD CONSTRAINT ledger_seal_horizon_pkey PRIMARY KEY (only_row);

--
-- Name: ledger_seals ledger_seals_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ledger_seals
    ADD CONSTRAINT ledger_seals_pkey PRIMARY KEY (seal_no);

--
-- Name: ledgerdb_alembic_version ledgerdb_alembic_version_pkc; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ledgerdb_alembic_version
    ADD CONSTRAINT ledgerdb_alembic_version_pkc PRIMARY KEY (version_num);

--
-- Name: ledgerdb_migration_steps ledgerdb_migration_steps_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ledgerdb_migration_steps
    ADD CONSTRAINT ledgerdb_migration_steps_pkey PRIMARY KEY (revision, step_no);

--
-- Name: ledgerdb_migrations ledgerdb_migrations_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ledgerdb_migrations
    ADD CONSTRAINT ledgerdb_migrations_pkey PRIMARY KEY (revision);

--
-- Name: outbox_controls outbox_controls_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.outbox_controls
    ADD CONSTRAINT outbox_controls_pkey PRIMARY KEY (scope, scope_key);

--
-- Name: outbox_counter_drift_report outbox_counter_drift_report_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.outbox_counter_drift_report
    ADD CONSTRAINT outbox_counter_drift_report_pkey PRIMARY KEY (outbox_id, detected_at);

--
-- Name: outbox_retry_policies outbox_retry_policies_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.outbox_retry_policies
    ADD CONSTRAINT outbox_retry_policies_pkey PRIMARY KEY (rail_type);

--
-- Name: participant_outbox_sequences participant_outbox_sequences_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.participant_outbox_sequences
    ADD CONSTRAINT participant_outbox_sequences_pkey PRIMARY KEY (participant_id);

--
-- Name: payment_outbox_attempts payment_outbox_attempts_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.payment_outbox_attempts
    ADD CONSTRAINT payment_outbox_attempts_pkey PRIMARY KEY (attempt_id);

--
-- Name: payment_outbox_identities payment_outbox_identities_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.payment_outbox_identities
    ADD CONSTRAINT payment_outbox_identities_pkey PRIMARY KEY (outbox_id);

--
-- Name: payment_outbox_late_results payment_outbox_late_results_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.payment_outbox_late_results
    ADD CONSTRAINT payment_outbox_late_results_pkey PRIMARY KEY (late_result_id);

--
-- Name: payment_outbox_operator_actions payment_outbox_operator_actions_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.payment_outbox_operator_actions
    ADD CONSTRAINT payment_outbox_operator_actions_pkey PRIMARY KEY (action_id);

--
-- Name: payment_outbox_outcomes payment_outbox_outcomes_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.payment_outbox_outcomes
    ADD CONSTRAINT payment_outbox_outcomes_pkey PRIMARY KEY (outbox_id);

--
-- Name: payment_outbox_pending payment_outbox_pending_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.payment_outbox_pending
    ADD CONSTRAINT payment_outbox_pending_pkey PRIMARY KEY (outbox_id);

--
-- Name: policy_versions policy_versions_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.policy_versions
    ADD CONSTRAINT policy_versions_pkey PRIMARY KEY (version);

--
-- Name: revoked_client_certs revoked_client_certs_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.revoked_client_certs
    ADD CONSTRAINT revoked_client_certs_pkey PRIMARY KEY (cert_fingerprint_sha256);

--
-- Name: revoked_tokens revoked_tokens_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.revoked_tokens
    ADD CONSTRAINT revoked_tokens_pkey PRIMARY KEY (token_jti);

--
-- Name: tenant_clients tenant_clients_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.tenant_clients
    ADD CONSTRAINT tenant_clients_pkey PRIMARY KEY (client_id);

--
-- Name: tenant_clients tenant_clients_tenant_id_client_key_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.tenant_clients
    ADD CONSTRAINT tenant_clients_tenant_id_client_key_key UNIQUE (tenant_id, client_key);

--
-- Name: tenant_members tenant_members_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.tenant_members
    ADD CONSTRAINT tenant_members_pkey PRIMARY KEY (member_id);

--
-- Name: tenant_members tenant_members_tenant_id_member_ref_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.tenant_members
    ADD CONSTRAINT tenant_members_tenant_id_member_ref_key UNIQUE (tenant_id, member_ref);

--
-- Name: tenants tenants_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.tenants
    ADD CONSTRAINT tenants_pkey PRIMARY KEY (tenant_id);

--
-- Name: tenants tenants_tenant_key_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.tenants
    ADD CONSTRAINT tenants_tenant_key_key UNIQUE (tenant_key);

--
-- Name: payment_outbox_attempts ux_attempts_outbox_attempt_no; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.payment_outbox_attempts
    ADD CONSTRAINT ux_attempts_outbox_attempt_no UNIQUE (outbox_id, attempt_no);

--
-- Name: payment_outbox_late_results ux_late_results_once; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.payment_outbox_late_results
    ADD CONSTRAINT ux_late_results_once UNIQUE NULLS NOT DISTINCT (outbox_id, lease_token, state, rail_reference);

--
-- Name: ledger_seals ux_ledger_seals_through_id; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ledger_seals
    ADD CONSTRAINT ux_ledger_seals_through_id UNIQUE (subject, through_id);

--
-- Name: ledger_seals ux_ledger_seals_through_position; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ledger_seals
    ADD CONSTRAINT ux_ledger_seals_through_position UNIQUE (subject, through_position);

--
-- Name: payment_outbox_identities ux_outbox_identities_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.payment_outbox_identities
    ADD CONSTRAINT ux_outbox_identities_key UNIQUE NULLS NOT DISTINCT (instruction_id, idempotency_key, tenant_id);

--
-- Name: idx_attempts_failed; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_attempts_failed ON public.payment_outbox_attempts USING btree (completed_at, outbox_id) WHERE (state = 'FAILED'::public.outbox_attempt_state);

--
-- Name: idx_ingress_attestations_cert_fpr; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_ingress_attestations_cert_fpr ON public.ingress_attestations USING btree (cert_fingerprint_sha256) WHERE (cert_fingerprint_sha256 IS NOT NULL);

--
-- Name: idx_ingress_attestations_correlation_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_ingress_attestations_correlation_id ON public.ingress_attestations USING btree (correlation_id) WHERE (correlation_id IS NOT NULL);

--
-- Name: idx_ingress_attestations_instruction; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_ingress_attestations_instruction ON public.ingress_attestations USING btree (instruction_id);

--
-- Name: idx_ingress_attestations_member_received; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_ingress_attestations_member_received ON public.ingress_attestations USING btree (member_id, received_at) WHERE (member_id IS NOT NULL);

--
-- Name: idx_ingress_attestations_received_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_ingress_attestations_received_at ON public.ingress_attestations USING btree (received_at);

--
-- Name: idx_ingress_attestations_tenant_correlation; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_ingress_attestations_tenant_correlation ON public.ingress_attestations USING btree (tenant_id, correlation_id) WHERE (correlation_id IS NOT NULL);

--
-- Name: idx_ingress_attestations_tenant_received; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_ingress_attestations_tenant_received ON public.ingress_attestations USING btree (tenant_id, received_at) WHERE (tenant_id IS NOT NULL);

--
-- Name: idx_operator_actions_outbox_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_operator_actions_outbox_id ON public.payment_outbox_operator_actions USING btree (outbox_id, created_at) WHERE (outbox_id IS NOT NULL);

--
-- Name: idx_outcomes_run_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_outcomes_run_id ON public.payment_outbox_outcomes USING btree (run_id);

--
-- Name: idx_payment_outbox_attempts_correlation_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_payment_outbox_attempts_correlation_id ON public.payment_outbox_attempts USING btree (correlation_id) WHERE (correlation_id IS NOT NULL);

--
-- Name: idx_payment_outbox_attempts_tenant_correlation; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_payment_outbox_attempts_tenant_correlation ON public.payment_outbox_attempts USING btree (tenant_id, correlation_id) WHERE (correlation_id IS NOT NULL);

--
-- Name: idx_payment_outbox_pending_correlation_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_payment_outbox_pending_correlation_id ON public.payment_outbox_pending USING btree (correlation_id) WHERE (correlation_id IS NOT NULL);

--
-- Name: idx_payment_outbox_pending_due_claim; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_payment_outbox_pending_due_claim ON public.payment_outbox_pending USING btree (next_attempt_at, lease_expires_at, created_at);

--
-- Name: idx_payment_outbox_pending_fifo; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_payment_outbox_pending_fifo ON public.payment_outbox_pending USING btree (participant_id, sequence_id) WHERE fifo;

--
-- Name: idx_payment_outbox_pending_hold; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_payment_outbox_pending_hold ON public.payment_outbox_pending USING btree (hold, held_at) WHERE (hold IS NOT NULL);

--
-- Name: idx_payment_outbox_pending_tenant_correlation; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_payment_outbox_pending_tenant_correlation ON public.payment_outbox_pending USING btree (tenant_id, correlation_id) WHERE (correlation_id IS NOT NULL);

--
-- Name: idx_payment_outbox_pending_tenant_due; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_payment_outbox_pending_tenant_due ON public.payment_outbox_pending USING btree (tenant_id, next_attempt_at) WHERE (tenant_id IS NOT NULL);

--
-- Name: idx_policy_versions_is_active; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_policy_versions_is_active ON public.policy_versions USING btree (is_active) WHERE (is_active = true);

--
-- Name: idx_tenant_clients_tenant; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_tenant_clients_tenant ON public.tenant_clients USING btree (tenant_id);

--
-- Name: idx_tenant_members_status; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_tenant_members_status ON public.tenant_members USING btree (status);

--
-- Name: idx_tenant_members_tenant; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_tenant_members_tenant ON public.tenant_members USING btree (tenant_id);

--
-- Name: idx_tenants_status; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_tenants_status ON public.tenants USING btree (status);

--
-- Name: ux_attempts_ledger_position; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX ux_attempts_ledger_position ON public.payment_outbox_attempts USING btree (ledger_position) WHERE (ledger_position IS NOT NULL);

--
-- Name: ux_attestations_ledger_position; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX ux_attestations_ledger_position ON public.ingress_attestations USING btree (ledger_position) WHERE (ledger_position IS NOT NULL);

--
-- Name: ux_ingress_attestations_tenant_instruction; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX ux_ingress_attestations_tenant_instruction ON public.ingress_attestations USING btree (tenant_id, instruction_id);

--
-- Name: ux_outbox_attempts_one_terminal_per_outbox; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX ux_outbox_attempts_one_terminal_per_outbox ON public.payment_outbox_attempts USING btree (outbox_id, redrive_no) WHERE (state = ANY (ARRAY['DISPATCHED'::public.outbox_attempt_state, 'FAILED'::public.outbox_attempt_state]));

--
-- Name: ux_policy_versions_single_active; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX ux_policy_versions_single_active ON public.policy_versions USING btree ((1)) WHERE (status = 'ACTIVE'::public.policy_version_status);

--
-- Name: ux_retired_leaves_ledger_position; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX ux_retired_leaves_ledger_position ON public.ledger_retired_leaves USING btree (ledger_position) WHERE (ledger_position IS NOT NULL);

--
-- Name: payment_outbox_pending trg_adopt_queued_item; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER trg_adopt_queued_item BEFORE INSERT ON public.payment_outbox_pending FOR EACH ROW WHEN ((new.payload IS NOT NULL)) EXECUTE FUNCTION public.adopt_queued_item();

--
-- Name: payment_outbox_attempts trg_adopt_recorded_attempt; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER trg_adopt_recorded_attempt BEFORE INSERT ON public.payment_outbox_attempts FOR EACH ROW WHEN ((new.payload IS NOT NULL)) EXECUTE FUNCTION public.adopt_recorded_attempt();

--
-- Name: ingress_attestations trg_deny_ingress_attestations_mutation; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER trg_deny_ingress_attestations_mutation BEFORE DELETE OR UPDATE ON public.ingress_attestations FOR EACH ROW EXECUTE FUNCTION public.deny_ingress_attestations_mutation();

ALTER TABLE public.ingress_attestations ENABLE ALWAYS TRIGGER trg_deny_ingress_attestations_mutation;

--
-- Name: ingress_attestations trg_deny_ingress_attestations_truncate; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER trg_deny_ingress_attestations_truncate BEFORE TRUNCATE ON public.ingress_attestations FOR EACH STATEMENT EXECUTE FUNCTION public.deny_ingress_attestations_mutation();

ALTER TABLE public.ingress_attestations ENABLE ALWAYS TRIGGER trg_deny_ingress_attestations_truncate;

--
-- Name: payment_outbox_late_results trg_deny_late_results_mutation; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER trg_deny_late_results_mutation BEFORE DELETE OR UPDATE ON public.payment_outbox_late_results FOR EACH ROW EXECUTE FUNCTION public.deny_late_results_mutation();

ALTER TABLE public.payment_outbox_late_results ENABLE ALWAYS TRIGGER trg_deny_late_results_mutation;

--
-- Name: payment_outbox_late_results trg_deny_late_results_truncate; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER trg_deny_late_results_truncate BEFORE TRUNCATE ON public.payment_outbox_late_results FOR EACH STATEMENT EXECUTE FUNCTION public.deny_late_results_mutation();

ALTER TABLE public.payment_outbox_late_results ENABLE ALWAYS TRIGGER trg_deny_late_results_truncate;

--
-- Name: payment_outbox_operator_actions trg_deny_operator_actions_mutation; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER trg_deny_operator_actions_mutation BEFORE DELETE OR UPDATE ON public.payment_outbox_operator_actions FOR EACH ROW EXECUTE FUNCTION public.deny_operator_actions_mutation();

ALTER TABLE public.payment_outbox_operator_actions ENABLE ALWAYS TRIGGER trg_deny_operator_actions_mutation;

--
-- Name: payment_outbox_operator_actions trg_deny_operator_actions_truncate; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER trg_deny_operator_actions_truncate BEFORE TRUNCATE ON public.payment_outbox_operator_actions FOR EACH STATEMENT EXECUTE FUNCTION public.deny_operator_actions_mutation();

ALTER TABLE public.payment_outbox_operator_actions ENABLE ALWAYS TRIGGER trg_deny_operator_actions_truncate;

--
-- Name: payment_outbox_attempts trg_deny_outbox_attempts_mutation; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER trg_deny_outbox_attempts_mutation BEFORE DELETE OR UPDATE ON public.payment_outbox_attempts FOR EACH ROW EXECUTE FUNCTION public.deny_outbox_attempts_mutation();

ALTER TABLE public.payment_outbox_attempts ENABLE ALWAYS TRIGGER trg_deny_outbox_attempts_mutation;

--
-- Name: payment_outbox_attempts trg_deny_outbox_attempts_truncate; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER trg_deny_outbox_attempts_truncate BEFORE TRUNCATE ON public.payment_outbox_attempts FOR EACH STATEMENT EXECUTE FUNCTION public.deny_outbox_attempts_mutation();

ALTER TABLE public.payment_outbox_attempts ENABLE ALWAYS TRIGGER trg_deny_outbox_attempts_truncate;

--
-- Name: payment_outbox_identities trg_deny_outbox_identities_mutation; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER trg_deny_outbox_identities_mutation BEFORE DELETE OR UPDATE ON public.payment_outbox_identities FOR EACH ROW EXECUTE FUNCTION public.deny_outbox_identities_mutation();

ALTER TABLE public.payment_outbox_identities ENABLE ALWAYS TRIGGER trg_deny_outbox_identities_mutation;

--
-- Name: payment_outbox_identities trg_deny_outbox_identities_truncate; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER trg_deny_outbox_identities_truncate BEFORE TRUNCATE ON public.payment_outbox_identities FOR EACH STATEMENT EXECUTE FUNCTION public.deny_outbox_identities_mutation();

ALTER TABLE public.payment_outbox_identities ENABLE ALWAYS TRIGGER trg_deny_outbox_identities_truncate;

--
-- Name: payment_outbox_outcomes trg_deny_outcomes_mutation; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER trg_deny_outcomes_mutation BEFORE DELETE OR UPDATE ON public.payment_outbox_outcomes FOR EACH ROW EXECUTE FUNCTION public.deny_retention_mutation();

ALTER TABLE public.payment_outbox_outcomes ENABLE ALWAYS TRIGGER trg_deny_outcomes_mutation;

--
-- Name: payment_outbox_outcomes trg_deny_outcomes_truncate; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER trg_deny_outcomes_truncate BEFORE TRUNCATE ON public.payment_outbox_outcomes FOR EACH STATEMENT EXECUTE FUNCTION public.deny_retention_mutation();

ALTER TABLE public.payment_outbox_outcomes ENABLE ALWAYS TRIGGER trg_deny_outcomes_truncate;

--
-- Name: ledger_retention_runs trg_deny_retention_runs_mutation; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER trg_deny_retention_runs_mutation BEFORE DELETE OR UPDATE ON public.ledger_retention_runs FOR EACH ROW EXECUTE FUNCTION public.deny_retention_mutation();

ALTER TABLE public.ledger_retention_runs ENABLE ALWAYS TRIGGER trg_deny_retention_runs_mutation;

--
-- Name: ledger_retention_runs trg_deny_retention_runs_truncate; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER trg_deny_retention_runs_truncate BEFORE TRUNCATE ON public.ledger_retention_runs FOR EACH STATEMENT EXECUTE FUNCTION public.deny_retention_mutation();

ALTER TABLE public.ledger_retention_runs ENABLE ALWAYS TRIGGER trg_deny_retention_runs_truncate;

--
-- Name: ledger_retired_leaves trg_deny_retired_leaves_mutation; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER trg_deny_retired_leaves_mutation BEFORE DELETE OR UPDATE ON public.ledger_retired_leaves FOR EACH ROW EXECUTE FUNCTION public.deny_retention_mutation();

ALTER TABLE public.ledger_retired_leaves ENABLE ALWAYS TRIGGER trg_deny_retired_leaves_mutation;

--
-- Name: ledger_retired_leaves trg_deny_retired_leaves_truncate; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER trg_deny_retired_leaves_truncate BEFORE TRUNCATE ON public.ledger_retired_leaves FOR EACH STATEMENT EXECUTE FUNCTION public.deny_retention_mutation();

ALTER TABLE public.ledger_retired_leaves ENABLE ALWAYS TRIGGER trg_deny_retired_leaves_truncate;

--
-- Name: revoked_client_certs trg_deny_revoked_client_certs_mutation; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER trg_deny_revoked_client_certs_mutation BEFORE DELETE OR UPDATE ON public.revoked_client_certs FOR EACH ROW EXECUTE FUNCTION public.deny_revocation_mutation();

ALTER TABLE public.revoked_client_certs ENABLE ALWAYS TRIGGER trg_deny_revoked_client_certs_mutation;

--
-- Name: revoked_client_certs trg_deny_revoked_client_certs_truncate; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER trg_deny_revoked_client_certs_truncate BEFORE TRUNCATE ON public.revoked_client_certs FOR EACH STATEMENT EXECUTE FUNCTION public.deny_revocation_mutation();

ALTER TABLE public.revoked_client_certs ENABLE ALWAYS TRIGGER trg_deny_revoked_client_certs_truncate;

--
-- Name: revoked_tokens trg_deny_revoked_tokens_mutation; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER trg_deny_revoked_tokens_mutation BEFORE DELETE OR UPDATE ON public.revoked_tokens FOR EACH ROW EXECUTE FUNCTION public.deny_revocation_mutation();

ALTER TABLE public.revoked_tokens ENABLE ALWAYS TRIGGER trg_deny_revoked_tokens_mutation;

--
-- Name: revoked_tokens trg_deny_revoked_tokens_truncate; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER trg_deny_revoked_tokens_truncate BEFORE TRUNCATE ON public.revoked_tokens FOR EACH STATEMENT EXECUTE FUNCTION public.deny_revocation_mutation();

ALTER TABLE public.revoked_tokens ENABLE ALWAYS TRIGGER trg_deny_revoked_tokens_truncate;

--
-- Name: ledger_seals trg_deny_seals_mutation; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER trg_deny_seals_mutation BEFORE DELETE OR UPDATE ON public.ledger_seals FOR EACH ROW EXECUTE FUNCTION public.deny_seal_mutation();

ALTER TABLE public.ledger_seals ENABLE ALWAYS TRIGGER trg_deny_seals_mutation;

--
-- Name: ledger_seals trg_deny_seals_truncate; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER trg_deny_seals_truncate BEFORE TRUNCATE ON public.ledger_seals FOR EACH STATEMENT EXECUTE FUNCTION public.deny_seal_mutation();

ALTER TABLE public.ledger_seals ENABLE ALWAYS TRIGGER trg_deny_seals_truncate;

--
-- Name: payment_outbox_pending trg_follow_edited_item; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER trg_follow_edited_item BEFORE UPDATE ON public.payment_outbox_pending FOR EACH ROW WHEN ((((new.lease_token = old.lease_token) AND (new.lease_expires_at IS DISTINCT FROM old.lease_expires_at) AND (new.next_attempt_at = old.next_attempt_at)) OR ((new.next_attempt_at < old.next_attempt_at) AND (new.next_attempt_at < (statement_timestamp() - '00:00:00.1'::interval))))) EXECUTE FUNCTION public.follow_edited_item();

--
-- Name: ingress_attestations trg_ingress_member_tenant_match; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER trg_ingress_member_tenant_match BEFORE INSERT ON public.ingress_attestations FOR EACH ROW EXECUTE FUNCTION public.enforce_member_tenant_match();

--
-- Name: payment_outbox_pending trg_notify_outbox; Type: TRIGGER; Schema: public; Owner: -
--

CREATE CONSTRAINT TRIGGER trg_notify_outbox AFTER INSERT ON public.payment_outbox_pending DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.notify_outbox();

--
-- Name: ingress_attestations ingress_attestations_client_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ingress_attestations
    ADD CONSTRAINT ingress_attestations_client_id_fkey FOREIGN KEY (client_id) REFERENCES public.tenant_clients(client_id);

--
-- Name: ingress_attestations ingress_attestations_member_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ingress_attestations
    ADD CONSTRAINT ingress_attestations_member_id_fkey FOREIGN KEY (member_id) REFERENCES public.tenant_members(member_id);

--
-- Name: payment_outbox_attempts payment_outbox_attempts_member_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.payment_outbox_attempts
    ADD CONSTRAINT payment_outbox_attempts_member_id_fkey FOREIGN KEY (member_id) REFERENCES public.tenant_members(member_id);

--
-- Name: payment_outbox_attempts payment_outbox_attempts_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.payment_outbox_attempts
    ADD CONSTRAINT payment_outbox_attempts_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(tenant_id);

--
-- Name: payment_outbox_identities payment_outbox_identities_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.payment_outbox_identities
    ADD CONSTRAINT payment_outbox_identities_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(tenant_id);

--
-- Name: payment_outbox_outcomes payment_outbox_outcomes_run_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.payment_outbox_outcomes
    ADD CONSTRAINT payment_outbox_outcomes_run_id_fkey FOREIGN KEY (run_id) REFERENCES public.ledger_retention_runs(run_id);

--
-- Name: payment_outbox_pending payment_outbox_pending_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.payment_outbox_pending
    ADD CONSTRAINT payment_outbox_pending_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(tenant_id);

--
-- Name: tenant_clients tenant_clients_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.tenant_clients
    ADD CONSTRAINT tenant_clients_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(tenant_id);

--
-- Name: tenant_members tenant_members_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.tenant_members
    ADD CONSTRAINT tenant_members_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(tenant_id);

--
-- Name: SCHEMA public; Type: ACL; Schema: -; Owner: -
--

GRANT USAGE ON SCHEMA public TO symphony_owner;
GRANT USAGE ON SCHEMA public TO symphony_control;
GRANT USAGE ON SCHEMA public TO symphony_executor;
GRANT USAGE ON SCHEMA public TO symphony_ingest;
GRANT USAGE ON SCHEMA public TO symphony_readonly;
GRANT USAGE ON SCHEMA public TO symphony_auditor;

--
-- Name: TYPE outbox_attempt_state; Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON TYPE public.outbox_attempt_state FROM PUBLIC;
GRANT ALL ON TYPE public.outbox_attempt_state TO symphony_control;
GRANT ALL ON TYPE public.outbox_attempt_state TO symphony_executor;
GRANT ALL ON TYPE public.outbox_attempt_state TO symphony_ingest;
GRANT ALL ON TYPE public.outbox_attempt_state TO symphony_readonly;
GRANT ALL ON TYPE public.outbox_attempt_state TO symphony_auditor;

--
-- Name: TYPE policy_version_status; Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON TYPE public.policy_version_status FROM PUBLIC;
GRANT ALL ON TYPE public.policy_version_status TO symphony_control;
GRANT ALL ON TYPE public.policy_version_status TO symphony_executor;
GRANT ALL ON TYPE public.policy_version_status TO symphony_ingest;
GRANT ALL ON TYPE public.policy_version_status TO symphony_readonly;
GRANT ALL ON TYPE public.policy_version_status TO symphony_auditor;

--
-- Name: FUNCTION _advance_participants(p_participant_ids text[]); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public._advance_participants(p_participant_ids text[]) FROM PUBLIC;

--
-- Name: FUNCTION _append_seal(p_subject text, p_final_position bigint, p_limit integer); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public._append_seal(p_subject text, p_final_position bigint, p_limit integer) FROM PUBLIC;

--
-- Name: FUNCTION uuid_v7_or_random(); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.uuid_v7_or_random() FROM PUBLIC;
GRANT ALL ON FUNCTION public.uuid_v7_or_random() TO symphony_control;
GRANT ALL ON FUNCTION public.uuid_v7_or_random() TO symphony_executor;
GRANT ALL ON FUNCTION public.uuid_v7_or_random() TO symphony_ingest;
GRANT ALL ON FUNCTION public.uuid_v7_or_random() TO symphony_readonly;
GRANT ALL ON FUNCTION public.uuid_v7_or_random() TO symphony_auditor;

--
-- Name: COLUMN payment_outbox_attempts.attempt_id; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(attempt_id) ON TABLE public.payment_outbox_attempts TO symphony_control;
GRANT SELECT(attempt_id) ON TABLE public.payment_outbox_attempts TO symphony_readonly;
GRANT SELECT(attempt_id) ON TABLE public.payment_outbox_attempts TO symphony_auditor;

--
-- Name: COLUMN payment_outbox_attempts.outbox_id; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(outbox_id) ON TABLE public.payment_outbox_attempts TO symphony_control;
GRANT SELECT(outbox_id) ON TABLE public.payment_outbox_attempts TO symphony_readonly;
GRANT SELECT(outbox_id) ON TABLE public.payment_outbox_attempts TO symphony_auditor;

--
-- Name: COLUMN payment_outbox_attempts.instruction_id; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(instruction_id) ON TABLE public.payment_outbox_attempts TO symphony_control;
GRANT SELECT(instruction_id) ON TABLE public.payment_outbox_attempts TO symphony_readonly;
GRANT SELECT(instruction_id) ON TABLE public.payment_outbox_attempts TO symphony_auditor;

--
-- Name: COLUMN payment_outbox_attempts.participant_id; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(participant_id) ON TABLE public.payment_outbox_attempts TO symphony_control;
GRANT SELECT(participant_id) ON TABLE public.payment_outbox_attempts TO symphony_readonly;
GRANT SELECT(participant_id) ON TABLE public.payment_outbox_attempts TO symphony_auditor;

--
-- Name: COLUMN payment_outbox_attempts.sequence_id; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(sequence_id) ON TABLE public.payment_outbox_attempts TO symphony_control;
GRANT SELECT(sequence_id) ON TABLE public.payment_outbox_attempts TO symphony_readonly;
GRANT SELECT(sequence_id) ON TABLE public.payment_outbox_attempts TO symphony_auditor;

--
-- Name: COLUMN payment_outbox_attempts.idempotency_key; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(idempotency_key) ON TABLE public.payment_outbox_attempts TO symphony_control;
GRANT SELECT(idempotency_key) ON TABLE public.payment_outbox_attempts TO symphony_readonly;
GRANT SELECT(idempotency_key) ON TABLE public.payment_outbox_attempts TO symphony_auditor;

--
-- Name: COLUMN payment_outbox_attempts.rail_type; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(rail_type) ON TABLE public.payment_outbox_attempts TO symphony_control;
GRANT SELECT(rail_type) ON TABLE public.payment_outbox_attempts TO symphony_readonly;
GRANT SELECT(rail_type) ON TABLE public.payment_outbox_attempts TO symphony_auditor;

--
-- Name: COLUMN payment_outbox_attempts.payload; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(payload) ON TABLE public.payment_outbox_attempts TO symphony_control;
GRANT SELECT(payload) ON TABLE public.payment_outbox_attempts TO symphony_readonly;
GRANT SELECT(payload) ON TABLE public.payment_outbox_attempts TO symphony_auditor;

--
-- Name: COLUMN payment_outbox_attempts.attempt_no; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(attempt_no) ON TABLE public.payment_outbox_attempts TO symphony_control;
GRANT SELECT(attempt_no) ON TABLE public.payment_outbox_attempts TO symphony_readonly;
GRANT SELECT(attempt_no) ON TABLE public.payment_outbox_attempts TO symphony_auditor;

--
-- Name: COLUMN payment_outbox_attempts.state; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(state) ON TABLE public.payment_outbox_attempts TO symphony_control;
GRANT SELECT(state) ON TABLE public.payment_outbox_attempts TO symphony_readonly;
GRANT SELECT(state) ON TABLE public.payment_outbox_attempts TO symphony_auditor;

--
-- Name: COLUMN payment_outbox_attempts.claimed_at; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(claimed_at) ON TABLE public.payment_outbox_attempts TO symphony_control;
GRANT SELECT(claimed_at) ON TABLE public.payment_outbox_attempts TO symphony_readonly;
GRANT SELECT(claimed_at) ON TABLE public.payment_outbox_attempts TO symphony_auditor;

--
-- Name: COLUMN payment_outbox_attempts.completed_at; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(completed_at) ON TABLE public.payment_outbox_attempts TO symphony_control;
GRANT SELECT(completed_at) ON TABLE public.payment_outbox_attempts TO symphony_readonly;
GRANT SELECT(completed_at) ON TABLE public.payment_outbox_attempts TO symphony_auditor;

--
-- Name: COLUMN payment_outbox_attempts.rail_reference; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(rail_reference) ON TABLE public.payment_outbox_attempts TO symphony_control;
GRANT SELECT(rail_reference) ON TABLE public.payment_outbox_attempts TO symphony_readonly;
GRANT SELECT(rail_reference) ON TABLE public.payment_outbox_attempts TO symphony_auditor;

--
-- Name: COLUMN payment_outbox_attempts.rail_code; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(rail_code) ON TABLE public.payment_outbox_attempts TO symphony_control;
GRANT SELECT(rail_code) ON TABLE public.payment_outbox_attempts TO symphony_readonly;
GRANT SELECT(rail_code) ON TABLE public.payment_outbox_attempts TO symphony_auditor;

--
-- Name: COLUMN payment_outbox_attempts.error_code; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(error_code) ON TABLE public.payment_outbox_attempts TO symphony_control;
GRANT SELECT(error_code) ON TABLE public.payment_outbox_attempts TO symphony_readonly;
GRANT SELECT(error_code) ON TABLE public.payment_outbox_attempts TO symphony_auditor;

--
-- Name: COLUMN payment_outbox_attempts.error_message; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(error_message) ON TABLE public.payment_outbox_attempts TO symphony_control;
GRANT SELECT(error_message) ON TABLE public.payment_outbox_attempts TO symphony_readonly;
GRANT SELECT(error_message) ON TABLE public.payment_outbox_attempts TO symphony_auditor;

--
-- Name: COLUMN payment_outbox_attempts.latency_ms; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(latency_ms) ON TABLE public.payment_outbox_attempts TO symphony_control;
GRANT SELECT(latency_ms) ON TABLE public.payment_outbox_attempts TO symphony_readonly;
GRANT SELECT(latency_ms) ON TABLE public.payment_outbox_attempts TO symphony_auditor;

--
-- Name: COLUMN payment_outbox_attempts.worker_id; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(worker_id) ON TABLE public.payment_outbox_attempts TO symphony_control;
GRANT SELECT(worker_id) ON TABLE public.payment_outbox_attempts TO symphony_readonly;
GRANT SELECT(worker_id) ON TABLE public.payment_outbox_attempts TO symphony_auditor;

--
-- Name: COLUMN payment_outbox_attempts.created_at; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(created_at) ON TABLE public.payment_outbox_attempts TO symphony_control;
GRANT SELECT(created_at) ON TABLE public.payment_outbox_attempts TO symphony_readonly;
GRANT SELECT(created_at) ON TABLE public.payment_outbox_attempts TO symphony_auditor;

--
-- Name: COLUMN payment_outbox_attempts.tenant_id; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(tenant_id) ON TABLE public.payment_outbox_attempts TO symphony_control;
GRANT SELECT(tenant_id) ON TABLE public.payment_outbox_attempts TO symphony_readonly;
GRANT SELECT(tenant_id) ON TABLE public.payment_outbox_attempts TO symphony_auditor;

--
-- Name: COLUMN payment_outbox_attempts.member_id; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(member_id) ON TABLE public.payment_outbox_attempts TO symphony_control;
GRANT SELECT(member_id) ON TABLE public.payment_outbox_attempts TO symphony_readonly;
GRANT SELECT(member_id) ON TABLE public.payment_outbox_attempts TO symphony_auditor;

--
-- Name: COLUMN payment_outbox_attempts.correlation_id; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(correlation_id) ON TABLE public.payment_outbox_attempts TO symphony_control;
GRANT SELECT(correlation_id) ON TABLE public.payment_outbox_attempts TO symphony_readonly;
GRANT SELECT(correlation_id) ON TABLE public.payment_outbox_attempts TO symphony_auditor;

--
-- Name: COLUMN payment_outbox_attempts.upstream_ref; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(upstream_ref) ON TABLE public.payment_outbox_attempts TO symphony_control;
GRANT SELECT(upstream_ref) ON TABLE public.payment_outbox_attempts TO symphony_readonly;
GRANT SELECT(upstream_ref) ON TABLE public.payment_outbox_attempts TO symphony_auditor;

--
-- Name: COLUMN payment_outbox_attempts.downstream_ref; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(downstream_ref) ON TABLE public.payment_outbox_attempts TO symphony_control;
GRANT SELECT(downstream_ref) ON TABLE public.payment_outbox_attempts TO symphony_readonly;
GRANT SELECT(downstream_ref) ON TABLE public.payment_outbox_attempts TO symphony_auditor;

--
-- Name: COLUMN payment_outbox_attempts.nfs_sequence_ref; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(nfs_sequence_ref) ON TABLE public.payment_outbox_attempts TO symphony_control;
GRANT SELECT(nfs_sequence_ref) ON TABLE public.payment_outbox_attempts TO symphony_readonly;
GRANT SELECT(nfs_sequence_ref) ON TABLE public.payment_outbox_attempts TO symphony_auditor;

--
-- Name: COLUMN payment_outbox_attempts.dispatch_started_at; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(dispatch_started_at) ON TABLE public.payment_outbox_attempts TO symphony_control;
GRANT SELECT(dispatch_started_at) ON TABLE public.payment_outbox_attempts TO symphony_readonly;
GRANT SELECT(dispatch_started_at) ON TABLE public.payment_outbox_attempts TO symphony_auditor;

--
-- Name: COLUMN payment_outbox_attempts.closed_by; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(closed_by) ON TABLE public.payment_outbox_attempts TO symphony_control;
GRANT SELECT(closed_by) ON TABLE public.payment_outbox_attempts TO symphony_readonly;
GRANT SELECT(closed_by) ON TABLE public.payment_outbox_attempts TO symphony_auditor;

--
-- Name: COLUMN payment_outbox_attempts.redrive_no; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(redrive_no) ON TABLE public.payment_outbox_attempts TO symphony_control;
GRANT SELECT(redrive_no) ON TABLE public.payment_outbox_attempts TO symphony_readonly;
GRANT SELECT(redrive_no) ON TABLE public.payment_outbox_attempts TO symphony_auditor;

--
-- Name: COLUMN payment_outbox_attempts.ledger_position; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(ledger_position) ON TABLE public.payment_outbox_attempts TO symphony_control;
GRANT SELECT(ledger_position) ON TABLE public.payment_outbox_attempts TO symphony_readonly;
GRANT SELECT(ledger_position) ON TABLE public.payment_outbox_attempts TO symphony_auditor;

--
-- Name: FUNCTION _attempt_leaf(p_attempt public.payment_outbox_attempts); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public._attempt_leaf(p_attempt public.payment_outbox_attempts) FROM PUBLIC;

--
-- Name: FUNCTION _attempts_digest(p_outbox_id uuid); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public._attempts_digest(p_outbox_id uuid) FROM PUBLIC;

--
-- Name: TABLE ledger_seals; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.ledger_seals TO symphony_control;
GRANT SELECT ON TABLE public.ledger_seals TO symphony_readonly;
GRANT SELECT ON TABLE public.ledger_seals TO symphony_auditor;

--
-- Name: FUNCTION _attempts_sealed(p_outbox_id uuid); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public._attempts_sealed(p_outbox_id uuid) FROM PUBLIC;

--
-- Name: FUNCTION _attestation_leaf(p_attestation public.ingress_attestations); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public._attestation_leaf(p_attestation public.ingress_attestations) FROM PUBLIC;

--
-- Name: FUNCTION _change_outbox_control(p_scope text, p_scope_key text, p_paused boolean, p_ordering text, p_fair boolean, p_notify_workers boolean); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public._change_outbox_control(p_scope text, p_scope_key text, p_paused boolean, p_ordering text, p_fair boolean, p_notify_workers boolean) FROM PUBLIC;

--
-- Name: FUNCTION _close_expired_leases(p_outbox_ids uuid[], p_closed_by text, p_now timestamp with time zone, p_requeue_after interval); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public._close_expired_leases(p_outbox_ids uuid[], p_closed_by text, p_now timestamp with time zone, p_requeue_after interval) FROM PUBLIC;

--
-- Name: FUNCTION _database_setting(p_name text); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public._database_setting(p_name text) FROM PUBLIC;

--
-- Name: FUNCTION _due_items(p_limit integer, p_now timestamp with time zone, OUT ids uuid[], OUT abandoned boolean, OUT ordered boolean); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public._due_items(p_limit integer, p_now timestamp with time zone, OUT ids uuid[], OUT abandoned boolean, OUT ordered boolean) FROM PUBLIC;

--
-- Name: FUNCTION _due_items_fairly(p_limit integer, p_now timestamp with time zone, OUT ids uuid[], OUT abandoned boolean, OUT ordered boolean); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public._due_items_fairly(p_limit integer, p_now timestamp with time zone, OUT ids uuid[], OUT abandoned boolean, OUT ordered boolean) FROM PUBLIC;

--
-- Name: FUNCTION _enqueue_outbox_item(p_tenant_id uuid, p_instruction_id text, p_participant_id text, p_idempotency_key text, p_rail_type text, p_payload text, p_correlation_id uuid, p_upstream_ref text, p_downstream_ref text, p_nfs_sequence_ref text, OUT outbox_id uuid, OUT sequence_id bigint, OUT created_at timestamp with time zone, OUT state text, OUT replayed boolean); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public._enqueue_outbox_item(p_tenant_id uuid, p_instruction_id text, p_participant_id text, p_idempotency_key text, p_rail_type text, p_payload text, p_correlation_id uuid, p_upstream_ref text, p_downstream_ref text, p_nfs_sequence_ref text, OUT outbox_id uuid, OUT sequence_id bigint, OUT created_at timestamp with time zone, OUT state text, OUT replayed boolean) FROM PUBLIC;

--
-- Name: FUNCTION _enqueue_outbox_items(p_tenant_ids uuid[], p_instruction_ids text[], p_participant_ids text[], p_idempotency_keys text[], p_rail_types text[], p_payloads text[], p_correlation_ids uuid[], p_one_key_per_instruction boolean); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public._enqueue_outbox_items(p_tenant_ids uuid[], p_instruction_ids text[], p_participant_ids text[], p_idempotency_keys text[], p_rail_types text[], p_payloads text[], p_correlation_ids uuid[], p_one_key_per_instruction boolean) FROM PUBLIC;

--
-- Name: FUNCTION _hold_items_behind(p_outbox_ids uuid[], p_now timestamp with time zone); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public._hold_items_behind(p_outbox_ids uuid[], p_now timestamp with time zone) FROM PUBLIC;

--
-- Name: FUNCTION _hold_paused_items(p_outbox_ids uuid[], p_now timestamp with time zone); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public._hold_paused_items(p_outbox_ids uuid[], p_now timestamp with time zone) FROM PUBLIC;

--
-- Name: FUNCTION _in_scope(p_scope text, p_scope_key text, p_rail_type text, p_tenant_id uuid); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public._in_scope(p_scope text, p_scope_key text, p_rail_type text, p_tenant_id uuid) FROM PUBLIC;

--
-- Name: FUNCTION _outbox_fingerprint(p_participant_id text, p_rail_type text, p_payload jsonb); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public._outbox_fingerprint(p_participant_id text, p_rail_type text, p_payload jsonb) FROM PUBLIC;

--
-- Name: FUNCTION _payment_fingerprint(p_participant_id text, p_rail_type text, p_payload text); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public._payment_fingerprint(p_participant_id text, p_rail_type text, p_payload text) FROM PUBLIC;

--
-- Name: FUNCTION _is_bound_to(p_fingerprint bytea, p_participant_id text, p_rail_type text, p_payload text); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public._is_bound_to(p_fingerprint bytea, p_participant_id text, p_rail_type text, p_payload text) FROM PUBLIC;

--
-- Name: FUNCTION _is_identifier(p_value text); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public._is_identifier(p_value text) FROM PUBLIC;

--
-- Name: FUNCTION _judge_late_results(p_worker_id text, p_outbox_ids uuid[], p_lease_tokens uuid[], p_states public.outbox_attempt_state[], p_rail_references text[], p_rail_codes text[], p_error_codes text[], p_error_messages text[], p_latency_ms integer[], p_recorded uuid[]); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public._judge_late_results(p_worker_id text, p_outbox_ids uuid[], p_lease_tokens uuid[], p_states public.outbox_attempt_state[], p_rail_references text[], p_rail_codes text[], p_error_codes text[], p_error_messages text[], p_latency_ms integer[], p_recorded uuid[]) FROM PUBLIC;

--
-- Name: TABLE payment_outbox_identities; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.payment_outbox_identities TO symphony_control;
GRANT SELECT ON TABLE public.payment_outbox_identities TO symphony_readonly;
GRANT SELECT ON TABLE public.payment_outbox_identities TO symphony_auditor;

--
-- Name: COLUMN payment_outbox_pending.outbox_id; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(outbox_id) ON TABLE public.payment_outbox_pending TO symphony_control;
GRANT SELECT(outbox_id) ON TABLE public.payment_outbox_pending TO symphony_readonly;
GRANT SELECT(outbox_id) ON TABLE public.payment_outbox_pending TO symphony_auditor;

--
-- Name: COLUMN payment_outbox_pending.instruction_id; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(instruction_id) ON TABLE public.payment_outbox_pending TO symphony_control;
GRANT SELECT(instruction_id) ON TABLE public.payment_outbox_pending TO symphony_readonly;
GRANT SELECT(instruction_id) ON TABLE public.payment_outbox_pending TO symphony_auditor;

--
-- Name: COLUMN payment_outbox_pending.participant_id; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(participant_id) ON TABLE public.payment_outbox_pending TO symphony_control;
GRANT SELECT(participant_id) ON TABLE public.payment_outbox_pending TO symphony_readonly;
GRANT SELECT(participant_id) ON TABLE public.payment_outbox_pending TO symphony_auditor;

--
-- Name: COLUMN payment_outbox_pending.sequence_id; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(sequence_id) ON TABLE public.payment_outbox_pending TO symphony_control;
GRANT SELECT(sequence_id) ON TABLE public.payment_outbox_pending TO symphony_readonly;
GRANT SELECT(sequence_id) ON TABLE public.payment_outbox_pending TO symphony_auditor;

--
-- Name: COLUMN payment_outbox_pending.idempotency_key; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(idempotency_key) ON TABLE public.payment_outbox_pending TO symphony_control;
GRANT SELECT(idempotency_key) ON TABLE public.payment_outbox_pending TO symphony_readonly;
GRANT SELECT(idempotency_key) ON TABLE public.payment_outbox_pending TO symphony_auditor;

--
-- Name: COLUMN payment_outbox_pending.rail_type; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(rail_type) ON TABLE public.payment_outbox_pending TO symphony_control;
GRANT SELECT(rail_type) ON TABLE public.payment_outbox_pending TO symphony_readonly;
GRANT SELECT(rail_type) ON TABLE public.payment_outbox_pending TO symphony_auditor;

--
-- Name: COLUMN payment_outbox_pending.payload; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(payload) ON TABLE public.payment_outbox_pending TO symphony_control;
GRANT SELECT(payload) ON TABLE public.payment_outbox_pending TO symphony_readonly;
GRANT SELECT(payload) ON TABLE public.payment_outbox_pending TO symphony_auditor;

--
-- Name: COLUMN payment_outbox_pending.attempt_count; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(attempt_count) ON TABLE public.payment_outbox_pending TO symphony_control;
GRANT SELECT(attempt_count) ON TABLE public.payment_outbox_pending TO symphony_readonly;
GRANT SELECT(attempt_count) ON TABLE public.payment_outbox_pending TO symphony_auditor;

--
-- Name: COLUMN payment_outbox_pending.next_attempt_at; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(next_attempt_at) ON TABLE public.payment_outbox_pending TO symphony_control;
GRANT SELECT(next_attempt_at) ON TABLE public.payment_outbox_pending TO symphony_readonly;
GRANT SELECT(next_attempt_at) ON TABLE public.payment_outbox_pending TO symphony_auditor;

--
-- Name: COLUMN payment_outbox_pending.created_at; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(created_at) ON TABLE public.payment_outbox_pending TO symphony_control;
GRANT SELECT(created_at) ON TABLE public.payment_outbox_pending TO symphony_readonly;
GRANT SELECT(created_at) ON TABLE public.payment_outbox_pending TO symphony_auditor;

--
-- Name: COLUMN payment_outbox_pending.claimed_by; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(claimed_by) ON TABLE public.payment_outbox_pending TO symphony_control;
GRANT SELECT(claimed_by) ON TABLE public.payment_outbox_pending TO symphony_readonly;
GRANT SELECT(claimed_by) ON TABLE public.payment_outbox_pending TO symphony_auditor;

--
-- Name: COLUMN payment_outbox_pending.lease_expires_at; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(lease_expires_at) ON TABLE public.payment_outbox_pending TO symphony_control;
GRANT SELECT(lease_expires_at) ON TABLE public.payment_outbox_pending TO symphony_readonly;
GRANT SELECT(lease_expires_at) ON TABLE public.payment_outbox_pending TO symphony_auditor;

--
-- Name: COLUMN payment_outbox_pending.tenant_id; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(tenant_id) ON TABLE public.payment_outbox_pending TO symphony_control;
GRANT SELECT(tenant_id) ON TABLE public.payment_outbox_pending TO symphony_readonly;
GRANT SELECT(tenant_id) ON TABLE public.payment_outbox_pending TO symphony_auditor;

--
-- Name: COLUMN payment_outbox_pending.correlation_id; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(correlation_id) ON TABLE public.payment_outbox_pending TO symphony_control;
GRANT SELECT(correlation_id) ON TABLE public.payment_outbox_pending TO symphony_readonly;
GRANT SELECT(correlation_id) ON TABLE public.payment_outbox_pending TO symphony_auditor;

--
-- Name: COLUMN payment_outbox_pending.upstream_ref; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(upstream_ref) ON TABLE public.payment_outbox_pending TO symphony_control;
GRANT SELECT(upstream_ref) ON TABLE public.payment_outbox_pending TO symphony_readonly;
GRANT SELECT(upstream_ref) ON TABLE public.payment_outbox_pending TO symphony_auditor;

--
-- Name: COLUMN payment_outbox_pending.downstream_ref; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(downstream_ref) ON TABLE public.payment_outbox_pending TO symphony_control;
GRANT SELECT(downstream_ref) ON TABLE public.payment_outbox_pending TO symphony_readonly;
GRANT SELECT(downstream_ref) ON TABLE public.payment_outbox_pending TO symphony_auditor;

--
-- Name: COLUMN payment_outbox_pending.nfs_sequence_ref; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(nfs_sequence_ref) ON TABLE public.payment_outbox_pending TO symphony_control;
GRANT SELECT(nfs_sequence_ref) ON TABLE public.payment_outbox_pending TO symphony_readonly;
GRANT SELECT(nfs_sequence_ref) ON TABLE public.payment_outbox_pending TO symphony_auditor;

--
-- Name: COLUMN payment_outbox_pending.leased_at; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(leased_at) ON TABLE public.payment_outbox_pending TO symphony_control;
GRANT SELECT(leased_at) ON TABLE public.payment_outbox_pending TO symphony_readonly;
GRANT SELECT(leased_at) ON TABLE public.payment_outbox_pending TO symphony_auditor;

--
-- Name: COLUMN payment_outbox_pending.dispatch_started_at; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(dispatch_started_at) ON TABLE public.payment_outbox_pending TO symphony_control;
GRANT SELECT(dispatch_started_at) ON TABLE public.payment_outbox_pending TO symphony_readonly;
GRANT SELECT(dispatch_started_at) ON TABLE public.payment_outbox_pending TO symphony_auditor;

--
-- Name: COLUMN payment_outbox_pending.hold; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(hold) ON TABLE public.payment_outbox_pending TO symphony_control;
GRANT SELECT(hold) ON TABLE public.payment_outbox_pending TO symphony_readonly;
GRANT SELECT(hold) ON TABLE public.payment_outbox_pending TO symphony_auditor;

--
-- Name: COLUMN payment_outbox_pending.held_at; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(held_at) ON TABLE public.payment_outbox_pending TO symphony_control;
GRANT SELECT(held_at) ON TABLE public.payment_outbox_pending TO symphony_readonly;
GRANT SELECT(held_at) ON TABLE public.payment_outbox_pending TO symphony_auditor;

--
-- Name: COLUMN payment_outbox_pending.redrive_no; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(redrive_no) ON TABLE public.payment_outbox_pending TO symphony_control;
GRANT SELECT(redrive_no) ON TABLE public.payment_outbox_pending TO symphony_readonly;
GRANT SELECT(redrive_no) ON TABLE public.payment_outbox_pending TO symphony_auditor;

--
-- Name: COLUMN payment_outbox_pending.budget_base; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(budget_base) ON TABLE public.payment_outbox_pending TO symphony_control;
GRANT SELECT(budget_base) ON TABLE public.payment_outbox_pending TO symphony_readonly;
GRANT SELECT(budget_base) ON TABLE public.payment_outbox_pending TO symphony_auditor;

--
-- Name: COLUMN payment_outbox_pending.fifo; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(fifo) ON TABLE public.payment_outbox_pending TO symphony_control;
GRANT SELECT(fifo) ON TABLE public.payment_outbox_pending TO symphony_readonly;
GRANT SELECT(fifo) ON TABLE public.payment_outbox_pending TO symphony_auditor;

--
-- Name: COLUMN payment_outbox_pending.trace_context; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(trace_context) ON TABLE public.payment_outbox_pending TO symphony_control;
GRANT SELECT(trace_context) ON TABLE public.payment_outbox_pending TO symphony_readonly;
GRANT SELECT(trace_context) ON TABLE public.payment_outbox_pending TO symphony_auditor;

--
-- Name: FUNCTION _judge_redrive(p_outbox_ids uuid[], p_disputed_too boolean); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public._judge_redrive(p_outbox_ids uuid[], p_disputed_too boolean) FROM PUBLIC;

--
-- Name: FUNCTION _lock_item_for_operator(p_outbox_id uuid, p_actor text); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public._lock_item_for_operator(p_outbox_id uuid, p_actor text) FROM PUBLIC;

--
-- Name: FUNCTION _lock_leases(p_outbox_ids uuid[], p_lease_tokens uuid[], p_worker_id text); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public._lock_leases(p_outbox_ids uuid[], p_lease_tokens uuid[], p_worker_id text) FROM PUBLIC;

--
-- Name: FUNCTION _may_be_passed(p_rail_type text, p_tenant_id uuid); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public._may_be_passed(p_rail_type text, p_tenant_id uuid) FROM PUBLIC;

--
-- Name: FUNCTION _nth_uuid(p_first uuid, p_nth bigint); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public._nth_uuid(p_first uuid, p_nth bigint) FROM PUBLIC;

--
-- Name: FUNCTION _ordered_by_participant(p_rail_type text, p_tenant_id uuid); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public._ordered_by_participant(p_rail_type text, p_tenant_id uuid) FROM PUBLIC;

--
-- Name: TABLE payment_outbox_outcomes; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.payment_outbox_outcomes TO symphony_control;
GRANT SELECT ON TABLE public.payment_outbox_outcomes TO symphony_readonly;
GRANT SELECT ON TABLE public.payment_outbox_outcomes TO symphony_auditor;

--
-- Name: FUNCTION _outcome_of(p_outbox_id uuid, OUT sequence_id bigint, OUT state text); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public._outcome_of(p_outbox_id uuid, OUT sequence_id bigint, OUT state text) FROM PUBLIC;

--
-- Name: FUNCTION _rail_key(p_tenant_id uuid, p_instruction_id text, p_idempotency_key text); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public._rail_key(p_tenant_id uuid, p_instruction_id text, p_idempotency_key text) FROM PUBLIC;

--
-- Name: FUNCTION _record_by_operator(p_outbox_id uuid, p_state public.outbox_attempt_state, p_closed_by text, p_rail_reference text, p_rail_code text, p_error_code text, p_error_message text, p_requeue_after interval); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public._record_by_operator(p_outbox_id uuid, p_state public.outbox_attempt_state, p_closed_by text, p_rail_reference text, p_rail_code text, p_error_code text, p_error_message text, p_requeue_after interval) FROM PUBLIC;

--
-- Name: FUNCTION _release_paused_items(p_scope text, p_scope_key text, p_limit integer); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public._release_paused_items(p_scope text, p_scope_key text, p_limit integer) FROM PUBLIC;

--
-- Name: FUNCTION _release_stale_holds(p_limit integer); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public._release_stale_holds(p_limit integer) FROM PUBLIC;

--
-- Name: FUNCTION _require_horizon(p_before timestamp with time zone); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public._require_horizon(p_before timestamp with time zone) FROM PUBLIC;

--
-- Name: FUNCTION _require_leases(p_outbox_ids uuid[], p_lease_tokens uuid[], p_worker_id text); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public._require_leases(p_outbox_ids uuid[], p_lease_tokens uuid[], p_worker_id text) FROM PUBLIC;

--
-- Name: FUNCTION _require_operator(p_actor text, p_reason text); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public._require_operator(p_actor text, p_reason text) FROM PUBLIC;

--
-- Name: FUNCTION _require_scope(p_scope text, p_scope_key text); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public._require_scope(p_scope text, p_scope_key text) FROM PUBLIC;

--
-- Name: FUNCTION _require_text(p_parameter text, p_value text, p_sqlstate text); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public._require_text(p_parameter text, p_value text, p_sqlstate text) FROM PUBLIC;

--
-- Name: FUNCTION _require_texts(p_parameter text, p_values text[], p_sqlstate text); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public._require_texts(p_parameter text, p_values text[], p_sqlstate text) FROM PUBLIC;

--
-- Name: FUNCTION _retention_days_min(); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public._retention_days_min() FROM PUBLIC;

--
-- Name: FUNCTION _retention_verdicts(p_outbox_ids uuid[], p_before timestamp with time zone); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public._retention_verdicts(p_outbox_ids uuid[], p_before timestamp with time zone) FROM PUBLIC;

--
-- Name: FUNCTION _retry_delay(p_rail_type text, p_retries integer, p_retry_delay_seconds integer); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public._retry_delay(p_rail_type text, p_retries integer, p_retry_delay_seconds integer) FROM PUBLIC;

--
-- Name: FUNCTION _seal_over(p_subject text, p_position bigint, p_row_id uuid); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public._seal_over(p_subject text, p_position bigint, p_row_id uuid) FROM PUBLIC;

--
-- Name: FUNCTION adopt_queued_item(); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.adopt_queued_item() FROM PUBLIC;

--
-- Name: FUNCTION adopt_recorded_attempt(); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.adopt_recorded_attempt() FROM PUBLIC;

--
-- Name: FUNCTION begin_outbox_dispatch(p_outbox_ids uuid[], p_lease_tokens uuid[], p_worker_id text); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.begin_outbox_dispatch(p_outbox_ids uuid[], p_lease_tokens uuid[], p_worker_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.begin_outbox_dispatch(p_outbox_ids uuid[], p_lease_tokens uuid[], p_worker_id text) TO symphony_control;
GRANT ALL ON FUNCTION public.begin_outbox_dispatch(p_outbox_ids uuid[], p_lease_tokens uuid[], p_worker_id text) TO symphony_executor;

--
-- Name: FUNCTION bump_participant_outbox_seq(p_participant_id text); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.bump_participant_outbox_seq(p_participant_id text) FROM PUBLIC;

--
-- Name: FUNCTION cancel_outbox_item(p_outbox_id uuid, p_actor text, p_reason text); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.cancel_outbox_item(p_outbox_id uuid, p_actor text, p_reason text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.cancel_outbox_item(p_outbox_id uuid, p_actor text, p_reason text) TO symphony_control;

--
-- Name: FUNCTION claim_outbox_batch(p_batch_size integer, p_worker_id text, p_lease_seconds integer); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.claim_outbox_batch(p_batch_size integer, p_worker_id text, p_lease_seconds integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.claim_outbox_batch(p_batch_size integer, p_worker_id text, p_lease_seconds integer) TO symphony_control;
GRANT ALL ON FUNCTION public.claim_outbox_batch(p_batch_size integer, p_worker_id text, p_lease_seconds integer) TO symphony_executor;

--
-- Name: FUNCTION claim_outbox_items(p_batch_size integer, p_worker_id text, p_lease_seconds integer); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.claim_outbox_items(p_batch_size integer, p_worker_id text, p_lease_seconds integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.claim_outbox_items(p_batch_size integer, p_worker_id text, p_lease_seconds integer) TO symphony_control;
GRANT ALL ON FUNCTION public.claim_outbox_items(p_batch_size integer, p_worker_id text, p_lease_seconds integer) TO symphony_executor;

--
-- Name: FUNCTION claim_traced_items(p_batch_size integer, p_worker_id text, p_lease_seconds integer); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.claim_traced_items(p_batch_size integer, p_worker_id text, p_lease_seconds integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.claim_traced_items(p_batch_size integer, p_worker_id text, p_lease_seconds integer) TO symphony_control;
GRANT ALL ON FUNCTION public.claim_traced_items(p_batch_size integer, p_worker_id text, p_lease_seconds integer) TO symphony_executor;

--
-- Name: FUNCTION complete_outbox_attempt(p_outbox_id uuid, p_lease_token uuid, p_worker_id text, p_state public.outbox_attempt_state, p_rail_reference text, p_rail_code text, p_error_code text, p_error_message text, p_latency_ms integer, p_retry_delay_seconds integer); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.complete_outbox_attempt(p_outbox_id uuid, p_lease_token uuid, p_worker_id text, p_state public.outbox_attempt_state, p_rail_reference text, p_rail_code text, p_error_code text, p_error_message text, p_latency_ms integer, p_retry_delay_seconds integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.complete_outbox_attempt(p_outbox_id uuid, p_lease_token uuid, p_worker_id text, p_state public.outbox_attempt_state, p_rail_reference text, p_rail_code text, p_error_code text, p_error_message text, p_latency_ms integer, p_retry_delay_seconds integer) TO symphony_control;
GRANT ALL ON FUNCTION public.complete_outbox_attempt(p_outbox_id uuid, p_lease_token uuid, p_worker_id text, p_state public.outbox_attempt_state, p_rail_reference text, p_rail_code text, p_error_code text, p_error_message text, p_latency_ms integer, p_retry_delay_seconds integer) TO symphony_executor;

--
-- Name: FUNCTION complete_outbox_attempts(p_worker_id text, p_outbox_ids uuid[], p_lease_tokens uuid[], p_states public.outbox_attempt_state[], p_rail_references text[], p_rail_codes text[], p_error_codes text[], p_error_messages text[], p_latency_ms integer[], p_retry_delay_seconds integer[]); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.complete_outbox_attempts(p_worker_id text, p_outbox_ids uuid[], p_lease_tokens uuid[], p_states public.outbox_attempt_state[], p_rail_references text[], p_rail_codes text[], p_error_codes text[], p_error_messages text[], p_latency_ms integer[], p_retry_delay_seconds integer[]) FROM PUBLIC;
GRANT ALL ON FUNCTION public.complete_outbox_attempts(p_worker_id text, p_outbox_ids uuid[], p_lease_tokens uuid[], p_states public.outbox_attempt_state[], p_rail_references text[], p_rail_codes text[], p_error_codes text[], p_error_messages text[], p_latency_ms integer[], p_retry_delay_seconds integer[]) TO symphony_control;
GRANT ALL ON FUNCTION public.complete_outbox_attempts(p_worker_id text, p_outbox_ids uuid[], p_lease_tokens uuid[], p_states public.outbox_attempt_state[], p_rail_references text[], p_rail_codes text[], p_error_codes text[], p_error_messages text[], p_latency_ms integer[], p_retry_delay_seconds integer[]) TO symphony_executor;

--
-- Name: FUNCTION deny_ingress_attestations_mutation(); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.deny_ingress_attestations_mutation() FROM PUBLIC;

--
-- Name: FUNCTION deny_late_results_mutation(); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.deny_late_results_mutation() FROM PUBLIC;

--
-- Name: FUNCTION deny_operator_actions_mutation(); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.deny_operator_actions_mutation() FROM PUBLIC;

--
-- Name: FUNCTION deny_outbox_attempts_mutation(); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.deny_outbox_attempts_mutation() FROM PUBLIC;

--
-- Name: FUNCTION deny_outbox_identities_mutation(); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.deny_outbox_identities_mutation() FROM PUBLIC;

--
-- Name: FUNCTION deny_retention_mutation(); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.deny_retention_mutation() FROM PUBLIC;

--
-- Name: FUNCTION deny_revocation_mutation(); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.deny_revocation_mutation() FROM PUBLIC;

--
-- Name: FUNCTION deny_seal_mutation(); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.deny_seal_mutation() FROM PUBLIC;

--
-- Name: FUNCTION enforce_member_tenant_match(); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.enforce_member_tenant_match() FROM PUBLIC;

--
-- Name: FUNCTION enqueue_outbox_items(p_instruction_ids text[], p_participant_ids text[], p_idempotency_keys text[], p_rail_types text[], p_payloads text[]); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.enqueue_outbox_items(p_instruction_ids text[], p_participant_ids text[], p_idempotency_keys text[], p_rail_types text[], p_payloads text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION public.enqueue_outbox_items(p_instruction_ids text[], p_participant_ids text[], p_idempotency_keys text[], p_rail_types text[], p_payloads text[]) TO symphony_control;
GRANT ALL ON FUNCTION public.enqueue_outbox_items(p_instruction_ids text[], p_participant_ids text[], p_idempotency_keys text[], p_rail_types text[], p_payloads text[]) TO symphony_ingest;

--
-- Name: FUNCTION enqueue_payment_outbox(p_instruction_id text, p_participant_id text, p_idempotency_key text, p_rail_type text, p_payload jsonb); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.enqueue_payment_outbox(p_instruction_id text, p_participant_id text, p_idempotency_key text, p_rail_type text, p_payload jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION public.enqueue_payment_outbox(p_instruction_id text, p_participant_id text, p_idempotency_key text, p_rail_type text, p_payload jsonb) TO symphony_control;
GRANT ALL ON FUNCTION public.enqueue_payment_outbox(p_instruction_id text, p_participant_id text, p_idempotency_key text, p_rail_type text, p_payload jsonb) TO symphony_ingest;

--
-- Name: TABLE ledgerdb_alembic_version; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.ledgerdb_alembic_version TO symphony_control;
GRANT SELECT ON TABLE public.ledgerdb_alembic_version TO symphony_readonly;
GRANT SELECT ON TABLE public.ledgerdb_alembic_version TO symphony_auditor;

--
-- Name: TABLE payment_outbox_operator_actions; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.payment_outbox_operator_actions TO symphony_control;
GRANT SELECT ON TABLE public.payment_outbox_operator_actions TO symphony_readonly;
GRANT SELECT ON TABLE public.payment_outbox_operator_actions TO symphony_auditor;

--
-- Name: FUNCTION evidence_pack(p_tenant_id uuid, p_instruction_id text); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.evidence_pack(p_tenant_id uuid, p_instruction_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.evidence_pack(p_tenant_id uuid, p_instruction_id text) TO symphony_control;
GRANT ALL ON FUNCTION public.evidence_pack(p_tenant_id uuid, p_instruction_id text) TO symphony_ingest;
GRANT ALL ON FUNCTION public.evidence_pack(p_tenant_id uuid, p_instruction_id text) TO symphony_readonly;
GRANT ALL ON FUNCTION public.evidence_pack(p_tenant_id uuid, p_instruction_id text) TO symphony_auditor;

--
-- Name: FUNCTION extend_outbox_leases(p_outbox_ids uuid[], p_lease_tokens uuid[], p_worker_id text, p_lease_seconds integer); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.extend_outbox_leases(p_outbox_ids uuid[], p_lease_tokens uuid[], p_worker_id text, p_lease_seconds integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.extend_outbox_leases(p_outbox_ids uuid[], p_lease_tokens uuid[], p_worker_id text, p_lease_seconds integer) TO symphony_control;
GRANT ALL ON FUNCTION public.extend_outbox_leases(p_outbox_ids uuid[], p_lease_tokens uuid[], p_worker_id text, p_lease_seconds integer) TO symphony_executor;

--
-- Name: FUNCTION find_outbox_items(p_instruction_id text, p_tenant_id uuid); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.find_outbox_items(p_instruction_id text, p_tenant_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.find_outbox_items(p_instruction_id text, p_tenant_id uuid) TO symphony_control;
GRANT ALL ON FUNCTION public.find_outbox_items(p_instruction_id text, p_tenant_id uuid) TO symphony_readonly;
GRANT ALL ON FUNCTION public.find_outbox_items(p_instruction_id text, p_tenant_id uuid) TO symphony_auditor;

--
-- Name: FUNCTION follow_edited_item(); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.follow_edited_item() FROM PUBLIC;

--
-- Name: FUNCTION ingest_instruction(p_tenant_id uuid, p_instruction_id text, p_participant_id text, p_idempotency_key text, p_rail_type text, p_payload text, p_correlation_id uuid, p_client_id uuid, p_client_id_hash text, p_member_id uuid, p_signature_hash text, p_signatures jsonb, p_cert_fingerprint_sha256 text, p_token_jti_hash text, p_upstream_ref text, p_downstream_ref text, p_nfs_sequence_ref text); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.ingest_instruction(p_tenant_id uuid, p_instruction_id text, p_participant_id text, p_idempotency_key text, p_rail_type text, p_payload text, p_correlation_id uuid, p_client_id uuid, p_client_id_hash text, p_member_id uuid, p_signature_hash text, p_signatures jsonb, p_cert_fingerprint_sha256 text, p_token_jti_hash text, p_upstream_ref text, p_downstream_ref text, p_nfs_sequence_ref text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.ingest_instruction(p_tenant_id uuid, p_instruction_id text, p_participant_id text, p_idempotency_key text, p_rail_type text, p_payload text, p_correlation_id uuid, p_client_id uuid, p_client_id_hash text, p_member_id uuid, p_signature_hash text, p_signatures jsonb, p_cert_fingerprint_sha256 text, p_token_jti_hash text, p_upstream_ref text, p_downstream_ref text, p_nfs_sequence_ref text) TO symphony_control;
GRANT ALL ON FUNCTION public.ingest_instruction(p_tenant_id uuid, p_instruction_id text, p_participant_id text, p_idempotency_key text, p_rail_type text, p_payload text, p_correlation_id uuid, p_client_id uuid, p_client_id_hash text, p_member_id uuid, p_signature_hash text, p_signatures jsonb, p_cert_fingerprint_sha256 text, p_token_jti_hash text, p_upstream_ref text, p_downstream_ref text, p_nfs_sequence_ref text) TO symphony_ingest;

--
-- Name: FUNCTION ingest_instructions(p_tenant_ids uuid[], p_instruction_ids text[], p_participant_ids text[], p_idempotency_keys text[], p_rail_types text[], p_payloads text[], p_correlation_ids uuid[]); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.ingest_instructions(p_tenant_ids uuid[], p_instruction_ids text[], p_participant_ids text[], p_idempotency_keys text[], p_rail_types text[], p_payloads text[], p_correlation_ids uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION public.ingest_instructions(p_tenant_ids uuid[], p_instruction_ids text[], p_participant_ids text[], p_idempotency_keys text[], p_rail_types text[], p_payloads text[], p_correlation_ids uuid[]) TO symphony_control;
GRANT ALL ON FUNCTION public.ingest_instructions(p_tenant_ids uuid[], p_instruction_ids text[], p_participant_ids text[], p_idempotency_keys text[], p_rail_types text[], p_payloads text[], p_correlation_ids uuid[]) TO symphony_ingest;

--
-- Name: FUNCTION ingest_traced_instruction(p_tenant_id uuid, p_instruction_id text, p_participant_id text, p_idempotency_key text, p_rail_type text, p_payload text, p_correlation_id uuid, p_client_id uuid, p_client_id_hash text, p_member_id uuid, p_signature_hash text, p_signatures jsonb, p_cert_fingerprint_sha256 text, p_token_jti_hash text, p_upstream_ref text, p_downstream_ref text, p_nfs_sequence_ref text, p_trace_context text); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.ingest_traced_instruction(p_tenant_id uuid, p_instruction_id text, p_participant_id text, p_idempotency_key text, p_rail_type text, p_payload text, p_correlation_id uuid, p_client_id uuid, p_client_id_hash text, p_member_id uuid, p_signature_hash text, p_signatures jsonb, p_cert_fingerprint_sha256 text, p_token_jti_hash text, p_upstream_ref text, p_downstream_ref text, p_nfs_sequence_ref text, p_trace_context text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.ingest_traced_instruction(p_tenant_id uuid, p_instruction_id text, p_participant_id text, p_idempotency_key text, p_rail_type text, p_payload text, p_correlation_id uuid, p_client_id uuid, p_client_id_hash text, p_member_id uuid, p_signature_hash text, p_signatures jsonb, p_cert_fingerprint_sha256 text, p_token_jti_hash text, p_upstream_ref text, p_downstream_ref text, p_nfs_sequence_ref text, p_trace_context text) TO symphony_control;
GRANT ALL ON FUNCTION public.ingest_traced_instruction(p_tenant_id uuid, p_instruction_id text, p_participant_id text, p_idempotency_key text, p_rail_type text, p_payload text, p_correlation_id uuid, p_client_id uuid, p_client_id_hash text, p_member_id uuid, p_signature_hash text, p_signatures jsonb, p_cert_fingerprint_sha256 text, p_token_jti_hash text, p_upstream_ref text, p_downstream_ref text, p_nfs_sequence_ref text, p_trace_context text) TO symphony_ingest;

--
-- Name: TABLE payment_outbox_history; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.payment_outbox_history TO symphony_control;
GRANT SELECT ON TABLE public.payment_outbox_history TO symphony_readonly;
GRANT SELECT ON TABLE public.payment_outbox_history TO symphony_auditor;

--
-- Name: TABLE payment_outbox_late_evidence; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.payment_outbox_late_evidence TO symphony_control;
GRANT SELECT ON TABLE public.payment_outbox_late_evidence TO symphony_readonly;
GRANT SELECT ON TABLE public.payment_outbox_late_evidence TO symphony_auditor;

--
-- Name: TABLE payment_outbox_queue; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.payment_outbox_queue TO symphony_control;
GRANT SELECT ON TABLE public.payment_outbox_queue TO symphony_readonly;
GRANT SELECT ON TABLE public.payment_outbox_queue TO symphony_auditor;

--
-- Name: FUNCTION inspect_outbox_item(p_outbox_id uuid); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.inspect_outbox_item(p_outbox_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.inspect_outbox_item(p_outbox_id uuid) TO symphony_control;
GRANT ALL ON FUNCTION public.inspect_outbox_item(p_outbox_id uuid) TO symphony_readonly;
GRANT ALL ON FUNCTION public.inspect_outbox_item(p_outbox_id uuid) TO symphony_auditor;

--
-- Name: FUNCTION instruction_status(p_tenant_id uuid, p_instruction_id text); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.instruction_status(p_tenant_id uuid, p_instruction_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.instruction_status(p_tenant_id uuid, p_instruction_id text) TO symphony_control;
GRANT ALL ON FUNCTION public.instruction_status(p_tenant_id uuid, p_instruction_id text) TO symphony_executor;
GRANT ALL ON FUNCTION public.instruction_status(p_tenant_id uuid, p_instruction_id text) TO symphony_ingest;
GRANT ALL ON FUNCTION public.instruction_status(p_tenant_id uuid, p_instruction_id text) TO symphony_readonly;
GRANT ALL ON FUNCTION public.instruction_status(p_tenant_id uuid, p_instruction_id text) TO symphony_auditor;

--
-- Name: FUNCTION list_dead_letters(p_after_completed_at timestamp with time zone, p_after_outbox_id uuid, p_limit integer, p_rail_type text, p_tenant_id uuid, p_error_code text); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.list_dead_letters(p_after_completed_at timestamp with time zone, p_after_outbox_id uuid, p_limit integer, p_rail_type text, p_tenant_id uuid, p_error_code text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.list_dead_letters(p_after_completed_at timestamp with time zone, p_after_outbox_id uuid, p_limit integer, p_rail_type text, p_tenant_id uuid, p_error_code text) TO symphony_control;

--
-- Name: FUNCTION list_outbox_controls(); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.list_outbox_controls() FROM PUBLIC;
GRANT ALL ON FUNCTION public.list_outbox_controls() TO symphony_control;
GRANT ALL ON FUNCTION public.list_outbox_controls() TO symphony_readonly;
GRANT ALL ON FUNCTION public.list_outbox_controls() TO symphony_auditor;

--
-- Name: FUNCTION list_outbox_items(p_status text, p_tenant_id uuid, p_participant_id text, p_rail_type text, p_after_outbox_id uuid, p_limit integer); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.list_outbox_items(p_status text, p_tenant_id uuid, p_participant_id text, p_rail_type text, p_after_outbox_id uuid, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.list_outbox_items(p_status text, p_tenant_id uuid, p_participant_id text, p_rail_type text, p_after_outbox_id uuid, p_limit integer) TO symphony_control;
GRANT ALL ON FUNCTION public.list_outbox_items(p_status text, p_tenant_id uuid, p_participant_id text, p_rail_type text, p_after_outbox_id uuid, p_limit integer) TO symphony_readonly;
GRANT ALL ON FUNCTION public.list_outbox_items(p_status text, p_tenant_id uuid, p_participant_id text, p_rail_type text, p_after_outbox_id uuid, p_limit integer) TO symphony_auditor;

--
-- Name: FUNCTION notify_outbox(); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.notify_outbox() FROM PUBLIC;

--
-- Name: FUNCTION number_participant_monotonically(p_participant_id text, p_actor text, p_reason text); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.number_participant_monotonically(p_participant_id text, p_actor text, p_reason text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.number_participant_monotonically(p_participant_id text, p_actor text, p_reason text) TO symphony_control;

--
-- Name: FUNCTION outbox_activity(p_minutes integer, p_bucket_seconds integer); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.outbox_activity(p_minutes integer, p_bucket_seconds integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.outbox_activity(p_minutes integer, p_bucket_seconds integer) TO symphony_control;
GRANT ALL ON FUNCTION public.outbox_activity(p_minutes integer, p_bucket_seconds integer) TO symphony_readonly;
GRANT ALL ON FUNCTION public.outbox_activity(p_minutes integer, p_bucket_seconds integer) TO symphony_auditor;

--
-- Name: FUNCTION outbox_backlog(); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.outbox_backlog() FROM PUBLIC;
GRANT ALL ON FUNCTION public.outbox_backlog() TO symphony_control;
GRANT ALL ON FUNCTION public.outbox_backlog() TO symphony_executor;
GRANT ALL ON FUNCTION public.outbox_backlog() TO symphony_ingest;
GRANT ALL ON FUNCTION public.outbox_backlog() TO symphony_readonly;
GRANT ALL ON FUNCTION public.outbox_backlog() TO symphony_auditor;

--
-- Name: FUNCTION outbox_breakdown(p_by text, p_limit integer); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.outbox_breakdown(p_by text, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.outbox_breakdown(p_by text, p_limit integer) TO symphony_control;
GRANT ALL ON FUNCTION public.outbox_breakdown(p_by text, p_limit integer) TO symphony_readonly;
GRANT ALL ON FUNCTION public.outbox_breakdown(p_by text, p_limit integer) TO symphony_auditor;

--
-- Name: FUNCTION outbox_counter_drift(); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.outbox_counter_drift() FROM PUBLIC;
GRANT ALL ON FUNCTION public.outbox_counter_drift() TO symphony_control;
GRANT ALL ON FUNCTION public.outbox_counter_drift() TO symphony_readonly;
GRANT ALL ON FUNCTION public.outbox_counter_drift() TO symphony_auditor;

--
-- Name: FUNCTION outbox_retry_ceiling(); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.outbox_retry_ceiling() FROM PUBLIC;
GRANT ALL ON FUNCTION public.outbox_retry_ceiling() TO symphony_control;
GRANT ALL ON FUNCTION public.outbox_retry_ceiling() TO symphony_executor;
GRANT ALL ON FUNCTION public.outbox_retry_ceiling() TO symphony_ingest;
GRANT ALL ON FUNCTION public.outbox_retry_ceiling() TO symphony_readonly;
GRANT ALL ON FUNCTION public.outbox_retry_ceiling() TO symphony_auditor;

--
-- Name: TABLE payment_outbox_dead_letters; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.payment_outbox_dead_letters TO symphony_control;
GRANT SELECT ON TABLE public.payment_outbox_dead_letters TO symphony_readonly;
GRANT SELECT ON TABLE public.payment_outbox_dead_letters TO symphony_auditor;

--
-- Name: TABLE payment_outbox_in_doubt; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.payment_outbox_in_doubt TO symphony_control;
GRANT SELECT ON TABLE public.payment_outbox_in_doubt TO symphony_readonly;
GRANT SELECT ON TABLE public.payment_outbox_in_doubt TO symphony_auditor;

--
-- Name: FUNCTION outbox_health(); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.outbox_health() FROM PUBLIC;
GRANT ALL ON FUNCTION public.outbox_health() TO symphony_control;
GRANT ALL ON FUNCTION public.outbox_health() TO symphony_readonly;
GRANT ALL ON FUNCTION public.outbox_health() TO symphony_auditor;

--
-- Name: FUNCTION pause_outbox(p_scope text, p_scope_key text, p_actor text, p_reason text); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.pause_outbox(p_scope text, p_scope_key text, p_actor text, p_reason text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.pause_outbox(p_scope text, p_scope_key text, p_actor text, p_reason text) TO symphony_control;

--
-- Name: FUNCTION record_manual_attempt(p_outbox_id uuid, p_state public.outbox_attempt_state, p_rail_reference text, p_rail_code text, p_error_code text, p_error_message text, p_actor text, p_reason text); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.record_manual_attempt(p_outbox_id uuid, p_state public.outbox_attempt_state, p_rail_reference text, p_rail_code text, p_error_code text, p_error_message text, p_actor text, p_reason text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.record_manual_attempt(p_outbox_id uuid, p_state public.outbox_attempt_state, p_rail_reference text, p_rail_code text, p_error_code text, p_error_message text, p_actor text, p_reason text) TO symphony_control;

--
-- Name: FUNCTION redrive_dead_letters(p_outbox_ids uuid[], p_dry_run boolean, p_actor text, p_reason text, p_disputed_too boolean); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.redrive_dead_letters(p_outbox_ids uuid[], p_dry_run boolean, p_actor text, p_reason text, p_disputed_too boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION public.redrive_dead_letters(p_outbox_ids uuid[], p_dry_run boolean, p_actor text, p_reason text, p_disputed_too boolean) TO symphony_control;

--
-- Name: FUNCTION register_tenant(p_tenant_id uuid, p_tenant_key text, p_tenant_name text, p_tenant_type text); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.register_tenant(p_tenant_id uuid, p_tenant_key text, p_tenant_name text, p_tenant_type text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.register_tenant(p_tenant_id uuid, p_tenant_key text, p_tenant_name text, p_tenant_type text) TO symphony_control;

--
-- Name: FUNCTION release_outbox_leases(p_outbox_ids uuid[], p_lease_tokens uuid[], p_worker_id text); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.release_outbox_leases(p_outbox_ids uuid[], p_lease_tokens uuid[], p_worker_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.release_outbox_leases(p_outbox_ids uuid[], p_lease_tokens uuid[], p_worker_id text) TO symphony_control;
GRANT ALL ON FUNCTION public.release_outbox_leases(p_outbox_ids uuid[], p_lease_tokens uuid[], p_worker_id text) TO symphony_executor;

--
-- Name: FUNCTION repair_expired_leases(p_batch_size integer, p_worker_id text); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.repair_expired_leases(p_batch_size integer, p_worker_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.repair_expired_leases(p_batch_size integer, p_worker_id text) TO symphony_control;
GRANT ALL ON FUNCTION public.repair_expired_leases(p_batch_size integer, p_worker_id text) TO symphony_executor;

--
-- Name: FUNCTION resolve_outbox_item(p_outbox_id uuid, p_resolution text, p_actor text, p_reason text, p_rail_reference text, p_rail_code text, p_late_result_id uuid, p_evidence jsonb, p_attempt_no integer); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.resolve_outbox_item(p_outbox_id uuid, p_resolution text, p_actor text, p_reason text, p_rail_reference text, p_rail_code text, p_late_result_id uuid, p_evidence jsonb, p_attempt_no integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.resolve_outbox_item(p_outbox_id uuid, p_resolution text, p_actor text, p_reason text, p_rail_reference text, p_rail_code text, p_late_result_id uuid, p_evidence jsonb, p_attempt_no integer) TO symphony_control;

--
-- Name: FUNCTION resume_outbox(p_scope text, p_scope_key text, p_actor text, p_reason text, p_limit integer); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.resume_outbox(p_scope text, p_scope_key text, p_actor text, p_reason text, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.resume_outbox(p_scope text, p_scope_key text, p_actor text, p_reason text, p_limit integer) TO symphony_control;

--
-- Name: FUNCTION retention_plan(p_before timestamp with time zone, p_older_than interval); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.retention_plan(p_before timestamp with time zone, p_older_than interval) FROM PUBLIC;
GRANT ALL ON FUNCTION public.retention_plan(p_before timestamp with time zone, p_older_than interval) TO symphony_control;
GRANT ALL ON FUNCTION public.retention_plan(p_before timestamp with time zone, p_older_than interval) TO symphony_readonly;
GRANT ALL ON FUNCTION public.retention_plan(p_before timestamp with time zone, p_older_than interval) TO symphony_auditor;

--
-- Name: FUNCTION retire_history(p_before timestamp with time zone, p_limit integer, p_actor text, p_reason text, p_after uuid); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.retire_history(p_before timestamp with time zone, p_limit integer, p_actor text, p_reason text, p_after uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.retire_history(p_before timestamp with time zone, p_limit integer, p_actor text, p_reason text, p_after uuid) TO symphony_control;

--
-- Name: FUNCTION seal_ledger(p_limit integer); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.seal_ledger(p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.seal_ledger(p_limit integer) TO symphony_control;
GRANT ALL ON FUNCTION public.seal_ledger(p_limit integer) TO symphony_executor;

--
-- Name: FUNCTION set_outbox_control(p_scope text, p_scope_key text, p_paused boolean, p_ordering text, p_fair boolean, p_notify_workers boolean, p_actor text, p_reason text); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.set_outbox_control(p_scope text, p_scope_key text, p_paused boolean, p_ordering text, p_fair boolean, p_notify_workers boolean, p_actor text, p_reason text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.set_outbox_control(p_scope text, p_scope_key text, p_paused boolean, p_ordering text, p_fair boolean, p_notify_workers boolean, p_actor text, p_reason text) TO symphony_control;

--
-- Name: FUNCTION set_retry_policy(p_rail_type text, p_strategy text, p_base_seconds double precision, p_factor double precision, p_max_seconds double precision, p_jitter double precision, p_actor text, p_reason text); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.set_retry_policy(p_rail_type text, p_strategy text, p_base_seconds double precision, p_factor double precision, p_max_seconds double precision, p_jitter double precision, p_actor text, p_reason text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.set_retry_policy(p_rail_type text, p_strategy text, p_base_seconds double precision, p_factor double precision, p_max_seconds double precision, p_jitter double precision, p_actor text, p_reason text) TO symphony_control;

--
-- Name: FUNCTION uuid_strategy(); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.uuid_strategy() FROM PUBLIC;
GRANT ALL ON FUNCTION public.uuid_strategy() TO symphony_control;
GRANT ALL ON FUNCTION public.uuid_strategy() TO symphony_executor;
GRANT ALL ON FUNCTION public.uuid_strategy() TO symphony_ingest;
GRANT ALL ON FUNCTION public.uuid_strategy() TO symphony_readonly;
GRANT ALL ON FUNCTION public.uuid_strategy() TO symphony_auditor;

--
-- Name: TABLE ledger_retention_runs; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.ledger_retention_runs TO symphony_control;
GRANT SELECT ON TABLE public.ledger_retention_runs TO symphony_readonly;
GRANT SELECT ON TABLE public.ledger_retention_runs TO symphony_auditor;

--
-- Name: TABLE ledgerdb_migration_steps; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.ledgerdb_migration_steps TO symphony_control;
GRANT SELECT ON TABLE public.ledgerdb_migration_steps TO symphony_readonly;
GRANT SELECT ON TABLE public.ledgerdb_migration_steps TO symphony_auditor;

--
-- Name: TABLE ledgerdb_migrations; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.ledgerdb_migrations TO symphony_control;
GRANT SELECT ON TABLE public.ledgerdb_migrations TO symphony_readonly;
GRANT SELECT ON TABLE public.ledgerdb_migrations TO symphony_auditor;

--
-- Name: TABLE outbox_counter_drift_report; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.outbox_counter_drift_report TO symphony_control;
GRANT SELECT ON TABLE public.outbox_counter_drift_report TO symphony_readonly;
GRANT SELECT ON TABLE public.outbox_counter_drift_report TO symphony_auditor;

--
-- Name: TABLE participant_outbox_sequences; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.participant_outbox_sequences TO symphony_control;

--
-- Name: TABLE payment_outbox_blocked_heads; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.payment_outbox_blocked_heads TO symphony_control;
GRANT SELECT ON TABLE public.payment_outbox_blocked_heads TO symphony_readonly;
GRANT SELECT ON TABLE public.payment_outbox_blocked_heads TO symphony_auditor;

--
-- Name: TABLE payment_outbox_controls; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.payment_outbox_controls TO symphony_control;
GRANT SELECT ON TABLE public.payment_outbox_controls TO symphony_readonly;
GRANT SELECT ON TABLE public.payment_outbox_controls TO symphony_auditor;

--
-- Name: TABLE payment_outbox_retry_policies; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.payment_outbox_retry_policies TO symphony_control;
GRANT SELECT ON TABLE public.payment_outbox_retry_policies TO symphony_readonly;
GRANT SELECT ON TABLE public.payment_outbox_retry_policies TO symphony_auditor;

--
-- Name: DEFAULT PRIVILEGES FOR TYPES; Type: DEFAULT ACL; Schema: -; Owner: -
--

ALTER DEFAULT PRIVILEGES FOR ROLE symphony_owner REVOKE ALL ON TYPES FROM PUBLIC;

--
-- Name: DEFAULT PRIVILEGES FOR FUNCTIONS; Type: DEFAULT ACL; Schema: -; Owner: -
--

ALTER DEFAULT PRIVILEGES FOR ROLE symphony_owner REVOKE ALL ON FUNCTIONS FROM PUBLIC;

--
-- PostgreSQL database dump complete
--
