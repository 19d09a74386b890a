"""Retiring beside workers, operators and another run."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from tests.retention.history import History
from tests.waiting import until


def in_thread(work: Callable[[], object]) -> tuple[threading.Thread, list[BaseException]]:
    failures: list[BaseException] = []

    def guarded() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - shown by the test
            failures.append(error)

    thread = threading.Thread(target=guarded)
    thread.start()
    return thread, failures


def test_an_item_that_somebody_holds_is_passed_over(history: History, database_url: str) -> None:
    held, free = history.end("held"), history.end("free")
    history.make_old()
    with psycopg.connect(database_url) as other:
        other.execute(
            "select from public.payment_outbox_identities where outbox_id = %s for update", [held]
        )
        batch = history.retire()
        assert (batch.examined, batch.items) == (2, 1)
        assert history.outcome(free) is not None
        assert history.outcome(held) is None
    assert history.retire().items == 1


def test_two_runs_share_the_work(history: History, database_url: str) -> None:
    for number in range(6):
        history.end(f"i{number}")
    history.make_old()
    with psycopg.connect(database_url) as other:
        first = History(other).retire(4)
        second = history.retire(100)
        assert (first.items, second.items) == (4, 2)
        other.commit()
    assert history.value("select count(*) from public.payment_outbox_attempts") == 0
    assert history.value("select count(*) from public.payment_outbox_outcomes") == 6


def test_a_replay_during_the_deletion_waits_for_nobody(history: History, database_url: str) -> None:
    history.end("i")
    history.make_old()
    before = history.acknowledgement("i")
    with psycopg.connect(database_url) as other:
        assert History(other).retire().items == 1
        history.connection.execute("set lock_timeout = '2s'")
        assert history.acknowledgement("i") == before
        other.commit()
    assert history.acknowledgement("i") == before


def test_an_item_that_went_back_to_the_queue_meanwhile_stays(
    history: History, database_url: str
) -> None:
    """The look at the queue comes after the locks: what was put back before them, is seen."""
    outbox_id = history.end("i", "FAILED")
    history.make_old()
    batches: list[Any] = []
    with (
        psycopg.connect(database_url) as blocker,
        psycopg.connect(database_url, autocommit=True) as runner,
    ):
        blocker.execute("lock table public.payment_outbox_identities in access exclusive mode")
        thread, failures = in_thread(lambda: batches.append(History(runner).retire()))
        until(
            lambda: history.rows(
                "select from pg_stat_activity where pid = %s and wait_event_type = 'Lock'",
                runner.info.backend_pid,
            )
        )
        blocker.execute(
            """insert into public.payment_outbox_pending (outbox_id, instruction_id,
                participant_id, sequence_id, idempotency_key, rail_type, next_attempt_at,
                attempt_count, redrive_no, budget_base)
            values (%s, 'i', 'p', 1, 'i', 'RTGS', now(), 1, 1, 1)""",
            [outbox_id],
        )
        blocker.commit()
        thread.join()
    assert failures == []
    assert (batches[0].examined, batches[0].items) == (1, 0)
    assert len(history.attempts(outbox_id)) == 1


@pytest.mark.parametrize("seed", range(2))
def test_workers_go_on_beside_a_run(history: History, database_url: str, seed: int) -> None:
    for number in range(40):
        history.end(f"old{number}")
    history.make_old()
    for number in range(40):
        history.enqueue(f"new{seed}-{number}")

    def work() -> None:
        with psycopg.connect(database_url, autocommit=True) as own:
            worker = History(own)
            while items := worker.claim(limit=3):
                worker.complete(items)

    def retire() -> None:
        with psycopg.connect(database_url, autocommit=True) as own:
            after = None
            while (batch := History(own).retire(5, after)).last_outbox_id is not None:
                after = batch.last_outbox_id

    started = [in_thread(task) for task in (work, work, retire)]
    for thread, _ in started:
        thread.join()
    assert [failure for _, failures in started for failure in failures] == []
    assert history.value("select count(*) from public.payment_outbox_outcomes") == 40
    assert history.value("select count(*) from public.payment_outbox_attempts") == 40
    assert history.value("select count(*) from public.payment_outbox_pending") == 0
    assert history.rows("select * from public.outbox_counter_drift()") == []
