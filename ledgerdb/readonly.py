"""Connections for those who only look: dashboards, exporters, the console."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import event

from ledgerdb.engine import EngineSettings, create_ledger_engine
from ledgerdb.sync import Ledger

__all__ = ["READER", "connect_readonly"]

READER: Final = "symphony_readonly"
_CONNECT_SECONDS: Final = 3
_MARGIN_SECONDS: Final = 2.0


def connect_readonly(
    url: str | None = None,
    *,
    application_name: str,
    role: str | None = READER,
    connections: int = 1,
    statement_timeout_ms: int = 3_000,
) -> Ledger:
    """A ledger whose sessions cannot write, twice over: the role may not, and every transaction is
    READ ONLY. `transaction()` shows one snapshot. Nothing connects yet.

    Args:
        url: the database; None takes LEDGERDB_URL, else DATABASE_URL.
        application_name: in `pg_stat_activity`.
        role: `symphony_readonly`, or another reader; None keeps the login role.
        connections: at most so many at a time.
        statement_timeout_ms: a longer statement ends in `StatementTimeout`.

    Raises:
        ConfigurationError: no URL, or a setting that makes no sense.
    """
    settings = EngineSettings(
        application_name=application_name,
        role=role,
        pool_size=connections,
        max_overflow=0,
        pool_timeout_seconds=_CONNECT_SECONDS,
        connect_timeout_seconds=_CONNECT_SECONDS,
        lock_timeout_ms=min(1_000, statement_timeout_ms),
        statement_timeout_ms=statement_timeout_ms,
        answer_seconds=statement_timeout_ms / 1_000 + _MARGIN_SECONDS,
        durable=False,  # nothing is committed
    )
    engine = create_ledger_engine(url, settings)
    # After the engine's own check, which takes a session that starts read-only for a standby's.
    event.listen(engine, "connect", _make_read_only)
    return Ledger(
        engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    )


def _make_read_only(dbapi_connection: Any, _: object) -> None:  # noqa: ANN401 - psycopg's
    previous, dbapi_connection.autocommit = dbapi_connection.autocommit, True
    dbapi_connection.execute("set default_transaction_read_only = on")
    dbapi_connection.autocommit = previous
