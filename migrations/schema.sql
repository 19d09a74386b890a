-- Schema of ledgerdb at revision 0003: written by `make schema`, never by hand.
-- Roles (NOLOGIN, of the cluster): symphony_control, symphony_executor, symphony_ingest, symphony_readonly, symphony_auditor.

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
-- Name: _enqueue_outbox_item(uuid, text, text, text, text, jsonb, uuid, text, text, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public._enqueue_outbox_item(p_tenant_id uuid, p_instruction_id text, p_participant_id text, p_idempotency_key text, p_rail_type text, p_payload jsonb, p_correlation_id uuid, p_upstream_ref text, p_downstream_ref text, p_nfs_sequence_ref text) RETURNS TABLE(outbox_id uuid, sequence_id bigint, created_at timestamp with time zone, state text, replayed boolean)
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
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
        tenant_id, instruction_id, idempotency_key, participant_id, rail_type, fingerprint
    )
    values (
        p_tenant_id, p_instruction_id, p_idempotency_key, p_participant_id, p_rail_type,
        v_fingerprint
    )
    on conflict on constraint ux_outbox_identities_key do nothing
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
$$;

--
-- Name: FUNCTION _enqueue_outbox_item(p_tenant_id uuid, p_instruction_id text, p_participant_id text, p_idempotency_key text, p_rail_type text, p_payload jsonb, p_correlation_id uuid, p_upstream_ref text, p_downstream_ref text, p_nfs_sequence_ref text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public._enqueue_outbox_item(p_tenant_id uuid, p_instruction_id text, p_participant_id text, p_idempotency_key text, p_rail_type text, p_payload jsonb, p_correlation_id uuid, p_upstream_ref text, p_downstream_ref text, p_nfs_sequence_ref text) IS 'Private: enqueues once per (tenant, instruction, key), or returns the first item.';

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
-- Name: _require_text(text, text, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public._require_text(p_parameter text, p_value text, p_sqlstate text) RETURNS void
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
begin
    if p_value is null
        or length(p_value) not between 1 and 200
        or p_value <> btrim(p_value)
        or p_value ~ '[[:cntrl:]]'
    then
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
-- Name: bump_participant_outbox_seq(text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.bump_participant_outbox_seq(p_participant_id text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
declare
    v_sequence_id bigint;
begin
    insert into public.participant_outbox_sequences as s (participant_id, next_sequence_id)
    values (p_participant_id, 2)
    on conflict (participant_id) do update
        set next_sequence_id = s.next_sequence_id + 1
    returning s.next_sequence_id - 1 into v_sequence_id;
    return v_sequence_id;
end;
$$;

--
-- Name: FUNCTION bump_participant_outbox_seq(p_participant_id text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.bump_participant_outbox_seq(p_participant_id text) IS 'Takes the next sequence number of the participant; rolled back with the transaction.';

--
-- Name: claim_outbox_batch(integer, text, integer); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.claim_outbox_batch(p_batch_size integer, p_worker_id text, p_lease_seconds integer) RETURNS TABLE(outbox_id uuid, instruction_id text, participant_id text, sequence_id bigint, idempotency_key text, rail_type text, payload jsonb, attempt_count integer, lease_token uuid, lease_expires_at timestamp with time zone)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
begin
    if p_batch_size is null or p_batch_size not between 1 and 10000 then
        raise exception 'p_batch_size: must be between 1 and 10000'
            using
                errcode = 'P7118',
                column = 'p_batch_size',
                constraint = 'between 1 and 10000';
    end if;
    if coalesce(length(p_worker_id), 0) not between 1 and 200 then
        raise exception 'p_worker_id: must be 1 to 200 characters'
            using
                errcode = 'P7117',
                column = 'p_worker_id',
                constraint = '1 to 200 characters';
    end if;
    if p_lease_seconds is null or p_lease_seconds not between 1 and 86400 then
        raise exception 'p_lease_seconds: must be between 1 and 86400'
            using
                errcode = 'P7119',
                column = 'p_lease_seconds',
                constraint = 'between 1 and 86400';
    end if;

    return query
    with due as materialized (
        select
            p.outbox_id,
            p.lease_token is not null as abandoned,
            p.lease_token is not null
            and p.attempt_count + 1 >= public.outbox_retry_ceiling() as exhausted
        from public.payment_outbox_pending as p
        where
            p.next_attempt_at <= now()
            and (p.lease_expires_at is null or p.lease_expires_at <= now())
        order by p.next_attempt_at, p.created_at
        limit p_batch_size
        for update skip locked
    ),

    recorded as (
        insert into public.payment_outbox_attempts (
            outbox_id, instruction_id, participant_id, sequence_id, idempotency_key, rail_type,
            payload,
            attempt_no, state, claimed_at, completed_at, error_code, error_message, worker_id,
            tenant_id, correlation_id, upstream_ref, downstream_ref, nfs_sequence_ref
        )
        select
            p.outbox_id, p.instruction_id, p.participant_id, p.sequence_id, p.idempotency_key,
            p.rail_type, p.payload,
            p.attempt_count + 1,
            case
                when d.exhausted then 'FAILED' else 'ZOMBIE_REQUEUE'
            end::public.outbox_attempt_state,
            now(), now(),
            case when d.exhausted then 'RETRY_CEILING_EXCEEDED' else 'LEASE_EXPIRED' end,
            'lease expired before completion', p.claimed_by,
            p.tenant_id, p.correlation_id, p.upstream_ref, p.downstream_ref, p.nfs_sequence_ref
        from public.payment_outbox_pending as p
        inner join due as d on p.outbox_id = d.outbox_id
        where d.abandoned
    ),

    ended as (
        delete from public.payment_outbox_pending as p
        using due as d
        where p.outbox_id = d.outbox_id and d.exhausted
    ),

    leased as (
        update public.payment_outbox_pending as p
        set
            attempt_count = p.attempt_count + d.abandoned::integer,
            claimed_by = p_worker_id,
            lease_token = public.uuid_v7_or_random(),
            lease_expires_at = now() + make_interval(secs => p_lease_seconds)
        from due as d
        where p.outbox_id = d.outbox_id and not d.exhausted
        returning
            p.outbox_id, p.instruction_id, p.participant_id, p.sequence_id, p.idempotency_key,
            p.rail_type, p.payload,
            p.attempt_count, p.lease_token, p.lease_expires_at, p.next_attempt_at, p.created_at
    )

    select
        l.outbox_id, l.instruction_id, l.participant_id, l.sequence_id, l.idempotency_key,
        l.rail_type, l.payload,
        l.attempt_count, l.lease_token, l.lease_expires_at
    from leased as l
    order by l.next_attempt_at, l.created_at;
end;
$$;

--
-- Name: FUNCTION claim_outbox_batch(p_batch_size integer, p_worker_id text, p_lease_seconds integer); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.claim_outbox_batch(p_batch_size integer, p_worker_id text, p_lease_seconds integer) IS 'Leases due items to a worker, in due order, each under a new lease token.';

--
-- Name: complete_outbox_attempt(uuid, uuid, text, public.outbox_attempt_state, text, text, text, text, integer, integer); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.complete_outbox_attempt(p_outbox_id uuid, p_lease_token uuid, p_worker_id text, p_state public.outbox_attempt_state, p_rail_reference text DEFAULT NULL::text, p_rail_code text DEFAULT NULL::text, p_error_code text DEFAULT NULL::text, p_error_message text DEFAULT NULL::text, p_latency_ms integer DEFAULT NULL::integer, p_retry_delay_seconds integer DEFAULT 1) RETURNS TABLE(attempt_no integer, state public.outbox_attempt_state)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
declare
    v_attempt_no integer;
    v_state public.outbox_attempt_state := p_state;
begin
    if p_state is null or p_state not in ('DISPATCHED', 'FAILED', 'RETRYABLE') then
        raise exception 'p_state: must be DISPATCHED, FAILED or RETRYABLE'
            using errcode = 'P7003', column = 'p_state';
    end if;

    select p.attempt_count + 1 into v_attempt_no
    from public.payment_outbox_pending as p
    where
        p.outbox_id = p_outbox_id
        and p.claimed_by = p_worker_id
        and p.lease_token = p_lease_token
        and p.lease_expires_at > now()
    for update;
    if not found then
        raise exception 'lease lost for outbox item %', p_outbox_id
            using
                errcode = 'P7002',
                hint = 'The lease expired, was taken over, or the attempt is complete.';
    end if;

    if p_state = 'RETRYABLE' and v_attempt_no >= public.outbox_retry_ceiling() then
        v_state := 'FAILED';
    end if;

    insert into public.payment_outbox_attempts (
        outbox_id, instruction_id, participant_id, sequence_id, idempotency_key, rail_type, payload,
        attempt_no, state, claimed_at, completed_at, rail_reference, rail_code, error_code,
        error_message,
        latency_ms, worker_id, tenant_id, correlation_id, upstream_ref, downstream_ref,
        nfs_sequence_ref
    )
    select
        p.outbox_id, p.instruction_id, p.participant_id, p.sequence_id, p.idempotency_key,
        p.rail_type, p.payload,
        v_attempt_no, v_state, now(), now(), p_rail_reference, p_rail_code, p_error_code,
        p_error_message,
        case when p_latency_ms >= 0 then p_latency_ms end,
        p_worker_id, p.tenant_id, p.correlation_id, p.upstream_ref, p.downstream_ref,
        p.nfs_sequence_ref
    from public.payment_outbox_pending as p
    where p.outbox_id = p_outbox_id;

    if v_state in ('DISPATCHED', 'FAILED') then
        delete from public.payment_outbox_pending as p
        where p.outbox_id = p_outbox_id;
    else
        update public.payment_outbox_pending as p
        set
            attempt_count = v_attempt_no,
            next_attempt_at = now() + make_interval(
                secs => least(greatest(coalesce(p_retry_delay_seconds, 1), 0), 604800)
            ),
            claimed_by = null,
            lease_token = null,
            lease_expires_at = null
        where p.outbox_id = p_outbox_id;
    end if;

    return query
    select v_attempt_no, v_state;
end;
$$;

--
-- Name: FUNCTION complete_outbox_attempt(p_outbox_id uuid, p_lease_token uuid, p_worker_id text, p_state public.outbox_attempt_state, p_rail_reference text, p_rail_code text, p_error_code text, p_error_message text, p_latency_ms integer, p_retry_delay_seconds integer); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.complete_outbox_attempt(p_outbox_id uuid, p_lease_token uuid, p_worker_id text, p_state public.outbox_attempt_state, p_rail_reference text, p_rail_code text, p_error_code text, p_error_message text, p_latency_ms integer, p_retry_delay_seconds integer) IS 'Ends a leased attempt: appends its row under the next number, and ends or requeues the item.';

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
-- Name: deny_outbox_attempts_mutation(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.deny_outbox_attempts_mutation() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
begin
    raise exception 'payment_outbox_attempts is append-only' using errcode = 'P0001';
end;
$$;

--
-- Name: FUNCTION deny_outbox_attempts_mutation(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.deny_outbox_attempts_mutation() IS 'Refuses changes to rows of payment_outbox_attempts.';

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
-- Name: enqueue_payment_outbox(text, text, text, text, jsonb); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.enqueue_payment_outbox(p_instruction_id text, p_participant_id text, p_idempotency_key text, p_rail_type text, p_payload jsonb) RETURNS TABLE(outbox_id uuid, sequence_id bigint, created_at timestamp with time zone, state text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
begin
    return query
    select i.outbox_id, i.sequence_id, i.created_at, i.state
    from public._enqueue_outbox_item(
        p_tenant_id => null,
        p_instruction_id => p_instruction_id,
        p_participant_id => p_participant_id,
        p_idempotency_key => p_idempotency_key,
        p_rail_type => p_rail_type,
        p_payload => p_payload,
        p_correlation_id => null,
        p_upstream_ref => null,
        p_downstream_ref => null,
        p_nfs_sequence_ref => null
    ) as i;
end;
$$;

--
-- Name: FUNCTION enqueue_payment_outbox(p_instruction_id text, p_participant_id text, p_idempotency_key text, p_rail_type text, p_payload jsonb); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.enqueue_payment_outbox(p_instruction_id text, p_participant_id text, p_idempotency_key text, p_rail_type text, p_payload jsonb) IS 'Enqueues an instruction; a replay returns the first item, other content is refused.';

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
    nfs_sequence_ref text
);

--
-- Name: TABLE ingress_attestations; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.ingress_attestations IS 'Append-only proof of acceptance: who sent which instruction when, as hashes and identifiers.';

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
    payload jsonb NOT NULL,
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
    CONSTRAINT ck_attempts_payload_is_object CHECK ((jsonb_typeof(payload) = 'object'::text)),
    CONSTRAINT payment_outbox_attempts_attempt_no_check CHECK ((attempt_no >= 1)),
    CONSTRAINT payment_outbox_attempts_latency_ms_check CHECK (((latency_ms IS NULL) OR (latency_ms >= 0)))
);

--
-- Name: TABLE payment_outbox_attempts; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.payment_outbox_attempts IS 'Append-only history and the authority on what happened: one row per attempt, numbered 1..n.';

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
-- Name: payment_outbox_pending; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.payment_outbox_pending (
    outbox_id uuid DEFAULT public.uuid_v7_or_random() NOT NULL,
    instruction_id text NOT NULL,
    participant_id text NOT NULL,
    sequence_id bigint NOT NULL,
    idempotency_key text NOT NULL,
    rail_type text NOT NULL,
    payload jsonb NOT NULL,
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
    CONSTRAINT ck_pending_payload_is_object CHECK ((jsonb_typeof(payload) = 'object'::text)),
    CONSTRAINT payment_outbox_pending_attempt_count_check CHECK ((attempt_count >= 0))
)
WITH (fillfactor='80');

--
-- Name: TABLE payment_outbox_pending; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.payment_outbox_pending IS 'Hot queue: one row per instruction that has no terminal attempt yet, with its lease.';

--
-- Name: evidence_pack(uuid, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.evidence_pack(p_tenant_id uuid, p_instruction_id text) RETURNS jsonb
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    BEGIN ATOMIC
 SELECT jsonb_build_object('attestation', jsonb_build_object('attestation_id', t.attestation_id, 'tenant_id', t.tenant_id, 'instruction_id', t.instruction_id, 'participant_id', t.participant_id, 'payload_hash', t.payload_hash, 'signature_hash', t.signature_hash, 'client_id', t.client_id, 'member_id', t.member_id, 'correlation_id', t.correlation_id, 'received_at', t.received_at), 'outbox',
         CASE
             WHEN (i.outbox_id IS NOT NULL) THEN jsonb_build_object('outbox_id', i.outbox_id, 'idempotency_key', i.idempotency_key, 'rail_type', i.rail_type, 'fingerprint', encode(i.fingerprint, 'hex'::text), 'state',
             CASE
                 WHEN (p.outbox_id IS NOT NULL) THEN 'PENDING'::text
                 ELSE history.state
             END, 'sequence_id', COALESCE(p.sequence_id, history.sequence_id), 'created_at', i.created_at)
             ELSE NULL::jsonb
         END, 'attempts', COALESCE(history.attempts, '[]'::jsonb)) AS pack
    FROM (((public.ingress_attestations t
      LEFT JOIN public.payment_outbox_identities i ON (((t.tenant_id = i.tenant_id) AND (t.instruction_id = i.instruction_id))))
      LEFT JOIN public.payment_outbox_pending p ON ((i.outbox_id = p.outbox_id)))
      LEFT JOIN LATERAL ( SELECT jsonb_agg(jsonb_build_object('attempt_id', a.attempt_id, 'attempt_no', a.attempt_no, 'state', a.state, 'claimed_at', a.claimed_at, 'completed_at', a.completed_at, 'worker_id', a.worker_id, 'rail_reference', a.rail_reference, 'rail_code', a.rail_code, 'error_code', a.error_code, 'error_message', a.error_message, 'latency_ms', a.latency_ms) ORDER BY a.attempt_no) AS attempts,
             (array_agg((a.state)::text ORDER BY a.attempt_no DESC))[1] AS state,
             max(a.sequence_id) AS sequence_id
            FROM public.payment_outbox_attempts a
           WHERE (a.outbox_id = i.outbox_id)) history ON (true))
   WHERE ((t.tenant_id = evidence_pack.p_tenant_id) AND (t.instruction_id = evidence_pack.p_instruction_id));
END;

--
-- Name: FUNCTION evidence_pack(p_tenant_id uuid, p_instruction_id text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.evidence_pack(p_tenant_id uuid, p_instruction_id text) IS 'Attestation, outbox identity and attempts of one instruction of a tenant, as JSON.';

--
-- Name: ingest_instruction(uuid, text, text, text, text, text, uuid, uuid, text, uuid, text, jsonb, text, text, text, text, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.ingest_instruction(p_tenant_id uuid, p_instruction_id text, p_participant_id text, p_idempotency_key text, p_rail_type text, p_payload text, p_correlation_id uuid DEFAULT NULL::uuid, p_client_id uuid DEFAULT NULL::uuid, p_client_id_hash text DEFAULT NULL::text, p_member_id uuid DEFAULT NULL::uuid, p_signature_hash text DEFAULT NULL::text, p_signatures jsonb DEFAULT '[]'::jsonb, p_cert_fingerprint_sha256 text DEFAULT NULL::text, p_token_jti_hash text DEFAULT NULL::text, p_upstream_ref text DEFAULT NULL::text, p_downstream_ref text DEFAULT NULL::text, p_nfs_sequence_ref text DEFAULT NULL::text) RETURNS TABLE(attestation_id uuid, outbox_id uuid, sequence_id bigint, received_at timestamp with time zone, payload_hash text, state text, replayed boolean)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
declare
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
    ) > 500
        or p_signatures is null
        or jsonb_typeof(p_signatures) <> 'array'
        or octet_length(p_signatures::text) > 65536
    then
        raise exception 'attestation: a hash, a reference or the signatures break their limits'
            using
                errcode = 'P711A',
                column = 'p_signatures',
                constraint = 'texts at most 500 characters, signatures an array of 65536 bytes';
    end if;

    select i.outbox_id, i.sequence_id, i.created_at, i.state, i.replayed
    into v_item
    from public._enqueue_outbox_item(
        p_tenant_id => p_tenant_id,
        p_instruction_id => p_instruction_id,
        p_participant_id => p_participant_id,
        p_idempotency_key => p_idempotency_key,
        p_rail_type => p_rail_type,
        p_payload => p_payload::jsonb,
        p_correlation_id => p_correlation_id,
        p_upstream_ref => p_upstream_ref,
        p_downstream_ref => p_downstream_ref,
        p_nfs_sequence_ref => p_nfs_sequence_ref
    ) as i;

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

    return query
    select
        v_attestation.attestation_id,
        v_item.outbox_id,
        v_item.sequence_id,
        v_attestation.received_at,
        v_attestation.payload_hash,
        v_item.state,
        v_item.replayed;
end;
$$;

--
-- Name: FUNCTION ingest_instruction(p_tenant_id uuid, p_instruction_id text, p_participant_id text, p_idempotency_key text, p_rail_type text, p_payload text, p_correlation_id uuid, p_client_id uuid, p_client_id_hash text, p_member_id uuid, p_signature_hash text, p_signatures jsonb, p_cert_fingerprint_sha256 text, p_token_jti_hash text, p_upstream_ref text, p_downstream_ref text, p_nfs_sequence_ref text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.ingest_instruction(p_tenant_id uuid, p_instruction_id text, p_participant_id text, p_idempotency_key text, p_rail_type text, p_payload text, p_correlation_id uuid, p_client_id uuid, p_client_id_hash text, p_member_id uuid, p_signature_hash text, p_signatures jsonb, p_cert_fingerprint_sha256 text, p_token_jti_hash text, p_upstream_ref text, p_downstream_ref text, p_nfs_sequence_ref text) IS 'Accepts an instruction of a tenant; a replay returns the first acknowledgement.';

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
             WHEN (p.outbox_id IS NOT NULL) THEN 'PENDING'::text
             ELSE (latest.state)::text
         END AS state,
     COALESCE(latest.attempts, (0)::bigint) AS attempts,
     latest.rail_reference,
     latest.error_code,
     i.created_at AS accepted_at,
         CASE
             WHEN (p.outbox_id IS NULL) THEN latest.completed_at
             ELSE NULL::timestamp with time zone
         END AS completed_at,
     p.next_attempt_at
    FROM ((public.payment_outbox_identities i
      LEFT JOIN public.payment_outbox_pending p ON ((i.outbox_id = p.outbox_id)))
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

COMMENT ON FUNCTION public.instruction_status(p_tenant_id uuid, p_instruction_id text) IS 'State of an instruction: PENDING, or the state of its last attempt.';

--
-- Name: notify_outbox(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.notify_outbox() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
begin
    if pg_try_advisory_xact_lock(hashtextextended('symphony_outbox', 0)) then
        perform pg_notify('symphony_outbox', '');
    end if;
    return null;
end;
$$;

--
-- Name: FUNCTION notify_outbox(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.notify_outbox() IS 'Sends an empty NOTIFY on symphony_outbox, unless another commit is just doing so.';

--
-- Name: outbox_backlog(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.outbox_backlog() RETURNS TABLE(due bigint, delayed bigint, leased bigint, expired bigint, oldest_due_at timestamp with time zone)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    BEGIN ATOMIC
 SELECT count(*) FILTER (WHERE ((p.lease_token IS NULL) AND (p.next_attempt_at <= now()))) AS due,
     count(*) FILTER (WHERE ((p.lease_token IS NULL) AND (p.next_attempt_at > now()))) AS delayed,
     count(*) FILTER (WHERE ((p.lease_token IS NOT NULL) AND (p.lease_expires_at > now()))) AS leased,
     count(*) FILTER (WHERE ((p.lease_token IS NOT NULL) AND (p.lease_expires_at <= now()))) AS expired,
     min(p.next_attempt_at) FILTER (WHERE ((p.lease_token IS NULL) AND (p.next_attempt_at <= now()))) AS oldest_due_at
    FROM public.payment_outbox_pending p;
END;

--
-- Name: FUNCTION outbox_backlog(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.outbox_backlog() IS 'Pending items by what they wait for, and when the oldest due item became due.';

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
             COALESCE(bool_or((a.state = ANY (ARRAY['DISPATCHED'::public.outbox_attempt_state, 'FAILED'::public.outbox_attempt_state]))), false) AS has_terminal
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
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    BEGIN ATOMIC
 SELECT COALESCE((NULLIF(current_setting('symphony.outbox_retry_ceiling'::text, true), ''::text))::integer, 20) AS ceiling;
END;

--
-- Name: FUNCTION outbox_retry_ceiling(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.outbox_retry_ceiling() IS 'Attempts after which an item ends as FAILED; symphony.outbox_retry_ceiling, default 20.';

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
    if coalesce(cardinality(p_outbox_ids), 0) not between 1 and 10000
        or cardinality(p_outbox_ids) is distinct from cardinality(p_lease_tokens)
    then
        raise exception 'p_outbox_ids: must be 1 to 10000 ids, with as many tokens'
            using
                errcode = 'P7118',
                column = 'p_outbox_ids',
                constraint = '1 to 10000 ids, as many tokens';
    end if;
    if coalesce(length(p_worker_id), 0) not between 1 and 200 then
        raise exception 'p_worker_id: must be 1 to 200 characters'
            using
                errcode = 'P7117',
                column = 'p_worker_id',
                constraint = '1 to 200 characters';
    end if;

    return query
    with held as materialized (
        select p.outbox_id
        from public.payment_outbox_pending as p
        inner join unnest(p_outbox_ids, p_lease_tokens) as given (outbox_id, lease_token)
            on p.outbox_id = given.outbox_id and p.lease_token = given.lease_token
        where p.claimed_by = p_worker_id
        order by p.outbox_id
        for update of p
    )

    update public.payment_outbox_pending as p
    set claimed_by = null, lease_token = null, lease_expires_at = null
    from held
    where p.outbox_id = held.outbox_id
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
begin
    if p_batch_size is null or p_batch_size not between 1 and 10000 then
        raise exception 'p_batch_size: must be between 1 and 10000'
            using
                errcode = 'P7118',
                column = 'p_batch_size',
                constraint = 'between 1 and 10000';
    end if;
    if coalesce(length(p_worker_id), 0) not between 1 and 200 then
        raise exception 'p_worker_id: must be 1 to 200 characters'
            using
                errcode = 'P7117',
                column = 'p_worker_id',
                constraint = '1 to 200 characters';
    end if;

    return query
    with expired as materialized (
        select
            p.outbox_id,
            p.attempt_count + 1 as attempt_no,
            p.attempt_count + 1 >= public.outbox_retry_ceiling() as exhausted
        from public.payment_outbox_pending as p
        where p.claimed_by is not null and p.lease_token is not null and p.lease_expires_at <= now()
        order by p.lease_expires_at, p.created_at
        limit p_batch_size
        for update skip locked
    ),

    recorded as (
        insert into public.payment_outbox_attempts (
            outbox_id, instruction_id, participant_id, sequence_id, idempotency_key, rail_type,
            payload,
            attempt_no, state, claimed_at, completed_at, error_code, error_message, worker_id,
            tenant_id, correlation_id, upstream_ref, downstream_ref, nfs_sequence_ref
        )
        select
            p.outbox_id, p.instruction_id, p.participant_id, p.sequence_id, p.idempotency_key,
            p.rail_type, p.payload,
            e.attempt_no,
            case
                when e.exhausted then 'FAILED' else 'ZOMBIE_REQUEUE'
            end::public.outbox_attempt_state,
            now(), now(),
            case when e.exhausted then 'RETRY_CEILING_EXCEEDED' else 'LEASE_EXPIRED' end,
            'lease expired before completion', p_worker_id,
            p.tenant_id, p.correlation_id, p.upstream_ref, p.downstream_ref, p.nfs_sequence_ref
        from public.payment_outbox_pending as p
        inner join expired as e on p.outbox_id = e.outbox_id
    ),

    ended as (
        delete from public.payment_outbox_pending as p
        using expired as e
        where p.outbox_id = e.outbox_id and e.exhausted
    ),

    requeued as (
        update public.payment_outbox_pending as p
        set
            attempt_count = e.attempt_no,
            next_attempt_at = now() + interval '1 second',
            claimed_by = null,
            lease_token = null,
            lease_expires_at = null
        from expired as e
        where p.outbox_id = e.outbox_id and not e.exhausted
    )

    select e.outbox_id, e.attempt_no
    from expired as e;
end;
$$;

--
-- Name: FUNCTION repair_expired_leases(p_batch_size integer, p_worker_id text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.repair_expired_leases(p_batch_size integer, p_worker_id text) IS 'Requeues items whose lease expired, one attempt each; ends them at the retry ceiling.';

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
-- Name: ledgerdb_alembic_version; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.ledgerdb_alembic_version (
    version_num character varying(32) NOT NULL
);

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
-- Name: participant_outbox_sequences; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.participant_outbox_sequences (
    participant_id text NOT NULL,
    next_sequence_id bigint NOT NULL,
    CONSTRAINT participant_outbox_sequences_next_sequence_id_check CHECK ((next_sequence_id >= 1))
);

--
-- Name: TABLE participant_outbox_sequences; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.participant_outbox_sequences IS 'Next gapless sequence number of each participant.';

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
-- Name: ingress_attestations ingress_attestations_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ingress_attestations
    ADD CONSTRAINT ingress_attestations_pkey PRIMARY KEY (attestation_id);

--
-- Name: ledgerdb_alembic_version ledgerdb_alembic_version_pkc; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ledgerdb_alembic_version
    ADD CONSTRAINT ledgerdb_alembic_version_pkc PRIMARY KEY (version_num);

--
-- Name: outbox_counter_drift_report outbox_counter_drift_report_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.outbox_counter_drift_report
    ADD CONSTRAINT outbox_counter_drift_report_pkey PRIMARY KEY (outbox_id, detected_at);

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
-- Name: payment_outbox_identities ux_outbox_identities_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.payment_outbox_identities
    ADD CONSTRAINT ux_outbox_identities_key UNIQUE NULLS NOT DISTINCT (tenant_id, instruction_id, idempotency_key);

--
-- Name: payment_outbox_pending ux_pending_participant_sequence; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.payment_outbox_pending
    ADD CONSTRAINT ux_pending_participant_sequence UNIQUE (participant_id, sequence_id);

--
-- Name: payment_outbox_pending ux_pending_tenant_idempotency; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.payment_outbox_pending
    ADD CONSTRAINT ux_pending_tenant_idempotency UNIQUE NULLS NOT DISTINCT (tenant_id, instruction_id, idempotency_key);

--
-- Name: idx_attempts_instruction_idempotency; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_attempts_instruction_idempotency ON public.payment_outbox_attempts USING btree (instruction_id, idempotency_key);

--
-- Name: idx_attempts_outbox_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_attempts_outbox_id ON public.payment_outbox_attempts USING btree (outbox_id);

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
-- Name: ux_ingress_attestations_tenant_instruction; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX ux_ingress_attestations_tenant_instruction ON public.ingress_attestations USING btree (tenant_id, instruction_id);

--
-- Name: ux_outbox_attempts_one_terminal_per_outbox; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX ux_outbox_attempts_one_terminal_per_outbox ON public.payment_outbox_attempts USING btree (outbox_id) WHERE (state = ANY (ARRAY['DISPATCHED'::public.outbox_attempt_state, 'FAILED'::public.outbox_attempt_state]));

--
-- Name: ux_policy_versions_single_active; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX ux_policy_versions_single_active ON public.policy_versions USING btree ((1)) WHERE (status = 'ACTIVE'::public.policy_version_status);

--
-- Name: ingress_attestations trg_deny_ingress_attestations_mutation; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER trg_deny_ingress_attestations_mutation BEFORE DELETE OR UPDATE ON public.ingress_attestations FOR EACH ROW EXECUTE FUNCTION public.deny_ingress_attestations_mutation();

--
-- Name: payment_outbox_attempts trg_deny_outbox_attempts_mutation; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER trg_deny_outbox_attempts_mutation BEFORE DELETE OR UPDATE ON public.payment_outbox_attempts FOR EACH ROW EXECUTE FUNCTION public.deny_outbox_attempts_mutation();

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
-- Name: revoked_client_certs trg_deny_revoked_client_certs_mutation; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER trg_deny_revoked_client_certs_mutation BEFORE DELETE OR UPDATE ON public.revoked_client_certs FOR EACH ROW EXECUTE FUNCTION public.deny_revocation_mutation();

--
-- Name: revoked_tokens trg_deny_revoked_tokens_mutation; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER trg_deny_revoked_tokens_mutation BEFORE DELETE OR UPDATE ON public.revoked_tokens FOR EACH ROW EXECUTE FUNCTION public.deny_revocation_mutation();

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
-- Name: FUNCTION _enqueue_outbox_item(p_tenant_id uuid, p_instruction_id text, p_participant_id text, p_idempotency_key text, p_rail_type text, p_payload jsonb, p_correlation_id uuid, p_upstream_ref text, p_downstream_ref text, p_nfs_sequence_ref text); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public._enqueue_outbox_item(p_tenant_id uuid, p_instruction_id text, p_participant_id text, p_idempotency_key text, p_rail_type text, p_payload jsonb, p_correlation_id uuid, p_upstream_ref text, p_downstream_ref text, p_nfs_sequence_ref text) FROM PUBLIC;

--
-- Name: FUNCTION _outbox_fingerprint(p_participant_id text, p_rail_type text, p_payload jsonb); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public._outbox_fingerprint(p_participant_id text, p_rail_type text, p_payload jsonb) FROM PUBLIC;

--
-- Name: FUNCTION _require_text(p_parameter text, p_value text, p_sqlstate text); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public._require_text(p_parameter text, p_value text, p_sqlstate text) FROM PUBLIC;

--
-- Name: FUNCTION bump_participant_outbox_seq(p_participant_id text); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.bump_participant_outbox_seq(p_participant_id text) FROM PUBLIC;

--
-- Name: FUNCTION claim_outbox_batch(p_batch_size integer, p_worker_id text, p_lease_seconds integer); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.claim_outbox_batch(p_batch_size integer, p_worker_id text, p_lease_seconds integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.claim_outbox_batch(p_batch_size integer, p_worker_id text, p_lease_seconds integer) TO symphony_control;
GRANT ALL ON FUNCTION public.claim_outbox_batch(p_batch_size integer, p_worker_id text, p_lease_seconds integer) TO symphony_executor;

--
-- Name: FUNCTION complete_outbox_attempt(p_outbox_id uuid, p_lease_token uuid, p_worker_id text, p_state public.outbox_attempt_state, p_rail_reference text, p_rail_code text, p_error_code text, p_error_message text, p_latency_ms integer, p_retry_delay_seconds integer); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.complete_outbox_attempt(p_outbox_id uuid, p_lease_token uuid, p_worker_id text, p_state public.outbox_attempt_state, p_rail_reference text, p_rail_code text, p_error_code text, p_error_message text, p_latency_ms integer, p_retry_delay_seconds integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.complete_outbox_attempt(p_outbox_id uuid, p_lease_token uuid, p_worker_id text, p_state public.outbox_attempt_state, p_rail_reference text, p_rail_code text, p_error_code text, p_error_message text, p_latency_ms integer, p_retry_delay_seconds integer) TO symphony_control;
GRANT ALL ON FUNCTION public.complete_outbox_attempt(p_outbox_id uuid, p_lease_token uuid, p_worker_id text, p_state public.outbox_attempt_state, p_rail_reference text, p_rail_code text, p_error_code text, p_error_message text, p_latency_ms integer, p_retry_delay_seconds integer) TO symphony_executor;

--
-- Name: FUNCTION deny_ingress_attestations_mutation(); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.deny_ingress_attestations_mutation() FROM PUBLIC;

--
-- Name: FUNCTION deny_outbox_attempts_mutation(); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.deny_outbox_attempts_mutation() FROM PUBLIC;

--
-- Name: FUNCTION deny_outbox_identities_mutation(); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.deny_outbox_identities_mutation() FROM PUBLIC;

--
-- Name: FUNCTION deny_revocation_mutation(); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.deny_revocation_mutation() FROM PUBLIC;

--
-- Name: FUNCTION enforce_member_tenant_match(); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.enforce_member_tenant_match() FROM PUBLIC;

--
-- Name: FUNCTION enqueue_payment_outbox(p_instruction_id text, p_participant_id text, p_idempotency_key text, p_rail_type text, p_payload jsonb); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.enqueue_payment_outbox(p_instruction_id text, p_participant_id text, p_idempotency_key text, p_rail_type text, p_payload jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION public.enqueue_payment_outbox(p_instruction_id text, p_participant_id text, p_idempotency_key text, p_rail_type text, p_payload jsonb) TO symphony_control;
GRANT ALL ON FUNCTION public.enqueue_payment_outbox(p_instruction_id text, p_participant_id text, p_idempotency_key text, p_rail_type text, p_payload jsonb) TO symphony_ingest;

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
-- Name: TABLE payment_outbox_attempts; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT ON TABLE public.payment_outbox_attempts TO symphony_control;
GRANT SELECT ON TABLE public.payment_outbox_attempts TO symphony_readonly;
GRANT SELECT ON TABLE public.payment_outbox_attempts TO symphony_auditor;

--
-- Name: TABLE payment_outbox_identities; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.payment_outbox_identities TO symphony_control;
GRANT SELECT ON TABLE public.payment_outbox_identities TO symphony_readonly;
GRANT SELECT ON TABLE public.payment_outbox_identities TO symphony_auditor;

--
-- Name: TABLE payment_outbox_pending; Type: ACL; Schema: public; Owner: -
--

GRANT ALL ON TABLE public.payment_outbox_pending TO symphony_control;
GRANT SELECT ON TABLE public.payment_outbox_pending TO symphony_readonly;
GRANT SELECT ON TABLE public.payment_outbox_pending TO symphony_auditor;

--
-- Name: FUNCTION evidence_pack(p_tenant_id uuid, p_instruction_id text); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.evidence_pack(p_tenant_id uuid, p_instruction_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.evidence_pack(p_tenant_id uuid, p_instruction_id text) TO symphony_control;
GRANT ALL ON FUNCTION public.evidence_pack(p_tenant_id uuid, p_instruction_id text) TO symphony_ingest;
GRANT ALL ON FUNCTION public.evidence_pack(p_tenant_id uuid, p_instruction_id text) TO symphony_readonly;
GRANT ALL ON FUNCTION public.evidence_pack(p_tenant_id uuid, p_instruction_id text) TO symphony_auditor;

--
-- Name: FUNCTION ingest_instruction(p_tenant_id uuid, p_instruction_id text, p_participant_id text, p_idempotency_key text, p_rail_type text, p_payload text, p_correlation_id uuid, p_client_id uuid, p_client_id_hash text, p_member_id uuid, p_signature_hash text, p_signatures jsonb, p_cert_fingerprint_sha256 text, p_token_jti_hash text, p_upstream_ref text, p_downstream_ref text, p_nfs_sequence_ref text); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.ingest_instruction(p_tenant_id uuid, p_instruction_id text, p_participant_id text, p_idempotency_key text, p_rail_type text, p_payload text, p_correlation_id uuid, p_client_id uuid, p_client_id_hash text, p_member_id uuid, p_signature_hash text, p_signatures jsonb, p_cert_fingerprint_sha256 text, p_token_jti_hash text, p_upstream_ref text, p_downstream_ref text, p_nfs_sequence_ref text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.ingest_instruction(p_tenant_id uuid, p_instruction_id text, p_participant_id text, p_idempotency_key text, p_rail_type text, p_payload text, p_correlation_id uuid, p_client_id uuid, p_client_id_hash text, p_member_id uuid, p_signature_hash text, p_signatures jsonb, p_cert_fingerprint_sha256 text, p_token_jti_hash text, p_upstream_ref text, p_downstream_ref text, p_nfs_sequence_ref text) TO symphony_control;
GRANT ALL ON FUNCTION public.ingest_instruction(p_tenant_id uuid, p_instruction_id text, p_participant_id text, p_idempotency_key text, p_rail_type text, p_payload text, p_correlation_id uuid, p_client_id uuid, p_client_id_hash text, p_member_id uuid, p_signature_hash text, p_signatures jsonb, p_cert_fingerprint_sha256 text, p_token_jti_hash text, p_upstream_ref text, p_downstream_ref text, p_nfs_sequence_ref text) TO symphony_ingest;

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
-- Name: FUNCTION notify_outbox(); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.notify_outbox() FROM PUBLIC;

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
-- Name: FUNCTION uuid_strategy(); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.uuid_strategy() FROM PUBLIC;
GRANT ALL ON FUNCTION public.uuid_strategy() TO symphony_control;
GRANT ALL ON FUNCTION public.uuid_strategy() TO symphony_executor;
GRANT ALL ON FUNCTION public.uuid_strategy() TO symphony_ingest;
GRANT ALL ON FUNCTION public.uuid_strategy() TO symphony_readonly;
GRANT ALL ON FUNCTION public.uuid_strategy() TO symphony_auditor;

--
-- Name: TABLE outbox_counter_drift_report; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.outbox_counter_drift_report TO symphony_control;
GRANT SELECT ON TABLE public.outbox_counter_drift_report TO symphony_readonly;
GRANT SELECT ON TABLE public.outbox_counter_drift_report TO symphony_auditor;

--
-- Name: TABLE participant_outbox_sequences; Type: ACL; Schema: public; Owner: -
--

GRANT ALL ON TABLE public.participant_outbox_sequences TO symphony_control;

--
-- PostgreSQL database dump complete
--
