"""History that no run retired cannot be deleted, by nobody; and a run says who it was."""

from __future__ import annotations

import psycopg
import pytest

from tests.retention.history import History

APPEND_ONLY = "P0001"
OUTCOME = """
insert into public.payment_outbox_outcomes (outbox_id, run_id, sequence_id, state, attempts,
    first_claimed_at, completed_at, digest)
select outbox_id, %s, 1, 'DISPATCHED', 1, now(), now(), sha256('')
from public.payment_outbox_attempts
"""


def refused(history: History, statement: str, *values: object) -> None:
    with pytest.raises(psycopg.Error) as caught:
        history.connection.execute(statement, values)
    assert caught.value.sqlstate == APPEND_ONLY


@pytest.mark.parametrize(
    "statement",
    [
        "delete from public.payment_outbox_attempts",
        "update public.payment_outbox_attempts set worker_id = 'x'",
        "truncate public.payment_outbox_attempts",
        "delete from public.payment_outbox_outcomes",
        "update public.payment_outbox_outcomes set state = 'FAILED'",
        "truncate public.payment_outbox_outcomes",
        "delete from public.ledger_retention_runs",
        "update public.ledger_retention_runs set reason = 'x'",
        "truncate public.ledger_retention_runs cascade",
        "delete from public.ledger_retired_leaves",
        "update public.ledger_retired_leaves set leaf = sha256('')",
        "truncate public.ledger_retired_leaves",
        "delete from public.payment_outbox_identities",
    ],
)
@pytest.mark.parametrize("role", ["origin", "replica"])
def test_the_owner_cannot_either(history: History, statement: str, role: str) -> None:
    history.end("retired")
    history.make_old()
    history.retire()
    history.end("kept")
    history.connection.execute(f"set session_replication_role = {role}")
    refused(history, statement)


def test_a_setting_opens_nothing(history: History) -> None:
    history.end("i")
    history.make_old()
    for name in ("symphony.retention", "symphony.retention_days_min", "ledgerdb.retiring"):
        history.connection.execute(f"set {name} = '1'")
    refused(history, "delete from public.payment_outbox_attempts")


def test_the_run_of_an_earlier_transaction_opens_nothing(history: History) -> None:
    history.end("i")
    history.make_old()
    history.retire()
    history.end("j")
    history.make_old()
    run = history.value("select run_id from public.ledger_retention_runs")
    history.connection.execute(OUTCOME, [run])
    refused(history, "delete from public.payment_outbox_attempts")


def test_a_run_in_the_same_transaction_opens_only_what_it_retired(history: History) -> None:
    history.end("old")
    history.make_old()
    history.end("young")
    with history.connection.transaction():
        assert history.retire().items == 1
        refused_here = pytest.raises(psycopg.errors.RaiseException)
        with refused_here, history.connection.transaction():
            history.connection.execute("delete from public.payment_outbox_attempts")
    assert history.value("select count(*) from public.payment_outbox_attempts") == 1


def test_an_attempt_whose_hash_is_not_kept_cannot_go(history: History) -> None:
    """A run and an outcome that somebody forged in the same transaction are not enough."""
    history.end("i")
    history.make_old()
    with history.connection.transaction(force_rollback=True):
        run = history.value(
            """insert into public.ledger_retention_runs
                (actor, reason, horizon, items, attempts, bytes)
            values ('a', 'r', now() - interval '91 days', 1, 1, 1) returning run_id"""
        )
        history.connection.execute(OUTCOME, [run])
        refused(history, "delete from public.payment_outbox_attempts")


def test_an_undone_run_leaves_everything(history: History) -> None:
    history.end("i")
    history.make_old()
    with history.connection.transaction(force_rollback=True):
        assert history.retire().items == 1
    assert history.value("select count(*) from public.payment_outbox_attempts") == 1
    assert history.rows("select * from public.payment_outbox_outcomes") == []
    assert history.retire().items == 1


ABUSE = {
    "retire_history(null, 1, 'a', 'r')": "P711F",
    "retire_history(now() - interval '89 days', 1, 'a', 'r')": "P711F",
    "retire_history(now() + interval '1 day', 1, 'a', 'r')": "P711F",
    "retire_history('infinity', 1, 'a', 'r')": "P711F",
    "retire_history('-infinity', 1, 'a', 'r')": "P711F",
    "retire_history('2000-01-01', null, 'a', 'r')": "P711F",
    "retire_history('2000-01-01', 0, 'a', 'r')": "P711F",
    "retire_history('2000-01-01', 10001, 'a', 'r')": "P711F",
    "retire_history('2000-01-01', 1, null, 'r')": "P711C",
    "retire_history('2000-01-01', 1, ' ', 'r')": "P711C",
    "retire_history('2000-01-01', 1, repeat('a', 201), 'r')": "P711C",
    "retire_history('2000-01-01', 1, 'a', null)": "P711C",
    "retire_history('2000-01-01', 1, 'a', '')": "P711C",
    "retire_history('2000-01-01', 1, 'a', repeat('r', 1001))": "P711C",
    "retention_plan()": "P711F",
    "retention_plan('2000-01-01', interval '1 year')": "P711F",
    "retention_plan(p_older_than => interval '-1 day')": "P711F",
    "retention_plan(p_older_than => interval '89 days')": "P711F",
    "retention_plan(p_older_than => interval '100000 years')": "P711F",
}


@pytest.mark.parametrize("call", sorted(ABUSE))
def test_wrong_input_is_named_and_nothing_happens(history: History, call: str) -> None:
    history.end("i")
    history.make_old()
    with pytest.raises(psycopg.Error) as caught:
        history.rows(f"select * from public.{call}")
    assert caught.value.sqlstate == ABUSE[call]
    assert caught.value.diag.column_name
    assert history.value("select count(*) from public.payment_outbox_attempts") == 1


@pytest.mark.parametrize("level", ["repeatable read", "serializable"])
def test_an_older_snapshot_is_refused(history: History, level: str) -> None:
    history.connection.execute(f"set default_transaction_isolation = '{level}'")
    with pytest.raises(psycopg.Error) as caught:
        history.retire()
    assert caught.value.sqlstate == "P711F"


@pytest.mark.parametrize(
    ("value", "days"), [("7", 7), ("36500", 36500), ("0", 90), ("36501", 90), ("-1", 90), ("x", 90)]
)
def test_the_limit_is_a_setting_of_the_database(history: History, value: str, days: int) -> None:
    name = history.connection.info.dbname
    history.connection.execute(
        f"alter database \"{name}\" set symphony.retention_days_min = '{value}'"
    )
    history.connection.execute("set symphony.retention_days_min = '1'")
    assert history.value("select public._retention_days_min()") == days


@pytest.mark.parametrize(
    ("role", "may_plan", "may_retire"),
    [
        ("symphony_control", True, True),
        ("symphony_readonly", True, False),
        ("symphony_auditor", True, False),
        ("symphony_executor", False, False),
        ("symphony_ingest", False, False),
    ],
)
def test_who_may(history: History, role: str, may_plan: bool, may_retire: bool) -> None:  # noqa: FBT001
    history.end("i")
    history.make_old()
    history.connection.execute(f"set role {role}")
    for call, allowed in ((history.plan, may_plan), (history.retire, may_retire)):
        if allowed:
            call()
        else:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                call()
