"""Many items in one statement: outcomes, order of locks, one bump per participant."""

from __future__ import annotations

import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from tests.sql.queue import Queue

ENQUEUE = "select * from public.enqueue_outbox_items(%s, %s, %s, %s, %s)"
Item = tuple[str, str, str]


def enqueue(queue: Queue, items: Sequence[Item], rail: str = "RTGS") -> list[Any]:
    """Items of (name, participant, payload)."""
    names, participants, payloads = (list(column) for column in zip(*items, strict=True))
    return queue.rows(ENQUEUE, names, participants, names, [rail] * len(names), payloads)


def test_outcomes_are_told_by_place(queue: Queue) -> None:
    queue.enqueue("old", payload="{}")
    rows = enqueue(
        queue,
        [
            ("a", "p", '{"n": 1}'),
            ("old", "p", "{}"),
            ("b", "q", "{}"),
            ("a", "p", '{"n": 1}'),
            ("a", "p", '{"n": 2}'),
            ("old", "q", "{}"),
            ("c", "p", "{}"),
        ],
    )
    assert [row.place for row in rows] == [1, 2, 3, 4, 5, 6, 7]
    assert [row.outcome for row in rows] == [
        *("ACCEPTED", "REPLAYED", "ACCEPTED", "REPLAYED", "CONFLICT", "CONFLICT", "ACCEPTED"),
    ]
    assert [row.sequence_id for row in rows] == [2, 1, 1, 2, None, None, 3]
    assert rows[3].outbox_id == rows[0].outbox_id
    assert (rows[4].outbox_id, rows[4].state) == (None, None)
    assert queue.value("select count(*) from public.payment_outbox_pending") == 4


def test_the_payload_is_kept_byte_by_byte_and_once(queue: Queue) -> None:
    payload = '{ "b" : 1.10,\n "a":"ü\\u00fc" }'
    enqueue(queue, [("a", "p", payload)])
    assert queue.value("select payload::text from public.payment_outbox_identities") == payload
    items = queue.claim()
    assert queue.value("select payload from public.payment_outbox_pending") is None
    queue.complete(items)
    assert queue.value("select payload from public.payment_outbox_attempts") is None


@pytest.mark.parametrize(
    ("place", "value", "sqlstate", "column"),
    [
        (0, None, "P7112", "p_instruction_ids"),
        (0, " x", "P7112", "p_instruction_ids"),
        (1, "", "P7113", "p_participant_ids"),
        (2, "k" * 201, "P7114", "p_idempotency_keys"),
        (3, "a\tb", "P7115", "p_rail_types"),
        (4, "[]", "P7116", "p_payloads"),
        (4, "{", "P7116", "p_payloads"),
        (4, '{"a":1,"a":2}', "P7116", "p_payloads"),
        (4, None, "P7116", "p_payloads"),
        (4, '{"a":"\\u0000"}', "P7116", "p_payloads"),
    ],
)
def test_an_invalid_item_refuses_the_batch_and_is_named(
    queue: Queue, place: int, value: str | None, sqlstate: str, column: str
) -> None:
    columns: list[list[str | None]] = [["a", "b"], ["p", "p"], ["a", "b"], ["R", "R"], ["{}", "{}"]]
    columns[place][1] = value
    with pytest.raises(psycopg.Error) as caught:
        queue.rows(ENQUEUE, *columns)
    assert caught.value.sqlstate == sqlstate
    assert caught.value.diag.column_name == column
    assert caught.value.diag.message_detail == "item 2"
    assert queue.value("select count(*) from public.payment_outbox_identities") == 0


@pytest.mark.parametrize("columns", [([], [], [], [], []), (["a"], ["p"], ["a"], ["R"], [])])
def test_lists_must_be_as_long_as_each_other(queue: Queue, columns: tuple[list[str], ...]) -> None:
    with pytest.raises(psycopg.Error) as caught:
        queue.rows(ENQUEUE.replace("%s", "%s::text[]"), *columns)
    assert caught.value.sqlstate == "P7118"


def test_twenty_thousand_in_one_transaction(queue: Queue) -> None:
    """No lock table filled, no subtransaction, one update per participant."""
    count = 20_000
    items = [(f"i{number}", f"p{number % 50}", "{}") for number in range(count)]
    with queue.connection.transaction():
        rows = enqueue(queue, items)
        locks = queue.value("select count(*) from pg_locks where pid = pg_backend_pid()")
    assert {row.outcome for row in rows} == {"ACCEPTED"}
    assert locks < 100
    numbers = queue.rows(
        """select participant_id, min(sequence_id) as low, max(sequence_id) as high,
            count(distinct sequence_id) as n
        from public.payment_outbox_pending group by participant_id"""
    )
    assert {(row.low, row.high, row.n) for row in numbers} == {(1, 400, 400)}
    order = queue.rows(
        """select sequence_id from public.payment_outbox_pending where participant_id = 'p7'
        order by substr(instruction_id, 2)::integer"""
    )
    assert [row.sequence_id for row in order] == list(range(1, 401))
    assert {row.outcome for row in enqueue(queue, items)} == {"REPLAYED"}
    for _ in range(2):
        assert {row.outcome for row in queue.complete(queue.claim(10_000))} == {"RECORDED"}
    assert queue.value("select count(*) from public.payment_outbox_pending") == 0


def test_opposite_orders_never_deadlock(queue: Queue, database_url: str) -> None:
    items = [(f"i{number}", f"p{number % 7}", "{}") for number in range(200)]

    def run(seed: int) -> set[str]:
        shuffled = random.Random(seed).sample(items, len(items))  # noqa: S311 - repeatable
        with psycopg.connect(database_url, autocommit=True) as connection:
            return {row.outcome for row in enqueue(Queue(connection), shuffled)}

    with ThreadPoolExecutor(8) as threads:
        outcomes = [outcome for found in threads.map(run, range(24)) for outcome in found]
    assert set(outcomes) == {"ACCEPTED", "REPLAYED"}
    assert outcomes.count("ACCEPTED") >= 1
    assert queue.value("select count(*) from public.payment_outbox_pending") == 200
    assert queue.value("select sum(next_sequence_id - 1) from participant_outbox_sequences") == 200


def test_batches_of_completions_in_opposite_orders_never_deadlock(
    queue: Queue, database_url: str
) -> None:
    enqueue(queue, [(f"i{number}", "p", "{}") for number in range(200)])
    items = queue.claim(200)

    def run(seed: int) -> list[str]:
        shuffled = random.Random(seed).sample(items, len(items))  # noqa: S311 - repeatable
        with psycopg.connect(database_url, autocommit=True) as connection:
            return [row.outcome for row in Queue(connection).complete(shuffled)]

    with ThreadPoolExecutor(4) as threads:
        outcomes = [outcome for found in threads.map(run, range(4)) for outcome in found]
    assert (outcomes.count("RECORDED"), outcomes.count("REPLAYED")) == (200, 600)


TENANT = "0f000000-0000-4000-8000-000000000001"
INGEST = "select * from public.ingest_instructions(%s::uuid[], %s, %s, %s, %s, %s)"


def ingest(queue: Queue, items: Sequence[tuple[str, str]], tenant: str = TENANT) -> list[Any]:
    """Items of (instruction, key)."""
    names, keys = (list(column) for column in zip(*items, strict=True))
    count = len(names)
    return queue.rows(
        INGEST, [tenant] * count, names, ["p"] * count, keys, ["RTGS"] * count, ["{}"] * count
    )


@pytest.fixture
def tenant(queue: Queue) -> None:
    queue.rows("select * from public.register_tenant(%s, 't', 'T', 'NGO')", TENANT)


@pytest.mark.usefixtures("tenant")
def test_ingest_many_attests_each(queue: Queue) -> None:
    first = ingest(queue, [("a", "k1"), ("b", "k2")])
    again = ingest(queue, [("b", "k2"), ("c", "k3"), ("a", "other"), ("d", "k4"), ("d", "k5")])
    assert [row.outcome for row in first] == ["ACCEPTED", "ACCEPTED"]
    assert [row.outcome for row in again] == [
        *("REPLAYED", "ACCEPTED", "CONFLICT", "ACCEPTED", "CONFLICT"),
    ]
    assert again[0].attestation_id == first[1].attestation_id
    assert again[0].received_at == first[1].received_at
    assert again[2].attestation_id is None
    attested = queue.value("select count(*) from public.ingress_attestations")
    assert attested == queue.value("select count(*) from public.payment_outbox_identities") == 4


@pytest.mark.usefixtures("tenant")
def test_a_refused_tenant_refuses_the_batch(queue: Queue) -> None:
    stranger = "0f000000-0000-4000-8000-00000000dead"
    with pytest.raises(psycopg.Error) as caught:
        queue.rows(
            INGEST,
            *([TENANT, stranger], ["a", "b"], ["p", "p"], ["a", "b"], ["R", "R"], ["{}", "{}"]),
        )
    assert (caught.value.sqlstate, caught.value.diag.message_detail) == ("P7102", "item 2")
    assert queue.value("select count(*) from public.payment_outbox_identities") == 0
