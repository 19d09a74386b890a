"""Watching a statement that works or waits for long: how far it is, and for whom it waits."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

__all__ = ["WAIT_SECONDS", "Watch", "driver"]

# Waiting for old snapshots stands in nobody's way, so it may take long.
WAIT_SECONDS: Final = 600.0
_LOOK_SECONDS: Final = 0.25

_PROGRESS = text("""
    select p.blocks_done + p.tuples_done, p.blocks_total + p.tuples_total
    from pg_catalog.pg_stat_progress_create_index as p
    where p.pid = :pid
""")
_DESCRIBED = """
    select pg_catalog.string_agg(pg_catalog.format(
        'pid %s%s (%s, %s for %s s)',
        a.pid,
        coalesce(' of ' || nullif(a.application_name, ''), ''),
        coalesce(a.usename, 'unknown user'),
        coalesce(a.state, 'unknown state'),
        coalesce(extract(
            epoch from pg_catalog.clock_timestamp() - coalesce(a.xact_start, a.query_start)
        )::int::text, '?')
    ), '; ' order by coalesce(a.xact_start, a.query_start))
    from pg_catalog.pg_stat_activity as a
"""
_IN_THE_WAY = text(f"{_DESCRIBED} where a.pid = any (pg_catalog.pg_blocking_pids(:pid))")
_SESSIONS = text(f"{_DESCRIBED} where a.pid = any (cast(:pids as int[]))")


@dataclass(slots=True)
class Watch:
    """Looks at a step from another connection, and tells.

    Attributes:
        witness: another connection, in autocommit.
        on_progress: told how much is done, and of how much.
        on_blocked: told who is in the way.
        seconds: how long the step may wait in all.
        seen: who was in the way last; empty for nobody.
    """

    witness: Connection
    on_progress: Callable[[int, int], None]
    on_blocked: Callable[[str], None]
    seconds: float = WAIT_SECONDS
    seen: str = field(default="", init=False)

    @contextmanager
    def over(self, pid: int) -> Iterator[None]:
        """Looks at the backend `pid` again and again, while the body waits for it."""
        ended = threading.Event()

        def look() -> None:
            while not ended.wait(_LOOK_SECONDS):
                try:
                    self._look(pid)
                except SQLAlchemyError:  # the statement itself will say what is wrong
                    return

        thread = threading.Thread(target=look, daemon=True, name="ledgerdb-watch")
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def sessions(self, pids: list[int]) -> str:
        """These backends, for people."""
        return self.witness.scalar(_SESSIONS, {"pids": pids}) or "a session that is gone by now"

    def _look(self, pid: int) -> None:
        row = self.witness.execute(_PROGRESS, {"pid": pid}).first()
        if row is not None and None not in row and 0 < row[0] < row[1]:
            self.on_progress(*row)
        found = self.witness.scalar(_IN_THE_WAY, {"pid": pid})
        if found:
            self.seen = found
            self.on_blocked(found)


def driver(connection: Connection) -> psycopg.Connection[Any]:
    """The driver's connection under a connection in autocommit."""
    found = connection.connection.driver_connection
    if not isinstance(found, psycopg.Connection) or not found.autocommit:
        raise TypeError("online steps need a psycopg connection in autocommit")
    return found
