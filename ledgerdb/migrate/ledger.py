"""The ledger of checksums: what was applied, in which bytes. Written with the revision itself.

A revision that was applied does not change any more: one byte of difference in any of its files is
refused before the first statement, and the message names the file and both hashes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from psycopg import sql
from sqlalchemy import Connection, text

import ledgerdb
from ledgerdb.errors import MigrationError
from ledgerdb.migrate import frozen
from ledgerdb.migrate.config import VERSION_SCHEMA, migrations_dir
from ledgerdb.migrate.report import StepInfo
from ledgerdb.migrate.route import Route

__all__ = [
    "JOURNAL_TABLE",
    "LEDGER_TABLE",
    "Entry",
    "bookkeeping",
    "entry_sql",
    "read_entries",
    "require_unchanged",
]

LEDGER_TABLE: Final = "ledgerdb_migrations"
JOURNAL_TABLE: Final = "ledgerdb_migration_steps"
_BOOKKEEPING: Final = "bookkeeping.sql"

_READABLE = text(
    "select pg_catalog.has_table_privilege(pg_catalog.to_regclass(:table)::oid, 'select')"
)
_ENTRIES = text(f"select revision, files from {VERSION_SCHEMA}.{LEDGER_TABLE}")  # noqa: S608


@dataclass(frozen=True, slots=True)
class Entry:
    """One revision as the ledger has it: `files` maps folder/name to SHA-256."""

    step: StepInfo
    files: Mapping[str, str]
    route: Route


def bookkeeping() -> frozen.SqlFile:
    """The file that creates ledger and journal where they are missing: always ledgerdb's own."""
    return frozen.read(migrations_dir() / _BOOKKEEPING)


def read_entries(connection: Connection) -> dict[str, dict[str, str]] | None:
    """Revision -> files, as the database has it; None where there is no ledger yet.

    Raises:
        MigrationError: the role may not read it.
    """
    readable = connection.scalar(_READABLE, {"table": f"{VERSION_SCHEMA}.{LEDGER_TABLE}"})
    if readable is None:
        return None
    if not readable:
        raise MigrationError(
            f"this role may not read {VERSION_SCHEMA}.{LEDGER_TABLE}: use the role that migrates"
        )
    return {row.revision: row.files for row in connection.execute(_ENTRIES)}


def require_unchanged(entries: Mapping[str, Mapping[str, str]], migrations: Path) -> None:
    """Every applied file is here as it was applied.

    Raises:
        MigrationError: one is missing or has other bytes.
    """
    for revision, files in sorted(entries.items()):
        for label, applied in sorted(files.items()):
            path = migrations / label
            if not path.is_file():
                raise MigrationError(
                    f"revision {revision} was applied with {label} (sha256 {applied}), which is"
                    " missing here: restore the file"
                )
            found = frozen.read(path).sha256
            if found != applied:
                raise MigrationError(
                    f"{label} was changed after revision {revision} was applied with it:"
                    f" applied sha256 {applied}, found {found}; restore the file, and put the"
                    " change into a new revision"
                )


def entry_sql(entry: Entry) -> str:
    """The statement that writes an entry, complete: a script has no parameters.

    An entry for what was applied before the ledger existed leaves one that is there as it is.
    """
    late = entry.route in (Route.RECORDED, Route.ADOPTED)
    began = "pg_catalog.clock_timestamp() - pg_catalog.transaction_timestamp()"
    values = (
        _literal(entry.step.revision),
        _literal(entry.step.summary),
        _literal(json.dumps(dict(sorted(entry.files.items())), indent=0)) + "::jsonb",
        _literal(entry.route),
        _literal(ledgerdb.__version__),
        "null" if late else f"extract(epoch from {began})",
    )
    listed = ",\n    ".join(values)
    return (
        f"insert into {VERSION_SCHEMA}.{LEDGER_TABLE} (\n"
        "    revision, summary, files, route, release, seconds\n"
        f")\nvalues (\n    {listed}\n)" + ("\non conflict (revision) do nothing;" if late else ";")
    )


def _literal(value: str) -> str:
    return sql.Literal(value).as_string()
