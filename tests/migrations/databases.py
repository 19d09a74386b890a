"""What a database holds, read from its catalog."""

from __future__ import annotations

from typing import Any

import psycopg

# Every row that DDL could add, change or remove, with the transaction that wrote it.
_CATALOG = """
    select 'pg_class', c.oid::text, c.xmin::text from pg_class as c
    where c.relnamespace not in ('pg_toast'::regnamespace, 'pg_catalog'::regnamespace)
    union all select 'pg_proc', oid::text, xmin::text from pg_proc where oid >= 16384
    union all select 'pg_type', oid::text, xmin::text from pg_type where oid >= 16384
    union all select 'pg_constraint', oid::text, xmin::text from pg_constraint
    union all select 'pg_trigger', oid::text, xmin::text from pg_trigger
    union all select 'pg_namespace', oid::text, xmin::text from pg_namespace
    union all select 'pg_description', objoid || ' ' || objsubid, xmin::text from pg_description
    union all select 'pg_authid', rolname, xmin::text from pg_authid
    union all select 'pg_database', datname, xmin::text from pg_database
        where datname = current_database()
    union all select 'pg_db_role_setting', setrole::text, s.xmin::text
        from pg_db_role_setting as s join pg_database as d on d.oid = s.setdatabase
        where d.datname = current_database()
"""


def query(url: str, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
    """The rows of a statement, in a session and transaction of its own."""
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement, parameters or None)
        return cursor.fetchall() if cursor.description else []


def catalog(url: str) -> set[tuple[Any, ...]]:
    """A fingerprint: equal before and after means that nothing was written, not even back again."""
    return set(query(url, _CATALOG))


def revisions(url: str) -> list[str]:
    """What the version table holds; nothing when there is none."""
    if query(url, "select to_regclass('public.ledgerdb_alembic_version')") == [(None,)]:
        return []
    return [row[0] for row in query(url, "select version_num from public.ledgerdb_alembic_version")]


def functions(url: str) -> dict[str, str | None]:
    """Signature -> body of every function in schema public."""
    return dict(
        query(
            url,
            """select p.oid::regprocedure::text, p.prosrc from pg_proc as p
            where p.pronamespace = 'public'::regnamespace""",
        )
    )


def settings(url: str) -> list[tuple[Any, ...]]:
    """The settings that the database itself carries."""
    return query(
        url,
        """select unnest(s.setconfig) from pg_db_role_setting as s
        join pg_database as d on d.oid = s.setdatabase
        where d.datname = current_database() and s.setrole = 0 order by 1""",
    )
