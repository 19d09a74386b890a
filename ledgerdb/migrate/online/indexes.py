"""Indexes that are built and dropped while the table is used, from whatever an earlier try left.

`create index concurrently` that is stopped leaves an invalid index, which costs every writer and
serves no reader; `if not exists` then reports success over it. So the catalog is asked before and
after, and only a valid index of the wanted definition is an end.

Neither statement stands in a writer's way: both wait for transactions that are older than they are,
which may take long, and say for whom.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from psycopg import sql
from sqlalchemy import Connection

from ledgerdb.errors import MigrationError
from ledgerdb.migrate import frozen
from ledgerdb.migrate.online import index_catalog
from ledgerdb.migrate.online.index_catalog import Found, Statement
from ledgerdb.migrate.online.session import Session
from ledgerdb.migrate.online.watch import Watch, driver

__all__ = ["build", "drop"]

_DROP: Final = re.compile(
    r"\s*drop\s+index\s+concurrently\s+(?:if\s+exists\s+)?public\.(?P<name>\w+);\s*",
    re.IGNORECASE,
)


def build(connection: Connection, file: frozen.SqlFile, watch: Watch) -> None:
    """Builds the index of a file, unless it is there.

    Args:
        connection: in autocommit; its lock and statement timeouts are set.
        file: one `create index concurrently`.
        watch: told how far it is and for whom it waits.

    Raises:
        MigrationError: another object has the name; the rows do not let it be unique; or the wait
            was too long. What is left is found by the next try.
    """
    statement = index_catalog.parse(file)
    session = Session(driver(connection), watch)
    shape = index_catalog.expected(session.raw, statement)
    what = f"index {statement.name}"
    while True:
        session.wait_until_none(lambda: index_catalog.builders(session.raw, statement), what)
        for name in index_catalog.leftovers(session.raw, statement):
            session.run(_drop_statement(name), f"index {name}")
        found = index_catalog.find(session.raw, statement.name)
        if found is None:
            session.run(file.text, what, _cleaner(session, statement))
            continue
        _require_same(found, statement, shape)
        if found.valid:
            return
        session.run(_drop_statement(statement.name), what)


def drop(connection: Connection, file: frozen.SqlFile, watch: Watch) -> None:
    """Drops the index of a file, unless it is gone.

    Raises:
        MigrationError: the name is not an index, or the wait was too long.
    """
    match = _DROP.fullmatch(index_catalog.uncommented(file))
    if match is None:
        raise MigrationError(
            f"{file.label} must be one statement: drop index concurrently [if exists] public.NAME;"
        )
    session = Session(driver(connection), watch)
    while (found := index_catalog.find(session.raw, match["name"])) is not None:
        if found.definition is None:
            raise MigrationError(f"public.{match['name']} is not an index")
        session.run(file.text, f"index {match['name']}")


def _require_same(found: Found, statement: Statement, shape: str) -> None:
    if found.of_table == statement.on_table and found.shape == shape:
        return
    there = found.definition or "no index"
    raise MigrationError(
        f"public.{statement.name} is there and is another: it is left as it is\n"
        f"  there:  {there}\n"
        f"  wanted: CREATE {'UNIQUE ' * bool(statement.unique)}INDEX {statement.name}"
        f" ON {statement.on_table} USING {shape.removeprefix('UNIQUE ')}"
    )


def _cleaner(session: Session, statement: Statement) -> Callable[[], None]:
    # an invalid unique index would go on to refuse rows
    return lambda: session.run(_drop_statement(statement.name), f"index {statement.name}")


def _drop_statement(name: str) -> sql.Composed:
    return sql.SQL("drop index concurrently if exists {}").format(sql.Identifier("public", name))
