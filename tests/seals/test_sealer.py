"""The sealer: what it seals and when, beside writers and other sealers, and what it refuses."""

from __future__ import annotations

from threading import Thread

import psycopg
import pytest

from tests.seals.sealed import Sealed, connect
from tests.sql.queue import Queue
from tests.waiting import until

NUMBERS = "select seal_no, row_count from public.ledger_seals order by seal_no"


def test_sealing_is_idempotent(empty: Sealed) -> None:
    assert empty.seal() == ("DONE", 0, 0, 0, None)
    empty.enqueue("i")
    empty.complete(empty.claim())
    empty.attest("a", "b")
    assert empty.seal() == ("DONE", 2, 1, 2, 2)
    before = empty.rows("select * from public.ledger_seals")
    assert empty.seal() == ("DONE", 0, 0, 0, 2)
    assert empty.rows("select * from public.ledger_seals") == before
    empty.assert_sound()


def test_the_limit_bounds_a_call(empty: Sealed) -> None:
    empty.attest(*"abcde")
    outcomes = [(row.outcome, row.attestations) for row in (empty.seal(2) for _ in range(3))]
    assert outcomes == [("MORE", 2), ("MORE", 2), ("DONE", 1)]
    report = empty.assert_sound()
    assert (report.seals, report.rows) == (3, 5)


def test_a_row_of_an_open_transaction_is_sealed_later_in_order_and_once(
    empty: Sealed, database_url: str
) -> None:
    with psycopg.connect(database_url) as slow:
        Sealed(slow).attest("early")  # takes the first position, and keeps it
        with connect(database_url) as other:
            other.execute(
                """insert into public.ingress_attestations
                    (instruction_id, tenant_id, payload_hash)
                values ('late', gen_random_uuid(), 'h')"""
            )
        assert empty.value("select ledger_position from public.ingress_attestations") == 2
        for _ in range(3):
            assert empty.seal() == ("WAITING", 0, 0, 0, None)
        assert [backlog.rows for backlog in empty.assert_sound().unsealed] == [0, 1]
        slow.commit()
    assert empty.seal() == ("DONE", 1, 0, 2, 1)
    assert empty.seal().seals == 0
    assert empty.assert_sound().rows == 2


def test_what_came_before_an_open_transaction_is_sealed_beside_it(
    empty: Sealed, database_url: str
) -> None:
    """Under steady load some transaction is always running: the noted horizon serves it."""
    with psycopg.connect(database_url) as first, psycopg.connect(database_url) as second:
        empty.attest("before")
        Sealed(first).attest("first")
        assert empty.seal().outcome == "WAITING"
        Sealed(second).attest("second")
        first.commit()
        assert empty.seal() == ("WAITING", 1, 0, 2, 1)
        second.rollback()
    assert empty.seal().outcome == "DONE"
    report = empty.assert_sound()
    assert (report.rows, [backlog.rows for backlog in report.unsealed]) == (2, [0, 0])


def test_an_old_snapshot_holds_nothing_up(empty: Sealed, database_url: str) -> None:
    with psycopg.connect(database_url) as reader:
        reader.execute("set transaction isolation level repeatable read")
        reader.execute("select count(*) from public.ingress_attestations")
        empty.attest("a")
        assert empty.seal().outcome == "DONE"


def test_two_sealers_at_once(empty: Sealed, database_url: str) -> None:
    empty.attest("a", "b")
    with psycopg.connect(database_url) as first:
        assert Queue(first).seal(1).seals == 1
        assert empty.seal() == ("BUSY", 0, 0, 0, None)
    empty.seal_all()
    assert empty.rows(NUMBERS) == [(1, 1), (2, 1)]
    empty.assert_sound()


def test_writers_do_not_wait_for_a_sealer(empty: Sealed, database_url: str) -> None:
    empty.enqueue("i")
    empty.attest("a")
    with psycopg.connect(database_url) as sealer:
        assert Queue(sealer).seal().seals == 1
        empty.connection.execute("set lock_timeout = '1ms'")
        empty.complete(empty.claim())
        empty.attest("b")
        held = empty.rows(
            """select distinct relation::regclass::text as relation, mode from pg_locks
            where pid = %s and relation in ('public.payment_outbox_attempts'::regclass,
                'public.ingress_attestations'::regclass)""",
            sealer.info.backend_pid,
        )
        assert {row.mode for row in held} == {"AccessShareLock"}
    empty.seal_all()
    assert empty.assert_sound().rows == 3


def test_writers_beside_sealers(empty: Sealed, database_url: str) -> None:
    """Every row is under exactly one seal, whatever was running meanwhile."""
    failures: list[Exception] = []

    def work(name: str) -> None:
        try:
            with connect(database_url) as own:
                queue = Sealed(own)
                for number in range(15):
                    queue.enqueue(f"{name}{number}", participant=name)
                    with own.transaction():
                        if items := queue.claim(limit=2):
                            queue.complete(items, "RETRYABLE" if number % 2 else "FAILED")
        except Exception as error:  # noqa: BLE001 - shown by the test
            failures.append(error)

    def seal() -> None:
        try:
            with connect(database_url) as own:
                while writing.is_alive():
                    Queue(own).seal(7)
        except Exception as error:  # noqa: BLE001 - shown by the test
            failures.append(error)

    writers = [Thread(target=work, args=(name,)) for name in "abc"]
    writing = writers[0]
    sealers = [Thread(target=seal) for _ in range(2)]
    for thread in (*writers, *sealers):
        thread.start()
    for thread in (*writers, *sealers):
        thread.join()
    assert failures == []
    empty.seal_all()
    report = empty.assert_sound()
    assert report.rows == empty.value("select count(*) from public.payment_outbox_attempts")
    assert [backlog.rows for backlog in report.unsealed] == [0, 0]


def test_a_horizon_of_another_cluster_recovers(empty: Sealed, database_url: str) -> None:
    """After a restore, transaction ids start low: the noted one would not come for years."""
    empty.attest("a")
    empty.connection.execute(
        """update public.ledger_seal_horizon
        set noted_position = 1, noted_xid = '4000000000000'::xid8"""
    )
    with psycopg.connect(database_url) as running:
        Sealed(running).attest("b")
        assert empty.seal().outcome == "WAITING"
        with psycopg.connect(database_url) as next_one:
            Sealed(next_one).connection.execute("select pg_current_xact_id()")
            running.commit()
            assert empty.seal() == ("DONE", 1, 0, 2, 1)
    empty.assert_sound()


ABUSE = ["null", "0", "-1", "10001", "2147483647"]


@pytest.mark.parametrize("limit", ABUSE)
def test_a_wrong_limit_is_refused(empty: Sealed, limit: str) -> None:
    with pytest.raises(psycopg.Error) as caught:
        empty.rows(f"select * from public.seal_ledger({limit})")
    assert (caught.value.sqlstate, caught.value.diag.column_name) == ("P711F", "p_limit")


@pytest.mark.parametrize("level", ["repeatable read", "serializable"])
def test_an_older_snapshot_is_refused(empty: Sealed, level: str) -> None:
    empty.connection.execute(f"set default_transaction_isolation = '{level}'")
    with pytest.raises(psycopg.Error) as caught:
        empty.seal()
    assert caught.value.sqlstate == "P711F"


def test_a_transaction_that_wrote_already_is_refused(empty: Sealed) -> None:
    """Its id is lower than those of transactions whose positions it would take for final."""
    with empty.connection.transaction(force_rollback=True):
        empty.attest("a")
        with pytest.raises(psycopg.Error) as caught:
            empty.seal()
    assert (caught.value.sqlstate, caught.value.diag.column_name) == ("P711F", "transaction_id")


@pytest.mark.parametrize(
    "statement",
    [
        "delete from public.ledger_seals",
        "update public.ledger_seals set row_count = 7",
        "truncate public.ledger_seals",
    ],
)
@pytest.mark.parametrize("role", ["origin", "replica"])
def test_seals_are_append_only_for_the_owner_too(sealed: Sealed, statement: str, role: str) -> None:
    sealed.connection.execute(f"set session_replication_role = {role}")
    with pytest.raises(psycopg.Error) as caught:
        sealed.connection.execute(statement)
    assert caught.value.sqlstate == "P0001"


def test_a_row_without_a_position_is_refused(sealed: Sealed) -> None:
    for table in ("payment_outbox_attempts", "ingress_attestations"):
        names = [
            row.column_name
            for row in sealed.rows(
                """select column_name from information_schema.columns
                where table_schema = 'public' and table_name = %s
                    and column_name <> 'ledger_position'""",
                table,
            )
        ]
        columns = ", ".join(names)
        with pytest.raises(psycopg.errors.CheckViolation, match="ledger_position"):
            sealed.connection.execute(
                f"insert into public.{table} ({columns}, ledger_position)"
                f" select {columns}, null from public.{table} limit 1"
            )


@pytest.mark.parametrize(
    ("role", "may_seal", "may_read"),
    [
        ("symphony_control", True, True),
        ("symphony_executor", True, False),
        ("symphony_readonly", False, True),
        ("symphony_auditor", False, True),
        ("symphony_ingest", False, False),
    ],
)
def test_who_may(empty: Sealed, role: str, *, may_seal: bool, may_read: bool) -> None:
    empty.connection.execute(f"set role {role}")
    for statement, allowed in (
        ("select * from public.seal_ledger(1)", may_seal),
        ("select * from public.ledger_seals", may_read),
        ("select * from public.ledger_leaves", False),
        ("update public.ledger_seal_horizon set final_position = 9", False),
    ):
        if allowed:
            empty.connection.execute(statement)
        else:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                empty.connection.execute(statement)


def test_a_waiting_transaction_is_seen_before_the_rows(empty: Sealed, database_url: str) -> None:
    """Two open transactions commit against their order: neither row is lost or sealed twice."""
    with psycopg.connect(database_url) as first, psycopg.connect(database_url) as second:
        Sealed(first).attest("first")
        pid = second.info.backend_pid
        thread = Thread(target=Sealed(second).attest, args=("second",))
        thread.start()  # waits for the tenant that the first one inserts
        until(
            lambda: empty.rows(
                "select from pg_stat_activity where pid = %s and wait_event_type = 'Lock'", pid
            )
        )
        assert empty.seal().outcome == "WAITING"
        first.commit()
        thread.join()
        assert empty.seal().outcome == "WAITING"
        second.commit()
    empty.seal_all()
    assert empty.assert_sound().rows == 2
