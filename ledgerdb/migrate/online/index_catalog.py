"""Indexes in the catalog: what is there under a name, and what a statement would make."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final, LiteralString

import psycopg
from psycopg import sql

from ledgerdb.errors import MigrationError
from ledgerdb.migrate import frozen

__all__ = [
    "Found",
    "Statement",
    "builders",
    "expected",
    "find",
    "leftovers",
    "parse",
    "uncommented",
]

_COMMENT: Final = re.compile(r"--[^\n]*")
_CREATE: Final = re.compile(
    r"\s*create\s+(?P<unique>unique\s+)?index\s+concurrently\s+(?:if\s+not\s+exists\s+)?"
    r"(?P<name>\w+)\s+on\s+public\.(?P<table>\w+)\s+(?P<rest>using\s[^;]+);\s*",
    re.IGNORECASE,
)
_FIND: Final[LiteralString] = """
    select
        tn.nspname || '.' || t.relname as of_table,
        x.indisvalid and x.indisready and x.indislive as valid,
        pg_catalog.pg_get_indexdef(c.oid) as definition
    from pg_catalog.pg_class as c
    left join pg_catalog.pg_index as x on x.indexrelid = c.oid
    left join pg_catalog.pg_class as t on t.oid = x.indrelid
    left join pg_catalog.pg_namespace as tn on tn.oid = t.relnamespace
    where c.relname = %(name)s and c.relnamespace = (
        select n.oid from pg_catalog.pg_namespace as n where n.nspname = %(schema)s
    )
"""
# What REINDEX CONCURRENTLY leaves behind when it is stopped; never a valid index.
_LEFTOVERS: Final[LiteralString] = """
    select c.relname::text
    from pg_catalog.pg_index as x
    join pg_catalog.pg_class as c on c.oid = x.indexrelid
    where x.indrelid = pg_catalog.to_regclass(%(table)s) and not x.indisvalid
        and c.relname ~ pg_catalog.format('^%%s_cc(new|old)[0-9]*$', %(name)s::text)
    order by 1
"""
_BUILDERS: Final[LiteralString] = """
    select l.pid
    from pg_catalog.pg_locks as l
    join pg_catalog.pg_stat_progress_create_index as p on p.pid = l.pid
    where l.locktype = 'relation' and l.relation = pg_catalog.to_regclass(%(table)s)
        and l.mode = 'ShareUpdateExclusiveLock' and l.granted
        and p.datname = pg_catalog.current_database() and l.pid <> pg_catalog.pg_backend_pid()
"""
_TWIN: Final = "ledgerdb_twin"


@dataclass(frozen=True, slots=True)
class Statement:
    """`create [unique] index concurrently [if not exists] name on public.table using ...`."""

    name: str
    table: str
    unique: str
    rest: str

    @property
    def on_table(self) -> str:
        """The table, as the catalog spells it."""
        return f"public.{self.table}"


@dataclass(frozen=True, slots=True)
class Found:
    """What has the name of an index; `of_table` and `definition` are None for anything else."""

    of_table: str | None
    valid: bool | None
    definition: str | None

    @property
    def shape(self) -> str | None:
        """The definition without the names of index and table, which are compared apart."""
        return None if self.definition is None else _shape(self.definition)


def parse(file: frozen.SqlFile) -> Statement:
    """What the file builds: names are read, the rest is left to the server.

    Raises:
        MigrationError: it is not exactly one such statement.
    """
    match = _CREATE.fullmatch(uncommented(file))
    if match is None:
        raise MigrationError(
            f"{file.label} must be one statement: create [unique] index concurrently"
            " [if not exists] NAME on public.TABLE using ...;"
        )
    return Statement(match["name"], match["table"], match["unique"] or "", match["rest"])


def uncommented(file: frozen.SqlFile) -> str:
    """The text of a file without its line comments."""
    return _COMMENT.sub("", file.text)


def find(connection: psycopg.Connection[Any], name: str, schema: str = "public") -> Found | None:
    """What has this name; None for nothing."""
    row = connection.execute(_FIND, {"name": name, "schema": schema}).fetchone()
    return None if row is None else Found(*row)


def leftovers(connection: psycopg.Connection[Any], statement: Statement) -> list[str]:
    """Names of the invalid indexes that `reindex concurrently` left beside this one."""
    names = {"name": statement.name, "table": statement.on_table}
    return [name for (name,) in connection.execute(_LEFTOVERS, names)]


def builders(connection: psycopg.Connection[Any], statement: Statement) -> list[int]:
    """The other backends that are building an index of the table concurrently."""
    return [pid for (pid,) in connection.execute(_BUILDERS, {"table": statement.on_table})]


def expected(connection: psycopg.Connection[Any], statement: Statement) -> str:
    """The shape that the statement makes, said by the server itself: it builds the index on an
    empty twin of the table, in a transaction that is rolled back."""
    twin, index = sql.Identifier(_TWIN), sql.Identifier(statement.name)
    with connection.transaction(force_rollback=True):
        connection.execute(
            sql.SQL("create temporary table {} (like {})").format(
                twin, sql.Identifier("public", statement.table)
            )
        )
        connection.execute(
            sql.SQL("create {}index {} on pg_temp.{} {}").format(
                sql.SQL(statement.unique),
                index,
                twin,
                sql.SQL(statement.rest),
            )
        )
        ((definition,),) = connection.execute(
            "select pg_catalog.pg_get_indexdef(%s::pg_catalog.regclass)",
            [f'pg_temp."{statement.name}"'],
        )
    return _shape(definition)


def _shape(definition: str) -> str:
    head, _, tail = definition.partition(" USING ")
    return ("UNIQUE " if head.startswith("CREATE UNIQUE") else "") + tail
