"""Order of a participant, fair shares of tenants, pauses: all of them settings."""

from __future__ import annotations

from collections import Counter
from threading import Thread
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.sql.queue import Queue
from tests.waiting import until


def names(items: list[Any]) -> list[str]:
    return [item.instruction_id for item in items]


def tenant(queue: Queue, number: int) -> UUID:
    tenant_id = UUID(int=number)
    queue.rows(
        "select * from public.register_tenant(%s, %s, 'Tenant', 'COMMERCIAL')",
        *(tenant_id, f"tenant-{number}"),
    )
    return tenant_id


def ingest(queue: Queue, tenant_id: UUID, count: int) -> None:
    listed = [f"{tenant_id.int}-{number}" for number in range(count)]
    queue.rows(
        "select * from public.ingest_instructions(%s, %s, %s, %s, %s, %s)",
        *([tenant_id] * count, listed, listed, listed, ["RTGS"] * count, ["{}"] * count),
    )


@pytest.mark.parametrize(
    ("scope", "key"), [("QUEUE", "*"), ("RAIL", "RTGS")], ids=["queue", "rail"]
)
@pytest.mark.parametrize("ordering", ["FIFO_BLOCK", "FIFO_SKIP"])
def test_a_participants_items_go_one_after_the_other(
    queue: Queue, scope: str, key: str, ordering: str
) -> None:
    queue.control(scope, key, ordering=ordering)
    for name in ("a1", "a2", "a3"):
        queue.enqueue(name, "a")
    queue.enqueue("b1", "b")
    first = queue.claim()
    assert names(first) == ["a1", "b1"]
    assert queue.claim() == []
    queue.complete(first)
    second = queue.claim()
    assert names(second) == ["a2"]
    queue.complete(second, "FAILED")
    assert names(queue.claim()) == ["a3"]


def test_a_blocked_head_stops_the_others_or_not(queue: Queue) -> None:
    queue.control("RAIL", "BLOCK", ordering="FIFO_BLOCK")
    queue.control("RAIL", "SKIP", ordering="FIFO_SKIP")
    for rail in ("BLOCK", "SKIP"):
        for number in (1, 2, 3):
            queue.enqueue(f"{rail}{number}", rail, rail)
    heads = queue.claim()
    assert names(heads) == ["BLOCK1", "SKIP1"]
    queue.complete(heads, "RETRYABLE", delay=600)
    passed = queue.claim()
    assert names(passed) == ["SKIP2"]
    queue.begin(passed)
    queue.expire_leases()
    assert names(queue.claim()) == ["SKIP3"]
    queue.connection.execute(
        "update public.payment_outbox_pending set next_attempt_at = clock_timestamp()"
        " where hold is null and lease_token is null"
    )
    assert names(queue.claim()) == ["BLOCK1", "SKIP1"]


def test_an_item_that_waits_behind_is_met_once(queue: Queue) -> None:
    queue.control("QUEUE", "*", ordering="FIFO_BLOCK")
    for number in range(30):
        queue.enqueue(f"i{number}")
    done: list[str] = []
    while items := queue.claim(limit=7):
        queue.complete(items)
        done += names(items)
    assert done == [f"i{number}" for number in range(30)]


def test_no_wake_up_is_lost_between_a_claim_and_the_end_of_the_head(
    queue: Queue, database_url: str
) -> None:
    """The claim has locked the second item and not yet put it on hold when the first one ends."""
    queue.control("QUEUE", "*", ordering="FIFO_BLOCK")
    queue.enqueue("i1")
    head = queue.claim()
    queue.enqueue("i2")
    with psycopg.connect(database_url) as claiming, psycopg.connect(database_url) as ending:
        assert Queue(claiming).claim() == []
        claiming_pid = claiming.info.backend_pid
        with psycopg.connect(database_url, autocommit=True) as watcher:

            def end() -> None:
                Queue(ending).complete(head)
                ending.commit()

            thread = Thread(target=end)
            thread.start()
            until(
                lambda: Queue(watcher).value(
                    "select %s = any(pg_blocking_pids(%s))",
                    *(claiming_pid, ending.info.backend_pid),
                )
            )
            claiming.commit()
            thread.join()
    assert names(queue.claim()) == ["i2"]


def test_a_backlog_of_one_tenant_does_not_delay_another(queue: Queue) -> None:
    queue.control("QUEUE", "*", fair=True)
    big, small = tenant(queue, 1), tenant(queue, 2)
    ingest(queue, big, 2_000)
    ingest(queue, small, 10)
    queue.enqueue("without tenant")
    seen: Counter[UUID | None] = Counter()
    batches = 0
    while seen[small] < 10 or seen[None] < 1:
        items = queue.claim(limit=20)
        assert len(items) == 20
        seen.update(item.tenant_id for item in items)
        batches += 1
    assert batches <= 3
    while items := queue.claim(limit=1_000):
        seen.update(item.tenant_id for item in items)
    assert seen == {big: 2_000, small: 10, None: 1}


def test_what_a_tenant_leaves_of_its_share_goes_to_the_others(queue: Queue) -> None:
    """A claim is as large as it may be, and the leftover is shared evenly again."""
    queue.control("QUEUE", "*", fair=True)
    tenants = [tenant(queue, number) for number in range(1, 5)]
    for tenant_id, count in zip(tenants, (100, 100, 7, 1), strict=True):
        ingest(queue, tenant_id, count)
    items = queue.claim(limit=100)
    counts = Counter(item.tenant_id for item in items)
    assert (len(items), counts[tenants[2]], counts[tenants[3]]) == (100, 7, 1)
    assert abs(counts[tenants[0]] - counts[tenants[1]]) <= 2
    assert len({item.outbox_id for item in items}) == 100


def test_a_fair_claim_reads_no_more_than_it_takes(queue: Queue) -> None:
    """Not the whole backlog of a tenant, to sort it: rows that are read and not taken are few."""
    queue.control("QUEUE", "*", fair=True)
    ingest(queue, tenant(queue, 1), 4_000)
    queue.claim(limit=100)  # the first one marks what is dead
    fetched = "select pg_stat_get_xact_tuples_fetched('public.payment_outbox_pending'::regclass)"
    with queue.connection.transaction():
        before = queue.value(fetched)
        assert len(queue.claim(limit=100)) == 100
        assert queue.value(fetched) - before < 5_000


def test_more_tenants_than_a_claim_may_take(queue: Queue) -> None:
    queue.control("QUEUE", "*", fair=True)
    for number in range(1, 9):
        ingest(queue, tenant(queue, number), 3)
    left = 24
    while items := queue.claim(limit=2):
        assert len(items) <= 2
        left -= len(items)
    assert left == 0


@pytest.mark.parametrize("scope", ["QUEUE", "RAIL", "TENANT"])
@pytest.mark.parametrize("fair", [False, True], ids=["plain", "fair"])
def test_a_paused_scope_is_put_on_hold_and_stands_in_nobodys_way(
    queue: Queue, scope: str, *, fair: bool
) -> None:
    paused, running = tenant(queue, 1), tenant(queue, 2)
    ingest(queue, paused, 30)
    ingest(queue, running, 5)
    queue.enqueue("other rail", rail="ACH")
    key = {"QUEUE": "*", "RAIL": "RTGS", "TENANT": str(paused)}[scope]
    queue.control("QUEUE", "*", fair=fair)
    queue.control(scope, key, paused=True)
    expected = {"QUEUE": 0, "RAIL": 1, "TENANT": 6}[scope]
    claimed: list[Any] = []
    while items := queue.claim(limit=4):
        claimed += items
    assert len(claimed) == expected
    held = "select count(*) from public.payment_outbox_pending where hold = 'PAUSED'"
    assert queue.value(held) == 36 - expected
    queue.control(scope, key, paused=False)
    queue.repair()
    assert queue.value(held) == 0
    while items := queue.claim(limit=4):
        claimed += items
    assert len(claimed) == 36
