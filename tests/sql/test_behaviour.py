"""Small promises of the SQL surface, asked in SQL."""

from __future__ import annotations

import time
from typing import Any
from uuid import UUID

import psycopg
import pytest

ENQUEUE = "select * from public.enqueue_payment_outbox(%s, %s, 'k', 'RTGS', '{}')"


def test_identifiers_are_version_seven_and_grow_with_time(
    connection: psycopg.Connection[Any],
) -> None:
    def new() -> UUID:
        row = connection.execute("select public.uuid_v7_or_random()").fetchone()
        assert row is not None
        return UUID(str(row[0]))

    before = time.time_ns() // 1_000_000
    first = new()
    second = new()
    assert first.version == second.version == 7
    assert first.variant == "specified in RFC 4122"
    assert abs((first.int >> 80) - before) < 60_000
    assert second.int >> 80 >= first.int >> 80
    row = connection.execute("select public.uuid_strategy()").fetchone()
    expected = "uuidv7" if connection.info.server_version >= 180000 else "gen_random_uuid"
    assert row == (expected,)


def test_a_new_item_notifies_and_a_replay_does_not(
    database_url: str, connection: psycopg.Connection[Any]
) -> None:
    connection.execute("listen symphony_outbox")
    with psycopg.connect(database_url, autocommit=True) as other:
        other.execute(ENQUEUE, ["i", "p"])
        (notification,) = list(connection.notifies(timeout=10, stop_after=1))
        assert (notification.channel, notification.payload) == ("symphony_outbox", "")
        other.execute(ENQUEUE, ["i", "p"])
        other.execute("select pg_notify('symphony_outbox', 'end')")
        (notification,) = list(connection.notifies(timeout=10, stop_after=1))
        assert notification.payload == "end"


def test_a_long_transaction_does_not_swallow_the_notifications_of_others(
    database_url: str, connection: psycopg.Connection[Any]
) -> None:
    """Nor do commits that notify queue up behind one that waits for its standby or its disk."""
    connection.execute("listen symphony_outbox")
    with psycopg.connect(database_url) as long, psycopg.connect(database_url) as other:
        long.execute(ENQUEUE, ["long", "p1"])
        other.execute(ENQUEUE, ["other", "p2"])
        other.commit()
        assert len(list(connection.notifies(timeout=10, stop_after=1))) == 1
        # While one commit notifies (here: holds its lock), the next goes on without.
        connection.execute("select pg_advisory_lock(hashtextextended('symphony_outbox', 0))")
        other.execute(ENQUEUE, ["beside", "p3"])
        other.commit()
        connection.execute("select pg_advisory_unlock_all()")
        assert list(connection.notifies(timeout=0.2, stop_after=1)) == []
        long.commit()
        assert len(list(connection.notifies(timeout=10, stop_after=1))) == 1


def test_sequences_are_gapless_per_participant(connection: psycopg.Connection[Any]) -> None:
    connection.execute(ENQUEUE, ["a1", "a"])
    with connection.transaction(force_rollback=True):
        connection.execute(ENQUEUE, ["a2", "a"])
    connection.execute(ENQUEUE, ["b1", "b"])
    connection.execute(ENQUEUE, ["a3", "a"])
    rows = connection.execute(
        """select participant_id, sequence_id from public.payment_outbox_pending
        order by participant_id, sequence_id"""
    ).fetchall()
    assert rows == [("a", 1), ("a", 2), ("b", 1)]


APPEND_ONLY = (
    "payment_outbox_attempts",
    "payment_outbox_identities",
    "ingress_attestations",
    "revoked_client_certs",
    "revoked_tokens",
)
SEED = """
insert into public.tenants (tenant_id, tenant_key, tenant_name, tenant_type)
values ('0f000000-0000-4000-8000-000000000001', 'k', 'n', 'NGO');
select public.ingest_instruction(
    '0f000000-0000-4000-8000-000000000001', 'i', 'p', 'k', 'RTGS', '{}');
select public.complete_outbox_attempt(c.outbox_id, c.lease_token, 'w', 'DISPATCHED')
from public.claim_outbox_batch(1, 'w', 30) as c;
insert into public.revoked_client_certs (cert_fingerprint_sha256) values ('x');
insert into public.revoked_tokens (token_jti) values ('x');
"""


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("change", ["update public.{0} set {1} = {1}", "delete from public.{0}"])
def test_history_is_append_only(
    connection: psycopg.Connection[Any], table: str, change: str
) -> None:
    connection.execute(SEED)
    row = connection.execute(
        "select attname::text from pg_attribute where attrelid = %s::regclass and attnum = 1",
        [table],
    ).fetchone()
    assert row is not None
    with pytest.raises(psycopg.errors.RaiseException, match=f"{table} is append-only") as refused:
        connection.execute(change.format(table, row[0]))
    assert refused.value.sqlstate == "P0001"


def test_an_item_has_at_most_one_terminal_attempt(connection: psycopg.Connection[Any]) -> None:
    connection.execute(SEED)
    with pytest.raises(psycopg.errors.UniqueViolation) as refused:
        connection.execute(
            """insert into public.payment_outbox_attempts (outbox_id, instruction_id,
                participant_id, sequence_id, idempotency_key, rail_type, payload, attempt_no, state)
            select outbox_id, instruction_id, participant_id, sequence_id, idempotency_key,
                rail_type, payload, 2, 'FAILED' from public.payment_outbox_attempts"""
        )
    assert refused.value.diag.constraint_name == "ux_outbox_attempts_one_terminal_per_outbox"


def test_a_temporary_table_does_not_swallow_payments(connection: psycopg.Connection[Any]) -> None:
    """pg_temp comes last and every name has its schema: a shadow is never seen."""
    for table in (
        "payment_outbox_pending",
        "participant_outbox_sequences",
        "payment_outbox_identities",
    ):
        connection.execute(f"create temp table {table} (like public.{table} including all)")
    connection.execute(ENQUEUE, ["i", "p"])
    row = connection.execute("select count(*) from public.payment_outbox_pending").fetchone()
    assert row == (1,)


def test_the_baseline_swallows_payments(baseline_database_url: str) -> None:
    """Negative control for the test above."""
    with psycopg.connect(baseline_database_url, autocommit=True) as connection:
        connection.execute(
            """create temp table payment_outbox_pending (
                like public.payment_outbox_pending including all)"""
        )
        connection.execute(ENQUEUE, ["i", "p"])
        row = connection.execute("select count(*) from public.payment_outbox_pending").fetchone()
    assert row == (0,)


@pytest.mark.parametrize("isolation", ["repeatable read", "serializable"])
def test_a_retry_in_an_older_snapshot_never_pays_twice(
    database_url: str, connection: psycopg.Connection[Any], isolation: str
) -> None:
    """The retry names another participant, so no counter row saves it: only the unique key does."""
    with psycopg.connect(database_url) as old:
        old.execute(f"set transaction isolation level {isolation}")
        old.execute("select")
        connection.execute(ENQUEUE, ["i", "p"])
        connection.execute(
            """select public.complete_outbox_attempt(c.outbox_id, c.lease_token, 'w', 'DISPATCHED')
            from public.claim_outbox_batch(1, 'w', 30) as c"""
        )
        with pytest.raises(psycopg.Error) as refused:
            old.execute(ENQUEUE, ["i", "q"])
        assert refused.value.sqlstate == "40001"
    row = connection.execute("select count(*) from public.payment_outbox_identities").fetchone()
    assert row == (1,)
