"""Identity for life: one payment per key, at every isolation level, also for rows that did not come
through the functions.
"""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from tests.sql.queue import Queue

LEVELS = ("read committed", "repeatable read", "serializable")
BY_HAND = """insert into public.payment_outbox_pending
(instruction_id, participant_id, sequence_id, idempotency_key, rail_type, payload)
values (%s, 'p', %s, %s, 'RTGS', '{}') returning outbox_id"""
ATTEMPT_BY_HAND = """insert into public.payment_outbox_attempts
(outbox_id, instruction_id, participant_id, sequence_id, idempotency_key, rail_type, payload,
    attempt_no, state)
values (coalesce(%s, gen_random_uuid()), %s, 'p', 1, %s, 'RTGS', '{}', %s, %s)
returning outbox_id"""


def test_sixty_four_enqueues_of_one_key_at_mixed_isolation(queue: Queue, database_url: str) -> None:
    def run(number: int) -> Any:  # noqa: ANN401 - a row
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute(f"set default_transaction_isolation = '{LEVELS[number % 3]}'")
            while True:
                try:
                    with connection.transaction():
                        connection.execute("select count(*) from public.payment_outbox_pending")
                        return Queue(connection).enqueue("i", f"p{0}")
                except psycopg.errors.SerializationFailure:
                    continue

    with ThreadPoolExecutor(16) as threads:
        found = Counter(threads.map(run, range(64)))
    assert list(found.values()) == [64]
    assert queue.value("select count(*) from public.payment_outbox_pending") == 1
    assert queue.value("select next_sequence_id from public.participant_outbox_sequences") == 2


@pytest.mark.parametrize("first", LEVELS)
@pytest.mark.parametrize("second", LEVELS)
def test_a_retry_that_names_another_participant_is_never_a_second_payment(
    queue: Queue, database_url: str, first: str, second: str
) -> None:
    """The older transaction began before the payment was enqueued, sent and completed."""
    with psycopg.connect(database_url) as older, psycopg.connect(database_url) as other:
        older.execute(f"set transaction isolation level {first}")
        older.execute("select count(*) from public.payment_outbox_pending")
        other.execute(f"set transaction isolation level {second}")
        Queue(other).enqueue("i", "p")
        other.commit()
        queue.complete(queue.claim())
        with pytest.raises(psycopg.Error) as caught:
            Queue(older).enqueue("i", "q")
    assert caught.value.sqlstate == ("P7101" if first == "read committed" else "40001")
    assert queue.value("select count(*) from public.payment_outbox_identities") == 1
    assert queue.value("select count(*) from public.payment_outbox_pending") == 0


def test_the_rail_key_is_the_identitys_and_not_the_outbox_ids(
    queue: Queue, connection: psycopg.Connection[Any]
) -> None:
    """Lost in a failover and enqueued again, the payment has another outbox id and the same key."""
    with connection.transaction(force_rollback=True):
        lost = queue.enqueue("i")
        (before,) = queue.claim()
    found = queue.enqueue("i")
    (after,) = queue.claim()
    assert (before.outbox_id, after.outbox_id) == (lost, found)
    assert lost != found
    assert before.rail_key == after.rail_key


def test_an_item_inserted_by_hand_has_an_identity(queue: Queue) -> None:
    outbox_id = queue.value(BY_HAND, "i", 7, "i")
    assert queue.enqueue("i") == outbox_id
    assert queue.value("select next_sequence_id from public.participant_outbox_sequences") == 8
    (item,) = queue.claim()
    assert (item.outbox_id, item.payload, item.attempt_no) == (outbox_id, {}, 1)
    with pytest.raises(psycopg.errors.UniqueViolation, match="belongs to another item"):
        queue.rows(BY_HAND, "i", 8, "i")
    queue.complete([item])
    with pytest.raises(psycopg.errors.UniqueViolation):
        queue.rows(BY_HAND, "i", 8, "i")


def test_an_attempt_inserted_by_hand_counts(queue: Queue) -> None:
    outbox_id = queue.enqueue("i")
    queue.rows(ATTEMPT_BY_HAND, outbox_id, "i", "i", 1, "RETRYABLE")
    items = queue.claim()
    assert [row.attempt_no for row in queue.complete(items)] == [2]
    done = queue.value(ATTEMPT_BY_HAND, None, "done", "done", 1, "DISPATCHED")
    (replay,) = queue.rows(
        "select * from public.enqueue_payment_outbox('done', 'p', 'done', 'RTGS', '{}')"
    )
    assert (replay.outbox_id, replay.state) == (done, "DISPATCHED")


def test_a_payload_that_was_changed_is_not_sent(queue: Queue) -> None:
    queue.enqueue("good")
    outbox_id = queue.enqueue("bad", payload='{"amount": 10}')
    queue.connection.execute(
        "alter table public.payment_outbox_identities"
        " disable trigger trg_deny_outbox_identities_mutation"
    )
    queue.connection.execute(
        """update public.payment_outbox_identities set payload = '{"amount": 1000000}'
        where outbox_id = %s""",
        [outbox_id],
    )
    assert [item.instruction_id for item in queue.claim()] == ["good"]
    kept = queue.pending(outbox_id)
    assert (kept.hold, kept.lease_token, kept.next_attempt_at) == ("PAYLOAD_MISMATCH", None, None)
    assert queue.claim() == []


@pytest.mark.parametrize("column", ["rail_type", "participant_id"])
def test_nor_is_one_whose_rail_or_participant_was(queue: Queue, column: str) -> None:
    outbox_id = queue.enqueue("i")
    queue.connection.execute(f"update public.payment_outbox_pending set {column} = 'other'")
    assert queue.claim() == []
    assert queue.pending(outbox_id).hold == "PAYLOAD_MISMATCH"
