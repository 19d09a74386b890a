"""The blocking colour: `run` executes one call, `Ledger` has a method per call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from types import TracebackType
from typing import Any, Self, TypeVar

from sqlalchemy import Connection, Engine
from tenacity import Retrying

from ledgerdb import _watch
from ledgerdb._adapt import know_wire_types
from ledgerdb._direct import asking
from ledgerdb._patience import replaying
from ledgerdb._pool import take
from ledgerdb._session import lent
from ledgerdb._translate import committing, connecting, driver_of, executing
from ledgerdb.calls import Call
from ledgerdb.engine import EngineSettings, create_ledger_engine, settings_of
from ledgerdb.errors import OutcomeUnknown
from ledgerdb.verbs.blocking import Verbs

__all__ = ["Ledger", "LedgerTransaction", "run"]

T = TypeVar("T")


def run(connection: Connection, call: Call[T]) -> T:
    """Execute a call on a connection, inside whatever transaction it is in.

    Raises:
        DatabaseError: PostgreSQL refused; the subclass says why.
        OutcomeUnknown: the connection broke during a write, or no synchronous standby has it.
    """
    if (watcher := _watch.watcher) is None:
        return call.shape(_executed(connection, call))
    return _watch.told(watcher, call, partial(_executed, connection))


def _executed(connection: Connection, call: Call[Any]) -> Sequence[Any]:
    driver = driver_of(connection)
    with executing(call, driver):
        know_wire_types(driver)
        return connection.execute(call.statement, call.parameters).all()


class LedgerTransaction(Verbs):
    """The verbs on a connection of the caller: they take part in its transaction and are durable
    when it commits.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def execute(self, call: Call[T]) -> T:
        """Execute any call of `ledgerdb.calls` inside the transaction."""
        return run(self.connection, call)


class Ledger(Verbs):
    """The ledger over a pool: each verb is a transaction of its own, durable when it returns.

    A verb is one statement that commits by itself, hence one round trip, straight on the driver's
    connection. `transaction()` gives the same verbs inside one transaction;
    `LedgerTransaction(connection)` gives them inside the caller's.

    A write whose outcome is unknown (a failover, a lost answer) is called again for a while
    (`EngineSettings.resolve_seconds`) where that tells the outcome; then its result may say that it
    was replayed. `transaction()` cannot be replayed: there `OutcomeUnknown` comes at once.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._settings = settings_of(engine)

    @classmethod
    def connect(cls, url: str | None = None, settings: EngineSettings | None = None) -> Self:
        """A ledger with an engine of its own; see `create_ledger_engine`."""
        return cls(create_ledger_engine(url, settings))

    def execute(self, call: Call[T]) -> T:
        """Execute any call of `ledgerdb.calls` in a transaction of its own.

        Raises:
            DatabaseUnavailable: no connection could be had.
            OutcomeUnknown: it may or may not have committed, and asking again did not tell.
        """
        try:
            return self._once(call)
        except OutcomeUnknown:
            if not call.replays or not self._settings.resolve_seconds:
                raise
        # outside of the handler: the replay's errors are its own
        retrying = Retrying(**replaying(call, self._settings.resolve_seconds))
        answer: T = retrying(self._once, call)
        return answer

    def _once(self, call: Call[T]) -> T:
        if (watcher := _watch.watcher) is None:
            return call.shape(self._asked(call))
        return _watch.told(watcher, call, self._asked)

    def _asked(self, call: Call[Any]) -> Sequence[Any]:
        with connecting():
            pooled = take(self.engine.pool) or self.engine.raw_connection()
        with lent(self.engine, pooled) as driver, executing(call, driver):
            return driver.wait(asking(driver, call))

    @contextmanager
    def transaction(self) -> Iterator[LedgerTransaction]:
        """Verbs in one transaction: committed at the end of the block, rolled back on an error.

        Raises:
            DatabaseUnavailable: no connection could be had.
            ConfigurationError: the block made its transaction one that may be lost.
            OutcomeUnknown: the connection broke during the commit, or no synchronous standby
                has it.
        """
        with connecting():
            connection = self.engine.connect()
        with connection:
            yield LedgerTransaction(connection)
            with committing(connection):
                connection.commit()

    def close(self) -> None:
        """Close the pool."""
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
