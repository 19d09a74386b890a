"""`ledgerdb steps`: the journal of online steps, for people and for machines."""

from __future__ import annotations

import json
from threading import Thread

import pytest
from typer.testing import CliRunner

from ledgerdb.cli import app
from ledgerdb.migrate.online.progress import StepProgress, steps
from tests.commands import assert_refused, run
from tests.migrations.databases import query

WRITE = """insert into public.ledgerdb_migration_steps
        (revision, step_no, name, sha256, state, rows_done, rows_estimate, started_at, updated_at,
        finished_at)
    values
        ('0003', 1, '0003_registry.sql', '', 'DONE', 0, null, now(), now() + '2 s', now() + '2 s'),
        ('0003', 2, '0003_fill.sql', '', 'RUNNING', 250, 1000, now() - interval '30 s', now(),
        null)"""
FINISH = """update public.ledgerdb_migration_steps
    set state = 'DONE', finished_at = now(), rows_done = 1000 where step_no = 2"""


@pytest.fixture
def url(head_url: str) -> str:
    """A database in the middle of a backfill."""
    query(head_url, "delete from public.ledgerdb_migration_steps")
    query(head_url, WRITE)
    return head_url


def test_for_people(url: str) -> None:
    done = run("ledgerdb", "steps", url=url, variables={"COLUMNS": "200"})
    assert (done.code, done.stderr) == (0, "")
    head, first, second = [line.split() for line in done.stdout.splitlines()]
    assert head[:3] == ["step", "file", "state"]
    assert first == ["0003.1", "0003_registry.sql", "DONE", "0:00:02"]
    assert second[:8] == [
        "0003.2", "0003_fill.sql", "RUNNING", "250", "1,000", "25%", "0:00:30", "0:01:30",
    ]  # fmt: skip
    assert second[-1] == "ago"


def test_for_machines_until_all_are_done(url: str) -> None:
    runner = CliRunner()
    lines: list[str] = []

    def watch() -> None:
        found = runner.invoke(app, ["steps", "--json", "--watch", "0.1", "--url", url])
        lines.extend(found.stdout.splitlines())

    thread = Thread(target=watch)
    thread.start()
    query(url, FINISH)
    thread.join(timeout=30)
    last = json.loads(lines[-1])
    assert [(step["state"], step["eta_seconds"]) for step in last] == [("DONE", 0), ("DONE", 0)]
    assert [step["share"] for step in last] == [None, 1]


def test_a_database_without_a_journal_has_none(empty_url: str) -> None:
    done = run("ledgerdb", "steps", url=empty_url)
    assert (done.code, done.stderr) == (0, "")
    assert done.stdout == "no step was prepared or run under traffic yet\n"
    assert steps(empty_url) == ()


def test_who_may_not_read_it_is_told(url: str) -> None:
    query(url, "create role stranger_to_steps login")
    try:
        stranger = url.replace("postgres@", "stranger_to_steps@")
        refused = run("ledgerdb", "steps", url=stranger)
    finally:
        query(url, "drop role stranger_to_steps")
    assert_refused(refused, "may not read public.ledgerdb_migration_steps")


@pytest.mark.parametrize(
    ("state", "done", "estimate", "share", "eta"),
    [
        ("RUNNING", 0, 100, 0.0, None),
        ("RUNNING", 50, 100, 0.5, 10.0),
        ("RUNNING", 200, 100, 1.0, 0.0),
        ("RUNNING", 0, 0, 0.0, None),
        ("RUNNING", 0, None, None, None),
        ("DONE", 90, 100, 1.0, 0.0),
    ],
)
def test_share_and_time_left(
    state: str, done: int, estimate: int | None, share: float | None, eta: float | None
) -> None:
    step = StepProgress("0003", 1, "0003_fill.sql", state, done, estimate, 10.0, 0.0)
    assert (step.share, step.eta_seconds) == (share, eta)
