"""A wait for a standby that never comes ends by the ledger's own deadline, by cancellation, or by
an operator: the first two cancel nothing on the server.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

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
from tests.factories import TENANT, WORKER, instruction
from tests.waiting import until

AT_ONCE = EngineSettings(
    statement_timeout_ms=500, lock_timeout_ms=100, answer_seconds=1.0, resolve_seconds=0
)
PATIENT = EngineSettings(
    statement_timeout_ms=500, lock_timeout_ms=100, answer_seconds=1.0, resolve_seconds=1.0
)
MORE_PATIENT = EngineSettings(
    statement_timeout_ms=500, lock_timeout_ms=100, answer_seconds=1.0, resolve_seconds=30.0
)


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer(settings={"fsync": "off"}) as server:
        upgrade(server.url())
        with Ledger.connect(server.url()) as ledger:
            ledger.register_tenant(TENANT, "first", "First", TenantType.COMMERCIAL)
        yield server


def wait_for(server: EmbeddedServer, standby: str) -> None:
    """Whose confirmation commits wait for; nobody's when empty."""
    with psycopg.connect(server.url(), autocommit=True) as admin:
        admin.execute(f"alter system set synchronous_standby_names = '{standby}'".encode())
        admin.execute("select pg_reload_conf()")
        until(lambda: commits_wait(server.url()) is bool(standby))


@pytest.fixture
def url(server: EmbeddedServer) -> Iterator[str]:
    """Commits wait for a standby that never comes."""
    wait_for(server, "nobody")
    yield server.url()
    wait_for(server, "")
    with psycopg.connect(server.url(), autocommit=True) as admin:
        # those that were left behind end by themselves
        until(lambda: not admin.execute(_WAITING).fetchone())


_WAITING = "select from pg_stat_activity where wait_event = 'SyncRep'"


def is_visible(url: str, number: int) -> bool:
    with psycopg.connect(url) as watcher:
        return (
            watcher.execute(
                "select from public.payment_outbox_identities where instruction_id = %s",
                [f"instruction-{number}"],
            ).fetchone()
            is not None
        )


def test_no_answer_in_time_is_an_unknown_outcome(url: str) -> None:
    with Ledger.connect(url, AT_ONCE) as ledger:
        began = time.monotonic()
        with pytest.raises(OutcomeUnknown, match="call it again with the same arguments"):
            ledger.ingest(instruction(1))
        assert time.monotonic() - began < 5
        assert not is_visible(url, 1)  # the server still waits: nobody cancelled it


async def test_nor_in_the_other_colour(url: str) -> None:
    async with AsyncLedger.connect(url, AT_ONCE) as ledger:
        with pytest.raises(OutcomeUnknown, match="call it again with the same arguments"):
            await ledger.ingest(instruction(2))
        assert not is_visible(url, 2)


def test_a_transaction_has_the_deadline_at_its_commit(url: str) -> None:
    with (
        Ledger.connect(url, AT_ONCE) as ledger,
        pytest.raises(OutcomeUnknown, match="commit"),
        ledger.transaction() as transaction,
    ):
        transaction.ingest(instruction(3))


def test_a_claim_cannot_be_replayed(url: str) -> None:
    with Ledger.connect(url, PATIENT) as ledger, pytest.raises(OutcomeUnknown) as caught:
        ledger.ingest(instruction(4))
    assert "replays in 1 s did not tell; call it again" in str(caught.value)
    with psycopg.connect(url, autocommit=True) as operator:
        operator.execute("alter system reset synchronous_standby_names")
        operator.execute("select pg_reload_conf()")
        until(lambda: is_visible(url, 4))
        operator.execute("alter system set synchronous_standby_names = 'nobody'")
        operator.execute("select pg_reload_conf()")
        until(lambda: commits_wait(url))
    with (
        Ledger.connect(url, PATIENT) as ledger,
        pytest.raises(OutcomeUnknown, match=r"claim again for other items.*leases expire"),
    ):
        ledger.claim(100, WORKER, 1)


async def test_cancellation_stays_cancellation_and_cancels_nothing(url: str) -> None:
    async with AsyncLedger.connect(url, AT_ONCE) as ledger:
        writing = asyncio.create_task(ledger.ingest(instruction(5)))
        await asyncio.to_thread(until, lambda: _is_waiting(url))
        writing.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await writing
        assert "ingest_instruction: interrupted" in caught.value.__notes__[0]
        assert not is_visible(url, 5)


async def test_a_timeout_of_asyncio_is_a_timeout(url: str) -> None:
    async with AsyncLedger.connect(url, AT_ONCE) as ledger:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await ledger.ingest(instruction(6))
        assert not is_visible(url, 6)


async def test_a_verb_learns_when_the_standby_comes_back(url: str, server: EmbeddedServer) -> None:
    """The first try is left without an answer; its replay waits for the row, then finds it."""
    async with AsyncLedger.connect(url, MORE_PATIENT) as ledger:
        writing = asyncio.create_task(ledger.ingest(instruction(7)))
        await asyncio.to_thread(until, lambda: _is_replaying(url))
        wait_for(server, "")
        assert (await writing).replayed


def test_a_blocking_one_too(url: str, server: EmbeddedServer) -> None:
    with Ledger.connect(url, MORE_PATIENT) as ledger, ThreadPoolExecutor(1) as thread:
        writing = thread.submit(ledger.ingest, instruction(8))
        until(lambda: _is_replaying(url))
        wait_for(server, "")
        assert writing.result().replayed


def _is_waiting(url: str) -> bool:
    with psycopg.connect(url) as watcher:
        return watcher.execute(_WAITING).fetchone() is not None


def _is_replaying(url: str) -> bool:
    """A replay waits for its first try, which waits for the standby."""
    with psycopg.connect(url) as watcher:
        return (
            watcher.execute(
                "select from pg_stat_activity where wait_event_type = 'Lock'"
            ).fetchone()
            is not None
        )
