"""Operators pause, resume, order and space out the queue."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.sql.operations import Operator
from tests.sql.queue import Queue

TENANT = "0F000000-0000-4000-8000-000000000001"


@pytest.fixture
def operator(queue: Queue) -> Operator:
    return Operator(queue)


def names(items: list[Any]) -> list[str]:
    return [item.instruction_id for item in items]


def tenant_item(queue: Queue, name: str) -> None:
    queue.rows(
        "select * from public.register_tenant(%s, 'tenant', 'Tenant', 'COMMERCIAL')", UUID(TENANT)
    )
    queue.rows(
        "select * from public.ingest_instructions(%s, %s, %s, %s, %s, %s)",
        *([UUID(TENANT)], [name], ["t"], [name], ["ACH"], ["{}"]),
    )


def test_null_leaves_a_setting_as_it_is(operator: Operator) -> None:
    (first,) = operator.control("QUEUE", "*", fair=True, ordering="FIFO_SKIP")
    assert (first.paused, first.ordering, first.fair, first.notify_workers) == (
        False, "FIFO_SKIP", True, True,
    )  # fmt: skip
    (second,) = operator.control("QUEUE", "*", notify_workers=False)
    assert (second.paused, second.ordering, second.fair, second.notify_workers) == (
        False, "FIFO_SKIP", True, False,
    )  # fmt: skip
    assert second.updated_at > first.updated_at
    assert [(row.action, row.scope, row.scope_key, row.detail) for row in operator.actions()] == [
        ("SET_CONTROL", "QUEUE", "*", {"fair": True, "ordering": "FIFO_SKIP"}),
        ("SET_CONTROL", "QUEUE", "*", {"notify_workers": False}),
    ]


def test_a_tenant_is_found_however_its_id_is_written(operator: Operator, queue: Queue) -> None:
    tenant_item(queue, "t1")
    (row,) = operator.pause("TENANT", TENANT)
    assert row.scope_key == TENANT.lower()
    assert queue.claim() == []
    assert operator.resume("TENANT", TENANT).released == 1
    assert names(queue.claim()) == ["t1"]


def test_resume_releases_what_nothing_else_keeps_paused(operator: Operator, queue: Queue) -> None:
    tenant_item(queue, "t1")
    for number in range(5):
        queue.enqueue(f"i{number}")
    operator.pause()
    operator.pause("RAIL", "ACH")
    assert queue.claim() == []
    controls = queue.rows("select * from public.payment_outbox_controls order by scope")
    assert [(row.scope, row.paused, row.held_items) for row in controls] == [
        ("QUEUE", True, 6),
        ("RAIL", True, 1),
    ]
    first = operator.resume(limit=2)
    assert (first.released, first.remaining) == (2, 3)
    second = operator.resume()
    assert (second.released, second.remaining) == (3, 0)
    assert len(queue.claim()) == 5
    assert operator.resume("RAIL", "ACH").released == 1
    assert names(queue.claim()) == ["t1"]
    assert [row.action for row in operator.actions()] == [*["PAUSE"] * 2, *["RESUME"] * 3]


def test_the_end_of_a_pause_by_setting_releases_too(operator: Operator, queue: Queue) -> None:
    queue.enqueue("i")
    operator.control("QUEUE", "*", paused=True)
    assert queue.claim() == []
    operator.control("QUEUE", "*", paused=False)
    assert names(queue.claim()) == ["i"]


def test_waiting_items_follow_the_ordering(operator: Operator, queue: Queue) -> None:
    for number in (1, 2, 3):
        queue.enqueue(f"i{number}")
    (first,) = queue.claim(limit=1)
    operator.control("RAIL", "RTGS", ordering="FIFO_BLOCK")
    assert queue.claim() == []
    queue.complete([first])
    (second,) = queue.claim()
    assert second.instruction_id == "i2"
    assert queue.claim() == []
    operator.control("QUEUE", "*", ordering="FIFO_BLOCK")
    operator.control("RAIL", "RTGS", ordering="NONE")
    assert queue.claim() == []
    operator.control("QUEUE", "*", ordering="NONE")
    assert names(queue.claim()) == ["i3"]
    assert queue.value("select count(*) from public.payment_outbox_pending where fifo") == 0


def test_a_head_that_may_be_passed_from_now_on(operator: Operator, queue: Queue) -> None:
    operator.control("QUEUE", "*", ordering="FIFO_BLOCK")
    for number in (1, 2, 3):
        queue.enqueue(f"i{number}")
    queue.complete(queue.claim(), "RETRYABLE", delay=600)
    assert queue.claim() == []
    blocked = "select * from public.payment_outbox_blocked_heads"
    (head,) = queue.rows(blocked)
    assert (head.participant_id, head.instruction_id, head.reason, head.ordering) == (
        "p", "i1", "SCHEDULED", "FIFO_BLOCK",
    )  # fmt: skip
    assert (head.waiting, head.attempt_count) == (2, 1)
    assert head.blocked_since == queue.attempts(head.outbox_id)[0].completed_at
    operator.control("QUEUE", "*", ordering="FIFO_SKIP")
    assert names(queue.claim()) == ["i2"]
    (head,) = queue.rows(blocked)
    assert (head.ordering, head.waiting) == ("FIFO_SKIP", 1)


@pytest.mark.parametrize("reason", ["IN_DOUBT", "PAUSED"])
def test_heads_that_are_held(operator: Operator, queue: Queue, reason: str) -> None:
    operator.control("QUEUE", "*", ordering="FIFO_BLOCK")
    head = queue.enqueue("i1")
    queue.enqueue("i2")
    if reason == "PAUSED":
        operator.pause()
        queue.claim()
    else:
        queue.begin(queue.claim())
        queue.expire_leases()
    assert queue.claim() == []
    (row,) = queue.rows("select * from public.payment_outbox_blocked_heads")
    assert (row.outbox_id, row.reason, row.waiting) == (head, reason, 1)
    assert row.blocked_since == queue.pending(head).held_at
    if reason == "PAUSED":
        operator.resume()
        assert names(queue.claim()) == ["i1"]
    else:
        operator.resolve(head, "DISPATCHED", p_rail_reference="R")
        assert names(queue.claim()) == ["i2"]
    assert queue.rows("select * from public.payment_outbox_blocked_heads") == []


def test_the_operator_gives_way_to_the_workers(
    operator: Operator, queue: Queue, database_url: str
) -> None:
    """Whoever has read the ordering and is not done yet is not overtaken."""
    with psycopg.connect(database_url) as other:
        Queue(other).enqueue("i")
        with pytest.raises(psycopg.Error) as caught:
            operator.control("QUEUE", "*", ordering="FIFO_BLOCK")
        assert caught.value.sqlstate == "55P03"
        assert operator.actions() == []
        operator.pause()
    operator.control("QUEUE", "*", ordering="FIFO_BLOCK", paused=False)
    assert queue.value("select fifo from public.payment_outbox_pending") is True


def test_a_retry_policy_counts_for_its_rail(operator: Operator, queue: Queue) -> None:
    (row,) = policy(operator, p_strategy="FIXED", p_base_seconds=500, p_max_seconds=500, p_jitter=0)
    assert (row.rail_type, row.strategy, row.base_seconds) == ("RTGS", "FIXED", 500)
    policy(operator, p_base_seconds=100, p_factor=3, p_max_seconds=250, p_jitter=0)
    queue.enqueue("i")
    waits = []
    for _ in range(3):
        (item,) = queue.claim()
        queue.complete([item], "RETRYABLE", delay=None)
        waits.append(
            queue.value(
                """select round(extract(epoch from p.next_attempt_at - a.completed_at))
                from public.payment_outbox_pending as p
                join public.payment_outbox_attempts as a
                    on a.outbox_id = p.outbox_id and a.attempt_no = p.attempt_count"""
            )
        )
        queue.connection.execute(
            "update public.payment_outbox_pending set next_attempt_at = clock_timestamp()"
        )
    assert waits == [100, 250, 250]
    listed = queue.rows("select * from public.payment_outbox_retry_policies order by rail_type")
    assert [(row.rail_type, row.factor) for row in listed] == [("*", 2), ("RTGS", 3)]
    assert [row.action for row in operator.actions()] == ["SET_RETRY_POLICY"] * 2


def policy(operator: Operator, **values: object) -> list[Any]:
    return operator.call(
        "set_retry_policy",
        **{
            "p_rail_type": "RTGS",
            "p_strategy": "EXPONENTIAL",
            "p_base_seconds": 1,
            "p_factor": 2,
            "p_max_seconds": 300,
            "p_jitter": 0.5,
        }
        | values,
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("p_rail_type", None),
        ("p_rail_type", " RTGS"),
        ("p_strategy", "LINEAR"),
        ("p_strategy", None),
        ("p_base_seconds", -1),
        ("p_base_seconds", None),
        ("p_base_seconds", "NaN"),
        ("p_factor", 0.9),
        ("p_factor", 11),
        ("p_max_seconds", 0.5),
        ("p_max_seconds", 604_801),
        ("p_jitter", 1.1),
        ("p_jitter", None),
    ],
)
def test_a_policy_out_of_bounds(operator: Operator, field: str, value: object) -> None:
    with pytest.raises(psycopg.Error) as caught:
        policy(operator, **{field: value})
    assert caught.value.sqlstate == "P711E"
    if (field, value) != ("p_base_seconds", None) and value != "NaN":
        assert caught.value.diag.column_name == field
    assert operator.actions() == []


@pytest.mark.parametrize(
    ("scope", "key", "settings", "field"),
    [
        (None, "*", {}, "p_scope"),
        ("queue", "*", {}, "p_scope"),
        ("QUEUE", None, {}, "p_scope_key"),
        ("QUEUE", "RTGS", {}, "p_scope_key"),
        ("RAIL", "", {}, "p_scope_key"),
        ("TENANT", "nobody", {}, "p_scope_key"),
        ("TENANT", TENANT, {}, "p_scope_key"),
        ("TENANT", None, {}, "p_scope_key"),
        ("QUEUE", "*", {"ordering": "LIFO"}, "p_ordering"),
        ("RAIL", "RTGS", {"fair": True}, "p_fair"),
    ],
)
def test_a_wrong_scope_or_setting(
    operator: Operator, scope: str, key: str, settings: dict[str, object], field: str
) -> None:
    with pytest.raises(psycopg.Error) as caught:
        operator.control(scope, key, **settings)
    assert (caught.value.sqlstate, caught.value.diag.column_name) == ("P711D", field)
    assert operator.queue.rows("select * from public.outbox_controls") == []


@pytest.mark.parametrize("limit", [None, 0, 10_001])
def test_a_wrong_limit_of_resume(operator: Operator, limit: Any) -> None:  # noqa: ANN401
    with pytest.raises(psycopg.Error) as caught:
        operator.resume(limit=limit)
    assert caught.value.sqlstate == "P7118"
