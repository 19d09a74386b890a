"""A commit that no synchronous standby confirmed is not acknowledged (defect 24)."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from ledgerdb.aio import AsyncLedger
from ledgerdb.embedded import EmbeddedServer
from ledgerdb.engine import EngineSettings
from ledgerdb.errors import OutcomeUnknown
from ledgerdb.migrate import upgrade
from ledgerdb.rows import TenantType
from ledgerdb.sync import Ledger
from tests.commits import commits_wait
from tests.factories import TENANT, instruction
from tests.waiting import until


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A server whose standby never comes."""
    with EmbeddedServer(settings={"fsync": "off"}) as server:
        upgrade(server.url())
        with Ledger.connect(server.url()) as ledger:
            ledger.register_tenant(TENANT, "first", "First", TenantType.COMMERCIAL)
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute("alter system set synchronous_standby_names = 'nobody'")
            connection.execute("select pg_reload_conf()")
        until(lambda: commits_wait(server.url()))
        yield server.url()


# Told at once: nothing asks again.
AT_ONCE = EngineSettings(resolve_seconds=0)


def cancel_the_wait(url: str) -> None:
    """An operator cancels the backend that waits for the standby."""
    with psycopg.connect(url, autocommit=True) as operator:
        cancelled: Callable[[], Any] = lambda: operator.execute(  # noqa: E731
            "select pg_cancel_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'"
        ).fetchone()
        until(cancelled)


def cancelling(url: str) -> threading.Thread:
    thread = threading.Thread(target=cancel_the_wait, args=[url])
    thread.start()
    return thread


def test_a_verb(url: str) -> None:
    with Ledger.connect(url, AT_ONCE) as ledger:
        for number in (1, 2):
            thread = cancelling(url)
            with pytest.raises(OutcomeUnknown, match=r"ingest_instruction.*call it again"):
                ledger.ingest(instruction(number))
            thread.join()
            # A read is not in doubt.
            assert ledger.backlog().due == number


def test_a_server_that_ends_while_the_commit_waits(url: str) -> None:
    """The rows of the answer arrive, and behind them that the session is over: who was told the
    first part only would take the commit for one that is confirmed.
    """
    with (
        psycopg.connect(url, autocommit=True) as operator,
        Ledger.connect(url, AT_ONCE) as ledger,
        ThreadPoolExecutor(1) as threads,
    ):
        answer = threads.submit(ledger.ingest, instruction(7))
        until(
            lambda: operator.execute(
                """select pg_terminate_backend(pid) from pg_stat_activity
                where wait_event = 'SyncRep'"""
            ).fetchone()
        )
        with pytest.raises(OutcomeUnknown, match=r"ingest_instruction.*call it again"):
            answer.result()


def test_a_transaction(url: str) -> None:
    with Ledger.connect(url, AT_ONCE) as ledger:
        thread = cancelling(url)
        with pytest.raises(OutcomeUnknown, match="commit"), ledger.transaction() as transaction:
            transaction.ingest(instruction(3))
        thread.join()


async def test_both_in_the_other_colour(url: str) -> None:
    async with AsyncLedger.connect(url, AT_ONCE) as ledger:
        cancelling_too = asyncio.create_task(asyncio.to_thread(cancel_the_wait, url))
        with pytest.raises(OutcomeUnknown, match="ingest_instruction"):
            await ledger.ingest(instruction(4))
        await cancelling_too
        cancelling_too = asyncio.create_task(asyncio.to_thread(cancel_the_wait, url))
        with pytest.raises(OutcomeUnknown, match="commit"):
            async with ledger.transaction() as transaction:
                await transaction.ingest(instruction(5))
        await cancelling_too


def test_the_replay_tells(url: str) -> None:
    with Ledger.connect(url, AT_ONCE) as ledger:
        thread = cancelling(url)
        with pytest.raises(OutcomeUnknown):
            ledger.ingest(instruction(6))
        thread.join()
        thread = cancelling(url)
        # The first commit is here and on no standby: neither is its replay acknowledged.
        with pytest.raises(OutcomeUnknown):
            ledger.ingest(instruction(6))
        thread.join()
        with psycopg.connect(url, autocommit=True) as operator:
            operator.execute("alter system reset synchronous_standby_names")
            operator.execute("select pg_reload_conf()")
        assert ledger.ingest(instruction(6)).replayed
