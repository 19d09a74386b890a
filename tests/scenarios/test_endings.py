"""How items end: at the ceiling, in doubt, late, and once more after a redrive."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.sql.operations import Operator
from tests.sql.queue import Queue
from tests.waiting import until

CEILING = 20
DUE = """update public.payment_outbox_pending set next_attempt_at = clock_timestamp()
where lease_token is null and hold is null"""


def claim(queue: Queue, outbox_id: UUID) -> list[Any]:
    queue.connection.execute(DUE)
    return [item for item in queue.claim() if item.outbox_id == outbox_id]


def die(queue: Queue, outbox_id: UUID, reaper: str) -> list[Any]:
    """Claims and dies until the item has ended; the claims."""
    claims: list[Any] = []
    while queue.pending(outbox_id) is not None:
        claims += claim(queue, outbox_id)
        queue.expire_leases()
        if reaper == "repair" or (reaper == "mixed" and len(claims) % 2):
            queue.repair()
        assert len(claims) <= CEILING
    return claims


@pytest.mark.parametrize("reaper", ["claim", "repair", "mixed"])
def test_who_always_dies_ends_after_exactly_the_ceiling(queue: Queue, reaper: str) -> None:
    outbox_id = queue.enqueue("i")
    claims = die(queue, outbox_id, reaper)
    assert [item.attempt_no for item in claims] == list(range(1, CEILING + 1))
    history = queue.attempts(outbox_id)
    assert [row.lease_token for row in history] == [item.lease_token for item in claims]
    assert [row.state for row in history] == [*["ZOMBIE_REQUEUE"] * (CEILING - 1), "FAILED"]
    assert queue.rows("select * from public.payment_outbox_late_results") == []


def test_a_redrive_gives_exactly_another_budget(queue: Queue) -> None:
    outbox_id = queue.enqueue("i")
    first = die(queue, outbox_id, "mixed")
    (row,) = Operator(queue).redrive(outbox_id)
    assert (row.outcome, row.attempt_count) == ("REDRIVEN", CEILING)
    second = die(queue, outbox_id, "mixed")
    assert [item.attempt_no for item in second] == list(range(CEILING + 1, 2 * CEILING + 1))
    assert {item.rail_key for item in second} == {first[0].rail_key}
    assert len({item.lease_token for item in first + second}) == 2 * CEILING
    history = queue.attempts(outbox_id)
    assert [row.attempt_no for row in history if row.state == "FAILED"] == [CEILING, 2 * CEILING]
    # A result under a token from before the redrive is late, not the end.
    (late,) = queue.complete([first[-1]], reference="R-late")
    assert late.outcome == "ALREADY_DONE"
    (row,) = Operator(queue).redrive(outbox_id)
    assert row.outcome == "DISPUTED"


def in_doubt(queue: Queue) -> tuple[UUID, Any]:
    outbox_id = queue.enqueue("i")
    (item,) = claim(queue, outbox_id)
    assert len(queue.begin([item])) == len(queue.begin([item])) == 1
    queue.expire_leases()
    return outbox_id, item


@pytest.mark.parametrize("met", [False, True], ids=["not-met-yet", "met"])
@pytest.mark.parametrize(
    ("resolution", "state", "then"),
    [
        ("DISPATCHED", "DISPATCHED", "DISPATCHED"),
        ("FAILED", "FAILED", "FAILED"),
        ("REQUEUE", "ZOMBIE_REQUEUE", "PENDING"),
    ],
)
def test_a_doubt_ends_by_what_the_rail_says(
    queue: Queue, resolution: str, state: str, then: str, *, met: bool
) -> None:
    outbox_id, item = in_doubt(queue)
    if met:
        queue.repair()
    reference = {"p_rail_reference": "R"} if resolution == "DISPATCHED" else {}
    resolved = Operator(queue).resolve(outbox_id, resolution, **reference)
    assert resolved == (1, state)
    assert Operator(queue).resolve(outbox_id, resolution, **reference) == resolved
    (attempt,) = queue.attempts(outbox_id)
    assert (attempt.lease_token, attempt.worker_id) == (item.lease_token, "w")
    (replay,) = queue.rows(
        "select * from public.enqueue_payment_outbox('i', 'p', 'i', 'RTGS', '{}')"
    )
    assert (replay.outbox_id, replay.state) == (outbox_id, then)
    again = claim(queue, outbox_id)
    assert [row.attempt_no for row in again] == ([2] if then == "PENDING" else [])
    assert {row.rail_key for row in again} <= {item.rail_key}


def test_a_late_result_resolves_and_is_not_decided_against_silently(queue: Queue) -> None:
    outbox_id, item = in_doubt(queue)
    queue.repair()
    (late,) = queue.complete([item], reference="R-late")
    assert late.outcome == "EXPIRED"
    operator = Operator(queue)
    for resolution in ("REQUEUE", "FAILED"):
        with pytest.raises(psycopg.Error) as caught:
            operator.resolve(outbox_id, resolution)
        assert caught.value.sqlstate == "P7004"
    late_result_id = queue.value("select late_result_id from public.payment_outbox_late_results")
    assert operator.resolve(outbox_id, "DISPATCHED", p_late_result_id=late_result_id) == (
        *(1, "DISPATCHED"),
    )
    assert [row.rail_reference for row in queue.attempts(outbox_id)] == ["R-late"]


def lists(items: list[Any]) -> tuple[list[UUID], list[UUID]]:
    return [item.outbox_id for item in items], [item.lease_token for item in items]


@pytest.mark.parametrize(
    ("verb", "call"),
    [
        ("extend", "extend_outbox_leases(%s, %s, 'w', 60)"),
        ("begin", "begin_outbox_dispatch(%s, %s, 'w')"),
    ],
)
def test_the_last_moment_is_judged_after_the_lock(
    queue: Queue, url: str, verb: str, call: str
) -> None:
    """The lease was alive when the worker asked and has run out when it gets the row."""
    outbox_id = queue.enqueue("i")
    items = claim(queue, outbox_id)
    late(queue, url, items, lambda mine: mine.rows(f"select * from public.{call}", *lists(items)))
    kept = queue.pending(outbox_id)
    assert kept.dispatch_started_at is None, verb
    assert [row.attempt_no for row in queue.repair() if row.outbox_id == outbox_id] == [1]


def test_so_is_a_completion(queue: Queue, url: str) -> None:
    outbox_id = queue.enqueue("i")
    items = claim(queue, outbox_id)
    (row,) = late(queue, url, items, lambda mine: mine.complete(items, reference="R"))
    assert row.outcome == "EXPIRED"
    assert queue.attempts(outbox_id) == []
    assert queue.value("select rail_reference from public.payment_outbox_late_results") == "R"


def late(queue: Queue, url: str, items: list[Any], act: Callable[[Queue], list[Any]]) -> list[Any]:
    """Acts while another holds the row, unchanged, until the lease has run out."""
    (item,) = items
    queue.connection.execute(
        """update public.payment_outbox_pending
        set lease_expires_at = clock_timestamp() + interval '700 ms' where outbox_id = %s""",
        [item.outbox_id],
    )
    with (
        psycopg.connect(url) as holder,
        psycopg.connect(url, autocommit=True) as mine,
        ThreadPoolExecutor(1) as thread,
    ):
        holder.execute(
            "select from public.payment_outbox_pending where outbox_id = %s for update",
            [item.outbox_id],
        )
        acting = thread.submit(act, Queue(mine))
        until(
            lambda: queue.value(
                """select lease_expires_at <= clock_timestamp()
                from public.payment_outbox_pending where outbox_id = %s""",
                item.outbox_id,
            )
        )
        until(
            lambda: queue.value(
                "select %s = any(pg_blocking_pids(%s))",
                *(holder.info.backend_pid, mine.info.backend_pid),
            )
        )
        holder.rollback()
        return acting.result()
