"""From driver errors to `ledgerdb.errors`, in one place, by SQLSTATE."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter_ns
from typing import Any, Final

import psycopg
from sqlalchemy import Connection, exc, text

from ledgerdb import _watch
from ledgerdb._connection import LedgerConnection
from ledgerdb.calls import Call
from ledgerdb.errors import (
    DatabaseUnavailable,
    InvalidArgument,
    LedgerError,
    OutcomeUnknown,
    error_for,
)

# The server is going away, or has gone: class 08 (connection exception) and the shutdown codes.
_CONNECTION_LOST: Final = frozenset({"57P01", "57P02", "57P03", "57P05"})
_COMMIT: Final[Call[Any]] = Call("commit", text("commit"), {}, lambda _: None, writes=True)
# What a JSON document can do to its type: bad syntax, a character or a number that jsonb cannot
# hold, too deep a nesting.
_JSON_REFUSED: Final = frozenset({"22P02", "22P05", "22003", "54001"})
_JSON: Final = frozenset({"p_payload", "p_evidence"})  # no function has two


@contextmanager
def connecting() -> Iterator[None]:
    """Errors while a connection is taken from the pool: nothing was sent yet.

    Raises:
        DatabaseUnavailable: in place of the driver's error, which stays its cause.
    """
    began = None if _watch.watcher is None else perf_counter_ns()
    try:
        yield
    except exc.TimeoutError as error:
        raise DatabaseUnavailable(
            f"no connection of the pool came free in time: {error}"
        ) from error
    except (exc.DBAPIError, psycopg.Error) as error:
        raise DatabaseUnavailable(f"no connection to the database: {_first_line(error)}") from error
    finally:
        if began is not None:
            _watch.waited(began)


@contextmanager
def executing(call: Call[Any], driver: object) -> Iterator[None]:
    """Errors while a call is executed on a connection, by SQLAlchemy or straight on the driver's.

    Args:
        call: which one.
        driver: the driver's connection.

    Raises:
        LedgerError: the class for the SQLSTATE; the driver's error stays its cause.
        OutcomeUnknown: it broke during a write; or it committed, and the wait for a synchronous
            standby was cancelled.
        BaseException: a cancelled task and Ctrl-C stay what they are, with a note on a write.
    """
    try:
        yield
    except (exc.DBAPIError, psycopg.Error) as error:
        raise _translated(error, call) from error
    except Exception:
        raise
    except BaseException as interruption:
        if call.writes:
            interruption.add_note(
                f"{call.function}: interrupted, it may or may not have committed; {call.advice}"
            )
        raise
    if call.writes and isinstance(driver, LedgerConnection) and driver.was_unconfirmed():
        raise OutcomeUnknown(
            f"{call.function}: committed, but not confirmed by a synchronous standby, so a failover"
            f" may lose it; {call.advice}"
        )


@contextmanager
def committing(connection: Connection | None) -> Iterator[None]:
    """Errors while a transaction of several calls commits.

    Raises:
        OutcomeUnknown: the connection broke, and the transaction may or may not have committed; or
            it has, and the wait for a synchronous standby was cancelled.
        DatabaseError: PostgreSQL refused the commit; the transaction is rolled back.
    """
    with _watch.committing(_COMMIT), executing(_COMMIT, driver_of(connection)):
        yield


def driver_of(connection: Connection | None) -> object:
    """The driver's connection under one of SQLAlchemy, of either colour; None where it is lost."""
    if connection is None or connection.invalidated:
        return None
    return connection.connection.driver_connection


def _translated(error: exc.DBAPIError | psycopg.Error, call: Call[Any]) -> LedgerError:
    invalidated = isinstance(error, exc.DBAPIError) and error.connection_invalidated
    cause = error if isinstance(error, psycopg.Error) else error.orig
    diagnostics = cause.diag if isinstance(cause, psycopg.Error) else None
    sqlstate = diagnostics.sqlstate if diagnostics else None
    lost = sqlstate is None or sqlstate.startswith("08") or sqlstate in _CONNECTION_LOST
    if lost and (invalidated or isinstance(cause, psycopg.OperationalError)):
        if call.writes:
            return OutcomeUnknown(
                f"the connection broke during {call.function}, or gave no answer in time: it may or"
                f" may not have committed; {call.advice}: {_first_line(error)}"
            )
        return DatabaseUnavailable(
            f"the connection broke during {call.function}: {_first_line(error)}"
        )
    field = diagnostics.column_name if diagnostics else None
    rule = diagnostics.constraint_name if diagnostics else None
    message = (diagnostics.message_primary if diagnostics else None) or _first_line(error)
    if sqlstate in _JSON_REFUSED:
        for name in _JSON & call.parameters.keys():
            return InvalidArgument(
                f"{name.removeprefix('p_')}: {message}",
                sqlstate=sqlstate,
                field=name.removeprefix("p_"),
                rule="a JSON document that jsonb can hold",
            )
    if diagnostics and diagnostics.message_detail and (sqlstate or "").startswith("P7"):
        message += f" ({diagnostics.message_detail})"  # ours: which item of a batch
    # The parameter p_x of a function is the argument x of its Python verb.
    return error_for(sqlstate)(
        message.removeprefix("p_"),
        sqlstate=sqlstate,
        field=field.removeprefix("p_") if field else None,
        rule=rule,
    )


def _first_line(error: exc.DBAPIError | BaseException) -> str:
    cause = error.orig if isinstance(error, exc.DBAPIError) else error
    lines = str(cause).strip().splitlines()
    return lines[0] if lines else type(cause).__name__
