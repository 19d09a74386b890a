"""The worker against a real outbox: outcomes, wake-up, stopping, repair, restarts."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from ledgerdb import Dispatched, Ledger, PermissionDenied, Rejected, Retry, Worker
from ledgerdb.embedded import EmbeddedServer, StopMode
from ledgerdb.engine import EngineSettings
from ledgerdb.migrate import upgrade
from ledgerdb.rows import ClaimedItem
from ledgerdb.worker import Handler, Outcome, WorkerSettings
from ledgerdb.worker.outcome import REFERENCE_CUT
from tests.waiting import until
from tests.worker.conftest import StartWorker
from tests.worker.work import enqueue, states


def pending(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute("select count(*) from public.payment_outbox_pending").fetchone()
    assert row is not None
    return int(row[0])


def decide(item: ClaimedItem) -> Outcome:
    """Item 0 goes through, 1 after a retry, 2 is refused, 3 after an exception."""
    number = int(item.instruction_id.removeprefix("i-"))
    if number == 1 and item.attempt_no == 1:
        return Retry("BUSY", rail_code="R1", latency_ms=3)
    if number == 2:
        return Rejected("CLOSED", "account closed")
    if number == 3 and item.attempt_no == 1:
        raise ZeroDivisionError("by accident\x00")
    return Dispatched(f"rail-{number}", latency_ms=2)


async def decide_async(item: ClaimedItem) -> Outcome:
    return decide(item)


@pytest.mark.parametrize("handler", [decide, decide_async], ids=["blocking", "async"])
def test_every_outcome_is_recorded(
    ledger: Ledger, connection: psycopg.Connection[Any], start_worker: StartWorker, handler: Handler
) -> None:
    enqueue(ledger, 4)
    background = start_worker(handler)
    until(lambda: pending(connection) == 0)
    background.stop()
    assert background.error is None
    assert states(connection) == [
        ("i-0", 1, "DISPATCHED", None),
        ("i-1", 1, "RETRYABLE", "BUSY"),
        ("i-1", 2, "DISPATCHED", None),
        ("i-2", 1, "FAILED", "CLOSED"),
        ("i-3", 1, "RETRYABLE", "HANDLER_ERROR"),
        ("i-3", 2, "DISPATCHED", None),
    ]
    stats = background.worker.stats
    assert (stats.claimed, stats.dispatched, stats.retried, stats.failed) == (6, 3, 2, 1)
    assert (stats.late, stats.lost, stats.released) == (0, 0, 0)


@pytest.mark.parametrize(
    "outcome",
    [
        Dispatched("r\x00" + "x" * 500, rail_code="\ud800", latency_ms=-5),
        Dispatched(7, latency_ms="soon"),  # type: ignore[arg-type]
        Retry("e" * 5_000, "m" * 50_000, delay_seconds="later"),  # type: ignore[arg-type]
        None,
        Retry("BUSY", latency_ms=2**40, delay_seconds=2**40),
    ],
    ids=["unstorable", "wrong types", "huge", "nothing", "immense numbers"],
)
def test_whatever_a_handler_returns_is_recorded(
    ledger: Ledger, connection: psycopg.Connection[Any], start_worker: StartWorker, outcome: Outcome
) -> None:
    enqueue(ledger, 1)
    background = start_worker(lambda _: outcome)
    until(lambda: states(connection))
    background.stop()
    assert background.worker.stats.lost == 0
    assert states(connection)[0][2] == (
        "DISPATCHED" if isinstance(outcome, Dispatched) else "RETRYABLE"
    )


@pytest.mark.parametrize(
    "case",
    [("r" * 501, "r" * 500), ("r\x00\ud800", "r\N{REPLACEMENT CHARACTER}?")],
    ids=["too long", "unstorable"],
)
def test_a_reference_that_does_not_fit_is_kept_and_said_aloud(
    ledger: Ledger,
    connection: psycopg.Connection[Any],
    start_worker: StartWorker,
    caplog: pytest.LogCaptureFixture,
    case: tuple[str, str],
) -> None:
    reference, recorded = case
    enqueue(ledger, 1)
    background = start_worker(lambda _: Dispatched(reference))
    until(lambda: states(connection))
    background.stop()
    row = connection.execute(
        """select state, rail_reference, error_code, error_message
        from public.payment_outbox_attempts"""
    ).fetchone()
    whole = reference if len(reference) > 500 else recorded
    assert row == ("DISPATCHED", recorded, REFERENCE_CUT, whole)
    assert background.worker.stats.dispatched == 1
    assert any("cannot be stored whole" in record.getMessage() for record in caplog.records)


def test_a_notification_wakes_it_long_before_the_poll(
    ledger: Ledger, connection: psycopg.Connection[Any], start_worker: StartWorker
) -> None:
    handled = threading.Event()

    def handler(_: ClaimedItem) -> Outcome:
        handled.set()
        return Dispatched("r")

    start_worker(handler, poll_seconds=600, repair_seconds=600)
    until(lambda: _listeners(connection))
    enqueue(ledger, 1)
    assert handled.wait(20)


def test_polling_alone_is_enough(
    ledger: Ledger, connection: psycopg.Connection[Any], start_worker: StartWorker
) -> None:
    start_worker(decide)
    until(lambda: _listeners(connection))
    # the notification finds nothing yet: the item becomes due by time alone
    with ledger.transaction() as transaction:
        transaction.enqueue("i-0", "p", "k", "RTGS", "{}")
        transaction.connection.execute(
            text("update public.payment_outbox_pending set next_attempt_at = now() + '1 s'")
        )
    until(lambda: states(connection))


def _listeners(connection: psycopg.Connection[Any]) -> Any:  # noqa: ANN401
    return connection.execute(
        """select 1 from pg_stat_activity where datname = current_database()
        and application_name like '% ledgerdb-worker' and query ilike 'listen%'"""
    ).fetchone()


def test_stopping_finishes_what_runs_and_gives_the_rest_back(
    ledger: Ledger, connection: psycopg.Connection[Any], start_worker: StartWorker
) -> None:
    started, go_on = threading.Semaphore(0), threading.Event()

    def handler(_: ClaimedItem) -> Outcome:
        started.release()
        assert go_on.wait(30)
        return Dispatched("r")

    enqueue(ledger, 10)
    background = start_worker(handler, concurrency=2, batch_size=10)
    for _ in range(2):
        assert started.acquire(timeout=20)
    background.worker.stop()
    until(lambda: ledger.backlog().due == 8)  # given back while the two are still under way
    go_on.set()
    background.join()
    assert [row[1:3] for row in states(connection)] == [(1, "DISPATCHED")] * 2
    backlog = ledger.backlog()
    assert (backlog.due, backlog.leased) == (8, 0)
    assert background.worker.stats.released == 8


def test_a_handler_that_does_not_end_is_left_to_its_lease(
    ledger: Ledger, connection: psycopg.Connection[Any], start_worker: StartWorker
) -> None:
    started = threading.Event()

    async def handler(_: ClaimedItem) -> Outcome:
        started.set()
        await asyncio.Event().wait()
        raise AssertionError

    enqueue(ledger, 1)
    background = start_worker(handler, grace_seconds=0.1)
    assert started.wait(20)
    background.stop()
    assert states(connection) == []
    assert ledger.backlog().leased == 1


def test_abandoned_items_are_repaired_and_dispatched(
    ledger: Ledger, connection: psycopg.Connection[Any], start_worker: StartWorker
) -> None:
    enqueue(ledger, 1)
    ledger.claim(1, "dead", 30)
    connection.execute(
        "update public.payment_outbox_pending set lease_expires_at = now() - interval '1 s'"
    )
    background = start_worker(decide)
    until(lambda: pending(connection) == 0)
    background.stop()
    assert [row[1:3] for row in states(connection)] == [(1, "ZOMBIE_REQUEUE"), (2, "DISPATCHED")]


def test_a_result_after_the_lease_is_kept_as_evidence(
    ledger: Ledger,
    connection: psycopg.Connection[Any],
    start_worker: StartWorker,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def handler(item: ClaimedItem) -> Outcome:
        connection.execute(
            "update public.payment_outbox_pending set lease_token = gen_random_uuid()"
        )
        return Dispatched("the-rail-said-yes")

    enqueue(ledger, 1)
    with caplog.at_level(logging.ERROR, "ledgerdb.worker"):
        background = start_worker(handler)
        until(lambda: background.worker.stats.late == 1)
        background.stop()
    assert "the-rail-said-yes" in caplog.text
    assert "UNKNOWN" in caplog.text
    assert background.worker.stats.lost == 0
    assert states(connection) == []
    evidence = connection.execute(
        "select worker_id, outcome, rail_reference from public.payment_outbox_late_results"
    ).fetchall()
    assert evidence == [("w", "UNKNOWN", "the-rail-said-yes")]


def test_items_that_wait_too_long_are_given_back(
    ledger: Ledger, connection: psycopg.Connection[Any], start_worker: StartWorker
) -> None:
    """Within half of the lease or not at all: a late start would risk a second dispatch."""

    def handler(_: ClaimedItem) -> Outcome:
        time.sleep(1.2)  # the work of the rail, longer than half of the lease
        return Dispatched("r")

    enqueue(ledger, 3)
    background = start_worker(handler, concurrency=1, batch_size=3, lease_seconds=2)
    until(lambda: pending(connection) == 0)
    background.stop()
    assert background.worker.stats.released >= 1
    assert background.worker.stats.lost == 0
    assert [row[1:3] for row in states(connection)] == [(1, "DISPATCHED")] * 3


def test_what_does_not_pass_by_itself_ends_the_worker(database_url: str) -> None:
    settings = WorkerSettings(poll_seconds=0.05)
    engine = EngineSettings(role="symphony_readonly")
    with pytest.raises(PermissionDenied):
        Worker(decide, url=database_url, settings=settings, engine=engine).run()


def test_it_survives_restarts_of_the_server(
    start_worker: StartWorker,
) -> None:
    # commits are durable here: an immediate stop must not lose an acknowledged item
    with EmbeddedServer(settings={"fsync": "off"}) as server:
        upgrade(server.url())
        background = start_worker(lambda _: Dispatched("r"), url=server.url(), lease_seconds=1)
        with Ledger.connect(server.url()) as ledger:
            enqueue(ledger, 5)
        modes: tuple[StopMode, ...] = ("fast", "immediate")
        for mode in modes:
            server.restart(mode)
            with Ledger.connect(server.url()) as ledger:
                ledger.enqueue(f"after-{mode}", "p", "k", "RTGS", "{}")
        with psycopg.connect(server.url(), autocommit=True) as connection:
            until(lambda: pending(connection) == 0)
            terminal = connection.execute(
                """select count(*) filter (where state = 'DISPATCHED'),
                    count(distinct outbox_id) from public.payment_outbox_attempts"""
            ).fetchone()
            until(lambda: _listeners(connection))
        assert terminal == (7, 7)
        background.stop()
        assert background.error is None
