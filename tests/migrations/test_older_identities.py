"""Identities from before revision 0004 are bound to the JSON value of the payload, not its bytes: a
replay of them is still one, a conflict is still one, and they are sent and complete.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import psycopg
import pytest

from ledgerdb.migrate import upgrade
from tests.sql.queue import Queue

TENANT = UUID(int=1)
PAYLOAD = '{"amount": 1.10, "to": "ü"}'
SAME_VALUE = '{ "to":"\\u00fc",\n"amount":1.10}'
OTHER_VALUE = '{"amount": 1.11, "to": "ü"}'
INGEST = "select * from public.ingest_instruction(%s, %s, 'p', %s, 'RTGS', %s)"
INGEST_MANY = """select * from public.ingest_instructions(
    array[%s, %s]::uuid[], array[%s, 'new'], '{p,q}', array[%s, 'new'], '{RTGS,RTGS}',
    array[%s, '{}'])"""
ENQUEUE_MANY = """select * from public.enqueue_outbox_items(
    array[%s, 'new'], '{p,q}', array[%s, 'new'], '{RTGS,RTGS}', array[%s, '{}'])"""


@pytest.fixture
def queue(empty_database_url: str) -> Iterator[Queue]:
    """At head, with what came at revision 0003: one waits, one has ended, one has failed."""
    upgrade(empty_database_url, "0003")
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        queue = Queue(connection)
        queue.rows("select * from public.register_tenant(%s, 't', 'T', 'NGO')", TENANT)
        for name in ("sent", "failed", "waiting"):
            queue.rows(INGEST, TENANT, name, name, PAYLOAD)
            queue.rows(
                "select * from public.enqueue_payment_outbox(%s, 'p', %s, 'RTGS', %s)",
                *(f"old-{name}", f"old-{name}", PAYLOAD),
            )
            if name != "waiting":
                state = {"sent": "DISPATCHED", "failed": "FAILED"}[name]
                for item in queue.rows("select * from public.claim_outbox_batch(2, 'w', 60)"):
                    queue.rows(
                        "select * from public.complete_outbox_attempt(%s, %s, 'w', %s)",
                        *(item.outbox_id, item.lease_token, state),
                    )
        upgrade(empty_database_url)
        yield queue


def known(queue: Queue, name: str) -> UUID:
    return UUID(
        str(
            queue.value(
                "select outbox_id from public.payment_outbox_identities where instruction_id = %s",
                name,
            )
        )
    )


def refusal(queue: Queue, statement: str, *values: Any) -> str | None:  # noqa: ANN401
    with pytest.raises(psycopg.Error) as caught:
        queue.rows(statement, *values)
    return caught.value.sqlstate


STATES = [("waiting", "PENDING"), ("sent", "DISPATCHED"), ("failed", "FAILED")]


@pytest.mark.parametrize(("name", "state"), STATES)
@pytest.mark.parametrize("payload", [PAYLOAD, SAME_VALUE], ids=["bytes", "value"])
def test_a_replay_is_one(queue: Queue, name: str, state: str, payload: str) -> None:
    (row,) = queue.rows(INGEST, TENANT, name, name, payload)
    assert (row.outbox_id, row.state, row.replayed) == (known(queue, name), state, True)
    (first, fresh) = queue.rows(INGEST_MANY, TENANT, TENANT, name, name, payload)
    assert (first.outbox_id, first.state, first.outcome) == (row.outbox_id, state, "REPLAYED")
    assert fresh.outcome == "ACCEPTED"

    old = f"old-{name}"
    (row,) = queue.rows(
        "select * from public.enqueue_payment_outbox(%s, 'p', %s, 'RTGS', %s)", old, old, payload
    )
    assert (row.outbox_id, row.state) == (known(queue, old), state)
    (first, _) = queue.rows(ENQUEUE_MANY, old, old, payload)
    assert (first.outbox_id, first.state, first.outcome) == (row.outbox_id, state, "REPLAYED")


@pytest.mark.parametrize("name", [name for name, _ in STATES])
def test_a_conflict_is_one(queue: Queue, name: str) -> None:
    assert refusal(queue, INGEST, TENANT, name, name, OTHER_VALUE) == "P7101"
    rows = queue.rows(INGEST_MANY, TENANT, TENANT, name, name, OTHER_VALUE)
    assert [row.outcome for row in rows] == ["CONFLICT", "ACCEPTED"]
    old = f"old-{name}"
    enqueue = "select * from public.enqueue_payment_outbox(%s, %s, %s, 'RTGS', %s)"
    assert refusal(queue, enqueue, old, "p", old, OTHER_VALUE) == "P7101"
    assert refusal(queue, enqueue, old, "q", old, PAYLOAD) == "P7101"
    rows = queue.rows(ENQUEUE_MANY, old, old, OTHER_VALUE)
    assert [row.outcome for row in rows] == ["CONFLICT", "ACCEPTED"]


def test_what_waits_is_sent(queue: Queue) -> None:
    items = queue.claim()
    assert {item.instruction_id for item in items} == {"waiting", "old-waiting"}
    assert all(item.payload == {"amount": 1.1, "to": "ü"} for item in items)
    assert {row.outcome for row in queue.complete(items)} == {"RECORDED"}
    (row,) = queue.rows(INGEST, TENANT, "waiting", "waiting", SAME_VALUE)
    assert (row.state, row.replayed) == ("DISPATCHED", True)


def test_what_failed_is_redriven_and_sent(queue: Queue) -> None:
    """Its identity has no payload: the queue keeps that of the attempts."""
    ids = [known(queue, "failed"), known(queue, "old-failed")]
    redriven = queue.rows(
        "select * from public.redrive_dead_letters(%s, false, 'ann', 'the rail is back')", ids
    )
    assert {row.outcome for row in redriven} == {"REDRIVEN"}
    items = [item for item in queue.claim() if item.outbox_id in ids]
    assert [item.attempt_no for item in items] == [2, 2]
    assert all(item.payload == {"amount": 1.1, "to": "ü"} for item in items)
    assert {row.outcome for row in queue.complete(items)} == {"RECORDED"}


@pytest.mark.parametrize("payload", ['{"amount": 1000000}', '{"a": "\\u0000"}', '{"a": 1e400000}'])
def test_bytes_that_were_tampered_with_stop_nobody(queue: Queue, payload: str) -> None:
    """Not even those that are JSON without a value."""
    queue.connection.execute(
        "alter table public.payment_outbox_identities"
        " disable trigger trg_deny_outbox_identities_mutation"
    )
    queue.connection.execute(
        "update public.payment_outbox_identities set payload = %s::json where instruction_id = %s",
        [payload, "waiting"],
    )
    assert [item.instruction_id for item in queue.claim()] == ["old-waiting"]
    assert queue.pending(known(queue, "waiting")).hold == "PAYLOAD_MISMATCH"
