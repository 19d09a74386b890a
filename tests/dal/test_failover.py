"""A failover under the data-access layer: on a real standby that is promoted."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import create_engine

from ledgerdb import (
    AttemptState,
    ConfigurationError,
    DatabaseUnavailable,
    Dispatched,
    EngineSettings,
    Ledger,
    LedgerError,
    ServerReadOnly,
    Worker,
    WorkerSettings,
)
from ledgerdb.aio import AsyncLedger
from ledgerdb.migrate import upgrade
from ledgerdb.rows import TenantType
from ledgerdb.url import database_url
from tests.dal.standby import Pair
from tests.factories import TENANT, WORKER, instruction
from tests.waiting import until

PATIENT = EngineSettings(resolve_seconds=30.0)


def migrated(pair: Pair) -> Pair:
    upgrade(pair.url)
    with Ledger.connect(pair.url) as ledger:
        ledger.register_tenant(TENANT, "first", "First", TenantType.COMMERCIAL)
    return pair


@pytest.fixture(scope="module")
def standby_url() -> Iterator[str]:
    """Of a standby alone, beside its primary."""
    with Pair(18) as pair:
        yield migrated(pair).standby.url()


def served_by(ledger: Ledger) -> str:
    with ledger.transaction() as transaction:
        raw = transaction.connection.connection.driver_connection
        assert isinstance(raw, psycopg.Connection)
        return raw.info.host


@pytest.mark.parametrize("major", [16, 18], ids=lambda major: f"pg{major}")
def test_nothing_acknowledged_is_lost_under_load(major: int) -> None:
    with Pair(major) as pair:
        promote_under_load(migrated(pair))


def promote_under_load(pair: Pair) -> None:
    acknowledged: dict[int, object] = {}
    failed: list[str] = []
    stopping = threading.Event()
    sent: list[str] = []

    def handler(item: object) -> Dispatched:
        sent.append(getattr(item, "rail_key"))  # noqa: B009 - any item
        return Dispatched("R-1")

    def pay(ledger: Ledger) -> None:
        number = 0
        while not stopping.is_set():
            number += 1
            try:
                acknowledged[number] = ledger.ingest(instruction(number)).outbox_id
            except LedgerError as error:
                failed.append(type(error).__name__)

    worker = Worker(
        handler,
        url=pair.url,
        settings=WorkerSettings(lease_seconds=2, repair_seconds=0.2, reconnect_seconds_max=0.2),
    )
    with Ledger.connect(pair.url, PATIENT) as ledger:
        threads = [
            threading.Thread(target=pay, args=[ledger]),
            threading.Thread(target=lambda: asyncio.run(worker.serve())),
        ]
        for thread in threads:
            thread.start()
        until(lambda: len(acknowledged) > 50)
        assert served_by(ledger) == pair.primary.host
        pair.fail_over()
        before = len(acknowledged)
        until(lambda: len(acknowledged) > before + 50)
        stopping.set()
        threads[0].join()
        until(lambda: not (b := ledger.backlog()).due + b.delayed + b.leased + b.expired)
        worker.stop()
        threads[1].join()
        assert served_by(ledger) == pair.standby.host
        # Only a first send that met the dead server may fail: nothing was sent, nothing is unknown.
        assert set(failed) <= {"DatabaseUnavailable"}
        for number, outbox_id in acknowledged.items():
            replay = ledger.ingest(instruction(number))
            assert (replay.outbox_id, replay.replayed) == (outbox_id, True)
            assert replay.state == AttemptState.DISPATCHED
    assert len(set(sent)) >= len(acknowledged)


def test_claims_never_come_from_a_standby(standby_url: str) -> None:
    with (
        Ledger.connect(standby_url) as ledger,
        pytest.raises(ServerReadOnly, match="in_hot_standby") as caught,
    ):
        ledger.claim(1, WORKER, 10)
    assert isinstance(caught.value, DatabaseUnavailable)
    assert caught.value.sqlstate == "25006"


async def test_the_async_colour_refuses_it_as_well(standby_url: str) -> None:
    async with AsyncLedger.connect(standby_url) as ledger:
        with pytest.raises(ServerReadOnly, match="in_hot_standby"):
            await ledger.claim(1, WORKER, 10)


def test_the_server_refuses_it_on_an_engine_of_another_maker(standby_url: str) -> None:
    engine = create_engine(database_url(standby_url))
    with Ledger(engine) as ledger, pytest.raises(ServerReadOnly, match="read-only"):
        ledger.claim(1, WORKER, 10)


@pytest.mark.parametrize("attribute", ["standby", "read-only", "prefer-standby", "any"])
def test_a_url_that_asks_for_a_standby_is_refused(attribute: str) -> None:
    url = f"postgresql://h1,h2/d?target_session_attrs={attribute}"
    for connect in (Ledger.connect, AsyncLedger.connect):
        with pytest.raises(ConfigurationError, match="on the primary only"):
            connect(url)
