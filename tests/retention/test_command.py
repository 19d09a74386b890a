"""`ledgerdb retention`, as an operator runs it."""

from __future__ import annotations

import json
import signal
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from ledgerdb.errors import InvalidArgument
from ledgerdb.retention import plan, retire
from ledgerdb.sync import Ledger
from tests.commands import assert_refused, run, start
from tests.retention.history import History
from tests.waiting import until


@pytest.fixture
def old(history: History) -> History:
    """Three old items and a young one."""
    for number in range(3):
        history.end(f"old{number}")
    history.make_old()
    history.end("young")
    return history


def test_plan_shows_and_writes_nothing(old: History, database_url: str) -> None:
    done = run("ledgerdb", "retention", "plan", "--older-than", "13w", url=database_url)
    assert (done.code, done.stderr) == (0, "")
    assert "RETIRE" in done.stdout
    assert "TOO_YOUNG" in done.stdout
    assert "ON_QUEUE" not in done.stdout
    assert old.plan() == {"RETIRE": 3, "TOO_YOUNG": 1}


def test_plan_for_machines(old: History, database_url: str) -> None:
    before = (datetime.now(UTC) - timedelta(days=91)).isoformat()
    done = run("ledgerdb", "retention", "plan", "--before", before, "--json", url=database_url)
    found = {row["verdict"]: row["items"] for row in json.loads(done.stdout)}
    assert (found["RETIRE"], found["TOO_YOUNG"], found["UNSEALED"]) == (3, 1, 0)


def test_run_retires_in_batches(old: History, database_url: str) -> None:
    command = ("ledgerdb", "retention", "run", "--older-than", "91d", "--actor", "ops")
    arguments = ("--reason", "policy 7", "--batch-size", "2", "--yes", "--json")
    done = run(*command, *arguments, url=database_url)
    assert done.code == 0, done
    totals = json.loads(done.stdout)
    assert (totals["items"], totals["attempts"], totals["examined"]) == (3, 3, 4)
    assert len(totals["runs"]) == 2
    assert old.rows("select distinct actor, reason from public.ledger_retention_runs") == [
        ("ops", "policy 7")
    ]
    again = run(*command, *arguments, url=database_url)
    assert (again.code, json.loads(again.stdout)["items"]) == (0, 0)


def test_run_stops_at_its_limit(old: History, database_url: str) -> None:
    done = run(
        *("ledgerdb", "retention", "run", "--older-than", "91d", "--reason", "r", "--yes"),
        *("--limit", "2"),
        url=database_url,
    )
    assert done.code == 0, done
    assert done.stdout.endswith("retired 2 items with 2 attempts\n")
    assert old.plan() == {"RETIRE": 1, "TOO_YOUNG": 1}


def test_run_does_not_delete_unasked(old: History, database_url: str) -> None:
    done = run(
        *("ledgerdb", "retention", "run", "--older-than", "91d", "--reason", "r"), url=database_url
    )
    assert done.code == 1
    assert "--yes" in done.stderr
    assert old.plan() == {"RETIRE": 3, "TOO_YOUNG": 1}


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--before", "2000-01-01", "--older-than", "91d"],
        ["--before", "yesterday"],
        ["--older-than", "91"],
        ["--older-than", "-1d"],
    ],
)
def test_wrong_usage(database_url: str, arguments: list[str]) -> None:
    done = run("ledgerdb", "retention", "plan", *arguments, url=database_url)
    assert done.code == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_a_young_horizon_is_refused(database_url: str) -> None:
    done = run("ledgerdb", "retention", "plan", "--older-than", "1d", url=database_url)
    assert_refused(done, "at least 90 days ago")


def test_a_run_can_stop_between_batches_and_begin_anew(old: History, database_url: str) -> None:
    with Ledger.connect(database_url) as ledger:
        found = plan(ledger, older_than=timedelta(days=91))
        assert found.retired.items == 3
        batches = retire(ledger, before=found.horizon, actor="a", reason="r", batch_size=1)
        assert next(batches).items == 1
        batches.close()  # type: ignore[attr-defined]
        assert old.plan() == {"RETIRE": 2, "TOO_YOUNG": 1}
        rest = list(retire(ledger, before=found.horizon, actor="a", reason="r"))
        assert sum(batch.items for batch in rest) == 2


def test_a_naive_time_is_refused(database_url: str) -> None:
    with (
        Ledger.connect(database_url) as ledger,
        pytest.raises(InvalidArgument, match="time zone"),
    ):
        plan(ledger, before=datetime(2000, 1, 1))  # noqa: DTZ001 - that is the point


def test_ctrl_c_leaves_the_batch_under_way_to_the_server(old: History, database_url: str) -> None:
    with psycopg.connect(database_url) as blocker:
        # The last item cannot be deleted until it is let go: the run stops in its third batch.
        blocker.execute(
            """select from public.payment_outbox_attempts
            where outbox_id = (select max(outbox_id::text)::uuid from public.payment_outbox_attempts
                where completed_at < now() - interval '91 days') for update"""
        )
        process = start(
            *("ledgerdb", "retention", "run", "--older-than", "91d", "--reason", "r", "--yes"),
            *("--batch-size", "1", "--json"),
            url=database_url,
        )
        until(
            lambda: old.rows(
                """select from pg_stat_activity
                where datname = current_database() and wait_event_type = 'Lock'"""
            )
        )
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=30)
    assert (process.returncode, stderr) == (130, "")
    totals = json.loads(stdout)
    assert (totals["interrupted"], totals["items"]) == (True, 2)
    # Nothing that the library does cancels a statement: the third batch ends whole, or not at all.
    until(lambda: old.plan() == {"TOO_YOUNG": 1})
