"""What the server counted of a run: calls of functions, and rows. It knows of no telemetry."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Final, LiteralString

import psycopg
from psycopg import sql

from ledgerdb.errors import LedgerError

__all__ = ["Counted", "counted", "prepare"]

_CALLS: Final[LiteralString] = """
    select f.funcname::text, f.calls from pg_catalog.pg_stat_user_functions as f
    where f.schemaname = 'public'
"""
_ROWS: Final[LiteralString] = """
    select
        (select count(*) from public.payment_outbox_identities),
        (select count(*) from public.payment_outbox_attempts),
        (select count(*) from public.payment_outbox_pending)
"""
# A session hands in what it counted before it is gone from here.
_SESSIONS: Final[LiteralString] = """
    select count(*) from pg_catalog.pg_stat_activity as a
    where a.datname = current_database() and a.pid <> pg_backend_pid()
        and a.backend_type = 'client backend'
"""
_GONE_SECONDS_MAX: Final = 30.0
_PAUSE_SECONDS: Final = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What happened.

    Attributes:
        calls: function -> how often it was called, by clients and by other functions.
        accepted: instructions in the registry.
        attempts: that have ended.
        pending: items that have not.
    """

    calls: dict[str, int]
    accepted: int
    attempts: int
    pending: int


def prepare(connection: psycopg.Connection[Any]) -> None:
    """From now on, sessions of this database count calls."""
    name = sql.Identifier(connection.info.dbname)
    connection.execute(sql.SQL("alter database {} set track_functions = 'all'").format(name))


def counted(connection: psycopg.Connection[Any]) -> Counted:
    """The counts, after every other session has ended.

    Args:
        connection: in autocommit.

    Raises:
        LedgerError: a session stays.
    """
    deadline = time.monotonic() + _GONE_SECONDS_MAX
    while _one(connection, _SESSIONS)[0]:
        if time.monotonic() > deadline:
            raise LedgerError(f"a session of the program is there after {_GONE_SECONDS_MAX:g} s")
        time.sleep(_PAUSE_SECONDS)
    calls: dict[str, int] = dict(connection.execute(_CALLS).fetchall())
    accepted, attempts, pending = _one(connection, _ROWS)
    return Counted(calls=calls, accepted=accepted, attempts=attempts, pending=pending)


def _one(connection: psycopg.Connection[Any], query: LiteralString) -> tuple[Any, ...]:
    row: tuple[Any, ...] | None = connection.execute(query).fetchone()
    assert row is not None  # noqa: S101 - an aggregate has one row
    return row
