"""The trace that a payment is part of stays with its item, and costs nobody a payment."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests.sql.queue import Queue

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
INGEST = """select * from public.ingest_traced_instruction(
    %s, %s, 'p', %s, 'RTGS', '{"amount": "1"}', p_trace_context => %s)"""
CLAIM = "select * from public.claim_traced_items(10, 'w', 60)"


@pytest.fixture
def tenant(queue: Queue) -> Any:  # noqa: ANN401 - a UUID
    tenant = uuid4()
    queue.rows("select * from public.register_tenant(%s, 'k', 'n', 'NGO')", tenant)
    return tenant


def test_the_item_keeps_its_trace_and_the_next_one_has_none(queue: Queue, tenant: Any) -> None:  # noqa: ANN401
    with queue.connection.transaction():
        queue.rows(INGEST, tenant, "a", "a", TRACE)
        queue.enqueue("b")  # the setting has ended with the function
    found = {row.instruction_id: row.trace_context for row in queue.rows(CLAIM)}
    assert found == {"a": TRACE, "b": None}


def test_a_setting_of_the_caller_counts_and_is_put_back(queue: Queue, tenant: Any) -> None:  # noqa: ANN401
    with queue.connection.transaction():
        queue.rows("select set_config('ledgerdb.trace_context', 'mine', true)")
        queue.rows(INGEST, tenant, "a", "a", TRACE)
        queue.enqueue("b")
    queue.enqueue("c")
    found = {row.instruction_id: row.trace_context for row in queue.rows(CLAIM)}
    assert found == {"a": TRACE, "b": "mine", "c": None}


@pytest.mark.parametrize("trace", [None, "", "x" * 201])
def test_a_trace_that_is_none_or_too_long_is_dropped(
    queue: Queue,
    tenant: Any,  # noqa: ANN401
    trace: str | None,
) -> None:
    queue.rows(INGEST, tenant, "a", "a", trace)
    assert [row.trace_context for row in queue.rows(CLAIM)] == [None]


def test_a_replay_keeps_the_first_trace(queue: Queue, tenant: Any) -> None:  # noqa: ANN401
    first, again = (queue.rows(INGEST, tenant, "a", "a", trace)[0] for trace in (TRACE, "other"))
    assert (first.outbox_id, first.replayed, again.replayed) == (again.outbox_id, False, True)
    assert [row.trace_context for row in queue.rows(CLAIM)] == [TRACE]


def test_it_is_the_claim_of_the_others_with_one_column_more(queue: Queue) -> None:
    for number in range(5):
        queue.enqueue(f"i{number}")
    with queue.connection.transaction(force_rollback=True):
        plain = queue.claim(10)
    traced = queue.rows(CLAIM)
    random = {"lease_token", "lease_expires_at", "trace_context"}
    assert [
        {name: value for name, value in row._asdict().items() if name not in random}
        for row in traced
    ] == [
        {name: value for name, value in row._asdict().items() if name not in random}
        for row in plain
    ]


def test_a_refusal_leaves_no_setting_behind(queue: Queue, tenant: Any) -> None:  # noqa: ANN401
    with queue.connection.transaction():
        with pytest.raises(psycopg.Error), queue.connection.transaction():
            queue.rows(INGEST, tenant, "", "a", TRACE)
        queue.enqueue("b")
    assert [row.trace_context for row in queue.rows(CLAIM)] == [None]
