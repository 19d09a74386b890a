"""The async colour, the only module that needs an event loop: `arun` executes one call,
`AsyncLedger` has a method per call.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from ledgerdb._translate import committing, connecting, executing
from ledgerdb._unconfirmed import listen_for_unconfirmed_commits
from ledgerdb.calls import Call
from ledgerdb.engine import EngineSettings, engine_arguments
from ledgerdb.url import database_url
from ledgerdb.verbs.awaited import AsyncVerbs

__all__ = ["AsyncLedger", "AsyncLedgerTransaction", "arun", "create_async_ledger_engine"]

T = TypeVar("T")


def create_async_ledger_engine(
    url: str | None = None, settings: EngineSettings | None = None
) -> AsyncEngine:
    """An async engine with ledgerdb's posture; see `ledgerdb.engine.create_ledger_engine`."""
    engine = create_async_engine(database_url(url), **engine_arguments(settings))
    listen_for_unconfirmed_commits(engine.sync_engine)
    return engine


async def arun(connection: AsyncConnection, call: Call[T]) -> T:
    """Execute a call on a connection, inside whatever transaction it is in.

    Raises:
        DatabaseError: PostgreSQL refused; the subclass says why.
        OutcomeUnknown: the connection broke during a write, or no synchronous standby has it.
    """
    with executing(call, connection.sync_connection):
        return call.shape(await connection.execute(call.statement, call.parameters))


@asynccontextmanager
async def _connected(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    with connecting():
        connection = await engine.connect()
    try:
        yield connection
    finally:
        # shielded: a cancelled task still gives its connection back
        await asyncio.shield(connection.close())


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

    A verb is one statement in autocommit mode, hence one round trip. `transaction()` gives the same
    verbs inside one transaction; `AsyncLedgerTransaction(connection)` gives them inside the
    caller's.

    A write that is cancelled (`asyncio.wait_for`, a task group that fails) may have committed all
    the same: the `TimeoutError` or `CancelledError` means what `OutcomeUnknown` means. Call it
    again with the same arguments to learn. Better is a timeout of the server
    (`EngineSettings.statement_timeout_ms`): what it cancels is not written.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self._autocommit = engine.execution_options(isolation_level="AUTOCOMMIT")

    @classmethod
    def connect(cls, url: str | None = None, settings: EngineSettings | None = None) -> Self:
        """A ledger with an engine of its own; see `create_async_ledger_engine`."""
        return cls(create_async_ledger_engine(url, settings))

    async def execute(self, call: Call[T]) -> T:
        """Execute any call of `ledgerdb.calls` in a transaction of its own.

        Raises:
            DatabaseUnavailable: no connection could be had.
        """
        async with _connected(self._autocommit) as connection:
            return await arun(connection, call)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncLedgerTransaction]:
        """Verbs in one transaction: committed at the end of the block, rolled back on an error.

        Raises:
            DatabaseUnavailable: no connection could be had.
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
