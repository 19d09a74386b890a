"""The locked counter (revision 0002): numbers from the row, drift repaired, no collision.

The baseline functions are the negative control: what the counter fixes must fail there.
"""

from __future__ import annotations

import threading
from typing import Any

import psycopg
import pytest

from ledgerdb.migrate import upgrade
from tests.waiting import until

CLAIM = "select outbox_id, lease_token from public.claim_outbox_batch(1, 'w', 30)"
COMPLETE = """
select * from public.complete_outbox_attempt(
    %s, %s, 'w', 'RETRYABLE', p_retry_delay_seconds => 0)
"""
ENQUEUE = "select outbox_id from public.enqueue_payment_outbox(%s, 'p', 'k', 'RTGS', '{}')"
ATTEMPT = """
insert into public.payment_outbox_attempts (outbox_id, instruction_id, participant_id, sequence_id,
    idempotency_key, rail_type, payload, attempt_no, state)
select outbox_id, instruction_id, participant_id, sequence_id, idempotency_key, rail_type, payload,
    %(number)s, %(state)s
from public.payment_outbox_pending where instruction_id = %(instruction)s
"""


def scalar(connection: psycopg.Connection[Any], query: str) -> Any:  # noqa: ANN401
    row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


def numbers(connection: psycopg.Connection[Any], instruction: str) -> list[int]:
    return [
        row[0]
        for row in connection.execute(
            """select attempt_no from public.payment_outbox_attempts where instruction_id = %s
            order by attempt_no""",
            [instruction],
        )
    ]


def drift(connection: psycopg.Connection[Any]) -> None:
    """What manual work in the old tables leaves behind: see CONTRACT, the locked counter."""
    for name, numbers_, count in (
        ("behind", [1, 2], 0),
        ("ahead", [1], 18),
        ("hole", [1, 3], 1),
        ("true", [1, 2], 2),
        ("fresh", [], 0),
        ("ended", [1], 1),
    ):
        connection.execute(ENQUEUE, [name])
        for number in numbers_:
            connection.execute(
                ATTEMPT,
                {
                    "number": number,
                    "state": "DISPATCHED" if name == "ended" else "RETRYABLE",
                    "instruction": name,
                },
            )
        connection.execute(
            "update public.payment_outbox_pending set attempt_count = %s where instruction_id = %s",
            [count, name],
        )


def test_the_migration_reports_and_repairs_drift(baseline_database_url: str) -> None:
    with psycopg.connect(baseline_database_url, autocommit=True) as connection:
        drift(connection)
        token = connection.execute(CLAIM).fetchone()  # an item in flight
        assert token is not None
        upgrade(baseline_database_url)

        report = connection.execute(
            """select i.instruction_id, r.attempt_count, r.max_attempt_no, r.action
            from public.outbox_counter_drift_report as r
            join public.payment_outbox_identities as i using (outbox_id) order by 1"""
        ).fetchall()
        assert report == [
            ("ahead", 18, 1, "COUNTER_SET"),
            ("behind", 0, 2, "COUNTER_SET"),
            ("ended", 1, 1, "ENDED"),
            ("hole", 1, 3, "COUNTER_SET"),
        ]
        assert connection.execute("select * from public.outbox_counter_drift()").fetchall() == []
        counters: dict[str, int] = dict(
            connection.execute(
                "select instruction_id, attempt_count from public.payment_outbox_pending"
            ).fetchall()
        )
        assert counters == {"ahead": 1, "behind": 2, "hole": 3, "true": 2, "fresh": 0}
        # The item in flight completes under the new function, and every item can go on twice.
        connection.execute(COMPLETE, token)
        for _ in range(2):
            for _ in range(5):
                row = connection.execute(CLAIM).fetchone()
                assert row is not None
                connection.execute(COMPLETE, row)
        assert connection.execute("select * from public.outbox_counter_drift()").fetchall() == []
        # A replay still finds what the old functions wrote.
        assert connection.execute(ENQUEUE, ["fresh"]).fetchone() is not None
        assert scalar(connection, "select count(*) from public.payment_outbox_pending") == 5


def test_a_number_near_the_end_of_its_type_stops_the_migration(baseline_database_url: str) -> None:
    with psycopg.connect(baseline_database_url, autocommit=True) as connection:
        connection.execute(ENQUEUE, ["huge"])
        connection.execute(
            ATTEMPT, {"number": 2**31 - 1, "state": "RETRYABLE", "instruction": "huge"}
        )
        with pytest.raises(Exception, match="P7009"):
            upgrade(baseline_database_url)
        version = scalar(connection, "select version_num from public.ledgerdb_alembic_version")
        assert version == "0001"
        assert scalar(connection, "select to_regclass('outbox_counter_drift_report') is null")


def test_drift_is_a_metric(connection: psycopg.Connection[Any]) -> None:
    connection.execute(ENQUEUE, ["i"])
    connection.execute(ATTEMPT, {"number": 1, "state": "RETRYABLE", "instruction": "i"})
    row = connection.execute(
        """select attempt_count, max_attempt_no, attempts, has_terminal
        from public.outbox_counter_drift()"""
    ).fetchone()
    assert row == (0, 1, 1, False)


def test_the_number_comes_from_the_row_and_not_from_the_history(
    connection: psycopg.Connection[Any],
) -> None:
    for function in ("complete_outbox_attempts", "_close_expired_leases"):
        body = scalar(connection, f"select prosrc from pg_proc where proname = '{function}'")
        assert "max(" not in body
        assert "attempt_count + 1" in body


def test_the_baseline_reads_the_history(baseline_database_url: str) -> None:
    with psycopg.connect(baseline_database_url) as connection:
        body = scalar(
            connection, "select prosrc from pg_proc where proname = 'complete_outbox_attempt'"
        )
    assert "max(a.attempt_no)" in body


def test_the_baseline_repair_fails_at_the_ceiling(baseline_database_url: str) -> None:
    """Negative control: one exhausted item, and no lease is repaired any more."""
    with psycopg.connect(baseline_database_url, autocommit=True) as connection:
        for name in ("poison", "healthy"):
            connection.execute(ENQUEUE, [name])
        connection.execute(ATTEMPT, {"number": 19, "state": "RETRYABLE", "instruction": "poison"})
        connection.execute("select from public.claim_outbox_batch(10, 'w', 30)")
        connection.execute(
            "update public.payment_outbox_pending set lease_expires_at = now() - interval '1 s'"
        )
        with pytest.raises(psycopg.errors.AmbiguousColumn):
            connection.execute("select * from public.repair_expired_leases(10, 'r')")
        upgrade(baseline_database_url)
        repaired = connection.execute("select * from public.repair_expired_leases(10, 'r')")
        assert len(repaired.fetchall()) == 2


def test_a_completion_waits_for_the_one_before_it_and_is_its_replay(database_url: str) -> None:
    outcome: list[Any] = []
    with (
        psycopg.connect(database_url) as first,
        psycopg.connect(database_url, autocommit=True) as second,
        psycopg.connect(database_url, autocommit=True) as watcher,
    ):
        first.execute(ENQUEUE, ["i"])
        lease = first.execute(CLAIM).fetchone()
        assert lease is not None
        first.commit()
        first.execute(COMPLETE, lease)

        def complete_again() -> None:
            outcome.extend(second.execute(COMPLETE, lease).fetchall())

        thread = threading.Thread(target=complete_again)
        thread.start()
        until(
            lambda: watcher.execute(
                "select 1 from pg_stat_activity where pid = %s and wait_event_type = 'Lock'",
                [second.info.backend_pid],
            ).fetchone()
        )
        # A repair passes the locked row over instead of waiting.
        repair = watcher.execute("select * from public.repair_expired_leases(10, 'r')")
        assert repair.fetchall() == []
        first.commit()
        thread.join()
        assert outcome == [(1, "RETRYABLE")]
        assert numbers(watcher, "i") == [1]


def test_no_number_collides_under_parallel_completion_and_repair(
    database_url: str, connection: psycopg.Connection[Any]
) -> None:
    """Four workers complete while a fifth session expires and repairs leases under them."""
    items, per_item = 6, 15
    for number in range(items):
        connection.execute(ENQUEUE, [f"i{number}"])
    failures: list[psycopg.Error] = []
    lost: list[str] = []
    finished = threading.Event()

    def complete() -> None:
        with psycopg.connect(database_url, autocommit=True) as own:
            while not finished.is_set():
                lease = own.execute(CLAIM).fetchone()
                if lease is None:
                    continue
                try:
                    own.execute(COMPLETE, lease)
                except psycopg.Error as error:
                    (lost if error.sqlstate == "P7002" else failures).append(error)  # type: ignore[arg-type]

    def expire_and_repair() -> None:
        with psycopg.connect(database_url, autocommit=True) as own:
            while not finished.is_set():
                own.execute(
                    """update public.payment_outbox_pending
                    set lease_expires_at = now() - interval '1 s'
                    where outbox_id in (
                        select outbox_id from public.payment_outbox_pending
                        where lease_token is not null limit 1 for update skip locked)"""
                )
                own.execute("select from public.repair_expired_leases(10, 'r')")
                own.execute("update public.payment_outbox_pending set next_attempt_at = now()")

    threads = [threading.Thread(target=complete) for _ in range(4)]
    threads.append(threading.Thread(target=expire_and_repair))
    for thread in threads:
        thread.start()
    try:
        until(
            lambda: (
                scalar(connection, "select count(*) from public.payment_outbox_attempts")
                >= items * per_item
            )
        )
    finally:
        finished.set()
        for thread in threads:
            thread.join()
    assert failures == []
    for number in range(items):
        found = numbers(connection, f"i{number}")
        assert found == list(range(1, len(found) + 1))
    assert connection.execute("select * from public.outbox_counter_drift()").fetchall() == []
    assert scalar(
        connection,
        "select count(*) from public.payment_outbox_attempts where state = 'ZOMBIE_REQUEUE'",
    )
