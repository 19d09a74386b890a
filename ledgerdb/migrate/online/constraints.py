"""Constraints of tables in use: added NOT VALID by a script, and proven here.

`add constraint ... not valid` holds for new rows at once and reads none; `validate constraint`
reads the table under SHARE UPDATE EXCLUSIVE, so nobody who reads or writes waits. A column becomes
NOT NULL in the same way: where `check (c is not null)` was added NOT VALID and validated, a later
script's `set not null` has its proof and reads nothing.
"""

from __future__ import annotations

import re
from typing import Any, Final, LiteralString

import psycopg
from sqlalchemy import Connection

from ledgerdb.errors import MigrationError
from ledgerdb.migrate import frozen
from ledgerdb.migrate.online.index_catalog import uncommented
from ledgerdb.migrate.online.session import Session
from ledgerdb.migrate.online.watch import Watch, driver

__all__ = ["validate"]

_VALIDATE: Final = re.compile(
    r"\s*alter\s+table\s+public\.(?P<table>\w+)\s+validate\s+constraint\s+(?P<name>\w+);\s*",
    re.IGNORECASE,
)
_VALIDATED: Final[LiteralString] = """
    select k.convalidated
    from pg_catalog.pg_constraint as k
    where k.conrelid = pg_catalog.to_regclass(%s) and k.conname = %s
"""


def validate(connection: Connection, file: frozen.SqlFile, watch: Watch) -> None:
    """Validates the constraint of a file, unless it is validated.

    Args:
        connection: in autocommit; its lock and statement timeouts are set.
        file: one `alter table public.t validate constraint c`.
        watch: told for whom it waits.

    Raises:
        MigrationError: there is no such constraint, a row breaks it, or the wait was too long.
    """
    match = _VALIDATE.fullmatch(uncommented(file))
    if match is None:
        raise MigrationError(
            f"{file.label} must be one statement:"
            " alter table public.TABLE validate constraint NAME;"
        )
    session = Session(driver(connection), watch)
    table, name = f"public.{match['table']}", match["name"]
    while not _is_validated(session.raw, table, name):
        session.run(file.text, f"constraint {name} of {table}")


def _is_validated(connection: psycopg.Connection[Any], table: str, name: str) -> bool:
    row = connection.execute(_VALIDATED, [table, name]).fetchone()
    if row is None:
        raise MigrationError(f"{table} has no constraint {name}: a script adds it NOT VALID before")
    return bool(row[0])
