"""What one statement does to the tables that were there before: locks, rewrites, scans, indexes.

Nothing is guessed from the text. The statement runs on a shadow, and the server is asked: which
rows of `pg_locks` are new, which tables have another file, which were read from end to end, which
indexes were built.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, LiteralString, TypeAlias

import psycopg

__all__ = [
    "MODES",
    "Effect",
    "Meter",
    "block_writers",
    "strongest",
]

# From the weakest to the strongest, as `pg_locks` and `lock table` spell them.
MODES: Final[Mapping[str, str]] = {
    "AccessShareLock": "ACCESS SHARE",
    "RowShareLock": "ROW SHARE",
    "RowExclusiveLock": "ROW EXCLUSIVE",
    "ShareUpdateExclusiveLock": "SHARE UPDATE EXCLUSIVE",
    "ShareLock": "SHARE",
    "ShareRowExclusiveLock": "SHARE ROW EXCLUSIVE",
    "ExclusiveLock": "EXCLUSIVE",
    "AccessExclusiveLock": "ACCESS EXCLUSIVE",
}
_STRENGTH: Final = {mode: strength for strength, mode in enumerate(MODES.values())}
_BLOCKS_WRITERS: Final = _STRENGTH["SHARE"]
_DROPPED: Final = frozenset({"ACCESS EXCLUSIVE"})

_STATE: Final[LiteralString] = """
    select
        c.oid,
        case when n.nspname = 'public' then '' else n.nspname || '.' end || c.relname,
        c.relkind::text,
        coalesce(x.indrelid, 0),
        coalesce(pg_catalog.pg_relation_filenode(c.oid), 0),
        pg_catalog.pg_stat_get_xact_numscans(c.oid),
        coalesce(l.modes, '{}')
    from pg_catalog.pg_class as c
    join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    left join pg_catalog.pg_index as x on x.indexrelid = c.oid
    left join (
        select l.relation, pg_catalog.array_agg(l.mode) as modes from pg_catalog.pg_locks as l
        where l.locktype = 'relation' and l.pid = pg_catalog.pg_backend_pid() and l.granted
        group by l.relation
    ) as l on l.relation = c.oid
    where c.relkind in ('r', 'p', 'm', 'v', 'i', 'I')
        and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
        and n.nspname !~ '^pg_(temp|toast_temp)_'
"""


@dataclass(frozen=True, slots=True)
class _Relation:
    """A table, a view or an index, at one moment."""

    name: str
    kind: str
    table: int  # of an index
    file: int
    scans: int
    modes: frozenset[str]

    @property
    def is_index(self) -> bool:
        return self.kind in {"i", "I"}

    @property
    def is_view(self) -> bool:
        return self.kind == "v"


_Ground: TypeAlias = Mapping[int, _Relation]


@dataclass(frozen=True, slots=True)
class Effect:
    """What a statement did to tables that were there before.

    Attributes:
        locks: table or view -> the strongest mode that the statement was the first to take, on it
            or on an index of it.
        held: table -> the strongest mode that the transaction holds after it.
        rewritten: tables with another file.
        scanned: tables read from end to end.
        looked_up: tables read through an index.
        indexed: tables over which an index was built.
        unindexed: tables that lost an index.
    """

    locks: Mapping[str, str] = field(default_factory=dict)
    held: Mapping[str, str] = field(default_factory=dict)
    rewritten: tuple[str, ...] = ()
    scanned: tuple[str, ...] = ()
    looked_up: tuple[str, ...] = ()
    indexed: tuple[str, ...] = ()
    unindexed: tuple[str, ...] = ()


def strongest(modes: Iterable[str]) -> str:
    """The strongest of some modes."""
    return max(modes, key=_STRENGTH.__getitem__)


def block_writers(mode: str) -> bool:
    """Whether who inserts, updates or deletes waits for a holder of this mode."""
    return _STRENGTH[mode] >= _BLOCKS_WRITERS


def _look(connection: psycopg.Connection[Any]) -> _Ground:
    """Every table and index of users, and what this session has done to it in its transaction."""
    return {
        oid: _Relation(name, kind, table, file, scans, frozenset(MODES[mode] for mode in modes))
        for oid, name, kind, table, file, scans, modes in connection.execute(_STATE)
    }


class Meter:
    """Measures the statements of one transaction, one after the other.

    Only tables that are there when it is made count: nobody waits for a new one.

    Args:
        connection: in a transaction, or in autocommit for what runs outside of one.
    """

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._existing = self._before = _look(connection)

    @property
    def tables(self) -> frozenset[str]:
        """The tables and views that count."""
        return frozenset(was.name for was in self._existing.values() if not was.is_index)

    def run(self, statement: str) -> Effect:
        """Runs a statement and says what it did."""
        self._connection.execute(statement.encode())
        before, self._before = self._before, _look(self._connection)
        return _compared(self._existing, before, self._before)


def _compared(known: _Ground, before: _Ground, after: _Ground) -> Effect:
    existing = {oid: was for oid, was in known.items() if not was.is_index and oid in before}
    tables = {oid: was for oid, was in existing.items() if not was.is_view}
    stayed = [oid for oid in tables if oid in after]
    indexes = {oid: now for oid, now in after.items() if now.is_index and now.table in tables}
    files = {was.file for was in before.values()}
    names = {(now.table, now.name) for now in indexes.values()}
    fresh = {oid: _modes(oid, after, before) - _modes(oid, before, before) for oid in existing}
    held = {oid: _modes(oid, after, before) for oid in tables}
    return Effect(
        locks={existing[oid].name: strongest(modes) for oid, modes in fresh.items() if modes},
        held={tables[oid].name: strongest(modes) for oid, modes in held.items() if modes},
        rewritten=_names(tables, (o for o in stayed if before[o].file != after[o].file)),
        scanned=_names(tables, (o for o in stayed if before[o].scans < after[o].scans)),
        looked_up=_names(
            tables,
            (
                now.table
                for oid, now in indexes.items()
                if oid in before and before[oid].scans < now.scans
            ),
        ),
        # an index that ALTER TABLE makes anew keeps its file where its content stays
        indexed=_names(
            tables, (now.table for now in indexes.values() if now.file and now.file not in files)
        ),
        unindexed=_names(
            tables,
            (
                was.table
                for oid, was in before.items()
                if was.is_index and was.table in stayed and oid not in indexes
                if (was.table, was.name) not in names
            ),
        ),
    )


def _modes(oid: int, ground: _Ground, before: _Ground) -> frozenset[str]:
    """The modes held on a relation or on an index of it that was there before: whoever plans a
    query opens every index of the table."""
    if oid not in ground:
        return _DROPPED
    own = ground[oid].modes
    return own.union(
        *(ground[i].modes for i, was in before.items() if was.table == oid and i in ground)
    )


def _names(tables: _Ground, oids: Iterable[int]) -> tuple[str, ...]:
    return tuple(sorted({tables[oid].name for oid in oids}))
