"""Numbers of a participant: gapless and one behind the other, or monotonic and without waiting."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from tests.seals.sealed import Sealed
from tests.sql.queue import Queue
from tests.waiting import until

BUSY = "p"
SWITCH = "select * from public.number_participant_monotonically(%s, 'ann', 'it is hot')"


@pytest.fixture
def other(database_url: str) -> Iterator[Queue]:
    with psycopg.connect(database_url) as connection:
        yield Queue(connection)


def numbers(queue: Queue, participant: str = BUSY) -> list[int]:
    rows = queue.rows(
        """select sequence_id from public.payment_outbox_pending where participant_id = %s
        order by created_at, sequence_id""",
        participant,
    )
    return [row.sequence_id for row in rows]


def switch(queue: Queue, participant: str = BUSY) -> Any:  # noqa: ANN401 - a row
    (row,) = queue.rows(SWITCH, participant)
    return row


def waits(queue: Queue, pid: int) -> bool:
    return bool(queue.value("select cardinality(pg_blocking_pids(%s)) > 0", pid))


def test_gapless_until_it_is_switched_and_growing_after(queue: Queue) -> None:
    for name in "ab":
        queue.enqueue(name)
    assert tuple(switch(queue)) == (BUSY, 2, True)
    for name in "cde":
        queue.enqueue(name)
    first, second, *later = numbers(queue)
    assert (first, second) == (1, 2)
    assert later == sorted(set(later))
    assert later[0] > 2
    assert queue.value("select next_sequence_id from public.participant_outbox_sequences") == 3


def test_a_participant_may_be_switched_before_its_first_payment_and_only_once(queue: Queue) -> None:
    assert tuple(switch(queue)) == (BUSY, 0, True)
    assert tuple(switch(queue)) == (BUSY, 0, False)
    queue.enqueue("a")
    (number,) = numbers(queue)
    assert number > 0
    (action,) = queue.rows("select * from public.payment_outbox_operator_actions")
    assert (action.action, action.scope, action.scope_key) == ("SET_CONTROL", "PARTICIPANT", BUSY)
    assert (action.actor, action.reason) == ("ann", "it is hot")
    assert action.detail == {"numbering": "MONOTONIC", "monotonic_from": 0}


def test_a_payment_waits_for_its_neighbour_only_while_the_numbers_are_gapless(
    queue: Queue, other: Queue
) -> None:
    other.enqueue("open")  # its transaction stays open
    queue.connection.execute("set lock_timeout = '100ms'")
    with pytest.raises(psycopg.errors.LockNotAvailable):
        queue.enqueue("gapless")
    other.connection.rollback()
    switch(queue)
    other.enqueue("open")
    queue.enqueue("monotonic")
    other.connection.commit()
    assert len(set(numbers(queue))) == 2


def test_a_switch_waits_for_the_payment_under_way_and_the_next_one_for_the_switch(
    queue: Queue, other: Queue, database_url: str
) -> None:
    other.enqueue("under way")
    with (
        psycopg.connect(database_url) as switching,
        psycopg.connect(database_url, autocommit=True) as third,
        ThreadPoolExecutor(2) as threads,
    ):
        switched = threads.submit(switch, Queue(switching))
        until(lambda: waits(queue, switching.info.backend_pid))
        other.connection.commit()
        assert tuple(switched.result()) == (BUSY, 1, True)
        # It looked before the switch committed, and finds out at the counter.
        late = threads.submit(Queue(third).enqueue, "late")
        until(lambda: waits(queue, third.info.backend_pid))
        switching.commit()
        late.result()
    first, second = numbers(queue)
    assert first == 1 < second
    assert queue.value("select next_sequence_id from public.participant_outbox_sequences") == 2


def test_an_item_that_keeps_its_order_waits_all_the_same(queue: Queue, other: Queue) -> None:
    queue.control("RAIL", "RTGS", ordering="FIFO_BLOCK")
    switch(queue)
    other.enqueue("open")
    queue.connection.execute("set lock_timeout = '100ms'")
    with pytest.raises(psycopg.errors.LockNotAvailable):
        queue.enqueue("it would pass")
    queue.enqueue("of another rail", rail="SEPA")


def test_a_batch_numbers_in_the_order_of_its_list(queue: Queue) -> None:
    switch(queue)
    names = [f"{number:03}" for number in range(50)]
    queue.rows(
        """select * from public.enqueue_outbox_items(
            %s, array_fill('p'::text, array[50]), %s,
            array_fill('RTGS'::text, array[50]), array_fill('{}'::text, array[50]))""",
        list(reversed(names)),
        names,
    )
    rows = queue.rows(
        "select instruction_id from public.payment_outbox_pending order by sequence_id"
    )
    assert [row.instruction_id for row in rows] == list(reversed(names))
    assert queue.value("select next_sequence_id from public.participant_outbox_sequences") == 1


def test_every_number_is_used_once_by_payments_at_the_same_time(
    queue: Queue, database_url: str
) -> None:
    def run(worker: int) -> None:
        with psycopg.connect(database_url, autocommit=True) as connection:
            mine = Queue(connection)
            for number in range(25):
                mine.enqueue(f"{worker}-{number}")
                if (worker, number) == (0, 10):
                    switch(mine)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(run, range(8)))
    found = numbers(queue)
    (row,) = queue.rows("select * from public.participant_outbox_sequences")
    assert len(found) == len(set(found)) == 200
    gapless = sorted(number for number in found if number <= row.monotonic_from)
    assert gapless == list(range(1, row.next_sequence_id))


def test_a_hole_after_the_switch_is_none_and_one_before_it_is(queue: Queue) -> None:
    ledger = Sealed(queue.connection)
    queue.enqueue("a")
    switch(queue)
    queue.value("select nextval('public.participant_outbox_numbers')")
    queue.enqueue("b")
    ledger.assert_sound()
    queue.connection.execute(
        "update public.participant_outbox_sequences set next_sequence_id = 5, monotonic_from = 4"
    )
    assert ledger.broken() == {"a participant's numbers have no hole"}
