"""Where a claim begins to look: what is done costs nothing, and nothing is overlooked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from tests.sql.queue import Queue
from tests.waiting import until

ITEMS = 4_000
FAR = 4_000_000_000 * 1_000_000  # in 2096


def names(items: list[Any]) -> list[str]:
    return [item.instruction_id for item in items]


def wait_past_the_distance(queue: Queue) -> None:
    """The mark stays 250 ms behind the clock."""
    since = queue.value("select clock_timestamp()")
    until(lambda: queue.value("select clock_timestamp() > %s + interval '300 ms'", since))


def set_hints(queue: Queue, *, mark: int | None = None, sweep_in_seconds: int = 20) -> None:
    """The mark (at what is now, if not given) and the time of the next sweep."""
    queue.value(
        """select setval('public.outbox_due_mark',
            coalesce(%s::bigint, (extract(epoch from clock_timestamp()) * 1000000)::bigint))""",
        mark,
    )
    queue.value(
        """select setval('public.outbox_due_sweep',
            ((extract(epoch from clock_timestamp()) + %s) * 1000000)::bigint)""",
        sweep_in_seconds,
    )


def buffers_of_an_empty_claim(queue: Queue) -> int:
    """Pages that a claim touches."""
    plan = queue.rows(
        """explain (analyze, buffers, costs off, timing off, summary off)
        select * from public.claim_outbox_batch(100, 'w', 60)"""
    )
    text = "\n".join(line for (line,) in plan)
    assert "rows=0" in text or "rows=0.00" in text
    touched = re.search(r"Buffers: shared hit=(\d+)", text)
    assert touched
    return int(touched[1])


@contextmanager
def much_done_under_a_held_snapshot(queue: Queue, url: str) -> Iterator[None]:
    """The dead index entries of everything done since cannot be removed."""
    with psycopg.connect(url) as reader:
        reader.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        reader.execute("select count(*) from public.payment_outbox_pending")
        queue.rows(
            """select count(*) from public.enqueue_outbox_items(
                array(select 'i' || g from generate_series(1, %s) as g),
                array(select 'p' || mod(g, 10) from generate_series(1, %s) as g),
                array(select 'k' || g from generate_series(1, %s) as g),
                array(select 'RTGS' from generate_series(1, %s) as g),
                array(select '{}' from generate_series(1, %s) as g))""",
            *([ITEMS] * 5),
        )
        while items := queue.claim(limit=1_000, lease_seconds=1):
            queue.complete(items)
        # The ends of the leases are in the index too; they come into the range as time passes.
        since = queue.value("select clock_timestamp()")
        until(lambda: queue.value("select clock_timestamp() > %s + interval '1500 ms'", since))
        yield


def test_a_held_snapshot_does_not_slow_an_empty_claim(queue: Queue, database_url: str) -> None:
    set_hints(queue)
    buffers_of_an_empty_claim(queue)  # the first one reads catalogs
    before = buffers_of_an_empty_claim(queue)
    with much_done_under_a_held_snapshot(queue, database_url):
        queue.claim()
        set_hints(queue, mark=queue.value("select last_value from public.outbox_due_mark"))
        # the least of some: an invalidated plan is made again, from catalogs
        after = min(buffers_of_an_empty_claim(queue) for _ in range(3))
        set_hints(queue, mark=0)
        from_the_beginning = buffers_of_an_empty_claim(queue)
    assert from_the_beginning > before + 100, "the trouble is there"
    assert after < before + 20, (before, after, from_the_beginning)


def test_sweeps_that_walk_far_are_rare(queue: Queue, database_url: str) -> None:
    """How far is what the server counts: no noise of the machine makes a sweep look far."""
    walked = """select pg_stat_get_xact_tuples_returned(
        'public.idx_payment_outbox_pending_due_claim'::regclass)"""
    with much_done_under_a_held_snapshot(queue, database_url), queue.connection.transaction():
        far = 0
        for _ in range(40):
            before = queue.value(walked)
            assert queue.claim() == []
            far += queue.value(walked) - before > 1_000
    assert 1 <= far <= 20


@pytest.mark.parametrize("last_was_far", [False, True])
def test_a_sweep_says_that_it_has_begun(
    queue: Queue,
    database_url: str,
    last_was_far: bool,  # noqa: FBT001
) -> None:
    """Before it looks at the queue. After one that walked far, nobody else begins one for a second,
    also where less is due than was asked for.
    """
    set_hints(queue, sweep_in_seconds=-3_600)
    queue.value(
        "select setval('public.outbox_due_sweep', last_value, not %s) from public.outbox_due_sweep",
        last_was_far,
    )
    before = queue.value("select extract(epoch from clock_timestamp()) * 1000000")
    with ThreadPoolExecutor(1) as threads, psycopg.connect(database_url) as elsewhere:
        elsewhere.execute("lock table public.payment_outbox_pending in access exclusive mode")
        claim = threads.submit(queue.claim)
        hint = Queue(elsewhere)
        ahead = 1_000_000 if last_was_far else 0
        until(
            lambda: hint.value(
                "select last_value >= %s + %s from public.outbox_due_sweep", before, ahead
            )
        )
        assert hint.value("select is_called from public.outbox_due_sweep") is not last_was_far
        assert not claim.done()
        elsewhere.rollback()
        assert claim.result() == []
    assert queue.value("select is_called from public.outbox_due_sweep"), "this one did not"
    assert queue.value(
        """select last_value <= extract(epoch from clock_timestamp()) * 1000000
        from public.outbox_due_sweep"""
    )


def test_a_sweep_that_walked_far_is_remembered(queue: Queue, database_url: str) -> None:
    with much_done_under_a_held_snapshot(queue, database_url):
        set_hints(queue, sweep_in_seconds=-3_600)
        assert queue.claim() == []
        assert not queue.value("select is_called from public.outbox_due_sweep")


def test_a_commit_that_took_long_is_found(queue: Queue, database_url: str) -> None:
    with psycopg.connect(database_url) as slow:
        Queue(slow).enqueue("slow")
        wait_past_the_distance(queue)
        queue.enqueue("quick", participant="q")
        assert names(queue.claim()) == ["quick"]
        assert queue.claim() == []
        assert queue.value("select last_value from public.outbox_due_mark") > Queue(slow).value(
            """select extract(epoch from next_attempt_at) * 1000000
            from public.payment_outbox_pending where instruction_id = 'slow'"""
        )
        slow.commit()
    assert names(queue.claim()) == ["slow"]


def test_a_claim_that_was_rolled_back_is_found(queue: Queue, database_url: str) -> None:
    for number in range(4):
        queue.enqueue(f"i{number}")
    wait_past_the_distance(queue)
    with psycopg.connect(database_url) as doomed:
        assert names(Queue(doomed).claim(limit=2)) == ["i0", "i1"]
        assert names(queue.claim(limit=2)) == ["i2", "i3"]
        doomed.rollback()
    assert names(queue.claim(limit=2)) == ["i0", "i1"]


def test_full_claims_go_on_where_the_last_one_ended(queue: Queue) -> None:
    for number in range(10):
        queue.enqueue(f"i{number}")
    wait_past_the_distance(queue)
    claimed = [names(queue.claim(limit=3)) for _ in range(5)]
    assert claimed == [["i0", "i1", "i2"], ["i3", "i4", "i5"], ["i6", "i7", "i8"], ["i9"], []]


def test_under_load_what_lies_before_the_mark_waits_for_a_sweep(queue: Queue) -> None:
    queue.enqueue("hidden")
    set_hints(queue)
    for number in range(4):
        queue.enqueue(f"i{number}")
    assert names(queue.claim(limit=1)) == ["i0"]
    set_hints(queue, sweep_in_seconds=-2)
    assert names(queue.claim(limit=2)) == ["hidden", "i1"]


def test_a_sweep_that_found_too_much_is_gone_on_with(queue: Queue) -> None:
    for number in range(6):
        queue.enqueue(f"i{number}")
    wait_past_the_distance(queue)
    set_hints(queue, sweep_in_seconds=-2)
    assert names(queue.claim(limit=2)) == ["i0", "i1"]
    set_hints(queue, mark=queue.value("select last_value from public.outbox_due_mark"))
    assert names(queue.claim(limit=2)) == ["i2", "i3"]


@pytest.mark.parametrize("mark", [0, 1, FAR])
@pytest.mark.parametrize("sweep_in_seconds", [-(10**9), 0, 10**9])
def test_wrong_hints_hide_nothing(queue: Queue, mark: int, sweep_in_seconds: int) -> None:
    queue.enqueue("i")
    set_hints(queue, mark=mark, sweep_in_seconds=sweep_in_seconds)
    assert names(queue.claim()) == ["i"]


@pytest.mark.parametrize(
    "edit",
    [
        "set lease_expires_at = now() - interval '1 minute'",
        (
            "set lease_expires_at = now() - interval '1 minute',"
            " next_attempt_at = now() - interval '1 minute'"
        ),
        (
            "set lease_token = null, claimed_by = null, lease_expires_at = null,"
            " next_attempt_at = '2020-01-01'"
        ),
    ],
)
def test_what_is_moved_into_the_past_by_hand_is_found(queue: Queue, edit: str) -> None:
    queue.enqueue("i")
    assert names(queue.claim()) == ["i"]
    set_hints(queue)
    queue.connection.execute(f"update public.payment_outbox_pending {edit}")
    assert names(queue.claim(worker="other")) == ["i"]


def test_what_is_queued_by_hand_in_the_past_is_found(queue: Queue) -> None:
    set_hints(queue)
    queue.connection.execute(
        """insert into public.payment_outbox_pending (instruction_id, participant_id, sequence_id,
            idempotency_key, rail_type, payload, next_attempt_at)
        values ('i', 'p', 1, 'k', 'RTGS', '{}', now() - interval '1 day')"""
    )
    assert names(queue.claim()) == ["i"]
