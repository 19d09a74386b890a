"""The async colour, the only module that needs an event loop: `arun` executes one call,
`AsyncLedger` has a method per call.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from functools import partial
from types import TracebackType
from typing import Any, Self, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import Pool, PoolProxiedConnection
from sqlalchemy.util import greenlet_spawn
from tenacity import AsyncRetrying

from ledgerdb import _watch
from ledgerdb._adapt import know_wire_types
from ledgerdb._awaited import AwaitedConnection
from ledgerdb._connection import is_idle
from ledgerdb._direct import asking
from ledgerdb._patience import replaying
from ledgerdb._pool import Lent, keeps, take
from ledgerdb._session import hold, takes_the_pool
from ledgerdb._translate import committing, connecting, driver_of, executing
from ledgerdb.calls import Call
from ledgerdb.engine import EngineSettings, accepted, engine_arguments, settings_of
from ledgerdb.errors import OutcomeUnknown
from ledgerdb.url import database_url, require_primary
from ledgerdb.verbs.awaited import AsyncVerbs

__all__ = ["AsyncLedger", "AsyncLedgerTransaction", "arun", "create_async_ledger_engine"]

T = TypeVar("T")
C = TypeVar("C")  # a connection, of the pool or of SQLAlchemy's

# An event loop holds its tasks weakly.
_returning: set[asyncio.Future[Any]] = set()


def create_async_ledger_engine(
    url: str | None = None, settings: EngineSettings | None = None
) -> AsyncEngine:
    """An async engine with ledgerdb's posture; see `ledgerdb.engine.create_ledger_engine`."""
    address = require_primary(database_url(url))
    settings = accepted(settings)
    arguments = engine_arguments(address, settings)
    arguments["connect_args"]["async_creator_fn"] = AwaitedConnection.connect
    engine = create_async_engine(address, **arguments)
    hold(engine.sync_engine, durable=settings.durable, answer_seconds=settings.answer_seconds)
    return engine


async def arun(connection: AsyncConnection, call: Call[T]) -> T:
    """Execute a call on a connection, inside whatever transaction it is in.

    Raises:
        DatabaseError: PostgreSQL refused; the subclass says why.
        OutcomeUnknown: the connection broke during a write, or no synchronous standby has it.
    """
    if (watcher := _watch.watcher) is None:
        return call.shape(await _executed(connection, call))
    return await _watch.atold(watcher, call, partial(_executed, connection))


async def _executed(connection: AsyncConnection, call: Call[Any]) -> Sequence[Any]:
    driver = driver_of(connection.sync_connection)
    with executing(call, driver):
        know_wire_types(driver)
        return (await connection.execute(call.statement, call.parameters)).all()


async def _whole(opening: Coroutine[Any, Any, C], close: Callable[[C], Awaitable[None]]) -> C:
    """Who is cancelled meanwhile leaves a connection that is given back when it is there: one that
    is interrupted half-way would be left to the garbage collector.
    """
    task = asyncio.ensure_future(opening)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:

        def give_back(opened: asyncio.Future[C]) -> None:
            _returning.discard(opened)
            if not opened.cancelled() and opened.exception() is None:
                closing = asyncio.ensure_future(close(opened.result()))
                _returning.add(closing)
                closing.add_done_callback(_returning.discard)

        _returning.add(task)
        task.add_done_callback(give_back)
        raise


@asynccontextmanager
async def _connected(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    with connecting():
        connection = await _whole(engine.connect().start(), AsyncConnection.close)
    try:
        yield connection
    finally:
        # shielded: a cancelled task still gives its connection back
        await asyncio.shield(connection.close())


async def _made(engine: AsyncEngine) -> PoolProxiedConnection:
    return await _whole(engine.raw_connection(), lambda made: greenlet_spawn(made.close))


async def _give_back(pooled: Lent | PoolProxiedConnection, pool: Pool) -> None:
    if isinstance(pooled, Lent) and keeps(pool) and is_idle(pooled.driver_connection):
        pooled.close()  # nothing to wait for
    else:
        # shielded: a cancelled task still gives its connection back
        await asyncio.shield(greenlet_spawn(pooled.close))


class AsyncLedgerTransaction(AsyncVerbs):
    """The verbs on a connection of the caller: they take part in its transaction and are durable
    when it commits.
    """

    def __init__(self, connection: AsyncConnection) -> None:
        self.connection = connection

    async def execute(self, call: Call[T]) -> T:
        """Execute any call of `ledgerdb.calls` inside the transaction."""
        return await arun(self.connection, call)


class AsyncLedger(AsyncVerbs):
    """The ledger over a pool: each verb is a transaction of its own, durable when it returns.

    A verb is one statement that commits by itself, hence one round trip, straight on the driver's
    connection. `transaction()` gives the same verbs inside one transaction;
    `AsyncLedgerTransaction(connection)` gives them inside the caller's.

    A write whose outcome is unknown (a failover, a lost answer) is called again for a while
    (`EngineSettings.resolve_seconds`) where that tells the outcome; then its result may say that it
    was replayed. `transaction()` cannot be replayed: there `OutcomeUnknown` comes at once.

    A write that is cancelled (`asyncio.timeout`, a task group that fails) stays a `CancelledError`,
    hence a `TimeoutError` of `asyncio.timeout`, and means what `OutcomeUnknown` means: it may have
    committed all the same. Better are the ledger's own deadlines: `statement_timeout_ms`, since
    what the server cancels is not written, and `answer_seconds`, which ends in `OutcomeUnknown`.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self._settings = settings_of(engine.sync_engine)

    @classmethod
    def connect(cls, url: str | None = None, settings: EngineSettings | None = None) -> Self:
        """A ledger with an engine of its own; see `create_async_ledger_engine`."""
        return cls(create_async_ledger_engine(url, settings))

    async def execute(self, call: Call[T]) -> T:
        """Execute any call of `ledgerdb.calls` in a transaction of its own.

        Raises:
            DatabaseUnavailable: no connection could be had.
            OutcomeUnknown: it may or may not have committed, and asking again did not tell.
        """
        try:
            return await self._once(call)
        except OutcomeUnknown:
            if not call.replays or not self._settings.resolve_seconds:
                raise
        # outside of the handler: the replay's errors are its own
        retrying = AsyncRetrying(**replaying(call, self._settings.resolve_seconds))
        return await retrying(self._once, call)

    async def _once(self, call: Call[T]) -> T:
        if (watcher := _watch.watcher) is None:
            return call.shape(await self._asked(call))
        return await _watch.atold(watcher, call, self._asked)

    async def _asked(self, call: Call[Any]) -> Sequence[Any]:
        with connecting():
            pool = self.engine.sync_engine.pool
            pooled = take(pool) or await _made(self.engine)
        driver: Any = pooled.driver_connection
        try:
            with executing(call, driver):
                rows: Sequence[Any] = await driver.wait(asking(driver, call))
        except BaseException as error:
            whole_pool = takes_the_pool(driver, error)
            if whole_pool or driver.closed:
                await asyncio.shield(greenlet_spawn(pooled.invalidate, error))
            if whole_pool:
                await asyncio.shield(self.engine.dispose())
            raise
        finally:
            await _give_back(pooled, pool)
        return rows

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncLedgerTransaction]:
        """Verbs in one transaction: committed at the end of the block, rolled back on an error.

        Raises:
            DatabaseUnavailable: no connection could be had.
            ConfigurationError: the block made its transaction one that may be lost.
            OutcomeUnknown: the connection broke during the commit, or no synchronous standby
                has it.
        """
        async with _connected(self.engine) as connection:
            yield AsyncLedgerTransaction(connection)
            with committing(connection.sync_connection):
                await connection.commit()

    async def close(self) -> None:
        """Close the pool."""
        await self.engine.dispose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()
