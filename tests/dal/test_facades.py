"""Ledger and AsyncLedger: transactions, durable acknowledgements, failures of the connection."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from ledgerdb import (
    AsyncLedger,
    ConfigurationError,
    DatabaseUnavailable,
    EngineSettings,
    Ledger,
    LedgerTransaction,
    OutcomeUnknown,
    PermissionDenied,
    __version__,
    create_ledger_engine,
)
from ledgerdb.embedded import EmbeddedServer
from ledgerdb.migrate import upgrade
from ledgerdb.rows import TenantType
from tests.factories import TENANT, instruction
from tests.waiting import until


@pytest.fixture
def ledger(database_url: str) -> Any:  # noqa: ANN401 - a generator fixture
    with Ledger.connect(database_url) as ledger:
        ledger.register_tenant(TENANT, "first", "First", TenantType.COMMERCIAL)
        yield ledger


def rows(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute("select count(*) from public.payment_outbox_pending").fetchone()
    assert row is not None
    return int(row[0])


def test_an_acknowledgement_is_visible_to_others(
    ledger: Ledger, connection: psycopg.Connection[Any]
) -> None:
    ledger.ingest(instruction())
    assert rows(connection) == 1


def test_a_transaction_is_all_or_nothing(
    ledger: Ledger, connection: psycopg.Connection[Any]
) -> None:
    with ledger.transaction() as transaction:
        transaction.ingest(instruction(1))
        transaction.ingest(instruction(2))
        assert rows(connection) == 0
    assert rows(connection) == 2

    def fail() -> None:
        with ledger.transaction() as transaction:
            transaction.ingest(instruction(3))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert rows(connection) == 2


def test_verbs_take_part_in_the_callers_own_transaction(
    database_url: str, ledger: Ledger, connection: psycopg.Connection[Any]
) -> None:
    engine = create_ledger_engine(database_url)
    with engine.connect() as own:
        own.execute(text("create table public.business (note text)"))
        LedgerTransaction(own).ingest(instruction())
        own.rollback()
        assert rows(connection) == 0
        own.execute(text("create table public.business (note text)"))
        LedgerTransaction(own).ingest(instruction())
        own.commit()
    engine.dispose()
    assert rows(connection) == 1


async def test_async_transactions_are_all_or_nothing(
    database_url: str, ledger: Ledger, connection: psycopg.Connection[Any]
) -> None:
    async with AsyncLedger.connect(database_url) as asynchronous:
        async with asynchronous.transaction() as transaction:
            await transaction.ingest(instruction(1))
            assert rows(connection) == 0
        assert rows(connection) == 1

        async def fail() -> None:
            async with asynchronous.transaction() as transaction:
                await transaction.ingest(instruction(2))
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await fail()
        assert rows(connection) == 1
        many = await asyncio.gather(*(asynchronous.ingest(instruction(n)) for n in range(20)))
    assert sorted(ack.replayed for ack in many) == [False] * 19 + [True]


def test_concurrent_replays_create_one_item(
    ledger: Ledger, connection: psycopg.Connection[Any]
) -> None:
    acknowledged = []
    threads = [
        threading.Thread(target=lambda: acknowledged.append(ledger.ingest(instruction())))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ack.replayed for ack in acknowledged) == [False] + [True] * 7
    assert len({ack.outbox_id for ack in acknowledged}) == 1
    assert rows(connection) == 1


def test_sessions_are_bounded_named_and_prepared(database_url: str) -> None:
    settings = EngineSettings(application_name="ingress", lock_timeout_ms=500, pool_size=1)
    with Ledger.connect(database_url, settings) as ledger:
        for _ in range(6):
            ledger.backlog()
        with ledger.transaction() as transaction:
            row = transaction.connection.execute(
                text(
                    """select current_setting('application_name'), current_setting('lock_timeout'),
                    current_setting('statement_timeout'),
                    current_setting('idle_in_transaction_session_timeout'),
                    (select count(*) from pg_prepared_statements
                     where statement like '%outbox_backlog%')"""
                )
            ).one()
    assert tuple(row) == (f"ledgerdb/{__version__} ingress", "500ms", "30s", "1min", 1)


def test_a_role_can_do_what_it_is_for(database_url: str, ledger: Ledger) -> None:
    ledger.ingest(instruction())
    with Ledger.connect(database_url, EngineSettings(role="symphony_executor")) as executor:
        assert len(executor.claim(1, "w", 30)) == 1
        with pytest.raises(PermissionDenied):
            executor.ingest(instruction(2))
    with Ledger.connect(database_url, EngineSettings(role="symphony_ingest")) as ingest:
        assert ingest.ingest(instruction()).replayed
        with pytest.raises(PermissionDenied):
            ingest.claim(1, "w", 30)


@pytest.mark.parametrize(
    "change",
    [
        {"lock_timeout_ms": 0},
        {"lock_timeout_ms": 2001},
        {"statement_timeout_ms": 30_001},
        {"idle_in_transaction_session_timeout_ms": -1},
        {"pool_size": 0},
        {"pool_timeout_seconds": 0},
    ],
)
def test_unbounded_settings_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(change))):
        EngineSettings(**change)


def test_nobody_home_is_a_typed_error(tmp_path: Path) -> None:
    with Ledger.connect(f"postgresql:///x?host={tmp_path}") as ledger:
        with pytest.raises(DatabaseUnavailable):
            ledger.backlog()
        with pytest.raises(DatabaseUnavailable), ledger.transaction():
            pytest.fail("no transaction without a connection")


async def test_nobody_home_is_a_typed_error_async(tmp_path: Path) -> None:
    async with AsyncLedger.connect(f"postgresql:///x?host={tmp_path}") as ledger:
        with pytest.raises(DatabaseUnavailable):
            await ledger.backlog()


def test_an_exhausted_pool_is_a_typed_error(database_url: str) -> None:
    settings = EngineSettings(pool_size=1, max_overflow=0, pool_timeout_seconds=0.1)
    with (
        Ledger.connect(database_url, settings) as ledger,
        ledger.transaction(),
        pytest.raises(DatabaseUnavailable, match="pool"),
    ):
        ledger.backlog()


def test_a_connection_lost_in_a_write_is_an_unknown_outcome(
    database_url: str, ledger: Ledger, connection: psycopg.Connection[Any]
) -> None:
    """The write waits for a lock when its backend is killed: it may or may not have committed."""
    outcome: list[BaseException] = []

    def write() -> None:
        # a replay in the lock's queue waits for as long as the holder: two seconds tell enough
        with Ledger.connect(database_url, EngineSettings(resolve_seconds=2)) as impatient:
            try:
                impatient.ingest(instruction(2))
            except OutcomeUnknown as error:
                outcome.append(error)

    ledger.ingest(instruction(1))
    with psycopg.connect(database_url) as holder:
        holder.execute("select from public.participant_outbox_sequences for update")
        thread = threading.Thread(target=write)
        thread.start()
        blocked: Callable[[], Any] = lambda: connection.execute(  # noqa: E731
            """select pg_terminate_backend(pid) from pg_stat_activity
            where datname = current_database() and wait_event_type = 'Lock'"""
        ).fetchone()
        until(blocked)
        thread.join()
    assert len(outcome) == 1
    assert "ingest_instruction" in str(outcome[0])
    assert not ledger.ingest(instruction(2)).replayed  # it had not committed; now it is there
    assert ledger.ingest(instruction(2)).replayed


def test_the_pool_recovers_from_a_restart() -> None:
    with EmbeddedServer(settings={"fsync": "off"}) as server:
        upgrade(server.url())
        with Ledger.connect(server.url()) as ledger:
            ledger.register_tenant(TENANT, "first", "First", TenantType.COMMERCIAL)
            ledger.ingest(instruction())
            server.restart()
            # The pooled connection is found dead before anything is sent: no call fails.
            assert ledger.backlog().due == 1
            assert ledger.ingest(instruction()).replayed
