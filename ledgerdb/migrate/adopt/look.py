"""What the comparisons look at: the facts, what was found, and the database for questions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, text

from ledgerdb.migrate.adopt.reference import Reference
from ledgerdb.migrate.adopt.surface import Surface
from ledgerdb.migrate.frozen import SqlFile

__all__ = ["Later", "Look"]

_COUNT_MAX: Final = 1000


@dataclass(frozen=True, slots=True)
class Later:
    """What the revisions after 0001 take for themselves or drop, by name.

    Attributes:
        columns: `table.column` that they add.
        relations: indexes that they create.
        dropped: constraints and indexes that they drop, without their table.
    """

    columns: frozenset[str]
    relations: frozenset[str]
    dropped: frozenset[str]


@dataclass(frozen=True, slots=True)
class Look:
    """One inspection.

    Attributes:
        connection: in a read-only transaction of one snapshot.
        reference: what to expect.
        found: what is there.
        state: the last known migration that ran, `0034` or older.
        later: names that later revisions use.
        files: the functions of revision 0001, by name.
    """

    connection: Connection
    reference: Reference
    found: Surface
    state: str
    later: Later
    files: Mapping[str, SqlFile]

    def has(self, table: str) -> bool:
        """The table is there."""
        return table in self.found.tables

    def count(self, query: str) -> int:
        """How many rows a query has, up to 1000."""
        statement = f"select count(*) from ({query} limit {_COUNT_MAX}) as counted"
        return int(self.connection.execute(text(_literal(statement))).scalar_one())

    def rows(self, query: str, **parameters: object) -> list[Mapping[str, Any]]:
        """The rows of a query."""
        return [dict(row) for row in self.connection.execute(text(query), parameters).mappings()]


def _literal(statement: str) -> str:
    # a colon begins a parameter, but not in a cast
    return statement.replace("::", "\0").replace(":", r"\:").replace("\0", "::")
