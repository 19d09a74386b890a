"""Further damage: what stays, and what an operator must decide. See damage.py."""

from __future__ import annotations

from ledgerdb.migrate.adopt import Effect
from tests.migrations.adopt.damage import ATTEMPTS, INGRESS, QUEUE, Damage

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
