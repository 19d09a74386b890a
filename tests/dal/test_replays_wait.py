"""An answer that repeats what was said before waits for the synchronous standby too: the first one
may have given up waiting, and then a failover would lose what both promised.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from ledgerdb import (
    AttemptState,
    EngineSettings,
    Ledger,
    OutboxItem,
    OutcomeUnknown,
    Resolution,
)
from ledgerdb.embedded import EmbeddedServer
from ledgerdb.migrate import upgrade
from ledgerdb.rows import TenantType
from tests.commits import commits_wait
from tests.factories import TENANT, instruction
from tests.waiting import until

VERBS = ("ingest", "ingest_many", "enqueue", "enqueue_many", "complete", "cancel", "resolve")
ACTOR, REASON = "ann@ops", "a test"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A migrated server that has no standby yet."""
    with EmbeddedServer(settings={"fsync": "off"}) as server:
        upgrade(server.url())
        yield server.url()


@pytest.fixture
def admin(url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection
        connection.execute("alter system reset synchronous_standby_names")
        connection.execute("select pg_reload_conf()")
        until(lambda: not commits_wait(url))


def _cancelled(admin: psycopg.Connection[Any], said: list[object]) -> bool:
    """Whether somebody has an answer, after those who wait were cancelled."""
    admin.execute(
        """select pg_cancel_backend(pid) from pg_stat_activity
        where wait_event = 'SyncRep' and pid <> pg_backend_pid()"""
    )
    return bool(said)


def _prepare(ledger: Ledger, name: str) -> Callable[[], object]:  # noqa: PLR0911 - one each
    """Does something, and returns how to ask for it once more."""
    ledger.register_tenant(TENANT, "first", "First", TenantType.COMMERCIAL)
    one = instruction(VERBS.index(name))
    match name:
        case "ingest":
            ledger.ingest(one)
            return lambda: ledger.ingest(one)
        case "ingest_many":
            ledger.ingest_many([one])
            return lambda: ledger.ingest_many([one])
        case "enqueue":
            ledger.enqueue(name, "p", name, "RTGS", {})
            return lambda: ledger.enqueue(name, "p", name, "RTGS", {})
        case "enqueue_many":
            items = [
                OutboxItem(
                    instruction_id=name, participant_id="p", idempotency_key=name,
                    rail_type="RTGS", payload={},
                )
            ]  # fmt: skip
            ledger.enqueue_many(items)
            return lambda: ledger.enqueue_many(items)
        case "cancel":
            outbox_id = ledger.ingest(one).outbox_id
            ledger.cancel(outbox_id, actor=ACTOR, reason=REASON)
            return lambda: ledger.cancel(outbox_id, actor=ACTOR, reason=REASON)
    ledger.ingest(one)
    (item,) = (
        item for item in ledger.claim(100, name, 60) if item.instruction_id == one.instruction_id
    )
    if name == "complete":
        ledger.complete(item, name, AttemptState.DISPATCHED, rail_reference="r")
        return lambda: ledger.complete(item, name, AttemptState.DISPATCHED, rail_reference="r")
    ledger.begin_dispatch([item], name)
    with ledger.engine.begin() as connection:
        connection.exec_driver_sql(
            "update payment_outbox_pending set lease_expires_at = clock_timestamp(),"
            f" next_attempt_at = clock_timestamp() where outbox_id = '{item.outbox_id}'"
        )
    ledger.repair(100, name)

    def resolve() -> object:
        return ledger.resolve(
            item.outbox_id, Resolution.DISPATCHED, rail_reference="r", attempt_no=1,
            actor=ACTOR, reason=REASON,
        )  # fmt: skip

    resolve()
    return resolve


@pytest.mark.parametrize("name", VERBS)
def test_a_replay_waits_for_the_standby(
    admin: psycopg.Connection[Any], url: str, name: str
) -> None:
    # The library asks once: what a single replay promises is the question here.
    with Ledger.connect(url, EngineSettings(resolve_seconds=0)) as ledger:
        again = _prepare(ledger, name)
        admin.execute("alter system set synchronous_standby_names = 'nobody'")
        admin.execute("select pg_reload_conf()")
        until(lambda: commits_wait(url))
        said: list[object] = []

        def ask() -> None:
            try:
                said.append(again())
            except OutcomeUnknown as error:
                said.append(error)

        thread = threading.Thread(target=ask)
        thread.start()
        # It waits, until an operator cancels that: then nothing is promised.
        until(lambda: _cancelled(admin, said))
        thread.join()
        assert [type(answer) for answer in said] == [OutcomeUnknown]
