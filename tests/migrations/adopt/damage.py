"""What people and accidents do to a database, and what an inspection must say of each.

`MENDED`: adoption or the upgrade puts it right, with a signature where one is needed, and the end
is that of a fresh install. `KEPT`: stays, so that the end differs by exactly that. `BLOCKS`: an
operator must decide. Each is (statement, key of the finding, its effect, a word of its text).
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

KEPT: tuple[Damage, ...] = (
    (
        f"alter table {QUEUE} set (autovacuum_vacuum_scale_factor = 0.01)",
        "table:payment_outbox_pending",
        Effect.KEPT,
        "autovacuum",
    ),
    (
        "alter table public.tenants enable row level security",
        "table:tenants",
        Effect.NEEDS_ACCEPTANCE,
        "row level security",
    ),
    (
        "create policy p on public.tenants using (true)",
        "policy:tenants.p",
        Effect.NEEDS_ACCEPTANCE,
        "somebody else",
    ),
    (
        f"alter table {ATTEMPTS} add column settled_by text",
        "column:payment_outbox_attempts.settled_by",
        Effect.NEEDS_ACCEPTANCE,
        "somebody else",
    ),
    (
        """alter table public.tenants drop constraint tenants_tenant_type_check;
        alter table public.tenants add constraint tenants_tenant_type_check
        check (tenant_type in ('NGO', 'COOPERATIVE', 'GOVERNMENT', 'COMMERCIAL', 'BANK'))""",
        "constraint:tenants.tenants_tenant_type_check",
        Effect.NEEDS_ACCEPTANCE,
        "instead of",
    ),
    (
        f"alter table {QUEUE} add constraint mine check (rail_type <> 'FAX')",
        "constraint:payment_outbox_pending.mine",
        Effect.NEEDS_ACCEPTANCE,
        "refuses rows",
    ),
    (
        f"create index mine_rail on {ATTEMPTS} (rail_type)",
        "index:payment_outbox_attempts.mine_rail",
        Effect.KEPT,
        "costs every write",
    ),
    (
        f"create unique index mine_reference on {ATTEMPTS} (rail_reference)",
        "index:payment_outbox_attempts.mine_reference",
        Effect.NEEDS_ACCEPTANCE,
        "refuses rows",
    ),
    (
        f"""create function public.mine() returns trigger language plpgsql security definer
            set search_path = pg_catalog, pg_temp as 'begin return new; end';
        create trigger trg_mine after insert on {ATTEMPTS}
        for each row execute function public.mine()""",
        "trigger:payment_outbox_attempts.trg_mine",
        Effect.NEEDS_ACCEPTANCE,
        "no payload",
    ),
    (
        f"alter table {QUEUE} disable trigger trg_set_corr_id_payment_outbox_pending",
        "trigger:payment_outbox_pending.trg_set_corr_id_payment_outbox_pending",
        Effect.NEEDS_ACCEPTANCE,
        "not enabled",
    ),
    (
        f"create table public.invoices (attempt_id uuid references {ATTEMPTS})",
        "constraint:invoices.invoices_attempt_id_fkey",
        Effect.KEPT,
        "retired",
    ),
    (
        f"create view public.backlog as select * from {QUEUE}",
        "view:backlog",
        Effect.NEEDS_ACCEPTANCE,
        "lease tokens",
    ),
    (
        f"create view public.rails as select distinct rail_type from {QUEUE}",
        "view:rails",
        Effect.KEPT,
        "stays",
    ),
    (
        f"grant update on {QUEUE} to test_user",
        "grant:payment_outbox_pending.test_user",
        Effect.NEEDS_ACCEPTANCE,
        "around the functions",
    ),
    (
        "grant insert on public.evidence_packs to boz_auditor",
        "grant:uuid_v7_or_random.boz_auditor",
        Effect.CREATED,
        "evidence_packs",
    ),
)

BLOCKS: tuple[Damage, ...] = (
    (
        "alter table public.revoked_client_certs set unlogged",
        "table:revoked_client_certs",
        Effect.BLOCKS,
        "logged",
    ),
    (
        "create rule r as on insert to public.tenant_members do also notify members",
        "table:tenant_members",
        Effect.BLOCKS,
        "rule",
    ),
    (
        f"alter table {ATTEMPTS} alter column latency_ms type bigint",
        "column:payment_outbox_attempts.latency_ms",
        Effect.BLOCKS,
        "bigint instead of integer",
    ),
    (
        f"alter table {QUEUE} add column hold text",
        "column:payment_outbox_pending.hold",
        Effect.BLOCKS,
        "later revision",
    ),
    (
        f"alter table {INGRESS} add column region text not null",
        "column:ingress_attestations.region",
        Effect.BLOCKS,
        "23502",
    ),
    (
        f"alter table {ATTEMPTS} add constraint mine check (payload is not null)",
        "constraint:payment_outbox_attempts.mine",
        Effect.BLOCKS,
        "revision 0004",
    ),
    (
        """alter table public.tenant_clients
        drop constraint tenant_clients_tenant_id_client_key_key;
        alter table public.tenant_clients add constraint tenant_clients_tenant_id_client_key_key
        unique (client_key)""",
        "constraint:tenant_clients.tenant_clients_tenant_id_client_key_key",
        Effect.BLOCKS,
        "identity",
    ),
    (
        f"create index idx_attempts_failed on {ATTEMPTS} (state)",
        "index:payment_outbox_attempts.idx_attempts_failed",
        Effect.BLOCKS,
        "later revision",
    ),
    (
        "alter type public.policy_version_status add value 'DRAFT'",
        "enum:policy_version_status",
        Effect.BLOCKS,
        "DRAFT",
    ),
    (
        """create function public.claim_outbox_batch(p_batch_size integer) returns void
        language sql as ''""",
        "function:claim_outbox_batch(p_batch_size integer)",
        Effect.BLOCKS,
        "ambiguous",
    ),
    (
        """alter function public.uuid_strategy() rename to uuid_strategy_old;
        create function public.uuid_strategy() returns integer language sql as 'select 1'""",
        "function:uuid_strategy",
        Effect.BLOCKS,
        "replaces no function",
    ),
    (
        f"""create function public.bill() returns trigger language plpgsql
            as 'begin return new; end';
        create trigger trg_bill after insert on {ATTEMPTS}
        for each row execute function public.bill()""",
        "trigger:payment_outbox_attempts.trg_bill",
        Effect.BLOCKS,
        "security definer",
    ),
    (
        f"""create table public.later (participant_id text, sequence_id bigint, constraint of_item
        foreign key (participant_id, sequence_id) references {QUEUE} (participant_id, sequence_id)
        )""",
        "constraint:later.of_item",
        Effect.BLOCKS,
        "later revision drops",
    ),
    (
        "create table public.ledger_seals (mine text)",
        "name:public",
        Effect.BLOCKS,
        "ledger_seals",
    ),
    (
        """insert into public.participant_outbox_sequences values ('o', 2);
        insert into public.payment_outbox_pending (instruction_id, participant_id, sequence_id,
            idempotency_key, rail_type, payload) values ('o', 'o', 1, 'o', 'RTGS', '{}');
        insert into public.payment_outbox_attempts (outbox_id, instruction_id, participant_id,
            sequence_id, idempotency_key, rail_type, payload, attempt_no, state)
        select outbox_id, instruction_id, participant_id, sequence_id, idempotency_key, rail_type,
            payload, 2147483647, 'RETRYABLE'
        from public.payment_outbox_pending where instruction_id = 'o'""",
        "data:overflow",
        Effect.BLOCKS,
        "P7009",
    ),
    (
        """alter table public.policy_versions drop constraint ck_policy_checksum_nonempty;
        insert into public.policy_versions (version, checksum) values ('v', '')""",
        "constraint:policy_versions.ck_policy_checksum_nonempty",
        Effect.BLOCKS,
        "1 rows break",
    ),
    (
        """alter table public.tenants drop constraint tenants_tenant_key_key;
        alter table public.tenants disable trigger user;
        set session_replication_role = replica;
        alter table public.tenants drop constraint tenants_billable_client_required_new_rows_chk;
        insert into public.tenants (tenant_key, tenant_name, tenant_type)
        values ('k', 'n', 'NGO'), ('k', 'n', 'NGO')""",
        "constraint:tenants.tenants_tenant_key_key",
        Effect.BLOCKS,
        "stand twice",
    ),
)
