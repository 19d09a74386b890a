"""Hears when the wait for a synchronous standby was cancelled.

PostgreSQL then reports success with a warning: the transaction is committed here, and a failover
may lose it. A ledger must not acknowledge that.
"""

from __future__ import annotations

import weakref
from typing import Any, Final

import psycopg
from psycopg.errors import Diagnostic
from sqlalchemy import Engine, event
from sqlalchemy.pool import ConnectionPoolEntry

__all__ = ["listen_for_unconfirmed_commits", "was_unconfirmed"]

# The function of the server that waits; the warning has no SQLSTATE of its own.
_WAITS: Final = "SyncRepWaitForLSN"

_unconfirmed: weakref.WeakSet[object] = weakref.WeakSet()


def listen_for_unconfirmed_commits(engine: Engine) -> Engine:
    """Every new connection of the engine remembers such a warning; returns the engine."""
    event.listen(engine, "connect", _attach)
    return engine


def was_unconfirmed(connection: object) -> bool:
    """Whether a commit of this driver connection was not confirmed since it was last asked."""
    if connection in _unconfirmed:
        _unconfirmed.discard(connection)
        return True
    return False


def _attach(dbapi_connection: Any, _: ConnectionPoolEntry) -> None:  # noqa: ANN401 - either colour
    driver = getattr(dbapi_connection, "driver_connection", dbapi_connection)
    if not isinstance(driver, psycopg.Connection | psycopg.AsyncConnection):
        raise TypeError(f"ledgerdb needs psycopg, not {type(driver).__name__}")
    reference = weakref.ref(driver)

    def hear(notice: Diagnostic) -> None:
        if notice.source_function == _WAITS and (connection := reference()) is not None:
            _unconfirmed.add(connection)

    driver.add_notice_handler(hear)
