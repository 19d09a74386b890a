"""Sessions whose commits may be lost after they were acknowledged are refused."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import sql

from ledgerdb import calls
from ledgerdb.aio import AsyncLedger
from ledgerdb.calls import Call
from ledgerdb.engine import EngineSettings
from ledgerdb.errors import ConfigurationError
from ledgerdb.rows import AttemptState, OutboxItem, TenantType
from ledgerdb.sync import Ledger
from tests.dal.queue import enqueue
from tests.factories import TENANT, WORKER, instruction

REFUSED = "synchronous_commit is (off|local)"


@pytest.fixture
def database(connection: psycopg.Connection[Any]) -> sql.Identifier:
    return sql.Identifier(connection.info.dbname)


@pytest.mark.parametrize("value", ["off", "local"])
async def test_a_setting_of_the_database(
    connection: psycopg.Connection[Any], database: sql.Identifier, database_url: str, value: str
) -> None:
    connection.execute(
        sql.SQL("alter database {} set synchronous_commit = {}").format(database, value)
    )
    with Ledger.connect(database_url) as ledger, pytest.raises(ConfigurationError, match=REFUSED):
        ledger.execute(enqueue())
    async with AsyncLedger.connect(database_url) as other:
        with pytest.raises(ConfigurationError, match=REFUSED):
            await other.execute(enqueue())
    with Ledger.connect(database_url, EngineSettings(durable=False)) as ledger:
        ledger.execute(enqueue())


@pytest.mark.parametrize("value", ["on", "remote_write", "remote_apply"])
def test_what_waits_for_a_standby_is_not_refused(
    connection: psycopg.Connection[Any], database: sql.Identifier, database_url: str, value: str
) -> None:
    connection.execute(
        sql.SQL("alter database {} set synchronous_commit = {}").format(database, value)
    )
    with Ledger.connect(database_url) as ledger, ledger.transaction() as transaction:
        transaction.execute(enqueue())
        shown = transaction.connection.exec_driver_sql("show synchronous_commit").scalar_one()
    assert shown == value


def test_the_environment(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine's own options come instead of PGOPTIONS: it cannot weaken anything."""
    monkeypatch.setenv("PGOPTIONS", "-c synchronous_commit=off")
    with Ledger.connect(database_url) as ledger, ledger.transaction() as transaction:
        shown = transaction.connection.exec_driver_sql("show synchronous_commit").scalar_one()
    assert shown == "on"


@pytest.mark.parametrize("scope", ["", "local"])
def test_a_transaction_that_weakens_itself_is_rolled_back(
    connection: psycopg.Connection[Any], database_url: str, scope: str
) -> None:
    def weaken() -> None:
        with ledger.transaction() as transaction:
            transaction.execute(enqueue())
            transaction.connection.exec_driver_sql(f"set {scope} synchronous_commit = off")

    with Ledger.connect(database_url) as ledger:
        with pytest.raises(ConfigurationError, match=REFUSED):
            weaken()
        ledger.execute(enqueue(2))  # and the session is as it was
    assert _enqueued(connection) == ["i-2"]


async def test_an_async_one_too(connection: psycopg.Connection[Any], database_url: str) -> None:
    async def weaken() -> None:
        async with ledger.transaction() as transaction:
            await transaction.execute(enqueue())
            await transaction.connection.exec_driver_sql("set synchronous_commit = off")

    async with AsyncLedger.connect(database_url) as ledger:
        with pytest.raises(ConfigurationError, match=REFUSED):
            await weaken()
        await ledger.execute(enqueue(2))
    assert _enqueued(connection) == ["i-2"]


def test_a_reload_does_not_weaken_an_open_session(
    connection: psycopg.Connection[Any], database_url: str
) -> None:
    connection.execute("select")
    with Ledger.connect(database_url) as ledger:
        ledger.execute(enqueue())
        with ledger.transaction() as transaction:
            source = transaction.connection.exec_driver_sql(
                "select source from pg_settings where name = 'synchronous_commit'"
            ).scalar_one()
    assert source == "session"  # above what a reload changes


def writing_again(ledger: Ledger, call: Call[Any]) -> bool:
    """Whether the replay of a call has something that its commit waits for."""
    with ledger.transaction() as transaction:
        transaction.execute(call)
        return (
            transaction.connection.exec_driver_sql(
                "select pg_current_xact_id_if_assigned() is not null"
            ).scalar_one()
            is True
        )


def test_a_replay_waits_for_a_standby_like_a_first_call(database_url: str) -> None:
    """Its row may be on no standby: an acknowledgement that writes nothing would not wait."""
    item = OutboxItem(
        instruction_id="i-3",
        participant_id="participant",
        idempotency_key="k-3",
        rail_type="RTGS",
        payload="{}",
    )
    with Ledger.connect(database_url) as ledger:
        ledger.register_tenant(TENANT, "first", "First", TenantType.COMMERCIAL)
        replays = [
            enqueue(),
            calls.enqueue_many([item]),
            calls.ingest(instruction(4)),
            calls.ingest_many([instruction(5)]),
        ]
        for call in replays:
            ledger.execute(call)
        (first, *_) = ledger.claim(10, WORKER, 60)
        completion = calls.complete(first, WORKER, AttemptState.RETRYABLE)
        ledger.execute(completion)
        for call in (*replays, completion):
            assert writing_again(ledger, call), call.function
        assert not writing_again(ledger, calls.backlog())


def _enqueued(connection: psycopg.Connection[Any]) -> list[str]:
    rows = connection.execute(
        "select instruction_id from public.payment_outbox_pending order by 1"
    ).fetchall()
    return [row[0] for row in rows]
