"""The gauges of the queue are read when metrics are collected, and absent without an answer."""

from __future__ import annotations

import logging
from typing import Any

import psycopg
import pytest
from opentelemetry.sdk.metrics import MeterProvider

from ledgerdb import Ledger, telemetry
from ledgerdb.readonly import connect_readonly
from ledgerdb.telemetry import queue
from tests.telemetry.conftest import Seen
from tests.worker.work import enqueue

ITEMS, OLDEST = "ledgerdb.queue.items", "ledgerdb.queue.oldest_due"


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> tuple[Seen, MeterProvider]:
    monkeypatch.setattr(queue, "CACHE_SECONDS", 0.0)
    seen = Seen()
    return seen, MeterProvider([seen.reader], shutdown_on_exit=False)


def states(seen: Seen) -> dict[str, int]:
    return {point.attributes["ledgerdb.state"]: point.value for point in seen.points(ITEMS)}


def test_depth_and_lag(
    database_url: str,
    ledger: Ledger,
    connection: psycopg.Connection[Any],
    watched: tuple[Seen, MeterProvider],
) -> None:
    seen, meters = watched
    with connect_readonly(database_url, application_name="gauges", role=None) as reader:
        telemetry.observe_queue(reader, meters)
        assert set(states(seen).values()) == {0}
        assert [point.value for point in seen.points(OLDEST)] == [0]
        enqueue(ledger, 5)
        ledger.claim(2, "w", 60)
        connection.execute(
            "update public.payment_outbox_pending set next_attempt_at = now() - interval '1 hour'"
        )
        assert (states(seen)["due"], states(seen)["leased"], len(states(seen))) == (3, 2, 6)
        assert seen.metrics()[OLDEST].unit == "s"
        (oldest,) = seen.points(OLDEST)
        assert 3_600 <= oldest.value < 3_700


@pytest.mark.parametrize("version", [18], indirect=True, ids=["pg18"])
def test_figures_that_are_collected_together_are_one_reading(ledger: Ledger, seen: Seen) -> None:
    gauges = Seen()
    telemetry.observe_queue(ledger, MeterProvider([gauges.reader], shutdown_on_exit=False))
    for _ in range(3):
        gauges.metrics()
    assert len(seen.spans("outbox_backlog")) == 1


@pytest.mark.parametrize("version", [18], indirect=True, ids=["pg18"])
def test_without_an_answer_they_are_absent(
    ledger: Ledger,
    connection: psycopg.Connection[Any],
    watched: tuple[Seen, MeterProvider],
    caplog: pytest.LogCaptureFixture,
) -> None:
    seen, meters = watched
    telemetry.observe_queue(ledger, meters)
    assert len(states(seen)) == 6
    connection.execute("alter function public.outbox_backlog() rename to gone")
    with caplog.at_level(logging.WARNING):
        assert (states(seen), seen.points(OLDEST)) == ({}, [])
    assert "outbox_backlog" in caplog.text
    connection.execute("alter function public.gone() rename to outbox_backlog")
    assert len(states(seen)) == 6


@pytest.mark.parametrize("version", [18], indirect=True, ids=["pg18"])
def test_a_reading_may_be_told_of_where_it_is_collected(ledger: Ledger) -> None:
    """The calls that read the queue are told to the provider that is collecting."""
    seen = Seen()
    meters = MeterProvider([seen.reader], shutdown_on_exit=False)
    telemetry.instrument(meters, seen.tracers)
    try:
        telemetry.observe_queue(ledger, meters)
        assert len(states(seen)) == 6
        assert seen.points("ledgerdb.calls", db_operation_name="outbox_backlog")
    finally:
        telemetry.uninstrument()
