"""How big the tables of the live database are, and what class of time work on them takes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import psycopg

from ledgerdb.planning.measure import Effect

__all__ = ["IN_BATCHES", "Size", "duration", "read_sizes", "seconds_of"]

# Partitioned tables have no rows of their own: their partitions are tables too.
_SIZES: Final = """
    select
        case when n.nspname = 'public' then '' else n.nspname || '.' end || c.relname,
        pg_catalog.pg_table_size(c.oid),
        greatest(c.reltuples, 0)::bigint
    from pg_catalog.pg_class as c
    join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    where c.relkind in ('r', 'm') and n.nspname not in ('pg_catalog', 'information_schema')
        and n.nspname !~ '^pg_(toast|temp)'
"""
# Bytes of the table per second, on slow storage: a class is an upper bound and no forecast.
_SCAN: Final = 125e6
_BUILD: Final = 50e6
_CLASSES: Final = ((1, "< 1 s"), (10, "< 10 s"), (60, "< 1 min"), (600, "< 10 min"))
_LONGEST: Final = "> 10 min"
_CATALOG_ONLY: Final = "instant"
# How long a backfill takes depends on its pauses too; nobody waits for it.
IN_BATCHES: Final = "in batches"
_UNKNOWN: Final = "by a new table"


@dataclass(frozen=True, slots=True)
class Size:
    """A table, its TOAST included; `rows` as last analyzed."""

    bytes: int
    rows: int


def read_sizes(connection: psycopg.Connection[Any]) -> dict[str, Size]:
    """Table -> size, of every table of the database."""
    return {name: Size(size, rows) for name, size, rows in connection.execute(_SIZES)}


def seconds_of(effect: Effect, reads: frozenset[str], sizes: Mapping[str, Size]) -> float | None:
    """At most how long the work on tables takes.

    Args:
        effect: of a statement.
        reads: tables from before the transaction that the statement names.
        sizes: of the live database; a table that it has not yet makes the time infinite.

    Returns:
        None where there is no work that depends on a size.
    """
    read = {*effect.scanned, *effect.looked_up, *reads}
    written = [*effect.rewritten, *effect.indexed]
    if not read and not written:
        return None
    if not sizes.keys() >= {*read, *written}:
        return math.inf
    return sum(sizes[name].bytes for name in read) / _SCAN + (
        sum(sizes[name].bytes for name in written) / _BUILD
    )


def duration(seconds: float | None) -> str:
    """The class of a time: `instant` is a change of the catalog."""
    if seconds is None:
        return _CATALOG_ONLY
    if math.isinf(seconds):
        return _UNKNOWN
    return next((name for limit, name in _CLASSES if seconds < limit), _LONGEST)
