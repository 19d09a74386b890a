"""Which table locks a revision needs, and taking all of them in one short moment.

While a lock request waits, everybody who comes after it waits too. So the locks of a revision are
taken first, together, within a fraction of a second, or all given back; then it is tried again. The
modes are declared in `migrations/locks.toml`, where a check compares them with what is measured.
"""

from __future__ import annotations

import json
import time
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from ledgerdb.errors import MigrationError
from ledgerdb.migrate.config import VERSION_SCHEMA

__all__ = [
    "ANY_MODE",
    "HOLDERS",
    "TableLock",
    "conflicts",
    "declared",
    "holders",
    "lock_sql",
    "take",
]

_FILE: Final = "locks.toml"
# Table locks from the weakest to the strongest, as pg_locks spells them.
ANY_MODE: Final = (
    "AccessShareLock",
    "RowShareLock",
    "RowExclusiveLock",
    "ShareUpdateExclusiveLock",
    "ShareLock",
    "ShareRowExclusiveLock",
    "ExclusiveLock",
    "AccessExclusiveLock",
)
# A mode that a revision may declare, and those that it waits for.
_WAITS_FOR: Final = {
    "SHARE UPDATE EXCLUSIVE": ANY_MODE[3:],
    "SHARE": (ANY_MODE[2], ANY_MODE[3], *ANY_MODE[5:]),
    "SHARE ROW EXCLUSIVE": ANY_MODE[2:],
    "EXCLUSIVE": ANY_MODE[1:],
    "ACCESS EXCLUSIVE": ANY_MODE,
}
_HOLDERS_SHOWN: Final = 5

HOLDERS = text("""
    select pg_catalog.format(
        'pid %s%s (%s, %s for %s s) holds %s on %s',
        a.pid,
        coalesce(' of ' || nullif(a.application_name, ''), ''),
        coalesce(a.usename, 'unknown user'),
        coalesce(a.state, 'unknown state'),
        coalesce(extract(
            epoch from pg_catalog.clock_timestamp() - coalesce(a.xact_start, a.query_start)
        )::int::text, '?'),
        pg_catalog.string_agg(distinct l.mode, ' and '),
        pg_catalog.string_agg(distinct c.relname, ', ')
    )
    from pg_catalog.pg_locks as l
    join pg_catalog.pg_class as c on c.oid = l.relation
    join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    join pg_catalog.pg_stat_activity as a on a.pid = l.pid
    join pg_catalog.pg_database as d on d.oid = l.database
    join pg_catalog.json_each(cast(:wanted as json)) as w (relation, modes)
        on w.relation = c.relname
    where l.granted and d.datname = pg_catalog.current_database() and n.nspname = :schema
        and l.mode in (select m.mode from pg_catalog.json_array_elements_text(w.modes) as m (mode))
        and l.pid <> all (cast(:own as int[]))
    group by a.pid, a.application_name, a.usename, a.state, a.xact_start, a.query_start
    order by coalesce(a.xact_start, a.query_start)
""")


@dataclass(frozen=True, slots=True)
class TableLock:
    """A table in schema public and a lock mode, as LOCK TABLE spells it."""

    table: str
    mode: str


def declared(migrations: Path, revision: str) -> tuple[TableLock, ...]:
    """The locks of a revision, in the order of the functions; none where none are declared.

    Raises:
        MigrationError: the file is wrong.
    """
    path = migrations / _FILE
    if not path.is_file():
        return ()
    try:
        found = tomllib.loads(path.read_text("utf-8")).get(revision, {})
    except tomllib.TOMLDecodeError as error:
        raise MigrationError(f"{path.name}: {error}") from error
    for table, mode in found.items():
        if mode not in _WAITS_FOR or not table.isidentifier():
            raise MigrationError(f"{path.name}: [{revision}] {table} = {mode!r} is no table lock")
    return tuple(TableLock(table, mode) for table, mode in found.items())


def lock_sql(lock: TableLock) -> str:
    """The statement that takes a lock."""
    return f"lock table {VERSION_SCHEMA}.{lock.table} in {lock.mode.lower()} mode"


def conflicts(locks: Iterable[TableLock]) -> dict[str, Sequence[str]]:
    """Table -> the modes, as pg_locks spells them, that the locks wait for."""
    return {lock.table: _WAITS_FOR[lock.mode] for lock in locks}


def holders(
    witness: Connection, conflicting: Mapping[str, Sequence[str]], own: Sequence[int]
) -> str:
    """Who holds such locks now, for a message; best effort, since the wait is over.

    Args:
        witness: a connection in autocommit.
        conflicting: table in schema public -> modes.
        own: process ids that do not count.
    """
    parameters = {
        "wanted": json.dumps({table: list(modes) for table, modes in conflicting.items()}),
        "schema": VERSION_SCHEMA,
        "own": list(own),
    }
    try:
        found = list(witness.scalars(HOLDERS, parameters))
    except SQLAlchemyError:
        return ""
    more = len(found) - _HOLDERS_SHOWN
    return "; ".join(found[:_HOLDERS_SHOWN]) + (f"; and {more} more" if more > 0 else "")


def take(connection: Connection, locks: tuple[TableLock, ...], seconds: float) -> None:
    """Takes all locks, in order, before `seconds` have passed in all.

    Raises:
        DBAPIError: 55P03; the caller gives back what was taken.
    """
    end = time.monotonic() + seconds
    for lock in locks:
        left = max(1, round(1000 * (end - time.monotonic())))
        connection.exec_driver_sql(f"set local lock_timeout = '{left}ms'; {lock_sql(lock)}")
    connection.exec_driver_sql(f"set local lock_timeout = '{round(1000 * seconds)}ms'")
