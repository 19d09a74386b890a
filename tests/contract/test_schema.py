"""The Core tables are the tables of the database, both ways."""

from __future__ import annotations

from typing import Any

import psycopg
from sqlalchemy import create_engine, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql.schema import Table

from ledgerdb import Ledger, schema
from ledgerdb.url import database_url as parse

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]

CATALOG = """
select c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull,
    a.attgenerated <> '', coalesce(a.attnum = any(k.conkey), false)
from pg_attribute as a
join pg_class as c on c.oid = a.attrelid and c.relkind in ('r', 'p')
left join pg_constraint as k on k.conrelid = c.oid and k.contype = 'p'
where c.relnamespace = 'public'::regnamespace and c.relname not in (
    'ledgerdb_alembic_version', 'ledgerdb_migrations', 'ledgerdb_migration_steps'
)
    and a.attnum > 0 and not a.attisdropped
order by c.relname, a.attnum
"""


def described(table: Table) -> list[tuple[Any, ...]]:
    return [
        (
            table.name,
            column.name,
            column.type.compile(_DIALECT).lower().removeprefix("public."),
            not column.nullable,
            column.computed is not None,
            column.primary_key,
        )
        for column in table.columns
    ]


def test_tables_and_columns_are_those_of_the_catalog(connection: psycopg.Connection[Any]) -> None:
    found = connection.execute(CATALOG).fetchall()
    ours = [row for _, table in sorted(schema.metadata.tables.items()) for row in described(table)]
    assert ours == found


def test_every_table_can_be_read(database_url: str) -> None:
    engine = create_engine(parse(database_url))
    with engine.connect() as connection:
        for table in schema.metadata.tables.values():
            found = connection.execute(select(table)).all()
            # The default retry policy, and the horizon of the seals.
            assert [row for row in found if row[0] not in ("*", True)] == []
    engine.dispose()


def test_a_held_item_is_due_at_no_time(
    database_url: str, connection: psycopg.Connection[Any]
) -> None:
    """PostgreSQL says infinity, which no datetime can be."""
    with Ledger.connect(database_url) as ledger:
        ledger.enqueue("i", "p", "k", "RTGS", "{}")
        connection.execute(
            """update public.payment_outbox_pending
            set hold = 'PAUSED', held_at = now(), next_attempt_at = 'infinity'"""
        )
        with ledger.transaction() as transaction:
            due = select(schema.payment_outbox_pending.c.next_attempt_at)
            assert transaction.connection.execute(due).all() == [(None,)]


def test_all_names_the_tables() -> None:
    assert schema.__all__ == sorted(schema.__all__)
    tables = {table.name for table in schema.metadata.tables.values()}
    assert {*schema.__all__} - {"metadata"} == tables
