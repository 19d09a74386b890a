"""Every connection of a pool comes back to it, in the state in which it was taken."""

from __future__ import annotations

import asyncio
import gc
import itertools
from typing import Any

import psycopg
import pytest
from sqlalchemy import create_engine, event, text
from sqlalchemy.pool import NullPool, QueuePool

from ledgerdb import AsyncLedger, EngineSettings, Ledger, calls
from ledgerdb._pool import take
from ledgerdb.errors import InvalidArgument
from proof.chaos.awaits import cancelled_at
from tests.dal.queue import enqueue

TWO_AND_MORE = EngineSettings(pool_size=2, max_overflow=6)


def pool_of(ledger: AsyncLedger | Ledger) -> QueuePool:
    engine = ledger.engine if isinstance(ledger, Ledger) else ledger.engine.sync_engine
    assert isinstance(engine.pool, QueuePool)
    return engine.pool


async def test_what_the_pool_does_not_keep_is_closed(
    database_url: str, connection: psycopg.Connection[Any]
) -> None:
    async with AsyncLedger.connect(database_url, TWO_AND_MORE) as ledger:
        for _ in range(3):
            await asyncio.gather(*(ledger.execute(enqueue(n)) for n in range(8)))
            assert pool_of(ledger).checkedout() == 0
            assert pool_of(ledger).checkedin() == 2
        gc.collect()  # one that is left open is a warning, hence an error
        assert (await ledger.backlog()).due == 8


async def test_refused_verbs_keep_their_connections(database_url: str) -> None:
    async with AsyncLedger.connect(database_url, TWO_AND_MORE) as ledger:
        for _ in range(5):
            with pytest.raises(InvalidArgument):
                await ledger.claim(0, "w", 30)
        assert pool_of(ledger).checkedin() == 1


async def test_a_verb_cancelled_at_each_await_of_a_dead_session(
    database_url: str, connection: psycopg.Connection[Any]
) -> None:
    """The connection in the pool is dead: a new one is made on the way."""
    async with AsyncLedger.connect(database_url) as ledger:
        for at in itertools.count(1):
            await ledger.backlog()
            await asyncio.gather(ledger.backlog(), ledger.backlog())
            connection.execute(
                """select pg_terminate_backend(pid, 10000) from pg_stat_activity
                where datname = current_database() and pid <> pg_backend_pid()"""
            )
            task = asyncio.create_task(_cancelled(ledger, at))
            await asyncio.wait({task})
            while others := asyncio.all_tasks() - {asyncio.current_task()}:
                await asyncio.gather(*others)
            gc.collect()
            assert pool_of(ledger).checkedout() == 0
            if not task.cancelled():
                break
        assert at > 2  # connecting, and the answer
        assert task.result() is not None


async def _cancelled(ledger: AsyncLedger, at: int) -> object:
    return await cancelled_at(ledger.execute(calls.backlog()), at)


def test_a_transaction_that_is_left_open_is_rolled_back(database_url: str) -> None:
    """By the engine's own reset, which asks the server only where there is a transaction."""
    with Ledger.connect(database_url, EngineSettings(pool_size=1, max_overflow=0)) as ledger:
        raw: Any = ledger.engine.raw_connection()
        raw.cursor().execute("create table public.left_open ()")
        raw.close()
        with ledger.transaction() as transaction:
            transaction.connection.execute(text("create table public.left_open ()"))
            transaction.connection.rollback()
        assert ledger.backlog().due == 0


async def test_an_async_transaction_that_is_left_open_is_rolled_back(database_url: str) -> None:
    settings = EngineSettings(pool_size=1, max_overflow=0)
    async with AsyncLedger.connect(database_url, settings) as ledger:
        for _ in range(2):
            async with ledger.engine.connect() as own:
                await own.execute(text("create table public.left_open ()"))
        assert (await ledger.backlog()).due == 0


async def test_no_answer_in_time(database_url: str) -> None:
    settings = EngineSettings(statement_timeout_ms=400, answer_seconds=0.5)
    async with AsyncLedger.connect(database_url, settings) as ledger:
        await ledger.backlog()
        raw = await ledger.engine.raw_connection()
        driver: Any = raw.driver_connection
        driver.answer_seconds = 0.01
        with pytest.raises(psycopg.OperationalError, match="in time"):
            await driver.execute("select pg_sleep(0.3)")
        assert driver.closed
        raw.invalidate()


def test_who_listens_is_told(database_url: str) -> None:
    """An engine with listeners of its owner's lends in SQLAlchemy's own way."""
    heard: list[str] = []
    with Ledger.connect(database_url, TWO_AND_MORE) as ledger:
        ledger.backlog()
        event.listen(ledger.engine, "checkout", lambda *_: heard.append("out"))
        event.listen(ledger.engine, "checkin", lambda *_: heard.append("in"))
        ledger.backlog()
        assert heard == ["out", "in"]


def test_nothing_is_taken_that_is_not_there_alive(
    database_url: str, connection: psycopg.Connection[Any]
) -> None:
    with Ledger.connect(database_url, TWO_AND_MORE) as ledger:
        pool = pool_of(ledger)
        assert take(pool) is None
        ledger.backlog()
        lent = take(pool)
        assert lent is not None
        assert pool.checkedin() == 0
        assert take(pool) is None
        lent.close()
        connection.execute(
            """select pg_terminate_backend(pid, 10000) from pg_stat_activity
            where datname = current_database() and pid <> pg_backend_pid()"""
        )
        assert take(pool) is None
        assert ledger.backlog().due == 0  # with a new one


def test_what_comes_back_in_a_transaction_is_thrown_away(database_url: str) -> None:
    with Ledger.connect(database_url, TWO_AND_MORE) as ledger:
        ledger.backlog()
        lent = take(pool_of(ledger))
        assert lent is not None
        driver = lent.driver_connection
        driver.execute("select 1")
        lent.close()
        assert driver.closed
        assert pool_of(ledger).checkedout() == 0
        assert ledger.backlog().due == 0


def test_an_engine_of_another_maker_lends_in_its_own_way(database_url: str) -> None:
    engine = create_engine(database_url.replace("postgresql://", "postgresql+psycopg://"))
    with Ledger(engine) as ledger:
        ledger.backlog()
        assert take(engine.pool) is None
        assert pool_of(ledger).checkedin() == 1


def test_a_pool_of_another_kind_lends_in_its_own_way(database_url: str) -> None:
    engine = create_engine(
        database_url.replace("postgresql://", "postgresql+psycopg://"), poolclass=NullPool
    )
    with Ledger(engine) as ledger:
        assert ledger.backlog().due == 0
        assert take(engine.pool) is None
