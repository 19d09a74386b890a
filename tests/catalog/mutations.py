"""What can happen to a database behind the back of its migrations, and what must be said of it.

Each statement is run on a database at head, as a superuser, and rolled back. The objects are named
as `ledgerdb drift` names them; nothing else may be reported.
"""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = ["MUTATIONS", "Mutation"]


class Mutation(NamedTuple):
    """Statements, and the objects that they change."""

    statements: str
    objects: tuple[str, ...]


def _one(statements: str, *objects: str) -> Mutation:
    return Mutation(statements, objects)


_CLAIM: Final = "claim_outbox_items(integer, text, integer)"
_HOLD: Final = "index payment_outbox_pending.idx_payment_outbox_pending_hold"
_GUARD: Final = "trigger payment_outbox_attempts.trg_deny_outbox_attempts_mutation"
_TRUNCATE: Final = "trigger payment_outbox_attempts.trg_deny_outbox_attempts_truncate"
_TENANT: Final = "constraint tenant_clients.tenant_clients_tenant_id_fkey"

_TABLES: Final = {
    "a table dropped": _one(
        "drop table public.outbox_counter_drift_report", "table outbox_counter_drift_report"
    ),
    "fillfactor reset": _one(
        "alter table public.payment_outbox_pending reset (fillfactor)",
        "table payment_outbox_pending",
    ),
    "autovacuum off": _one(
        "alter table public.payment_outbox_attempts set (autovacuum_enabled = off)",
        "table payment_outbox_attempts",
    ),
    "toast option": _one(
        "alter table public.tenants set (toast.autovacuum_enabled = off)", "table tenants"
    ),
    "unlogged": _one("alter table public.outbox_controls set unlogged", "table outbox_controls"),
    "row security": _one(
        "alter table public.payment_outbox_pending enable row level security",
        "table payment_outbox_pending",
    ),
    "row security forced": _one(
        "alter table public.tenants enable row level security, force row level security",
        "table tenants",
    ),
    "replica identity": _one(
        "alter table public.payment_outbox_attempts replica identity full",
        "table payment_outbox_attempts",
    ),
    "a parent": _one(
        "create table public.parent (tenant_key text not null); alter table public.tenants inherit public.parent",
        "table tenants",
    ),
    "a child": _one(
        "create table public.child () inherits (public.outbox_controls)",
        "inheritance outbox_controls.public.child",
    ),
    "the table of revisions": _one(
        "alter table public.ledgerdb_migrations add column note text",
        "column ledgerdb_migrations.note",
    ),
}
_COLUMNS: Final = {
    "a column added": _one(
        "alter table public.tenants add column note text", "column tenants.note"
    ),
    "a column dropped": _one(
        "alter table public.revoked_tokens drop column reason_code",
        "column revoked_tokens.reason_code",
    ),
    "a column renamed": _one(
        "alter table public.tenant_members rename column tpin_hash to pin_hash",
        "column tenant_members.pin_hash",
        "column tenant_members.tpin_hash",
    ),
    "type widened": _one(
        "alter table public.tenants alter column tenant_name type varchar(300)",
        "column tenants.tenant_name",
    ),
    "nullable": _one(
        "alter table public.tenants alter column tenant_name drop not null",
        "column tenants.tenant_name",
    ),
    "not nullable": _one(
        "alter table public.tenant_members alter column tpin_hash set not null",
        "column tenant_members.tpin_hash",
    ),
    "default changed": _one(
        "alter table public.payment_outbox_pending alter column attempt_count set default 1",
        "column payment_outbox_pending.attempt_count",
    ),
    "default dropped": _one(
        "alter table public.tenants alter column status drop default", "column tenants.status"
    ),
    "no longer generated": _one(
        "alter table public.policy_versions alter column is_active drop expression",
        "column policy_versions.is_active",
    ),
    "identity": _one(
        "alter table public.policy_versions add column no int generated always as identity",
        "column policy_versions.no",
    ),
    "storage": _one(
        "alter table public.payment_outbox_identities alter column payload set storage external",
        "column payment_outbox_identities.payload",
    ),
    "compression": _one(
        "alter table public.payment_outbox_attempts alter column error_message set compression pglz",
        "column payment_outbox_attempts.error_message",
    ),
    "collation": _one(
        """alter table public.revoked_tokens alter column reason_code type text collate "C" """,
        "column revoked_tokens.reason_code",
    ),
    "statistics target": _one(
        "alter table public.payment_outbox_attempts alter column state set statistics 500",
        "column payment_outbox_attempts.state",
    ),
}
_INDEXES: Final = {
    "an index dropped": _one("drop index public.idx_payment_outbox_pending_hold", _HOLD),
    "an index added": _one(
        "create index idx_extra on public.payment_outbox_attempts (rail_reference)",
        "index payment_outbox_attempts.idx_extra",
    ),
    "an index renamed": _one(
        "alter index public.idx_payment_outbox_pending_hold rename to idx_hold",
        "index payment_outbox_pending.idx_hold",
        _HOLD,
    ),
    "invalid": _one(
        "update pg_index set indisvalid = false where indexrelid = 'public.idx_payment_outbox_pending_hold'::regclass",
        _HOLD,
    ),
    "not ready": _one(
        "update pg_index set indisready = false where indexrelid = 'public.idx_payment_outbox_pending_hold'::regclass",
        _HOLD,
    ),
    "another predicate": _one(
        """drop index public.idx_payment_outbox_pending_hold; create index idx_payment_outbox_pending_hold
        on public.payment_outbox_pending (hold, held_at) where hold = 'PAUSED'""",
        _HOLD,
    ),
    "no predicate": _one(
        """drop index public.idx_ingress_attestations_correlation_id;
        create index idx_ingress_attestations_correlation_id on public.ingress_attestations (correlation_id)""",
        "index ingress_attestations.idx_ingress_attestations_correlation_id",
    ),
    "included columns": _one(
        """drop index public.idx_tenants_status;
        create index idx_tenants_status on public.tenants (status) include (tenant_key)""",
        "index tenants.idx_tenants_status",
    ),
    "another method": _one(
        "drop index public.idx_tenants_status; create index idx_tenants_status on public.tenants using hash (status)",
        "index tenants.idx_tenants_status",
    ),
    "another order": _one(
        "drop index public.idx_tenants_status; create index idx_tenants_status on public.tenants (status desc)",
        "index tenants.idx_tenants_status",
    ),
    "no longer unique": _one(
        """drop index public.ux_ingress_attestations_tenant_instruction;
        create index ux_ingress_attestations_tenant_instruction
        on public.ingress_attestations (tenant_id, instruction_id)""",
        "index ingress_attestations.ux_ingress_attestations_tenant_instruction",
    ),
    "nulls not distinct": _one(
        "create unique index ux_extra on public.tenants (status) nulls not distinct",
        "index tenants.ux_extra",
    ),
    "an index's options": _one(
        "alter index public.idx_tenants_status set (fillfactor = 70)",
        "index tenants.idx_tenants_status",
    ),
    "statistics": _one(
        "create statistics public.extra on status, tenant_type from public.tenants",
        "statistics tenants.extra",
    ),
}
_CONSTRAINTS: Final = {
    "a check dropped": _one(
        "alter table public.payment_outbox_pending drop constraint ck_pending_hold",
        "constraint payment_outbox_pending.ck_pending_hold",
    ),
    "a check added": _one(
        "alter table public.tenants add constraint extra check (tenant_key <> '')",
        "constraint tenants.extra",
    ),
    "a check weakened": _one(
        """alter table public.payment_outbox_pending drop constraint payment_outbox_pending_attempt_count_check,
        add constraint payment_outbox_pending_attempt_count_check check (attempt_count >= -1)""",
        "constraint payment_outbox_pending.payment_outbox_pending_attempt_count_check",
    ),
    "not validated": _one(
        f"""alter table public.tenant_clients drop constraint {_TENANT.rpartition(".")[2]},
        add constraint {_TENANT.rpartition(".")[2]}
        foreign key (tenant_id) references public.tenants (tenant_id) not valid""",
        _TENANT,
    ),
    "deferrable": _one(
        f"alter table public.tenant_clients alter constraint {_TENANT.rpartition('.')[2]} deferrable",
        _TENANT,
    ),
    "a cascade": _one(
        f"""alter table public.tenant_clients drop constraint {_TENANT.rpartition(".")[2]},
        add constraint {_TENANT.rpartition(".")[2]}
        foreign key (tenant_id) references public.tenants (tenant_id) on delete cascade""",
        _TENANT,
    ),
    "a key dropped": _one(
        "alter table public.policy_versions drop constraint policy_versions_pkey",
        "index policy_versions.policy_versions_pkey",
        "constraint policy_versions.policy_versions_pkey",
    ),
    "triggers of keys off": _one(
        "alter table public.tenant_members disable trigger all",
        "constraint tenant_members.tenant_members_tenant_id_fkey",
        "*",
    ),
    "a stranger's reference": _one(
        "create table public.stranger (tenant_id uuid constraint stranger_fk references public.tenants)",
        "reference stranger.stranger_fk",
    ),
    "a reference from elsewhere": _one(
        """create schema other;
        create table other.stranger (tenant_id uuid constraint stranger_fk references public.tenants)""",
        "reference other.stranger.stranger_fk",
    ),
}
_TRIGGERS: Final = {
    "a guard disabled": _one(
        "alter table public.payment_outbox_attempts disable trigger trg_deny_outbox_attempts_mutation",
        _GUARD,
    ),
    "a guard not in replicas": _one(
        "alter table public.payment_outbox_attempts enable trigger trg_deny_outbox_attempts_mutation",
        _GUARD,
    ),
    "a guard in replicas only": _one(
        "alter table public.payment_outbox_attempts enable replica trigger trg_deny_outbox_attempts_mutation",
        _GUARD,
    ),
    "a guard dropped": _one(
        "drop trigger trg_deny_outbox_attempts_truncate on public.payment_outbox_attempts",
        _TRUNCATE,
    ),
    "a guard for less": _one(
        """drop trigger trg_deny_outbox_attempts_mutation on public.payment_outbox_attempts;
        create trigger trg_deny_outbox_attempts_mutation before delete on public.payment_outbox_attempts
        for each row execute function public.deny_outbox_attempts_mutation();
        alter table public.payment_outbox_attempts enable always trigger trg_deny_outbox_attempts_mutation""",
        _GUARD,
    ),
    "a stranger's trigger": _one(
        """create function public.spy() returns trigger language plpgsql as 'begin return new; end';
        create trigger trg_spy before insert on public.payment_outbox_pending
        for each row execute function public.spy()""",
        "trigger payment_outbox_pending.trg_spy",
    ),
    "a rule": _one(
        "create rule quiet as on delete to public.payment_outbox_attempts do instead nothing",
        "rule payment_outbox_attempts.quiet",
    ),
    "a policy": _one(
        "create policy few on public.payment_outbox_pending for select to symphony_readonly using (tenant_id is null)",
        "policy payment_outbox_pending.few",
    ),
}
_PROGRAMS: Final = {
    "a body": _one(
        """create or replace function public.deny_outbox_attempts_mutation() returns trigger language plpgsql
        set search_path = pg_catalog, public, pg_temp as 'begin return new; end'""",
        "function deny_outbox_attempts_mutation()",
    ),
    "a parsed body": _one(
        """create or replace function public.uuid_strategy() returns text language sql stable
        set search_path = pg_catalog, public, pg_temp begin atomic select 'other'::text as strategy; end""",
        "function uuid_strategy()",
    ),
    "a function dropped": _one(
        "drop function public.retire_history",
        "function retire_history(timestamp with time zone, integer, text, text, uuid)",
    ),
    "rights of the caller": _one(
        f"alter function public.{_CLAIM} security invoker", f"function {_CLAIM}"
    ),
    "search path": _one(
        f"alter function public.{_CLAIM} set search_path = public", f"function {_CLAIM}"
    ),
    "a setting": _one(f"alter function public.{_CLAIM} set work_mem = '1GB'", f"function {_CLAIM}"),
    "volatility": _one(
        "alter function public.outbox_retry_ceiling() volatile", "function outbox_retry_ceiling()"
    ),
    "strict": _one(f"alter function public.{_CLAIM} strict", f"function {_CLAIM}"),
    "leakproof": _one(f"alter function public.{_CLAIM} leakproof", f"function {_CLAIM}"),
    "parallel": _one(f"alter function public.{_CLAIM} parallel safe", f"function {_CLAIM}"),
    "cost and rows": _one(f"alter function public.{_CLAIM} cost 10 rows 10", f"function {_CLAIM}"),
    "an overload": _one(
        "create function public.uuid_strategy(int) returns int language sql return 1",
        "function uuid_strategy(integer)",
    ),
    "a view changed": _one(
        """do $$ begin execute 'create or replace view public.payment_outbox_controls as '
        || rtrim(pg_get_viewdef('public.payment_outbox_controls'::regclass), ';') || ' limit 0';
        end $$""",
        "view payment_outbox_controls",
    ),
    "a view dropped": _one(
        "drop view public.payment_outbox_dead_letters", "view payment_outbox_dead_letters"
    ),
    "a view's options": _one(
        "alter view public.payment_outbox_queue set (security_invoker = true)",
        "view payment_outbox_queue",
    ),
    "a sequence": _one(
        "alter sequence public.ledger_positions increment 10 cycle", "sequence ledger_positions"
    ),
    "a sequence's cache": _one(
        "alter sequence public.ledger_positions cache 100", "sequence ledger_positions"
    ),
    "an enum longer": _one(
        "alter type public.outbox_attempt_state add value 'LOST'", "enum outbox_attempt_state"
    ),
    "an enum renamed": _one(
        "alter type public.policy_version_status rename value 'GRACE' to 'MERCY'",
        "enum policy_version_status",
        "*",
    ),
}
_RIGHTS: Final = {
    "an owner": _one("alter table public.tenants owner to postgres", "owner table tenants"),
    "a function's owner": _one(
        f"alter function public.{_CLAIM} owner to postgres", f"owner function {_CLAIM}"
    ),
    "a view's owner": _one(
        "alter view public.payment_outbox_queue owner to postgres",
        "owner view payment_outbox_queue",
    ),
    "a type's owner": _one(
        "alter type public.outbox_attempt_state owner to postgres",
        "owner enum outbox_attempt_state",
    ),
    "a table granted": _one(
        "grant insert on public.payment_outbox_attempts to symphony_control",
        "grant table payment_outbox_attempts to symphony_control",
    ),
    "a table granted to all": _one(
        "grant select on public.payment_outbox_pending to public",
        "grant table payment_outbox_pending to PUBLIC",
    ),
    "lease tokens granted": _one(
        "grant select (lease_token) on public.payment_outbox_pending to symphony_readonly",
        "grant column payment_outbox_pending.lease_token to symphony_readonly",
    ),
    "a grant that can be passed on": _one(
        f"grant execute on function public.{_CLAIM} to symphony_executor with grant option",
        f"grant function {_CLAIM} to symphony_executor",
    ),
    "a grant revoked": _one(
        f"revoke execute on function public.{_CLAIM} from symphony_executor",
        f"grant function {_CLAIM} to symphony_executor",
    ),
    "a function for all": _one(
        "grant execute on function public.retire_history to public",
        "grant function retire_history(timestamp with time zone, integer, text, text, uuid) to PUBLIC",
    ),
    "a sequence granted": _one(
        "grant usage on sequence public.ledger_positions to symphony_control",
        "grant sequence ledger_positions to symphony_control",
    ),
    "a type for all": _one(
        "grant usage on type public.outbox_attempt_state to public",
        "grant enum outbox_attempt_state to PUBLIC",
    ),
    "the owner's own": _one(
        "revoke insert on public.payment_outbox_attempts from symphony_owner",
        "grant table payment_outbox_attempts to its owner",
    ),
    "create in the schema": _one(
        "grant create on schema public to public", "grant schema public to PUBLIC"
    ),
    "usage of the schema": _one(
        "revoke usage on schema public from symphony_executor",
        "grant schema public to symphony_executor",
    ),
    "create in the database": _one(
        "do $$ begin execute format('grant create on database %I to symphony_control', current_database()); end $$",
        "grant database to symphony_control",
    ),
    "default privileges": _one(
        "alter default privileges in schema public grant select on tables to public",
        "default_privilege tables in schema public of postgres to PUBLIC",
    ),
    "default privileges of the owner": _one(
        "alter default privileges for role symphony_owner grant execute on functions to public",
        "default_privilege functions of symphony_owner to itself",
    ),
    "a role that logs in": _one("alter role symphony_executor login", "role symphony_executor"),
    "a role that inherits": _one("alter role symphony_owner inherit", "role symphony_owner"),
    "a role above others": _one("alter role symphony_control createrole", "role symphony_control"),
    "a role in a role": _one(
        "grant symphony_ingest to symphony_executor", "role symphony_executor"
    ),
    "a member of the owner": _one(
        "create role somebody; grant symphony_owner to somebody",
        "member symphony_owner with somebody",
    ),
    "a bound of sessions": _one(
        "do $$ begin execute format('alter database %I set statement_timeout = %L', current_database(), '10min'); end $$",
        "setting statement_timeout",
    ),
    "a bound gone": _one(
        "do $$ begin execute format('alter database %I reset lock_timeout', current_database()); end $$",
        "setting lock_timeout",
    ),
    "triggers off everywhere": _one(
        "do $$ begin execute format('alter database %I set session_replication_role = replica', current_database()); end $$",
        "setting session_replication_role",
    ),
    "a comment": _one("comment on table public.tenants is 'other'", "comment table tenants"),
    "a function's comment": _one(
        f"comment on function public.{_CLAIM} is null", f"comment function {_CLAIM}"
    ),
    "a column's comment": _one(
        "comment on column public.tenants.status is 'extra'", "comment column tenants.status"
    ),
    "rights to empty a table": _one(
        "grant truncate, references on public.tenants to symphony_readonly",
        "grant table tenants to symphony_readonly",
    ),
}

MUTATIONS: Final = _TABLES | _COLUMNS | _INDEXES | _CONSTRAINTS | _TRIGGERS | _PROGRAMS | _RIGHTS
