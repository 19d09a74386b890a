"""Many at once: one key, one queue, one poisoned item among ten thousand."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import psycopg
import pytest

from tests.sql.queue import Queue

LEVELS = ("read committed", "repeatable read", "serializable")
ENQUEUE = "select * from public.enqueue_payment_outbox('i', 'p', 'k', 'RTGS', %s)"
CROWD = 64
THREADS = 16


def crowd(url: str, payloads: list[str]) -> list[Any]:
    """Each payload under the same key in a transaction of its own; the row, or the SQLSTATE."""
    barrier = Barrier(THREADS)

    def run(number: int) -> list[Any]:
        found = []
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"set default_transaction_isolation = '{LEVELS[number % 3]}'")
            for turn in range(CROWD // THREADS):
                payload = payloads[turn * THREADS + number]
                barrier.wait()
                while True:
                    try:
                        with connection.transaction():
                            # The snapshot is taken before anybody could have won.
                            connection.execute("select from public.payment_outbox_identities")
                            found += Queue(connection).rows(ENQUEUE, payload)
                    except psycopg.errors.SerializationFailure:
                        continue
                    except psycopg.Error as error:
                        found.append(error.sqlstate)
                    break
        return found

    with ThreadPoolExecutor(THREADS) as threads:
        return [row for found in threads.map(run, range(THREADS)) for row in found]


@pytest.mark.parametrize("differ", [False, True], ids=["same", "different"])
def test_sixty_four_want_one_key(queue: Queue, url: str, *, differ: bool) -> None:
    payloads = [f'{{"n": {number if differ else 0}}}' for number in range(CROWD)]
    found = Counter(crowd(url, payloads))
    if differ:
        assert found.pop("P7101") == CROWD - 1
        assert list(found.values()) == [1]
    else:
        assert list(found.values()) == [CROWD]  # one acknowledgement, given to all
    (winner,) = found
    assert (winner.sequence_id, winner.state) == (1, "PENDING")
    assert queue.value(
        "select outbox_id from public.payment_outbox_pending where instruction_id = 'i'"
    ) == queue.value(
        "select outbox_id from public.payment_outbox_identities where instruction_id = 'i'"
    )
    # No hole: the next one has the next number.
    queue.enqueue("next")
    assert queue.value(
        "select sequence_id from public.payment_outbox_pending where instruction_id = 'next'"
    ) == (2)


def test_ten_thousand_leases_ran_out_and_one_item_is_poisoned(queue: Queue) -> None:
    count = 10_000
    names = [f"i{number}" for number in range(count)]
    queue.rows(
        "select * from public.enqueue_outbox_items(%s, %s, %s, %s, %s)",
        *(names, names, names, ["RTGS"] * count, ["{}"] * count),
    )
    while queue.claim(count):  # the upgraded database has a few of its own
        pass
    queue.expire_leases()
    queue.connection.execute(
        """update public.payment_outbox_pending set attempt_count = 19, budget_base = 0
        where instruction_id = 'i5000'"""
    )
    calls = 0
    while queue.rows("select * from public.repair_expired_leases(10000, 'reaper')"):
        calls += 1
    assert calls <= 2
    states = {
        row.state: row.n
        for row in queue.rows(
            """select state::text, count(*) as n from public.payment_outbox_attempts
            where instruction_id like 'i%%' group by 1"""
        )
    }
    assert states == {"ZOMBIE_REQUEUE": count - 1, "FAILED": 1}
    assert queue.value(
        """select count(*) from public.payment_outbox_pending
        where instruction_id like 'i%%' and lease_token is null and attempt_count = 1"""
    ) == (count - 1)


def test_workers_and_an_operator_want_one_item(queue: Queue, url: str) -> None:
    """Whoever is first has it; numbers are dense and nothing is recorded twice."""
    outbox_id = queue.enqueue("i")
    manual = """select * from public.record_manual_attempt(
        %s, 'RETRYABLE', null, null, 'BY_HAND', null, 'ann', 'why')"""

    def work(number: int) -> int:
        done = 0
        with psycopg.connect(url, autocommit=True) as connection:
            mine = Queue(connection)
            for _ in range(3):
                if number % 2:
                    try:
                        mine.rows(manual, outbox_id)
                        done += 1
                    except psycopg.Error as error:
                        assert error.sqlstate == "P7004"  # noqa: PT017 - any other is a defect
                else:
                    items = [item for item in mine.claim() if item.outbox_id == outbox_id]
                    rows = mine.complete(items, "RETRYABLE") if items else []
                    done += sum(row.outcome == "RECORDED" for row in rows)
        return done

    with ThreadPoolExecutor(6) as threads:
        recorded = sum(threads.map(work, range(6)))
    numbers = [row.attempt_no for row in queue.attempts(outbox_id)]
    assert numbers == list(range(1, recorded + 1))
    kept = queue.pending(outbox_id)
    assert (kept.attempt_count, kept.lease_token) == (recorded, None)
    assert queue.rows("select * from public.outbox_counter_drift()") == []
