"""Connections of a deployment: session settings that no database default can spoil."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import psycopg
from sqlalchemy import URL, Connection, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from ledgerdb.errors import DatabaseUnavailable, MigrationError

__all__ = ["APPLICATION_NAME", "SESSION", "SET_SESSION", "connect", "describe"]

APPLICATION_NAME: Final = "ledgerdb-migrate"
_CONNECT_TIMEOUT_SECONDS: Final = 10
_REASON_CHARS_MAX: Final = 500

# A database or role may carry defaults (`alter database ... set`) that would kill or bend a
# migration; names that this server does not have are skipped.
SESSION: Final[Mapping[str, str]] = {
    "lock_timeout": "200ms",
    "statement_timeout": "0",
    "transaction_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
    # a killed deployer must not hold its locks until its statement ends
    "client_connection_check_interval": "1s",
    "default_transaction_isolation": "read committed",
    "search_path": "public",
    "check_function_bodies": "on",
}
SET_SESSION: Final = """
    select pg_catalog.set_config(s.name, v.value, false)
    from pg_catalog.json_each_text(%s::json) as v (name, value)
    join pg_catalog.pg_settings as s on s.name = v.name
"""


@contextmanager
def connect(
    url: URL,
    *,
    autocommit: bool = False,
    on_warning: Callable[[str], None] | None = None,
    lock_key: int | None = None,
) -> Iterator[Connection]:
    """A new connection that no one else has used, closed at the end (what is open rolls back).

    With `lock_key` it holds that advisory lock until then.

    Raises:
        DatabaseUnavailable: it cannot be had; the message says which database and why.
        MigrationError: the body let a driver's error through.
    """
    engine = create_engine(
        url,
        poolclass=NullPool,
        # closing ends the session, and what is open in it; a reset of a lost one would fail
        pool_reset_on_return=None,
        connect_args={
            "connect_timeout": url.query.get("connect_timeout", _CONNECT_TIMEOUT_SECONDS),
            "application_name": APPLICATION_NAME,
            # without it a SQL_ASCII database answers in bytes, and cannot even be refused
            "client_encoding": "utf8",
            # nothing is executed often enough to be worth it, and poolers dislike it
            "prepare_threshold": None,
        },
        **({"isolation_level": "AUTOCOMMIT"} if autocommit else {}),
    )

    @event.listens_for(engine, "connect")
    def prepare(raw: psycopg.Connection[Any], _record: object) -> None:
        # On the driver's connection: SQLAlchemy must not see a statement before Alembic does,
        # or Alembic takes the open transaction for someone else's and commits nothing.
        previous, raw.autocommit = raw.autocommit, True
        raw.execute("set statement_timeout = 0")  # or a short default cuts off the next statement
        if lock_key is not None:
            raw.execute("set lock_timeout = '10s'")
            raw.execute("select pg_catalog.pg_advisory_lock(%s)", [lock_key])
        raw.execute(SET_SESSION, (json.dumps(SESSION),))
        raw.autocommit = previous
        if on_warning is not None:
            raw.add_notice_handler(lambda notice: _warn(notice, on_warning))

    try:
        connection = engine.connect()
    except DBAPIError as error:
        raise DatabaseUnavailable(_unavailable(url, error)) from error
    try:
        yield connection
    except DBAPIError as error:
        raise MigrationError(f"database {describe(url)}: {_reason(error)}") from error
    finally:
        connection.close()
        engine.dispose()


def describe(url: URL) -> str:
    """Which database, for messages: `"ledger" at db1:5432`; never a password."""
    query_host = url.query.get("host", "")
    host = url.host or (query_host if isinstance(query_host, str) else ",".join(query_host))
    port = f":{url.port}" if url.port else ""
    return f'"{url.database or "(default)"}" at {host or "(default host)"}{port}'


def _unavailable(url: URL, error: DBAPIError) -> str:
    reason = _reason(error)
    if url.password:
        reason = reason.replace(str(url.password), "***")
    user = f' as "{url.username}"' if url.username else ""
    return f"cannot connect to database {describe(url)}{user}: {reason}"


def _reason(error: DBAPIError) -> str:
    # The server's own words where it spoke, else libpq's, on one line.
    primary = error.orig.diag.message_primary if isinstance(error.orig, psycopg.Error) else None
    return (primary or " ".join(str(error.orig).split()))[:_REASON_CHARS_MAX]


def _warn(notice: psycopg.errors.Diagnostic, on_warning: Callable[[str], None]) -> None:
    if notice.severity_nonlocalized == "WARNING":
        on_warning(notice.message_primary or "")
