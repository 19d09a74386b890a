"""What a database holds, as one value: to prove that nothing was written."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

__all__ = ["Digest"]

_TABLES = """
select c.relname::text from pg_class as c
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') order by 1
"""
_ROWS = """
select {name} as name, count(*) as rows, sum(hashtextextended(t::text, 0)::numeric) as digest
from public.{table} as t
"""


class Digest:
    """The number of rows of every table, and a digest of them that knows no order."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        tables = [name for (name,) in connection.execute(_TABLES)]
        if not tables:
            raise ValueError("there is nothing to take a digest of")
        self._query = sql.SQL(" union all ").join(
            sql.SQL(_ROWS).format(name=sql.Literal(name), table=sql.Identifier(name))
            for name in tables
        )

    def take(self) -> list[Any]:
        """What it is now."""
        return sorted(self._connection.execute(self._query).fetchall())
