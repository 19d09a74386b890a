"""House rules are catalog queries: what every object of ours must have at head."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

RULES = {
    "a definer function pins search_path with pg_temp last": """
        select p.oid::regprocedure::text from pg_proc as p
        where p.pronamespace = 'public'::regnamespace and p.prosecdef
            and not coalesce(p.proconfig, '{}')
                @> array['search_path=pg_catalog, public, pg_temp']""",
    "a function pins search_path, unless its names were bound when it was created": """
        select p.oid::regprocedure::text from pg_proc as p
        where p.pronamespace = 'public'::regnamespace and p.prosqlbody is null
            and not coalesce(p.proconfig::text, '')
                like '%search_path=pg_catalog, public, pg_temp%'""",
    "public executes nothing": """
        select p.oid::regprocedure::text from pg_proc as p
        where p.pronamespace = 'public'::regnamespace
            and exists (select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as a
                        where a.grantee = 0)""",
    "public has nothing on a table": """
        select c.relname::text from pg_class as c cross join lateral aclexplode(c.relacl) as a
        where c.relnamespace = 'public'::regnamespace and a.grantee = 0""",
    "every function has a comment": """
        select p.oid::regprocedure::text from pg_proc as p
        where p.pronamespace = 'public'::regnamespace
            and obj_description(p.oid, 'pg_proc') is null""",
    "every table has a comment": """
        select c.relname::text from pg_class as c
        where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
            and c.relname <> 'ledgerdb_alembic_version'
            and obj_description(c.oid, 'pg_class') is null""",
    "every type has a comment": """
        select t.typname::text from pg_type as t
        where t.typnamespace = 'public'::regnamespace and t.typtype = 'e'
            and obj_description(t.oid, 'pg_type') is null""",
    "symphony_owner owns every relation, function and type": """
        select c.relname::text from pg_class as c
        where c.relnamespace = 'public'::regnamespace and c.relowner <> 'symphony_owner'::regrole
        union all
        select p.oid::regprocedure::text from pg_proc as p
        where p.pronamespace = 'public'::regnamespace
            and p.proowner <> 'symphony_owner'::regrole
        union all
        select t.typname::text from pg_type as t
        where t.typnamespace = 'public'::regnamespace and t.typtype in ('e', 'd')
            and t.typowner <> 'symphony_owner'::regrole""",
    "symphony_owner may nothing but own": """
        select r.rolname::text from pg_roles as r where r.rolname = 'symphony_owner' and (
            r.rolcanlogin or r.rolsuper or r.rolinherit or r.rolcreaterole or r.rolcreatedb
            or r.rolreplication or r.rolbypassrls
            or exists (select from pg_auth_members as m where m.member = r.oid)
            or has_schema_privilege(r.oid, 'public', 'create'))""",
    "nobody is a member of symphony_owner but who deploys": """
        select m.member::regrole::text from pg_auth_members as m
        where m.roleid = 'symphony_owner'::regrole and m.member not in (
            select d.datdba from pg_database as d where d.datname = current_database())""",
    "no role of ours is a member of another": """
        select m.member::regrole::text from pg_auth_members as m
        where m.member::regrole::text like 'symphony%'""",
    "a role writes through functions only": """
        select c.relname::text from pg_class as c
        cross join lateral (values ('insert'), ('update'), ('delete'), ('truncate'), ('trigger'),
            ('references')) as p (privilege)
        join pg_roles as r on r.rolname like 'symphony%' and r.oid <> c.relowner
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'v')
            and (has_table_privilege(r.oid, c.oid, p.privilege)
                or p.privilege in ('insert', 'update')
                and has_any_column_privilege(r.oid, c.oid, p.privilege))""",
    "a lease token is readable by nobody": """
        select distinct c.relname::text from pg_attribute as a
        join pg_class as c on c.oid = a.attrelid and c.relkind in ('r', 'v')
        join pg_roles as r on r.rolname like 'symphony%' and r.oid <> c.relowner
        where c.relnamespace = 'public'::regnamespace and a.attname like '%token%'
            and a.attname not like '%hash' and c.relname not like 'revoked%'
            and has_column_privilege(r.oid, c.oid, a.attnum, 'select')""",
    "a reader reads every other column of queue and attempts": """
        select distinct a.attname::text from pg_attribute as a
        cross join (values ('symphony_control'), ('symphony_readonly'), ('symphony_auditor'))
            as r (name)
        where a.attrelid in ('public.payment_outbox_pending'::regclass,
                'public.payment_outbox_attempts'::regclass)
            and a.attnum > 0 and not a.attisdropped and a.attname <> 'lease_token'
            and not has_column_privilege(r.name, a.attrelid, a.attnum, 'select')""",
    "no function takes an advisory lock, which anybody could hold": """
        select p.oid::regprocedure::text from pg_proc as p
        where p.pronamespace = 'public'::regnamespace
            and coalesce(p.prosrc, '') || coalesce(pg_get_function_sqlbody(p.oid), '')
                ~* 'advisory'""",
    "public has nothing on a type": """
        select t.typname::text from pg_type as t
        cross join lateral aclexplode(coalesce(t.typacl, acldefault('T', t.typowner))) as a
        where t.typnamespace = 'public'::regnamespace and t.typtype in ('e', 'd')
            and a.grantee = 0""",
    "public creates nothing in the schema": """
        select n.nspname::text from pg_namespace as n cross join lateral aclexplode(n.nspacl) as a
        where n.nspname = 'public' and a.grantee = 0 and a.privilege_type = 'CREATE'""",
    "every index is valid": """
        select x.indexrelid::regclass::text from pg_index as x
        join pg_class as c on c.oid = x.indrelid
        where c.relnamespace = 'public'::regnamespace and not x.indisvalid""",
}
BREAKING = {
    "a definer function pins search_path with pg_temp last": """
        alter function public.outbox_backlog() set search_path = pg_catalog, public""",
    "a function pins search_path, unless its names were bound when it was created": """
        alter function public._require_text(text, text, text) reset all""",
    "public executes nothing": "grant execute on function public.outbox_backlog() to public",
    "public has nothing on a table": "grant select on public.tenants to public",
    "every function has a comment": "comment on function public.outbox_backlog() is null",
    "every table has a comment": "comment on table public.tenants is null",
    "every type has a comment": "comment on type public.outbox_attempt_state is null",
    "symphony_owner owns every relation, function and type": """
        alter view public.payment_outbox_queue owner to postgres""",
    "symphony_owner may nothing but own": "grant create on schema public to symphony_owner",
    "nobody is a member of symphony_owner but who deploys": """
        grant symphony_owner to symphony_control""",
    "no role of ours is a member of another": "grant symphony_executor to symphony_ingest",
    "a role writes through functions only": """
        grant update (payload) on public.payment_outbox_pending to symphony_control""",
    "a lease token is readable by nobody": """
        grant select (lease_token) on public.payment_outbox_attempts to symphony_readonly""",
    "a reader reads every other column of queue and attempts": """
        alter table public.payment_outbox_pending add column later integer""",
    "no function takes an advisory lock, which anybody could hold": """
        create function public.locks() returns void language sql begin atomic
            select pg_advisory_xact_lock(1); end""",
    "public has nothing on a type": "grant usage on type public.outbox_attempt_state to public",
    "public creates nothing in the schema": "grant create on schema public to public",
    "every index is valid": """
        update pg_index set indisvalid = false
        where indexrelid = 'public.idx_tenants_status'::regclass""",
}


@pytest.mark.parametrize("rule", sorted(RULES))
def test_rule(connection: psycopg.Connection[Any], rule: str) -> None:
    assert connection.execute(RULES[rule]).fetchall() == []
    with connection.transaction(force_rollback=True):
        connection.execute(BREAKING[rule])
        assert len(connection.execute(RULES[rule]).fetchall()) == 1
