"""An event loop is told of a connection's socket once, and of no other's in its place."""

from __future__ import annotations

import asyncio
import gc
import os
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ledgerdb import AsyncLedger, EngineSettings
from ledgerdb._awaited import AwaitedConnection
from ledgerdb._ear import Ear
from ledgerdb.rows import OutboxItem
from tests.waiting import until

ONE = EngineSettings(pool_size=1, max_overflow=0)


def ear_of(driver: AwaitedConnection) -> Ear:
    ear = driver._ear
    assert ear is not None
    return ear


async def until_deaf(ear: Ear) -> None:
    await asyncio.to_thread(until, lambda: not ear.is_open)


def descriptors() -> int:
    return len(list(Path("/dev/fd").iterdir()))


async def test_one_for_many_calls(database_url: str) -> None:
    async with await AwaitedConnection.connect(database_url, autocommit=True) as driver:
        await driver.execute("select 1")
        first = ear_of(driver)
        for number in range(5):
            row = await (await driver.execute("select %s::int", [number])).fetchone()
            assert row == (number,)
        assert ear_of(driver) is first


async def test_who_speaks_unasked_is_heard_by_the_next_call(
    database_url: str, connection: psycopg.Connection[Any]
) -> None:
    """A notification comes while nobody waits: the loop must not spin on it, nor it be lost."""
    async with await AwaitedConnection.connect(database_url, autocommit=True) as driver:
        await driver.execute("listen spoken")
        ear = ear_of(driver)
        connection.execute("notify spoken, 'unasked'")
        await until_deaf(ear)
        heard = [n.payload async for n in driver.notifies(timeout=30, stop_after=1)]
        assert heard == ["unasked"]
        assert [n async for n in driver.notifies(timeout=0.01)] == []
        await driver.execute("select 1")
        assert ear_of(driver) is not ear


async def test_a_connection_that_ends_leaves_no_descriptor(
    database_url: str, connection: psycopg.Connection[Any]
) -> None:
    gc.collect()
    before = descriptors()
    for ends_at in ("the client", "the server") * 5:
        driver = await AwaitedConnection.connect(database_url, autocommit=True)
        await driver.execute("select 1")
        if ends_at == "the server":
            connection.execute("select pg_terminate_backend(%s)", [driver.info.backend_pid])
            with pytest.raises(psycopg.OperationalError):
                await driver.execute("select pg_sleep(30)")
        await driver.close()
        await until_deaf(ear_of(driver))
    assert descriptors() == before


async def test_more_than_the_socket_takes_at_once(database_url: str) -> None:
    """The rest is sent while the loop waits to write."""
    items = [
        OutboxItem(
            instruction_id=f"i-{number}",
            participant_id="p",
            idempotency_key=f"k-{number}",
            rail_type="RTGS",
            payload=b'{"note": "%s"}' % (b"x" * 60_000),
        )
        for number in range(100)
    ]
    async with AsyncLedger.connect(database_url, ONE) as ledger:
        assert len(await ledger.enqueue_many(items)) == 100
        assert len(await ledger.claim(100, "w", 30)) == 100


def test_a_connection_may_move_to_another_loop(database_url: str) -> None:
    async def connect() -> AwaitedConnection:
        driver = await AwaitedConnection.connect(database_url, autocommit=True)
        await driver.execute("select 1")
        return driver

    async def use(driver: AwaitedConnection) -> Any:  # noqa: ANN401 - a row
        async with driver:
            return await (await driver.execute("select 2")).fetchone()

    driver = asyncio.run(connect())
    assert asyncio.run(use(driver)) == (2,)


async def test_without_a_descriptor_psycopg_waits(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dup(_: int) -> int:
        raise OSError(24, "Too many open files")

    async with await AwaitedConnection.connect(database_url, autocommit=True) as driver:
        monkeypatch.setattr(os, "dup", dup)
        assert await (await driver.execute("select 1")).fetchone() == (1,)


async def test_an_error_is_the_callers(database_url: str) -> None:
    async with await AwaitedConnection.connect(database_url, autocommit=True) as driver:
        with pytest.raises(psycopg.errors.DivisionByZero):
            await driver.execute("select 1 / 0")
        assert await (await driver.execute("select 1")).fetchone() == (1,)


async def test_a_deadline_is_each_calls_own(database_url: str) -> None:
    """The timer of a long one is under way when a short one begins, and the other way round."""
    async with await AwaitedConnection.connect(database_url, autocommit=True) as driver:
        for seconds in (30, 0.2, 30):
            driver.answer_seconds = seconds
            await driver.execute("select 1")
        await driver.execute("select pg_sleep(0.3)")  # past the deadline of the one before
        driver.answer_seconds = 0.01
        with pytest.raises(psycopg.OperationalError, match="in time"):
            await driver.execute("select pg_sleep(30)")
        assert driver.closed


@pytest.mark.parametrize("has_descriptor", [True, False])
async def test_notifications_call_back(
    database_url: str,
    connection: psycopg.Connection[Any],
    monkeypatch: pytest.MonkeyPatch,
    has_descriptor: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """Each one, also those that come together, and for no longer than was asked for."""

    def dup(_: int) -> int:
        raise OSError(24, "Too many open files")

    async with await AwaitedConnection.connect(database_url, autocommit=True) as driver:
        if not has_descriptor:
            monkeypatch.setattr(os, "dup", dup)
        await driver.execute("listen spoken")
        heard: asyncio.Queue[None] = asyncio.Queue()
        hearing = asyncio.create_task(driver.notified(lambda: heard.put_nowait(None), 30))
        for number in range(3):
            with connection.transaction():
                connection.execute("notify spoken, 'one'")
                connection.execute("notify spoken, 'two'")
            async with asyncio.timeout(30):
                await heard.get()
                await heard.get()
            assert heard.empty(), number
        hearing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hearing
        await driver.notified(lambda: heard.put_nowait(None), 0.01)
        assert heard.empty()
        assert await (await driver.execute("select 1")).fetchone() == (1,)


async def test_who_hears_notifications_hears_that_the_connection_ends(
    database_url: str, connection: psycopg.Connection[Any]
) -> None:
    async with await AwaitedConnection.connect(database_url, autocommit=True) as driver:
        hearing = asyncio.create_task(driver.notified(lambda: None, 30))
        connection.execute("select pg_terminate_backend(%s)", [driver.info.backend_pid])
        with pytest.raises(psycopg.OperationalError):
            await hearing
