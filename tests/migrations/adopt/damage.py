"""What people and accidents do to a database, and what an inspection must say of each.

`MENDED`: adoption or the upgrade puts it right, with a signature where one is needed, and the end
is that of a fresh install. `KEPT`: stays, so that the end differs by exactly that. `BLOCKS`: an
operator must decide; both in lasting_damage.py. Each is (statement, key of the finding, its effect,
a word of its text).
"""

from __future__ import annotations

from ledgerdb.migrate.adopt import Effect

QUEUE = "public.payment_outbox_pending"
ATTEMPTS = "public.payment_outbox_attempts"
INGRESS = "public.ingress_attestations"

Damage = tuple[str, str, Effect, str]

MENDED: tuple[Damage, ...] = (
    (
        f"alter table {QUEUE} reset (fillfactor)",
        "table:payment_outbox_pending",
        Effect.CREATED,
        "fillfactor=80",
    ),
    (
        f"alter table {INGRESS} drop column upstream_ref",
        "column:ingress_attestations.upstream_ref",
        Effect.CREATED,
        "added",
    ),
    (
        f"alter table {INGRESS} drop column signatures",
        "column:ingress_attestations.signatures",
        Effect.CREATED,
        "added",
    ),
    (
        "alter table public.policy_versions drop column is_active",
        "column:policy_versions.is_active",
        Effect.CREATED,
        "added",
    ),
    (
        f"alter table {ATTEMPTS} alter column rail_type drop not null",
        "column:payment_outbox_attempts.rail_type",
        Effect.MENDED,
        "NOT NULL",
    ),
    (
        "alter table public.tenant_members alter column msisdn_hash set not null",
        "column:tenant_members.msisdn_hash",
        Effect.NEEDS_ACCEPTANCE,
        "dropped",
    ),
    (
        f"alter table {QUEUE} alter column attempt_count set default 1",
        "column:payment_outbox_pending.attempt_count",
        Effect.NEEDS_ACCEPTANCE,
        "default 1 instead of 0",
    ),
    (
        f"alter table {QUEUE} drop constraint payment_outbox_pending_attempt_count_check",
        "constraint:payment_outbox_pending.payment_outbox_pending_attempt_count_check",
        Effect.CREATED,
        "NOT VALID",
    ),
    (
        f"alter table {ATTEMPTS} drop constraint payment_outbox_attempts_tenant_id_fkey",
        "constraint:payment_outbox_attempts.payment_outbox_attempts_tenant_id_fkey",
        Effect.CREATED,
        "FOREIGN KEY",
    ),
    (
        f"alter table {QUEUE} drop constraint ux_pending_idempotency",
        "constraint:payment_outbox_pending.ux_pending_idempotency",
        Effect.CREATED,
        "concurrently",
    ),
    (
        """alter table public.tenants drop constraint tenants_status_check;
        alter table public.tenants add constraint tenants_status_check
        check (status in ('ACTIVE', 'SUSPENDED', 'CLOSED')) not valid""",
        "constraint:tenants.tenants_status_check",
        Effect.MENDED,
        "validated",
    ),
    (
        "drop index public.idx_payment_outbox_pending_due_claim",
        "index:payment_outbox_pending.idx_payment_outbox_pending_due_claim",
        Effect.CREATED,
        "concurrently",
    ),
    (
        "drop index public.ux_outbox_attempts_one_terminal_per_outbox",
        "index:payment_outbox_attempts.ux_outbox_attempts_one_terminal_per_outbox",
        Effect.CREATED,
        "concurrently",
    ),
    (
        "drop index public.ux_policy_versions_single_active",
        "index:policy_versions.ux_policy_versions_single_active",
        Effect.CREATED,
        "concurrently",
    ),
    (
        """update pg_catalog.pg_index set indisvalid = false
        where indexrelid = 'public.idx_tenants_status'::regclass""",
        "index:tenants.idx_tenants_status",
        Effect.MENDED,
        "invalid",
    ),
    (
        f"""drop index public.idx_ingress_attestations_tenant_received;
        create index idx_ingress_attestations_tenant_received on {INGRESS} (tenant_id)""",
        "index:ingress_attestations.idx_ingress_attestations_tenant_received",
        Effect.NEEDS_ACCEPTANCE,
        "without",
    ),
    (
        f"drop trigger trg_deny_outbox_attempts_mutation on {ATTEMPTS}",
        "trigger:payment_outbox_attempts.trg_deny_outbox_attempts_mutation",
        Effect.NEEDS_ACCEPTANCE,
        "could be changed",
    ),
    (
        f"alter table {INGRESS} disable trigger trg_deny_ingress_attestations_mutation",
        "trigger:ingress_attestations.trg_deny_ingress_attestations_mutation",
        Effect.NEEDS_ACCEPTANCE,
        "disabled",
    ),
    (
        """drop trigger trg_deny_revoked_tokens_mutation on public.revoked_tokens;
        create trigger trg_deny_revoked_tokens_mutation before delete on public.revoked_tokens
        for each row execute function public.deny_revocation_mutation()""",
        "trigger:revoked_tokens.trg_deny_revoked_tokens_mutation",
        Effect.NEEDS_ACCEPTANCE,
        "BEFORE DELETE ON",
    ),
    (
        """create or replace function public.uuid_strategy() returns text language sql stable
        as 'select ''mine''::text'""",
        "function:uuid_strategy",
        Effect.NEEDS_ACCEPTANCE,
        "edited by hand",
    ),
    (
        "alter function public.bump_participant_outbox_seq(text) security invoker",
        "function:bump_participant_outbox_seq",
        Effect.REPLACED,
        "attributes",
    ),
    (
        f"revoke insert on {ATTEMPTS} from symphony_control",
        "grant:payment_outbox_attempts.symphony_control.INSERT",
        Effect.CREATED,
        "missing",
    ),
    (
        "revoke execute on function public.repair_expired_leases from symphony_executor",
        "grant:repair_expired_leases.symphony_executor.EXECUTE",
        Effect.CREATED,
        "missing",
    ),
    (
        "comment on table public.tenants is 'ours'",
        "comment:tenants",
        Effect.MENDED,
        "'ours'",
    ),
    (
        "delete from public.schema_migrations where version like '0024%'",
        "migration:0024_business_tables_privilege_hygiene_and_usage_event_conventions.sql",
        Effect.NEEDS_ACCEPTANCE,
        "never ran",
    ),
    (
        "update public.schema_migrations set checksum = 'x' where version = '0003_roles.sql'",
        "migration:0003_roles.sql",
        Effect.NEEDS_ACCEPTANCE,
        "another text",
    ),
    (
        "insert into public.schema_migrations (version, checksum) values ('0035_mine.sql', 'x')",
        "migration:0035_mine.sql",
        Effect.NEEDS_ACCEPTANCE,
        "none of the 34",
    ),
    (
        f"""set session_replication_role = replica;
        insert into {QUEUE} (instruction_id, participant_id, sequence_id, idempotency_key,
            rail_type, payload, correlation_id, claimed_by)
        values ('half', 'h', 1, 'half', 'RTGS', '{{}}', gen_random_uuid(), 'w');
        set session_replication_role = origin""",
        "data:half-leases",
        Effect.NEEDS_ACCEPTANCE,
        "only a part of a lease",
    ),
    (
        "select 1",  # the item of the case before, whose participant has no counter
        "data:sequences",
        Effect.MENDED,
        "such as h",
    ),
    (
        f"""insert into {ATTEMPTS} (outbox_id, instruction_id, participant_id, sequence_id,
            idempotency_key, rail_type, payload, attempt_no, state)
        select outbox_id, instruction_id, participant_id, sequence_id, idempotency_key, rail_type,
            payload, 4, 'RETRYABLE' from {QUEUE} where instruction_id = 'half'""",
        "data:counters",
        Effect.MENDED,
        "outbox_counter_drift_report",
    ),
    (
        "select 1",  # the attempt of the case before
        "data:attempt-numbers",
        Effect.KEPT,
        "gaps",
    ),
    (
        f"""alter table {QUEUE} drop constraint
            payment_outbox_pending_correlation_required_new_rows_chk;
        set session_replication_role = replica;
        insert into {QUEUE} (instruction_id, participant_id, sequence_id, idempotency_key,
            rail_type, payload)
        values ('uncorrelated', 'u', 1, 'uncorrelated', 'RTGS', '{{}}');
        set session_replication_role = origin;
        insert into public.participant_outbox_sequences values ('u', 2);
        alter table {QUEUE} add constraint payment_outbox_pending_correlation_required_new_rows_chk
        check (correlation_id is not null) not valid""",
        "data:correlation",
        Effect.MENDED,
        "23514",
    ),
)
