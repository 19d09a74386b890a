"""The entry point for other harnesses, on a database of theirs."""

from __future__ import annotations

import psycopg
import pytest

from bench import driver
from bench.items import PAYLOAD_BYTES


@pytest.mark.parametrize("version", [16], indirect=True, ids=["pg16"])
def test_the_four_measurements(database_url: str) -> None:
    singly = driver.enqueue_one(database_url, clients=2, seconds=0.05)
    hot = driver.enqueue_one(database_url, seconds=0.02, hot=True)
    batches = driver.enqueue_batch(database_url, items=100, batch=30)
    assert batches.items == 100
    warmed = 6 * (2 + 1 + 2)
    drained = driver.drain(database_url, batch=40)
    assert drained.items == singly.items + hot.items + 100 + warmed - 6 * 2
    woken = driver.wake_up_latency(database_url, items=2)
    assert woken.items == 2
    for figures in (singly, hot, batches, drained, woken):
        assert 0 < figures.p50_ms <= figures.p95_ms <= figures.p99_ms
        assert figures.per_second == pytest.approx(figures.items / figures.seconds)
    with psycopg.connect(database_url) as connection:
        row = connection.execute(
            "select count(distinct outbox_id), max(octet_length(cast(payload as text)))"
            " from public.payment_outbox_identities"
        ).fetchone()
    assert row is not None
    # three more, that warm the worker up
    assert row[0] == singly.items + hot.items + 100 + warmed + 2 + 3
    assert row[1] == PAYLOAD_BYTES
