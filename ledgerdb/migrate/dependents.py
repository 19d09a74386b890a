"""What the env.py of other projects in the same database needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Table
from sqlalchemy.schema import SchemaItem

from ledgerdb import schema
from ledgerdb.errors import MigrationError
from ledgerdb.migrate import guard
from ledgerdb.migrate.config import VERSION_SCHEMA, VERSION_TABLE, alembic_config
from ledgerdb.migrate.ledger import JOURNAL_TABLE, LEDGER_TABLE

__all__ = ["LedgerBehind", "include_name", "include_object", "require_revision"]

_TABLES: Final = frozenset(
    {table.name for table in schema.metadata.tables.values()}
    | {VERSION_TABLE, LEDGER_TABLE, JOURNAL_TABLE}
)


class LedgerBehind(MigrationError, CommandError):
    """ledgerdb must be upgraded first. Alembic prints it as one line."""


def require_revision(connection: Connection, revision: str = "head") -> None:
    """The database is at this revision of ledgerdb, or at a later one.

    Leaves no transaction open: Alembic would take it for someone else's, and commit nothing.

    Args:
        connection: of the other project, not in a transaction.
        revision: a revision of ledgerdb; `head` is the newest one of this release.

    Raises:
        LedgerBehind: it is not.
        MigrationError: a transaction is open already, or there is no such revision.
    """
    if connection.in_transaction():
        raise MigrationError("require_revision: ask before the transaction begins")
    script = ScriptDirectory.from_config(alembic_config())
    known = [found.revision for found in script.walk_revisions()]
    wanted = max(known) if revision == "head" else revision
    if wanted not in known:
        raise MigrationError(f"ledgerdb has no revision {wanted}: the newest here is {max(known)}")
    with connection.begin():
        heads = guard.read_heads(connection)
    # revisions of ledgerdb are one line, numbered in four digits
    if not heads or max(heads) < wanted:
        raise LedgerBehind(
            f"the database is at revision {max(heads, default='base')} of ledgerdb and must be at"
            f" {wanted} or later: run `ledgerdb upgrade` first"
        )


def include_name(name: str | None, type_: str, parents: Mapping[str, str | None]) -> bool:
    """For `context.configure(include_name=...)`: autogenerate does not read ledgerdb's tables."""
    ours = type_ == "table" and name in _TABLES
    return not (ours and parents.get("schema_name") in (None, VERSION_SCHEMA))


def include_object(
    object_: SchemaItem,
    name: str | None,
    type_: str,
    reflected: bool,  # noqa: FBT001 - Alembic's signature
    compare_to: SchemaItem | None,
) -> bool:
    """For `context.configure(include_object=...)`: nor does it create them, where a project has
    copies of them in its metadata, for its foreign keys.
    """
    return not (
        isinstance(object_, Table) and name in _TABLES and object_.schema in (None, VERSION_SCHEMA)
    )
