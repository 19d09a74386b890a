"""Whether the database has enough to do without a backfill."""

from __future__ import annotations

from typing import Any, Final, LiteralString

import psycopg

__all__ = ["LAG_SECONDS_MAX", "QUEUE_MAX", "pressure"]

LAG_SECONDS_MAX: Final = 10.0
QUEUE_MAX: Final = 5

# Lags are null for who may not see them (pg_read_all_stats). Waits for rows are everyday life,
# waits for tables are not.
_PRESSURE: Final[LiteralString] = """
    select
        (
            select coalesce(max(extract(epoch from r.replay_lag)), 0)::float8
            from pg_catalog.pg_stat_replication as r
        ) as lag_seconds,
        (
            select count(*)
            from pg_catalog.pg_locks as l
            join pg_catalog.pg_database as d on d.oid = l.database
            where not l.granted and l.locktype = 'relation'
                and d.datname = pg_catalog.current_database()
        ) as queue
"""


def pressure(connection: psycopg.Connection[Any]) -> str:
    """Why a backfill should pause now; empty for no reason."""
    ((lag_seconds, queue),) = connection.execute(_PRESSURE)
    if lag_seconds > LAG_SECONDS_MAX:
        return f"a standby is {lag_seconds:.0f} s behind"
    if queue > QUEUE_MAX:
        return f"{queue} sessions wait for locks on tables"
    return ""
