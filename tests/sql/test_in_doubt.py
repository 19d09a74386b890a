"""A lease that dies after its dispatch was declared is a question, not a retry."""

from __future__ import annotations

import pytest

from tests.sql.queue import Queue


def in_doubt(queue: Queue, reaper: str = "claim") -> tuple[object, object]:
    """An item in doubt, and the row that was claimed."""
    outbox_id = queue.enqueue("i")
    (item,) = queue.claim()
    assert [row.outbox_id for row in queue.begin([item])] == [outbox_id]
    queue.expire_leases()
    assert (queue.claim(worker="other") if reaper == "claim" else queue.repair()) == []
    return outbox_id, item


@pytest.mark.parametrize("reaper", ["claim", "repair"])
def test_a_lease_that_dies_before_the_dispatch_is_requeued(queue: Queue, reaper: str) -> None:
    outbox_id = queue.enqueue("i")
    queue.claim()
    queue.expire_leases()
    if reaper == "claim":
        assert len(queue.claim()) == 1
    else:
        assert len(queue.repair()) == 1
    assert [row.state for row in queue.attempts(outbox_id)] == ["ZOMBIE_REQUEUE"]


@pytest.mark.parametrize("reaper", ["claim", "repair"])
def test_a_lease_that_dies_after_it_is_in_doubt(queue: Queue, reaper: str) -> None:
    outbox_id, item = in_doubt(queue, reaper)
    kept = queue.pending(outbox_id)  # type: ignore[arg-type]
    assert (kept.hold, kept.next_attempt_at) == ("IN_DOUBT", None)
    assert (kept.lease_token, kept.claimed_by) == (item.lease_token, "w")  # type: ignore[attr-defined]
    assert kept.leased_at <= kept.dispatch_started_at <= kept.held_at
    assert queue.attempts(outbox_id) == []  # type: ignore[arg-type]
    assert (queue.claim(), queue.repair()) == ([], [])


def test_a_replay_says_so_to_those_who_know_the_word(queue: Queue) -> None:
    in_doubt(queue)
    old = queue.rows("select * from public.enqueue_payment_outbox('i', 'p', 'i', 'RTGS', '{}')")
    assert [row.state for row in old] == ["PENDING"]
    new = queue.rows(
        "select * from public.enqueue_outbox_items('{i}', '{p}', '{i}', '{RTGS}', array['{}'])"
    )
    assert [(row.outcome, row.state) for row in new] == [("REPLAYED", "IN_DOUBT")]


def test_the_late_result_is_evidence(queue: Queue) -> None:
    outbox_id, item = in_doubt(queue)
    rows = queue.complete([item], reference="R-late")
    assert [row.outcome for row in rows] == ["EXPIRED"]
    assert queue.pending(outbox_id).hold == "IN_DOUBT"  # type: ignore[arg-type]
    evidence = queue.rows("select * from public.payment_outbox_late_results")
    assert [(row.rail_reference, row.state) for row in evidence] == [("R-late", "DISPATCHED")]


def test_who_completes_in_time_is_not_in_doubt(queue: Queue) -> None:
    outbox_id = queue.enqueue("i")
    items = queue.claim()
    queue.begin(items)
    began = queue.pending(outbox_id).dispatch_started_at
    queue.begin(items)
    assert queue.pending(outbox_id).dispatch_started_at == began
    queue.complete(items, "RETRYABLE")
    (attempt,) = queue.attempts(outbox_id)
    assert attempt.dispatch_started_at == began
    assert queue.pending(outbox_id).dispatch_started_at is None
    (again,) = queue.claim()
    queue.expire_leases()
    assert [row.attempt_no for row in queue.repair()] == [again.attempt_no]


def test_nobody_begins_without_a_live_lease_of_his_own(queue: Queue) -> None:
    outbox_id = queue.enqueue("i")
    items = queue.claim()
    assert queue.begin(items, worker="thief") == []
    queue.expire_leases()
    assert queue.begin(items) == []
    assert queue.pending(outbox_id).dispatch_started_at is None


def test_a_begun_item_is_not_released(queue: Queue) -> None:
    queue.enqueue("i")
    (item,) = queue.claim()
    queue.begin([item])
    released = queue.rows(
        "select * from public.release_outbox_leases(%s, %s, 'w')",
        *([item.outbox_id], [item.lease_token]),
    )
    assert released == []
