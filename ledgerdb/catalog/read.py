"""Reads the catalog of a database. SELECTs only; no lock above ACCESS SHARE."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.rows import tuple_row

from ledgerdb.catalog import _relations, _rights, _routines
from ledgerdb.catalog._spelling import one_spelling
from ledgerdb.catalog.model import STRUCTURE, Catalog, Json, Key, Names, frozen

__all__ = ["read"]


def read(connection: psycopg.Connection[Any], names: Names) -> Catalog:
    """Every object under our names, and whatever hangs on one, as it is now.

    Runs in the caller's transaction, or in one of its own, and leaves nothing behind: not even
    the search path, by which PostgreSQL spells names.

    Args:
        connection: any role that may connect; the system catalog is readable to everybody.
        names: what is ledgerdb's. Objects of other applications under other names do not count.
    """
    parameters = {
        "relations": sorted(names.relations),
        "types": sorted(names.types),
        "functions": sorted(names.functions),
        "roles": sorted(names.roles),
    }
    entries: list[tuple[Key, Json]] = []
    with (
        connection.transaction(force_rollback=True),
        connection.cursor(row_factory=tuple_row) as cursor,
    ):
        cursor.execute("select pg_catalog.set_config('search_path', 'pg_catalog', true)")
        for query in (*_relations.QUERIES, *_routines.QUERIES, *_rights.QUERIES):
            cursor.execute(query, parameters)
            entries.extend((Key(kind, name), value) for kind, name, value in cursor)
    return frozen(
        (key, one_spelling(value) if key.kind in STRUCTURE else value) for key, value in entries
    )
