"""An answer that nobody got: with a declared dispatch the item is in doubt, and not sent again."""

from __future__ import annotations

from typing import Any

import psycopg

from ledgerdb import Dispatched, Ledger, Resolution, Unknown
from ledgerdb.worker import Outcome
from tests.waiting import until
from tests.worker.conftest import StartWorker
from tests.worker.work import enqueue, states

EXPIRE = "update public.payment_outbox_pending set lease_expires_at = now() - interval '1 second'"


def test_a_declared_dispatch_is_then_in_doubt(
    database_url: str, connection: psycopg.Connection[Any], start_worker: StartWorker
) -> None:
    calls: list[str] = []

    def handler(item: Any) -> Unknown:  # noqa: ANN401 - a claimed item
        calls.append(item.instruction_id)
        return Unknown("timed out")

    with Ledger.connect(database_url) as ledger:
        enqueue(ledger, 1)
        background = start_worker(handler, declare_dispatch=True)
        until(lambda: background.worker.stats.unknown == 1)
        connection.execute(EXPIRE)
        until(lambda: ledger.backlog().in_doubt == 1)
        background.stop()
        assert calls == ["i-0"]
        assert states(connection) == []
        row = connection.execute("select outbox_id from public.payment_outbox_in_doubt").fetchone()
        assert row is not None
        ledger.resolve(
            row[0], Resolution.DISPATCHED, rail_reference="r", actor="a", reason="the rail has it"
        )
    assert states(connection) == [("i-0", 1, "DISPATCHED", None)]


def test_without_a_declaration_it_is_handled_again(
    database_url: str, connection: psycopg.Connection[Any], start_worker: StartWorker
) -> None:
    answers: list[Outcome | Unknown] = [Unknown("timed out"), Dispatched("r")]
    keys: list[str] = []

    def handler(item: Any) -> Outcome | Unknown:  # noqa: ANN401 - a claimed item
        keys.append(item.rail_key)
        return answers.pop(0)

    with Ledger.connect(database_url) as ledger:
        enqueue(ledger, 1)
        background = start_worker(handler)
        until(lambda: background.worker.stats.unknown == 1)
        connection.execute(EXPIRE)
        until(lambda: background.worker.stats.dispatched == 1)
        background.stop()
    assert len(keys) == 2
    assert len(set(keys)) == 1
