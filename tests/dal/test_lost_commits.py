"""Defect 24: a commit whose outcome nobody knows is an error that says so, in both colours.

The server waits for a standby that does not exist when the backend is killed: the payment is
committed here, and the caller gets no answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from ledgerdb import AsyncLedger, Ledger, OutcomeUnknown
from ledgerdb.rows import TenantType
from tests.commits import commits_wait
from tests.factories import TENANT, instruction
from tests.waiting import until


@pytest.fixture
def watcher(connection: psycopg.Connection[Any], database_url: str) -> Iterator[Any]:
    """The superuser, who does not wait; everybody who connects from now on does."""
    with Ledger.connect(database_url) as ledger:
        ledger.register_tenant(TENANT, "first", "First", TenantType.COMMERCIAL)
    connection.execute("alter system set synchronous_standby_names = 'nobody'")
    connection.execute("select pg_reload_conf()")
    try:
        until(lambda: commits_wait(database_url))
        yield connection
    finally:
        connection.execute("alter system reset synchronous_standby_names")
        connection.execute("select pg_reload_conf()")
        until(lambda: not commits_wait(database_url))


def kill(watcher: psycopg.Connection[Any]) -> None:
    """Ends the backend that waits for the standby."""
    until(
        lambda: watcher.execute(
            """select pg_terminate_backend(pid) from pg_stat_activity
            where datname = current_database() and wait_event = 'SyncRep'"""
        ).fetchone()
    )


def items(watcher: psycopg.Connection[Any]) -> list[Any]:
    return watcher.execute("select outbox_id from public.payment_outbox_pending").fetchall()


def let_go(watcher: psycopg.Connection[Any]) -> None:
    """Nobody waits for the standby any more."""
    watcher.execute("alter system reset synchronous_standby_names")
    watcher.execute("select pg_reload_conf()")


def waiting(watcher: psycopg.Connection[Any]) -> bool:
    row = watcher.execute(
        """select count(*) from pg_stat_activity
        where datname = current_database() and wait_event = 'SyncRep'"""
    ).fetchone()
    assert row is not None
    return bool(row[0])


def test_defect_24_a_verb_learns_by_itself(
    watcher: psycopg.Connection[Any], database_url: str
) -> None:
    with Ledger.connect(database_url) as ledger, ThreadPoolExecutor(1) as thread:
        written = thread.submit(ledger.ingest, instruction())
        kill(watcher)
        # The first try is seen once its wait has ended. The replay finds it, and waits in its turn.
        ((outbox_id,),) = until(lambda: items(watcher))
        until(lambda: waiting(watcher))
        assert not written.done()
        let_go(watcher)
        answer = written.result()
    assert (answer.outbox_id, answer.replayed) == (outbox_id, True)


async def test_defect_24_an_async_verb_learns_by_itself(
    watcher: psycopg.Connection[Any], database_url: str
) -> None:
    async with AsyncLedger.connect(database_url) as ledger:
        written = asyncio.ensure_future(ledger.ingest(instruction()))
        await asyncio.to_thread(kill, watcher)
        ((outbox_id,),) = await asyncio.to_thread(until, lambda: items(watcher))
        await asyncio.to_thread(until, lambda: waiting(watcher))
        assert not written.done()
        let_go(watcher)
        answer = await written
    assert (answer.outbox_id, answer.replayed) == (outbox_id, True)


def test_defect_24_a_transaction_cannot(
    watcher: psycopg.Connection[Any], database_url: str
) -> None:
    def lose() -> None:
        with ledger.transaction() as transaction:
            transaction.ingest(instruction())

    with Ledger.connect(database_url) as ledger, ThreadPoolExecutor(1) as thread:
        written = thread.submit(lose)
        kill(watcher)
        with pytest.raises(OutcomeUnknown, match="call it again with the same arguments"):
            written.result()
        ((outbox_id,),) = until(lambda: items(watcher))
        let_go(watcher)
        replay = ledger.ingest(instruction())
    assert (replay.outbox_id, replay.replayed) == (outbox_id, True)


async def test_defect_24_an_async_transaction_cannot(
    watcher: psycopg.Connection[Any], database_url: str
) -> None:
    async def lose() -> None:
        async with ledger.transaction() as transaction:
            await transaction.ingest(instruction())

    async with AsyncLedger.connect(database_url) as ledger:
        written = asyncio.ensure_future(lose())
        await asyncio.to_thread(kill, watcher)
        with pytest.raises(OutcomeUnknown, match="call it again with the same arguments"):
            await written
        ((outbox_id,),) = await asyncio.to_thread(until, lambda: items(watcher))
        let_go(watcher)
        replay = await ledger.ingest(instruction())
    assert (replay.outbox_id, replay.replayed) == (outbox_id, True)
