"""A payload that the database takes and Python's parser does not: it costs itself its attempts, and
nobody else anything.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import psycopg
import pytest

from ledgerdb import Dispatched, InvalidArgument, Ledger
from tests.waiting import until
from tests.worker.conftest import StartWorker
from tests.worker.work import states

DEEP = '{"a":' + "[" * 2_000 + "]" * 2_000 + "}"


def test_the_others_of_its_batch_are_sent(
    database_url: str, connection: psycopg.Connection[Any], start_worker: StartWorker
) -> None:
    def handler(item: Any) -> Dispatched:  # noqa: ANN401 - a claimed item
        return Dispatched(str(item.payload["a"]))

    with Ledger.connect(database_url) as ledger:
        ledger.enqueue("deep", "p", "k", "RTGS", DEEP)
        ledger.enqueue("long", "p", "k", "RTGS", '{"a": ' + "9" * 5_000 + "}")
        ledger.enqueue("plain", "p", "k", "RTGS", '{"a": 1}')
        background = start_worker(handler)
        until(lambda: background.worker.stats.dispatched == 2)
        until(lambda: background.worker.stats.retried >= 1)
        background.stop()
    found = states(connection)
    assert ("plain", 1, "DISPATCHED", None) in found
    assert ("long", 1, "DISPATCHED", "REFERENCE_CUT") in found
    assert ("deep", 1, "RETRYABLE", "HANDLER_ERROR") in found


def test_what_is_seen_of_it(database_url: str) -> None:
    with Ledger.connect(database_url) as ledger:
        ledger.enqueue("deep", "p", "k", "RTGS", DEEP)
        ledger.enqueue("long", "p", "k", "RTGS", '{"a": ' + "9" * 5_000 + ', "b": 1.10}')
        deep, long = ledger.claim(10, "w", 60)
    for look in (len, list, dict, lambda payload: payload["a"]):
        with pytest.raises(InvalidArgument, match="nested too deeply") as refused:
            look(deep.payload)
        assert refused.value.field == "payload"
    assert "payload" not in repr(deep)
    assert long.payload == {"a": Decimal("9" * 5_000), "b": Decimal("1.10")}
