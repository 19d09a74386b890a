"""A deployed database (revision 0001) with work in it goes to head: nothing is lost, sent twice or
misnumbered, and the old services' calls go on.
"""

from __future__ import annotations

from collections.abc import Iterator
from threading import Thread
from typing import Any

import psycopg
import pytest

from ledgerdb.migrate import upgrade
from tests.migrations.databases import query
from tests.sql.queue import Queue
from tests.waiting import until

ENQUEUE = "select * from public.enqueue_payment_outbox(%s, %s, %s, 'RTGS', %s)"
CLAIM = "select * from public.claim_outbox_batch(%s, %s, %s)"
COMPLETE = "select * from public.complete_outbox_attempt(%s, %s, %s, %s)"


@pytest.fixture
def old(baseline_database_url: str) -> Iterator[Queue]:
    """The queue as the old services see it, before and after."""
    with psycopg.connect(baseline_database_url, autocommit=True) as connection:
        yield Queue(connection)


def fill(old: Queue) -> dict[str, Any]:
    """An item in every state that deployed databases know; the last claim of each."""
    claimed: dict[str, Any] = {}
    for name in ("sent", "failed", "retry", "drifted", "zombie", "leased", "expired"):
        old.rows(ENQUEUE, name, "p", name, '{"amount": 1.10}')
        (claimed[name],) = old.rows(CLAIM, 1, "old", 600)
    for name, state in (("sent", "DISPATCHED"), ("failed", "FAILED"), ("retry", "RETRYABLE")):
        old.rows(COMPLETE, claimed[name].outbox_id, claimed[name].lease_token, "old", state)
    old.rows(
        COMPLETE, claimed["drifted"].outbox_id, claimed["drifted"].lease_token, "old", "RETRYABLE"
    )
    old.connection.execute(
        """insert into public.payment_outbox_attempts
            (outbox_id, instruction_id, participant_id, sequence_id, idempotency_key, rail_type,
            payload, attempt_no, state)
        select outbox_id, instruction_id, participant_id, sequence_id, idempotency_key, rail_type,
            payload, 2, 'RETRYABLE'
        from public.payment_outbox_pending where instruction_id = 'drifted'"""
    )
    for name in ("zombie", "expired"):
        old.connection.execute(
            """update public.payment_outbox_pending
            set lease_expires_at = now() - interval '1 second' where instruction_id = %s""",
            [name],
        )
        if name == "zombie":
            old.rows("select * from public.repair_expired_leases(10, 'reaper')")
    old.rows(ENQUEUE, "waiting", "q", "waiting", "{}")
    return claimed


def test_every_item_goes_on(old: Queue, baseline_database_url: str) -> None:
    claimed = fill(old)
    upgrade(baseline_database_url)

    replays = {name: old.rows(ENQUEUE, name, "p", name, '{"amount": 1.10}')[0] for name in claimed}
    assert {name: row.outbox_id for name, row in replays.items()} == {
        name: item.outbox_id for name, item in claimed.items()
    }
    assert {name: row.state for name, row in replays.items()} == {
        "sent": "DISPATCHED",
        "failed": "FAILED",
        **dict.fromkeys(("retry", "drifted", "zombie", "leased", "expired"), "PENDING"),
    }
    with pytest.raises(psycopg.Error) as caught:
        old.rows(ENQUEUE, "sent", "p", "sent", '{"amount": 2}')
    assert caught.value.sqlstate == "P7101"

    leased = claimed["leased"]
    done = old.rows(COMPLETE, leased.outbox_id, leased.lease_token, "old", "DISPATCHED")
    assert done == [(1, "DISPATCHED")]

    old.connection.execute(
        "update public.payment_outbox_pending set next_attempt_at = now() where lease_token is null"
    )
    items = {item.instruction_id: item for item in old.claim()}
    assert {name: item.attempt_no for name, item in items.items()} == {
        "retry": 2, "drifted": 3, "zombie": 2, "expired": 2, "waiting": 1,
    }  # fmt: skip
    assert {str(item.payload["amount"]) for name, item in items.items() if name != "waiting"} == {
        "1.1"
    }
    assert {row.outcome for row in old.complete(list(items.values()))} == {"RECORDED"}
    assert old.rows("select * from public.outbox_counter_drift()") == []
    numbers = old.rows(
        """select instruction_id, array_agg(attempt_no order by attempt_no) as numbers
        from public.payment_outbox_attempts group by instruction_id"""
    )
    for row in numbers:
        assert row.numbers == list(range(1, len(row.numbers) + 1)), row.instruction_id


@pytest.mark.parametrize("call", ["enqueue", "complete"])
def test_a_call_of_the_old_body_that_waits_for_the_migration_goes_on(
    old: Queue, baseline_database_url: str, call: str
) -> None:
    """It began before the new functions were there, and writes under them."""
    claimed = fill(old)
    with psycopg.connect(baseline_database_url) as blocking:
        # The old body is entered, and waits for a lock that comes after its first statement.
        blocking.execute("lock table public.payment_outbox_pending in access exclusive mode")
        found: list[Any] = []

        def work() -> None:
            if call == "enqueue":
                found.extend(old.rows(ENQUEUE, "late", "p", "late", '{"amount": 3}'))
            else:
                item = claimed["leased"]
                found.extend(
                    old.rows(COMPLETE, item.outbox_id, item.lease_token, "old", "DISPATCHED")
                )

        thread = Thread(target=work)
        thread.start()
        waits = "select count(*) from pg_locks where not granted and pid = %s"
        pid = old.connection.info.backend_pid
        until(lambda: query(baseline_database_url, waits, pid)[0][0])
        blocking.execute("select 1")
        upgrading = Thread(target=upgrade, args=(baseline_database_url,))
        upgrading.start()
        blocked = """select count(*) from pg_stat_activity
            where wait_event_type = 'Lock' and datname = current_database()"""
        until(lambda: query(baseline_database_url, blocked)[0][0] >= 2)
        blocking.rollback()
        thread.join()
        upgrading.join()
    upgrade(baseline_database_url)
    if call == "enqueue":
        (replay,) = old.rows(ENQUEUE, "late", "p", "late", '{"amount": 3}')
        assert replay.outbox_id == found[0].outbox_id
        assert (
            old.value(
                "select count(*) from public.payment_outbox_pending where instruction_id = 'late'"
            )
            == 1
        )
    else:
        assert found == [(1, "DISPATCHED")]


def test_an_item_that_waited_for_revision_0003_has_an_identity(baseline_database_url: str) -> None:
    """An older function was in the middle of its call when 0003 took its locks: it queued the item
    afterwards, past the registry. One of two has been sent before 0004.
    """
    upgrade(baseline_database_url, "0003")
    with psycopg.connect(baseline_database_url, autocommit=True) as connection:
        late = Queue(connection)
        connection.execute(
            """insert into public.payment_outbox_pending
                (instruction_id, participant_id, sequence_id, idempotency_key, rail_type, payload)
            values ('sent', 'p', 1, 'sent', 'RTGS', '{"amount": 1.10}'),
                ('late', 'p', 2, 'late', 'RTGS', '{"amount": 1.10}')"""
        )
        connection.execute("insert into public.participant_outbox_sequences values ('p', 3)")
        sent, other = late.rows(CLAIM, 2, "old", 600)
        if sent.instruction_id != "sent":
            sent, other = other, sent
        late.rows(COMPLETE, sent.outbox_id, sent.lease_token, "old", "DISPATCHED")
        upgrade(baseline_database_url)
        for item, state in ((sent, "DISPATCHED"), (other, "PENDING")):
            name = item.instruction_id
            (replay,) = late.rows(ENQUEUE, name, "p", name, '{"amount": 1.10}')
            assert (replay.outbox_id, replay.state) == (item.outbox_id, state)
        done = late.rows(COMPLETE, other.outbox_id, other.lease_token, "old", "DISPATCHED")
        assert [row.state for row in done] == ["DISPATCHED"]
