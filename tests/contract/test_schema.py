"""The Core tables are the tables of the database, both ways."""

from __future__ import annotations

from typing import Any

import psycopg
from sqlalchemy import create_engine, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql.schema import Table

from ledgerdb import schema
from ledgerdb.url import database_url as parse

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]

CATALOG = """
select c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull,
    a.attgenerated <> '', coalesce(a.attnum = any(k.conkey), false)
from pg_attribute as a
join pg_class as c on c.oid = a.attrelid and c.relkind in ('r', 'p')
left join pg_constraint as k on k.conrelid = c.oid and k.contype = 'p'
where c.relnamespace = 'public'::regnamespace and c.relname <> 'ledgerdb_alembic_version'
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
            assert connection.execute(select(table)).all() == []
    engine.dispose()


def test_all_names_the_tables() -> None:
    assert schema.__all__ == sorted(schema.__all__)
    tables = {table.name for table in schema.metadata.tables.values()}
    assert {*schema.__all__} - {"metadata"} == tables
