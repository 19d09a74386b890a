"""One deployer at a time; one that is killed leaves nothing half-done."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from ledgerdb.migrate.lock import LOCK_KEY
from tests.commands import TIMEOUT_SECONDS, assert_refused, run, start
from tests.migrations.databases import catalog, functions, query, revisions
from tests.migrations.project import HEAD, REVISIONS, Project
from tests.waiting import until

WAITS = """
    select pid from pg_stat_activity where datname = current_database()
    and application_name = 'ledgerdb-migrate' and wait_event_type = 'Lock'
"""
SESSIONS = """
    select pid from pg_stat_activity where datname = current_database()
    and application_name = 'ledgerdb-migrate'
"""


@contextlib.contextmanager
def holding_deployer_lock(url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(url, autocommit=True, application_name="other-deployer") as connection:
        connection.execute("select pg_advisory_lock(%s)", [LOCK_KEY])
        yield connection


@contextlib.contextmanager
def started(*command: str, url: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """A running command, killed at the end if it still runs."""
    process = start(*command, url=url, **variables)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_four_at_once_apply_each_revision_once(empty_url: str) -> None:
    with contextlib.ExitStack() as stack:
        command = ("alembic", "upgrade", "head")
        processes = [stack.enter_context(started(*command, url=empty_url)) for _ in range(4)]
        said = [process.communicate(timeout=TIMEOUT_SECONDS)[1] for process in processes]
        assert [process.returncode for process in processes] == [0] * 4, said
    lines = [line for text in said for line in text.splitlines()]
    assert sorted(line[:4] for line in lines if line[:4] in REVISIONS) == REVISIONS
    assert lines.count(f"at {HEAD} (verified)") == 4
    assert revisions(empty_url) == [HEAD]


def test_who_holds_the_lock_is_named_and_the_wait_ends(empty_url: str) -> None:
    before = catalog(empty_url)
    with holding_deployer_lock(empty_url) as holder:
        done = run(
            "alembic",
            "upgrade",
            "head",
            url=empty_url,
            variables={"LEDGERDB_DEPLOY_WAIT_SECONDS": "0.5"},
        )
        pid = holder.info.backend_pid
    assert_refused(
        done,
        f"another deployer is at work on this database: pid {pid}, application other-deployer",
        "waited 0.5 s, nothing was written",
        f"waiting for another deployer: pid {pid}",
        lines=2,
    )
    assert catalog(empty_url) == before


def test_a_waiting_deployer_goes_on_when_the_other_ends(empty_url: str) -> None:
    with (
        holding_deployer_lock(empty_url) as holder,
        started("ledgerdb", "upgrade", url=empty_url) as process,
    ):
        assert process.stderr is not None
        assert process.stderr.readline().startswith("waiting for another deployer: pid ")
        holder.close()
        _, said = process.communicate(timeout=TIMEOUT_SECONDS)
        assert process.returncode == 0, said
    assert revisions(empty_url) == [HEAD]


def test_another_database_of_the_server_is_another_lock(empty_url: str, second_url: str) -> None:
    with holding_deployer_lock(second_url):
        variables = {"LEDGERDB_DEPLOY_WAIT_SECONDS": "0"}
        done = run("ledgerdb", "upgrade", "0001", url=empty_url, variables=variables)
    assert done.code == 0, done.stderr


@pytest.mark.parametrize("seconds", ["soon", "-1", "nan", "1e9"])
def test_a_wait_that_is_no_number_of_seconds_is_refused(empty_url: str, seconds: str) -> None:
    variables = {"LEDGERDB_DEPLOY_WAIT_SECONDS": seconds}
    done = run("ledgerdb", "upgrade", url=empty_url, variables=variables)
    assert_refused(done, "LEDGERDB_DEPLOY_WAIT_SECONDS must be seconds between 0 and 86400")


def test_a_deployer_killed_in_a_step_leaves_nothing_half_done(baseline_url: str) -> None:
    before, bodies = catalog(baseline_url), functions(baseline_url)
    with (
        psycopg.connect(baseline_url) as blocker,
        started("alembic", "upgrade", "head", url=baseline_url) as process,
    ):
        blocker.execute("lock table public.payment_outbox_attempts in row exclusive mode")
        # inside revision 0002: one function installed, half of its first lock taken
        until(lambda: query(baseline_url, WAITS))
        process.kill()
        process.wait(TIMEOUT_SECONDS)
        # the server notices at once, and not when the statement ends
        until(lambda: not query(baseline_url, SESSIONS), seconds=5)
    assert catalog(baseline_url) == before
    assert functions(baseline_url) == bodies
    done = run("alembic", "upgrade", "head", url=baseline_url)
    assert done.code == 0, done.stderr
    assert revisions(baseline_url) == [HEAD]


def test_a_long_statement_of_a_killed_deployer_is_cancelled(
    own_project: Project, empty_url: str
) -> None:
    own_project.add_revision("0001", {"ddl/0001_long.sql": "select pg_sleep(60);\n"})
    before = catalog(empty_url)
    ini = str(own_project.root / "alembic.ini")
    with started("alembic", "-c", ini, "upgrade", "head", url=empty_url) as process:
        sleeping = "select 1 from pg_stat_activity where wait_event = 'PgSleep'"
        until(lambda: query(empty_url, sleeping))
        process.kill()
        process.wait(TIMEOUT_SECONDS)
        until(lambda: not query(empty_url, SESSIONS), seconds=5)
    assert catalog(empty_url) == before


def test_a_session_that_is_ended_in_a_step_is_told_as_such(
    own_project: Project, empty_url: str
) -> None:
    own_project.add_revision(
        "0001", {"ddl/0001_ended.sql": "select pg_terminate_backend(pg_backend_pid());\n"}
    )
    before = catalog(empty_url)
    done = own_project.alembic("upgrade", "head", url=empty_url)
    assert done.code != 0
    assert "revision 0001, ddl/0001_ended.sql failed: " in done.stderr
    assert "terminating connection due to administrator command" in done.stderr
    assert "Traceback" not in done.stderr
    assert "invalid savepoint" not in done.stderr
    assert catalog(empty_url) == before
