"""Claim, complete, repair, release, extend: one attempts row or one live lease for every token."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests.sql.queue import Queue
from tests.waiting import until


def tokens(queue: Queue) -> list[Any]:
    """Of attempts and of the queue."""
    return [
        row.lease_token
        for row in queue.rows(
            """select lease_token from public.payment_outbox_attempts where lease_token is not null
            union all
            select lease_token from public.payment_outbox_pending where lease_token is not null"""
        )
    ]


def test_a_claim_hands_over_everything_a_worker_needs(queue: Queue) -> None:
    outbox_id = queue.enqueue("i", payload='{"amount": 1.10}')
    (item,) = queue.claim(lease_seconds=30)
    assert item.outbox_id == outbox_id
    assert (item.instruction_id, item.idempotency_key, item.participant_id) == ("i", "i", "p")
    assert (item.attempt_no, item.sequence_id, item.tenant_id) == (1, 1, None)
    assert len(item.rail_key) == 32
    kept = queue.pending(outbox_id)
    assert kept.lease_expires_at == item.lease_expires_at == kept.next_attempt_at
    assert kept.lease_expires_at - kept.leased_at == timedelta(seconds=30)
    assert kept.payload is None
    assert queue.claim() == []


def test_a_lease_is_born_now_and_not_when_the_transaction_began(
    queue: Queue, database_url: str
) -> None:
    queue.enqueue("i")
    with psycopg.connect(database_url) as other:
        other.execute("select 1")
        until(
            lambda: queue.value(
                "select clock_timestamp() - max(xact_start) > '50 ms' from "
                "pg_stat_activity where state = 'idle in transaction'"
            )
        )
        started = Queue(other).value("select now()")
        (item,) = Queue(other).claim(lease_seconds=1)
        assert item.lease_expires_at > started + timedelta(seconds=1, milliseconds=50)


def test_a_claim_closes_the_lease_that_ran_out(queue: Queue) -> None:
    outbox_id = queue.enqueue("i")
    (first,) = queue.claim(worker="dead")
    leased_at = queue.pending(outbox_id).leased_at
    queue.expire_leases()
    (second,) = queue.claim(worker="alive")
    assert (second.attempt_no, second.rail_key) == (2, first.rail_key)
    (closed,) = queue.attempts(outbox_id)
    assert (closed.attempt_no, closed.state) == (1, "ZOMBIE_REQUEUE")
    assert (closed.worker_id, closed.closed_by) == ("dead", "alive")
    assert (closed.lease_token, closed.claimed_at) == (first.lease_token, leased_at)
    assert closed.completed_at > closed.claimed_at
    assert closed.payload is None
    assert sorted(tokens(queue)) == sorted([first.lease_token, second.lease_token])


@pytest.mark.parametrize("reaper", ["claim", "repair"])
def test_a_handler_that_always_dies_ends_after_the_ceiling(queue: Queue, reaper: str) -> None:
    queue.connection.execute(
        "do $$ begin execute format('alter database %I set symphony.outbox_retry_ceiling = 3',"
        " current_database()); end $$"
    )
    outbox_id = queue.enqueue("poison")
    claims = 0
    while queue.pending(outbox_id) is not None:
        claims += len(queue.claim())
        queue.expire_leases()
        if reaper == "repair":
            queue.repair()
            queue.connection.execute(
                "update public.payment_outbox_pending set next_attempt_at = clock_timestamp()"
            )
        assert claims <= 3
    assert claims == 3
    found = [(row.attempt_no, row.state) for row in queue.attempts(outbox_id)]
    assert found == [(1, "ZOMBIE_REQUEUE"), (2, "ZOMBIE_REQUEUE"), (3, "FAILED")]
    assert queue.attempts(outbox_id)[-1].error_code == "RETRY_CEILING_EXCEEDED"


@pytest.mark.parametrize("value", ["1", "0", "-5", "abc", "1000000", "99999999999"])
def test_the_ceiling_is_not_the_sessions(queue: Queue, value: str) -> None:
    queue.connection.execute(f"set symphony.outbox_retry_ceiling = '{value}'")
    assert queue.value("select public.outbox_retry_ceiling()") == 20
    outbox_id = queue.enqueue("i")
    queue.complete(queue.claim(), "RETRYABLE")
    assert queue.attempts(outbox_id)[0].state == "RETRYABLE"


@pytest.mark.parametrize(
    ("value", "ceiling"), [("7", 7), ("1000", 1000), ("0", 20), ("1001", 20), ("abc", 20)]
)
def test_the_ceiling_is_the_databases(queue: Queue, value: str, ceiling: int) -> None:
    name = queue.connection.info.dbname
    queue.connection.execute(
        f"alter database \"{name}\" set symphony.outbox_retry_ceiling = '{value}'"
    )
    assert queue.value("select public.outbox_retry_ceiling()") == ceiling


def test_many_expired_leases_and_a_poisoned_one_are_repaired_together(queue: Queue) -> None:
    for number in range(20):
        queue.enqueue(f"i{number}")
    queue.claim()
    queue.connection.execute(
        """update public.payment_outbox_pending set attempt_count = 19
        where instruction_id = 'i7'"""
    )
    queue.expire_leases()
    assert len(queue.repair()) == 20
    states = queue.rows(
        "select state, count(*) as n from public.payment_outbox_attempts group by 1"
    )
    assert {row.state: row.n for row in states} == {"ZOMBIE_REQUEUE": 19, "FAILED": 1}
    assert queue.repair() == []


def test_completing_is_idempotent_by_token(queue: Queue) -> None:
    queue.enqueue("i")
    items = queue.claim()
    (first,) = queue.complete(items, reference="R1")
    (again,) = queue.complete(items, reference="R1")
    assert first.outcome == "RECORDED"
    assert again.outcome == "REPLAYED"
    assert again[0:2] + again[3:] == first[0:2] + first[3:]
    old_contract = """select * from public.complete_outbox_attempt(%s, %s, 'w', 'DISPATCHED')"""
    row = queue.rows(old_contract, items[0].outbox_id, items[0].lease_token)
    assert row == [(1, "DISPATCHED")]
    assert queue.rows("select * from public.payment_outbox_late_results") == []


def test_a_token_twice_in_a_batch_counts_once(queue: Queue) -> None:
    queue.enqueue("i")
    items = queue.claim()
    outcomes = [row.outcome for row in queue.complete(items * 3)]
    assert outcomes == ["RECORDED", "REPLAYED", "REPLAYED"]


def test_a_stale_item_is_an_outcome_and_stops_nobody(queue: Queue) -> None:
    for name in ("good", "expired", "stolen", "done", "ended"):
        queue.enqueue(name)
    items = {item.instruction_id: item for item in queue.claim()}
    queue.complete([items["done"]], "RETRYABLE", delay=100)
    queue.connection.execute(
        """update public.payment_outbox_pending
        set lease_expires_at = clock_timestamp() - interval '1 second'
        where instruction_id in ('expired', 'stolen', 'ended')"""
    )
    for name in ("stolen", "ended"):
        queue.connection.execute(
            """update public.payment_outbox_pending set next_attempt_at = '2000-01-01'
            where instruction_id = %s""",
            [name],
        )
        (taken,) = queue.claim(limit=1, worker="other")
        assert taken.instruction_id == name
        if name == "ended":
            queue.complete([taken], worker="other", reference="R-other")
    strange = items["good"]._replace(lease_token=uuid4())
    given = [items[name] for name in ("good", "expired", "stolen", "done", "ended")]
    rows = queue.complete([*given, strange], "DISPATCHED", reference="R")
    assert [row.outcome for row in rows] == [
        *("RECORDED", "EXPIRED", "STOLEN", "ALREADY_DONE", "ALREADY_DONE", "ALREADY_DONE"),
    ]
    evidence = queue.rows("select * from public.payment_outbox_late_results order by outcome")
    assert [row.outcome for row in evidence] == [*["ALREADY_DONE"] * 3, "EXPIRED", "STOLEN"]
    assert {row.rail_reference for row in evidence} == {"R"}
    queue.complete(given[1:], "DISPATCHED", reference="R")
    assert queue.value("select count(*) from public.payment_outbox_late_results") == 5


def test_an_unknown_token_is_kept_as_evidence_too(queue: Queue) -> None:
    queue.enqueue("i")
    (item,) = queue.claim()
    (row,) = queue.complete([item._replace(lease_token=uuid4())], reference="R")
    assert row.outcome == "UNKNOWN"
    assert queue.pending(item.outbox_id).lease_token == item.lease_token
    assert queue.value("select rail_reference from public.payment_outbox_late_results") == "R"


def test_another_workers_lease_is_not_ours(queue: Queue) -> None:
    queue.enqueue("i")
    items = queue.claim(worker="w")
    assert [row.outcome for row in queue.complete(items, worker="thief")] == ["STOLEN"]
    assert [row.outcome for row in queue.complete(items, worker="w")] == ["RECORDED"]


def test_the_old_contract_raises_lease_lost(queue: Queue) -> None:
    queue.enqueue("i")
    (item,) = queue.claim()
    queue.expire_leases()
    with pytest.raises(psycopg.Error) as caught:
        queue.rows(
            "select * from public.complete_outbox_attempt(%s, %s, 'w', 'DISPATCHED')",
            *(item.outbox_id, item.lease_token),
        )
    assert caught.value.sqlstate == "P7002"
    assert caught.value.diag.message_detail == "EXPIRED"


@pytest.mark.parametrize("level", ["repeatable read", "serializable"])
def test_a_snapshot_older_than_the_item_is_no_lost_lease(
    queue: Queue, database_url: str, level: str
) -> None:
    with psycopg.connect(database_url) as old:
        old.execute(f"set transaction isolation level {level}")
        old.execute("select 1")
        queue.enqueue("i")
        items = queue.claim()
        with pytest.raises(psycopg.errors.SerializationFailure):
            Queue(old).complete(items)
        old.rollback()
        assert [row.outcome for row in Queue(old).complete(items)] == ["RECORDED"]


def test_a_bad_metric_never_loses_a_result(queue: Queue) -> None:
    outbox_id = queue.enqueue("i")
    (item,) = queue.claim()
    rows = queue.rows(
        """select * from public.complete_outbox_attempts('w', %s, %s, '{RETRYABLE}',
            p_rail_codes => %s, p_error_messages => %s, p_latency_ms => '{-1}',
            p_retry_delay_seconds => '{2147483647}')""",
        *([item.outbox_id], [item.lease_token], ["c" * 1000], ["m" * 100_000]),
    )
    assert [row.outcome for row in rows] == ["RECORDED"]
    (attempt,) = queue.attempts(outbox_id)
    assert (attempt.latency_ms, len(attempt.rail_code), len(attempt.error_message)) == (
        *(None, 100, 2000),
    )
    assert queue.value(
        "select next_attempt_at - clock_timestamp() < interval '8 days'"
        " from public.payment_outbox_pending"
    )


def test_release_burns_no_attempt_and_no_token_twice(queue: Queue) -> None:
    outbox_id = queue.enqueue("i")
    items = queue.claim()
    release = "select * from public.release_outbox_leases(%s, %s, 'w')"
    pair = [item.outbox_id for item in items], [item.lease_token for item in items]
    assert len(queue.rows(release, *pair)) == 1
    assert queue.rows(release, *pair) == []
    (again,) = queue.claim()
    assert (again.attempt_no, queue.attempts(outbox_id)) == (1, [])
    assert [row.outcome for row in queue.complete(items)] == ["UNKNOWN"]


def test_extend_moves_live_leases_only_and_never_back(queue: Queue) -> None:
    first, second = queue.enqueue("i1"), queue.enqueue("i2")
    items = queue.claim(lease_seconds=60)
    queue.connection.execute(
        """update public.payment_outbox_pending
        set lease_expires_at = clock_timestamp() - interval '1 second'
        where outbox_id = %s""",
        [first],
    )
    extend = "select * from public.extend_outbox_leases(%s, %s, 'w', %s)"
    pair = [item.outbox_id for item in items], [item.lease_token for item in items]
    (extended,) = queue.rows(extend, *pair, 600)
    kept = queue.pending(second)
    assert extended == (second, kept.lease_expires_at)
    assert kept.next_attempt_at == kept.lease_expires_at
    (same,) = queue.rows(extend, *pair, 1)
    assert same.lease_expires_at == extended.lease_expires_at


ABUSE = {
    "claim_outbox_items(null, 'w', 60)": "P7118",
    "claim_outbox_items(0, 'w', 60)": "P7118",
    "claim_outbox_items(-1, 'w', 60)": "P7118",
    "claim_outbox_items(10001, 'w', 60)": "P7118",
    "claim_outbox_items(1, null, 60)": "P7117",
    "claim_outbox_items(1, '', 60)": "P7117",
    "claim_outbox_items(1, repeat('w', 201), 60)": "P7117",
    "claim_outbox_items(1, 'w', null)": "P7119",
    "claim_outbox_items(1, 'w', 0)": "P7119",
    "claim_outbox_items(1, 'w', 2147483647)": "P7119",
    "claim_outbox_batch(null, 'w', 60)": "P7118",
    "repair_expired_leases(0, 'w')": "P7118",
    "repair_expired_leases(1, null)": "P7117",
    "extend_outbox_leases('{}', '{}', 'w', 60)": "P7118",
    "extend_outbox_leases(array[gen_random_uuid()], array[gen_random_uuid()], 'w', 0)": "P7119",
    "begin_outbox_dispatch(null, null, 'w')": "P7118",
    "release_outbox_leases(array[gen_random_uuid()], '{}', 'w')": "P7118",
    "complete_outbox_attempts('w', '{}', '{}', '{}')": "P7118",
    "complete_outbox_attempts('w', null, null, null)": "P7118",
    "complete_outbox_attempts('', array[gen_random_uuid()], array[gen_random_uuid()], "
    "'{FAILED}')": "P7117",
    "complete_outbox_attempts('w', array[gen_random_uuid()], array[gen_random_uuid()], "
    "'{null}')": "P7003",
    "complete_outbox_attempts('w', array[gen_random_uuid()], array[gen_random_uuid()], "
    "'{ZOMBIE_REQUEUE}')": "P7003",
    "complete_outbox_attempts('w', array[gen_random_uuid()], array[gen_random_uuid()], "
    "'{FAILED}', array[repeat('r', 501)])": "P711B",
    "complete_outbox_attempts('w', array[gen_random_uuid()], array[gen_random_uuid()], "
    "'{FAILED}', array['a', 'b'])": "P7118",
    "complete_outbox_attempt(gen_random_uuid(), gen_random_uuid(), 'w', null)": "P7003",
    "complete_outbox_attempt(null, null, 'w', 'FAILED')": "P7002",
}


@pytest.mark.parametrize("call", sorted(ABUSE))
def test_a_broken_limit_is_named_before_anything_is_written(queue: Queue, call: str) -> None:
    queue.enqueue("i")
    with pytest.raises(psycopg.Error) as caught:
        queue.rows(f"select * from public.{call}")
    assert caught.value.sqlstate == ABUSE[call]
    assert queue.value(
        "select count(*) from public.payment_outbox_pending where lease_token is null"
    )
    assert queue.value("select count(*) from public.payment_outbox_late_results") == 0
