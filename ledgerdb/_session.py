"""What every connection of an engine is held to, from its birth to its end.

It is of `LedgerConnection`, on a primary, and what it commits is durable (unless the settings say
otherwise). A connection whose server died, or is a standby now, takes the rest of the pool with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, Engine, event, exc
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection, PoolResetState

from ledgerdb._connection import BlockingConnection, LedgerConnection, is_dead, is_idle
from ledgerdb._pool import Lent
from ledgerdb.errors import ConfigurationError, LedgerError, ServerReadOnly

__all__ = ["hold", "lent", "takes_the_pool"]

_READ_ONLY: Final = "25006"
# Read, and pinned: a reload of the server's configuration does not weaken a session that is open.
_PIN: Final = """
    select set_config('synchronous_commit', current_setting('synchronous_commit'), false)
"""
_ASK: Final = "select current_setting('synchronous_commit')"
_WEAK: Final = frozenset({"off", "local"})


def hold(engine: Engine, *, durable: bool, answer_seconds: float) -> None:
    """Holds the connections of an engine of either colour to this, from now on.

    Args:
        engine: the one that blocks, also of the async colour.
        durable: refuse sessions whose commits may be lost after they were acknowledged.
        answer_seconds: longest wait for an answer of the server.
    """
    if not engine.dialect.is_async:
        event.listen(engine, "do_connect", _connect)

    def born(dbapi_connection: Any, _: ConnectionPoolEntry) -> None:  # noqa: ANN401 - either colour
        driver = _driver(dbapi_connection)
        try:
            driver.hear_unconfirmed_commits()
            driver.answer_seconds = answer_seconds
            _require_primary(driver)
            if durable:
                _pin(dbapi_connection)
        except BaseException:
            dbapi_connection.close()
            raise

    event.listen(engine, "connect", born)
    event.listen(engine, "checkout", _look)
    event.listen(engine, "reset", _roll_back)
    event.listen(engine, "handle_error", _judge)
    if durable:
        event.listen(engine, "commit", _look_before_commit)


def _driver(dbapi_connection: Any) -> Any:  # noqa: ANN401 - either colour
    """psycopg's connection: of the async colour it is inside of SQLAlchemy's."""
    return getattr(dbapi_connection, "driver_connection", dbapi_connection)


def _connect(_dialect: object, _entry: object, arguments: Any, named: Any) -> BlockingConnection:  # noqa: ANN401
    return BlockingConnection.connect(*arguments, **named)


def _require_primary(driver: LedgerConnection) -> None:
    # The server reports both without being asked, and when they change.
    for name in ("in_hot_standby", "default_transaction_read_only"):
        if driver.info.parameter_status(name) == "on":
            raise ServerReadOnly(
                f"{driver.info.host}: takes no writes ({name} is on)", sqlstate=_READ_ONLY
            )


def _pin(dbapi_connection: Any) -> None:  # noqa: ANN401 - either colour
    previous, dbapi_connection.autocommit = dbapi_connection.autocommit, True
    _require_durable(dbapi_connection, _PIN)
    dbapi_connection.autocommit = previous


def _look_before_commit(connection: Connection) -> None:
    # A program can do as it likes in a transaction of its own.
    raw = connection.connection
    driver = raw.driver_connection
    if (
        isinstance(driver, psycopg.BaseConnection)
        and driver.info.transaction_status == TransactionStatus.INTRANS
    ):
        try:
            _require_durable(raw, _ASK)
        except ConfigurationError:
            raw.rollback()  # SQLAlchemy takes the transaction for ended, whatever we raise
            raise


def _require_durable(dbapi_connection: Any, question: str) -> None:  # noqa: ANN401 - either colour
    cursor = dbapi_connection.cursor()
    cursor.execute(question)
    (synchronous_commit,) = cursor.fetchone()
    cursor.close()
    if synchronous_commit in _WEAK:
        raise ConfigurationError(
            f"synchronous_commit is {synchronous_commit} in this session: what it commits can be"
            " lost after it was acknowledged. Set it to on (of the server, database, role, URL or"
            " PGOPTIONS), or take EngineSettings(durable=False) where that does not matter"
        )


def _look(dbapi_connection: Any, _entry: object, _fairy: object) -> None:  # noqa: ANN401
    if is_dead(_driver(dbapi_connection)):
        error = exc.DisconnectionError("the server has hung up")
        error.invalidate_pool = True  # its other connections are as dead
        raise error


def _roll_back(dbapi_connection: Any, _entry: object, state: PoolResetState) -> None:  # noqa: ANN401
    # After a verb there is nothing to roll back, and asking the driver to costs as much as sending.
    if state.asyncio_safe and not is_idle(_driver(dbapi_connection)):
        dbapi_connection.rollback()


def _judge(context: ExceptionContext) -> None:
    error = context.original_exception
    if not isinstance(error, psycopg.Error) or error.sqlstate != _READ_ONLY:
        return
    connection = context.connection
    if connection is not None and _is_standby(connection.connection.driver_connection):
        context.is_disconnect = True  # SQLAlchemy throws the pool's connections away together


def _is_standby(driver: object) -> bool:
    return (
        isinstance(driver, psycopg.BaseConnection)
        and driver.info.parameter_status("in_hot_standby") == "on"
    )


def takes_the_pool(driver: psycopg.BaseConnection[Any], error: BaseException) -> bool:
    """Whether an error on one connection says that the others of its pool are as useless: the
    server is gone, or a standby now. Who was interrupted has lost one connection.
    """
    if isinstance(error, ServerReadOnly):
        return _is_standby(driver)
    return driver.closed and isinstance(error, LedgerError)


@contextmanager
def lent(engine: Engine, pooled: Lent | PoolProxiedConnection) -> Iterator[psycopg.Connection[Any]]:
    """A blocking connection of the pool, given back at the end, or thrown away where it broke."""
    driver: Any = pooled.driver_connection
    try:
        yield driver
    except BaseException as error:
        if takes_the_pool(driver, error):
            pooled.invalidate(error)
            engine.dispose()
        elif driver.closed:
            pooled.invalidate(error)
        raise
    finally:
        pooled.close()
