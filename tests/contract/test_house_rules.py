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
