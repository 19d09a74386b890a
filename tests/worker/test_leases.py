"""A worker and its leases: heartbeat, declared dispatches, batches, what the database refuses."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import psycopg

from ledgerdb import ControlScope, Dispatched, Ledger, Resolution
from ledgerdb.rows import ClaimedItem
from ledgerdb.worker import Outcome
from tests.waiting import until
from tests.worker.conftest import StartWorker
from tests.worker.work import enqueue, states


def expire(connection: psycopg.Connection[Any]) -> None:
    connection.execute(
        """update public.payment_outbox_pending set lease_expires_at = now() - interval '1 s'
        where lease_token is not null"""
    )


def test_a_handler_may_take_longer_than_the_lease(
    ledger: Ledger, connection: psycopg.Connection[Any], start_worker: StartWorker
) -> None:
    go_on = threading.Event()

    def handler(_: ClaimedItem) -> Outcome:
        assert go_on.wait(30)
        return Dispatched("r")

    enqueue(ledger, 1)
    background = start_worker(handler, lease_seconds=1)
    until(lambda: background.worker.stats.extended >= 5)  # a third of a second each, or more
    go_on.set()
    until(lambda: states(connection))
    background.stop()
    assert states(connection) == [("i-0", 1, "DISPATCHED", None)]
    assert background.worker.stats.repaired == 0


def test_a_stopping_worker_keeps_the_leases_of_what_runs(
    ledger: Ledger, connection: psycopg.Connection[Any], start_worker: StartWorker
) -> None:
    started, go_on = threading.Event(), threading.Event()

    def handler(_: ClaimedItem) -> Outcome:
        started.set()
        assert go_on.wait(30)
        return Dispatched("r")

    enqueue(ledger, 1)
    background = start_worker(handler, lease_seconds=1, grace_seconds=30)
    assert started.wait(20)
    background.worker.stop()
    until(lambda: background.worker.stats.extended >= 5)
    go_on.set()
    background.join()
    assert states(connection) == [("i-0", 1, "DISPATCHED", None)]


def test_a_handler_that_hangs_loses_its_item(
    ledger: Ledger, connection: psycopg.Connection[Any], start_worker: StartWorker
) -> None:
    """Where leases are not extended, the second attempt overtakes the first, whose result is
    evidence.
    """
    go_on = threading.Event()

    def handler(item: ClaimedItem) -> Outcome:
        if item.attempt_no == 1:
            assert go_on.wait(30)
        return Dispatched(f"r-{item.attempt_no}")

    enqueue(ledger, 1)
    background = start_worker(handler, lease_seconds=1, extend_seconds_max=0)
    until(lambda: len(states(connection)) == 2)
    go_on.set()
    until(lambda: background.worker.stats.late == 1)
    background.stop()
    assert [row[1:3] for row in states(connection)] == [(1, "ZOMBIE_REQUEUE"), (2, "DISPATCHED")]
    row = connection.execute(
        "select outcome, rail_reference from public.payment_outbox_late_results"
    ).fetchone()
    assert row == ("ALREADY_DONE", "r-1")


def test_a_declared_dispatch_that_dies_is_in_doubt(
    ledger: Ledger, connection: psycopg.Connection[Any], start_worker: StartWorker
) -> None:
    started = threading.Event()

    async def handler(_: ClaimedItem) -> Outcome:
        started.set()
        await asyncio.Event().wait()
        raise AssertionError

    enqueue(ledger, 1)
    background = start_worker(handler, declare_dispatch=True, grace_seconds=0.1)
    assert started.wait(20)
    background.stop()
    expire(connection)
    heir = start_worker(lambda _: Dispatched("twice"), worker_id="heir", declare_dispatch=True)
    until(lambda: ledger.backlog().in_doubt == 1)
    ledger.enqueue("later", "p", "k", "RTGS", "{}")
    until(lambda: states(connection))
    heir.stop()
    assert states(connection) == [("later", 1, "DISPATCHED", None)]
    row = connection.execute("select outbox_id from public.payment_outbox_pending").fetchone()
    assert row is not None
    resolved = ledger.resolve(
        row[0], Resolution.DISPATCHED, actor="a", reason="r", rail_reference="rail-1"
    )
    assert (resolved.attempt_no, resolved.state) == (1, "DISPATCHED")


def test_a_dispatch_that_cannot_be_declared_is_not_made(
    ledger: Ledger, connection: psycopg.Connection[Any], start_worker: StartWorker
) -> None:
    handled: list[str] = []

    def handler(item: ClaimedItem) -> Outcome:
        handled.append(item.instruction_id)
        connection.execute(
            """update public.payment_outbox_pending set lease_token = gen_random_uuid()
            where instruction_id = 'i-1'"""
        )
        return Dispatched("r")

    enqueue(ledger, 2)
    background = start_worker(handler, declare_dispatch=True, concurrency=1, batch_size=2)
    until(lambda: background.worker.stats.skipped == 1)
    background.stop()
    assert handled == ["i-0"]
    row = connection.execute(
        """select dispatch_started_at between claimed_at and completed_at
        from public.payment_outbox_attempts"""
    ).fetchone()
    assert row == (True,)


def test_results_that_come_together_share_a_statement(
    ledger: Ledger, connection: psycopg.Connection[Any], start_worker: StartWorker
) -> None:
    async def handler(item: ClaimedItem) -> Outcome:
        return Dispatched(item.rail_key)

    enqueue(ledger, 200)
    background = start_worker(handler, concurrency=50, batch_size=100)
    until(lambda: len(states(connection)) == 200)
    background.stop()
    row = connection.execute(
        """select count(distinct xmin::text), count(distinct rail_reference)
        from public.payment_outbox_attempts where state = 'DISPATCHED'"""
    ).fetchone()
    assert row is not None
    statements, references = row
    assert statements <= 100
    assert references == 200


def test_a_result_that_the_database_refuses_takes_no_other_with_it(
    ledger: Ledger, connection: psycopg.Connection[Any], start_worker: StartWorker
) -> None:
    connection.execute(
        """create function public.refuse() returns trigger language plpgsql as $$
        begin raise exception 'refused' using errcode = 'P7005'; end $$"""
    )
    connection.execute(
        """create trigger refuse before insert on public.payment_outbox_attempts
        for each row when (new.instruction_id = 'i-3' and new.rail_reference is not null)
        execute function public.refuse()"""
    )
    everybody = asyncio.Barrier(8)

    async def handler(_: ClaimedItem) -> Outcome:
        await everybody.wait()
        return Dispatched("r")

    enqueue(ledger, 8)
    background = start_worker(handler, concurrency=8, batch_size=8)
    until(lambda: background.worker.stats.lost == 1)
    until(lambda: len(states(connection)) == 7)
    background.stop()
    assert "i-3" not in {row[0] for row in states(connection)}
    assert background.worker.stats.dispatched == 7


def test_an_item_that_was_not_announced_is_found_by_a_second_look(
    ledger: Ledger, connection: psycopg.Connection[Any], start_worker: StartWorker
) -> None:
    """NOTIFY is throttled: what commits just after another item is not announced."""
    ledger.set_control(ControlScope.RAIL, "SILENT", actor="a", reason="r", notify_workers=False)

    def handler(item: ClaimedItem) -> Outcome:
        if item.rail_type == "RTGS":
            ledger.enqueue("silent", "p", "k", "SILENT", "{}")
        return Dispatched("r")

    start_worker(handler, poll_seconds=600, repair_seconds=600, cooldown_seconds=1)
    until(
        lambda: connection.execute(
            """select 1 from pg_stat_activity where datname = current_database()
            and application_name like '% ledgerdb-worker' and query ilike 'listen%'"""
        ).fetchone()
    )
    enqueue(ledger, 1)
    until(lambda: len(states(connection)) == 2)
