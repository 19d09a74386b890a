"""Ways to hand out, or take away, what the matrix does not say, and what is said of each."""

from __future__ import annotations

QUEUE = "public.payment_outbox_pending"
ATTEMPTS = "public.payment_outbox_attempts"
COMPLETE = (
    "complete_outbox_attempt(uuid,uuid,text,public.outbox_attempt_state,text,text,text,text,"
    "integer,integer)"
)
SIGNATURE = COMPLETE.replace("public.", "")

GRANTS: dict[str, tuple[str, str]] = {
    **{
        f"{privilege} on a table": (
            f"grant {privilege} on {QUEUE} to symphony_executor",
            f"symphony_executor may {verb} relation payment_outbox_pending: functions do that",
        )
        for privilege, verb in {
            **{word: word for word in ("insert", "update", "delete", "truncate")},
            "references": "refer to",
            "trigger": "put a trigger on",
        }.items()
    },
    "maintain on a table": (
        f"grant maintain on {QUEUE} to symphony_control",
        "symphony_control may maintain relation payment_outbox_pending: functions do that",
    ),
    "update on a column": (
        f"grant update (payload) on {QUEUE} to symphony_control",
        "symphony_control may update column payload of relation payment_outbox_pending",
    ),
    "references on a column": (
        "grant references (tenant_id) on public.tenants to symphony_ingest",
        "symphony_ingest may refer to column tenant_id of relation tenants",
    ),
    "a table to PUBLIC": (
        f"grant select on {QUEUE} to public",
        "PUBLIC may select relation payment_outbox_pending: lease_token is nobody's to read",
    ),
    "a column to PUBLIC": (
        "grant select (tenant_name) on public.tenants to public",
        "PUBLIC may select column tenant_name of relation tenants",
    ),
    "a view to write": (
        "grant insert on public.payment_outbox_queue to symphony_readonly",
        "symphony_readonly may insert relation payment_outbox_queue",
    ),
    "a table to read": (
        "grant select on public.ingress_attestations to symphony_ingest",
        "symphony_ingest may select relation ingress_attestations",
    ),
    "tokens by column": (
        f"grant select (lease_token) on {ATTEMPTS} to symphony_auditor",
        (
            "symphony_auditor may select column lease_token of relation payment_outbox_attempts:"
            " lease_token is nobody's to read"
        ),
    ),
    "tokens with the table": (
        f"grant select on {QUEUE} to symphony_control",
        "symphony_control may select relation payment_outbox_pending: lease_token is nobody's",
    ),
    "tokens to a stranger": (
        f"grant select on {ATTEMPTS} to roles_stranger",
        "roles_stranger may select relation payment_outbox_attempts: lease_token is nobody's",
    ),
    "a table of a stranger's to write": (
        f"grant update on {ATTEMPTS} to roles_stranger",
        "roles_stranger may update relation payment_outbox_attempts: functions do that",
    ),
    "to hand on": (
        "grant select on public.ledger_seals to symphony_auditor with grant option",
        "symphony_auditor may select relation ledger_seals, and may hand that on",
    ),
    "a sequence": (
        "grant usage on sequence public.ledger_positions to symphony_control",
        "symphony_control may use sequence ledger_positions",
    ),
    "a type": (
        "grant usage on type public.outbox_attempt_state to public",
        "PUBLIC may use type outbox_attempt_state",
    ),
    "a function to PUBLIC": (
        "grant execute on function public.outbox_backlog() to public",
        "PUBLIC may execute function outbox_backlog()",
    ),
    "a function to the wrong role": (
        f"grant execute on function public.{COMPLETE} to symphony_auditor",
        f"symphony_auditor may execute function {SIGNATURE}",
    ),
    "an inner function to anybody": (
        "grant execute on function public._append_seal(text, bigint, integer) to roles_stranger",
        "roles_stranger may execute function _append_seal(text,bigint,integer)",
    ),
    "a function taken away": (
        f"revoke execute on function public.{COMPLETE} from symphony_executor",
        f"symphony_executor may not execute function {SIGNATURE}, which it must",
    ),
    "a table taken away": (
        "revoke select on public.ledger_seals from symphony_auditor",
        "symphony_auditor may not select relation ledger_seals, which it must",
    ),
    "a type taken away": (
        "revoke usage on type public.outbox_attempt_state from symphony_executor",
        "symphony_executor may not use type outbox_attempt_state, which it must",
    ),
    "the schema taken away": (
        "revoke usage on schema public from symphony_ingest",
        "symphony_ingest may not use schema public, which it must",
    ),
    "the schema to create in": (
        "grant create on schema public to symphony_ingest",
        "symphony_ingest may create schema public",
    ),
    "the schema to create in, to PUBLIC": (
        "grant create on schema public to public",
        "PUBLIC may create schema public",
    ),
    "the schema to create in, to the owner": (
        "grant create on schema public to symphony_owner",
        "symphony_owner may create schema public",
    ),
    "the database": (
        (
            "do $$ begin execute format('grant create on database %I to symphony_control',"
            " current_database()); end $$"
        ),
        "symphony_control may create database itself",
    ),
    "tables to come": (
        "alter default privileges in schema public grant insert on tables to symphony_ingest",
        "symphony_ingest may insert tables that postgres creates, from the start",
    ),
    "functions to come": (
        "alter default privileges for role symphony_owner grant execute on functions to public",
        "functions that symphony_owner creates are open to PUBLIC from the start",
    ),
    "functions to come, in the schema": (
        (
            "alter default privileges for role symphony_owner in schema public"
            " grant execute on functions to public"
        ),
        "PUBLIC may execute functions that symphony_owner creates, from the start",
    ),
    "a parameter": (
        "grant set on parameter session_replication_role to symphony_control",
        "symphony_control may set parameter session_replication_role",
    ),
    "a parameter, to PUBLIC": (
        "grant set on parameter symphony.outbox_retry_ceiling to public",
        "PUBLIC may set parameter symphony.outbox_retry_ceiling",
    ),
}
ROLES: dict[str, tuple[str, str]] = {
    **{
        attribute: (
            f"alter role symphony_executor {attribute}",
            f"role symphony_executor has {attribute.upper()}",
        )
        for attribute in (
            *("login", "superuser", "createrole", "createdb", "replication", "bypassrls"),
        )
    },
    "the owner logs in": (
        "alter role symphony_owner login createrole",
        "role symphony_owner has LOGIN, CREATEROLE",
    ),
    "a member of another": (
        "grant symphony_executor to symphony_ingest",
        "role symphony_ingest is a member of symphony_executor",
    ),
    "a member of the owner": (
        "grant symphony_owner to symphony_control with inherit false, set true",
        "role symphony_control is a member of symphony_owner",
    ),
    "a member of PostgreSQL's": (
        "grant pg_write_all_data to symphony_readonly",
        "role symphony_readonly is a member of pg_write_all_data",
    ),
    "a login that owns": (
        "grant symphony_executor, symphony_owner to roles_login",
        "login roles_login acts as symphony_executor and may become symphony_owner",
    ),
    "a login that owns, by a third": (
        (
            "grant symphony_executor to roles_login; grant symphony_owner to roles_group;"
            " grant roles_group to roles_login"
        ),
        "login roles_login acts as symphony_executor and may become symphony_owner",
    ),
    "a login that may make itself the owner": (
        (
            "grant symphony_executor to roles_login;"
            " grant symphony_owner to roles_login with admin true, inherit false, set false"
        ),
        "login roles_login acts as symphony_executor and may become symphony_owner",
    ),
    "a login that may become a superuser": (
        "grant symphony_executor, postgres to roles_login",
        "login roles_login acts as symphony_executor and may become postgres",
    ),
    "a login that runs programs": (
        "grant symphony_executor, pg_execute_server_program to roles_login",
        "login roles_login acts as symphony_executor and may become pg_execute_server_program",
    ),
    "a login that owns the database": (
        (
            "grant symphony_executor to roles_login; do $$ begin execute format("
            "'alter database %I owner to roles_login', current_database()); end $$"
        ),
        "login roles_login acts as symphony_executor and may become roles_login",
    ),
    "a login that writes": (
        "grant symphony_readonly, pg_write_all_data to roles_login",
        "login roles_login, which acts as symphony_readonly, may insert",
    ),
    "a role that is gone": (
        "alter role symphony_auditor rename to gone",
        "role symphony_auditor does not exist",
    ),
}
OBJECTS: dict[str, tuple[str, str]] = {
    "a table of another's": (
        f"alter table {QUEUE} owner to postgres",
        "relation payment_outbox_pending belongs to postgres, not to symphony_owner",
    ),
    "a table of a runtime role": (
        f"alter table {QUEUE} owner to symphony_executor",
        "relation payment_outbox_pending belongs to symphony_executor, not to symphony_owner",
    ),
    "a view of another's": (
        "alter view public.payment_outbox_queue owner to postgres",
        "relation payment_outbox_queue belongs to postgres",
    ),
    "a sequence of another's": (
        "alter sequence public.outbox_due_mark owner to postgres",
        "sequence outbox_due_mark belongs to postgres",
    ),
    "a type of another's": (
        "alter type public.policy_version_status owner to postgres",
        "type policy_version_status belongs to postgres",
    ),
    "a function of another's": (
        f"alter function public.{COMPLETE} owner to postgres",
        f"function {SIGNATURE} belongs to postgres, not to symphony_owner",
    ),
    "the schema of a runtime role": (
        "alter schema public owner to symphony_control",
        "schema public belongs to symphony_control",
    ),
    "a table too many": (
        "create table public.more (); alter table public.more owner to symphony_owner",
        "relation more belongs to symphony_owner and is none that is registered",
    ),
    "a function too many": (
        (
            "create function public.more() returns void language sql begin atomic end;"
            " alter function public.more() owner to symphony_owner"
        ),
        "function more() belongs to symphony_owner and is none that is registered",
    ),
    "a function beside one of ours": (
        (
            "create function public.outbox_backlog(integer) returns void language sql"
            " begin atomic end"
        ),
        "function outbox_backlog(integer) is none of ledgerdb's, under the name of one",
    ),
    "a function that is gone": (
        "drop function public.outbox_counter_drift()",
        "function outbox_counter_drift() is missing",
    ),
    "a view that is gone": (
        "alter view public.payment_outbox_history rename to history",
        "relation payment_outbox_history is missing",
    ),
    "no search_path": (
        f"alter function public.{COMPLETE} reset search_path",
        f"function {SIGNATURE} pins no search_path",
    ),
    "a search_path without pg_temp": (
        f"alter function public.{COMPLETE} set search_path = pg_catalog, public",
        "which does not end with pg_temp",
    ),
    "an empty search_path": (
        f"alter function public.{COMPLETE} set search_path = ''",
        "which does not end with pg_temp",
    ),
    "a search_path with pg_temp first": (
        f"alter function public.{COMPLETE} set search_path = pg_temp, pg_catalog, public",
        "which does not begin with pg_catalog",
    ),
    "a search_path with another schema": (
        f"alter function public.{COMPLETE} set search_path = pg_catalog, public, mine, pg_temp",
        "with mine in it",
    ),
    "a search_path with the caller's schema": (
        f'alter function public.{COMPLETE} set search_path = pg_catalog, "$user", pg_temp',
        "with $user in it",
    ),
    "an inner function without": (
        "alter function public._require_text(text, text, text) reset all",
        "function _require_text(text,text,text) pins no search_path",
    ),
    "the caller's rights": (
        f"alter function public.{COMPLETE} security invoker",
        f"function {SIGNATURE} runs with the rights of its caller, which it must not",
    ),
    "the owner's rights": (
        "alter function public._append_seal(text, bigint, integer) security definer",
        "runs with the rights of its owner, which it must not",
    ),
}
SIDEWAYS: dict[str, tuple[str, str]] = {
    "a function that writes for anybody": (
        (
            "create schema side; create function side.fix() returns void language sql"
            " security definer as $$ update public.payment_outbox_pending set payload = '{}' $$"
        ),
        "function side.fix() runs as postgres, names tables of ledgerdb, and PUBLIC may execute it",
    ),
    "a function that writes for a service": (
        (
            "create function public.fix(n integer) returns void language sql security definer"
            " begin atomic delete from public.payment_outbox_attempts; end;"
            " revoke all on function public.fix from public;"
            " grant execute on function public.fix to symphony_ingest"
        ),
        (
            "function public.fix(n integer) runs as postgres, names tables of ledgerdb,"
            " and symphony_ingest may execute it"
        ),
    ),
    "a view of tokens": (
        (
            "create view public.mine as select outbox_id, lease_token as t"
            " from public.payment_outbox_pending; grant select on public.mine to symphony_readonly"
        ),
        "view public.mine shows payment_outbox_pending.lease_token, and symphony_readonly may",
    ),
    "a view of a view of tokens": (
        (
            "create view public.mine as select * from public.payment_outbox_attempts;"
            " create materialized view public.more as select * from public.mine;"
            " grant select (outbox_id, lease_token) on public.more to public"
        ),
        "view public.more shows payment_outbox_attempts.lease_token, and PUBLIC may select it",
    ),
    "a view to write through": (
        (
            "create view public.mine as select tenant_name from public.tenants;"
            " grant update on public.mine to symphony_ingest"
        ),
        "view public.mine is over tenants, and symphony_ingest may update it",
    ),
}
