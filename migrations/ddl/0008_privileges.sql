-- Who may do what: services and operators have functions and the readers' views; nobody writes a
-- table, and nobody reads a lease token, since whoever has one can complete the payment. Readers
-- name the columns of queue and attempts: `select *` would include the tokens.
-- Locks: none on tables.
revoke all on
public.payment_outbox_pending,
public.payment_outbox_attempts,
public.participant_outbox_sequences
from public, symphony_control, symphony_executor, symphony_ingest, symphony_readonly,
symphony_auditor;

-- Whoever may write attempts by hand needs positions, and nobody may any more.
revoke all on sequence public.ledger_positions from symphony_control;

grant select (
    outbox_id, instruction_id, participant_id, sequence_id, idempotency_key, rail_type, payload,
    attempt_count, next_attempt_at, created_at, claimed_by, lease_expires_at, tenant_id,
    correlation_id, upstream_ref, downstream_ref, nfs_sequence_ref, leased_at, dispatch_started_at,
    hold, held_at, redrive_no, budget_base, fifo
)
on public.payment_outbox_pending to symphony_control, symphony_readonly, symphony_auditor;

grant select (
    attempt_id, outbox_id, instruction_id, participant_id, sequence_id, idempotency_key, rail_type,
    payload, attempt_no, state, claimed_at, completed_at, rail_reference, rail_code, error_code,
    error_message, latency_ms, worker_id, created_at, tenant_id, member_id, correlation_id,
    upstream_ref, downstream_ref, nfs_sequence_ref, dispatch_started_at, closed_by, redrive_no,
    ledger_position
)
on public.payment_outbox_attempts to symphony_control, symphony_readonly, symphony_auditor;

grant select on public.participant_outbox_sequences to symphony_control;
grant select on public.ledger_retention_runs, public.payment_outbox_outcomes
to symphony_control, symphony_readonly, symphony_auditor;

-- Deployed databases have further readers (boz_auditor): they keep what they read but the tokens.
do $do$
declare
    v_reader record;
    v_column text;
begin
    for v_reader in
        select distinct
            c.oid,
            c.relname,
            r.rolname
        from pg_catalog.pg_class as c
        cross join lateral pg_catalog.aclexplode(c.relacl) as a
        inner join pg_catalog.pg_roles as r on a.grantee = r.oid
        where
            c.oid in (
                'public.payment_outbox_pending'::regclass,
                'public.payment_outbox_attempts'::regclass
            )
            and a.privilege_type = 'SELECT'
            and a.grantee <> c.relowner
    loop
        execute pg_catalog.format(
            'revoke select on public.%I from %I cascade', v_reader.relname, v_reader.rolname
        );
        for v_column in
            select t.attname
            from pg_catalog.pg_attribute as t
            where
                t.attrelid = v_reader.oid
                and t.attnum > 0
                and not t.attisdropped
                and t.attname <> 'lease_token'
        loop
            execute pg_catalog.format(
                'grant select (%I) on public.%I to %I',
                v_column,
                v_reader.relname,
                v_reader.rolname
            );
        end loop;
    end loop;
end;
$do$;

revoke usage on type public.outbox_attempt_state, public.policy_version_status from public;
grant usage on type public.outbox_attempt_state, public.policy_version_status
to symphony_control, symphony_executor, symphony_ingest, symphony_readonly, symphony_auditor;

-- What the owner may ever create itself is nobody else's either.
alter default privileges for role symphony_owner revoke execute on functions from public;
alter default privileges for role symphony_owner revoke usage on types from public;
