"""`alembic upgrade head --sql`: the script of a DBA builds what a live run builds, or refuses."""

from __future__ import annotations

import contextlib
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from ledgerdb.embedded import EmbeddedServer
from ledgerdb.migrate import upgrade
from ledgerdb.migrate.lock import LOCK_KEY
from tests.commands import ROOT, TIMEOUT_SECONDS, Result, environment, run
from tests.migrations.databases import catalog, functions, query, revisions, settings
from tests.migrations.project import HEAD, REVISIONS
from tests.waiting import until
from tools.schema import dump

SESSIONS = """
    select pid from pg_stat_activity
    where datname = current_database() and application_name ~ '^ledgerdb-script-[0-9a-f]{16}$'
"""
TRYING = f"{SESSIONS} and (wait_event_type = 'Lock' or wait_event = 'PgSleep')"


UNFINISHED = "error: reached EOF without finding closing \\endif(s)"


def script(span: str = "head", **variables: str) -> str:
    made = run("alembic", "upgrade", span, "--sql", variables=variables)
    assert (made.code, made.stderr) == (0, "")
    return made.stdout


@pytest.fixture(scope="module")
def whole() -> str:
    """The script from nothing to head."""
    return script()


@pytest.fixture(scope="module")
def later() -> str:
    """The script from the baseline to head."""
    return script("0001:head")


def psql(server: EmbeddedServer, url: str, text: str, *flags: str) -> Result:
    """As a DBA would: no flag but the one that leaves out their own settings."""
    return run(server.bin_dir / "psql", "-X", *flags, "-d", url, "-f", "-", stdin=text)


def steps(done: Result) -> list[str]:
    """The revisions that it says it began."""
    return re.findall(r"(?m)^(\d{4}) \S", done.stdout)


def assert_stopped(done: Result, message: str) -> None:
    """With the exit code of psql for an error, and one line that says why."""
    assert done.code == 3, done.stderr
    assert re.fullmatch(r"psql:<stdin>:\d+: ERROR:  .*\n", done.stderr), done.stderr
    assert message in done.stderr


def test_it_builds_what_a_live_run_builds(
    server: EmbeddedServer, empty_database_url: str, whole: str
) -> None:
    query(server.url(), "create database live template template0")
    live = server.url("live")
    upgrade(live)
    done = psql(server, empty_database_url, whole)
    assert (done.code, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == f"at {HEAD}"
    assert steps(done) == REVISIONS
    assert revisions(empty_database_url) == [HEAD]

    name = query(empty_database_url, "select current_database()")[0][0]
    assert dump(server, name) == dump(server, "live")
    assert functions(empty_database_url) == functions(live)
    assert settings(empty_database_url) == settings(live)
    assert len(settings(live)) == 3
    query(server.url(), "drop database live with (force)")
    # and what the script made is known to be right by the command that did not run it
    checked = run("ledgerdb", "upgrade", url=empty_database_url)
    assert (checked.code, checked.stdout) == (0, f"at {HEAD} (verified)\n")


def test_a_second_run_stops_before_anything_is_changed(
    server_18: EmbeddedServer, head_url: str, whole: str
) -> None:
    before = catalog(head_url)
    done = psql(server_18, head_url, whole)
    assert_stopped(done, f"the database is at {HEAD} already: nothing is left to do")
    assert catalog(head_url) == before


def test_a_database_elsewhere_is_refused(
    server_18: EmbeddedServer, baseline_url: str, head_url: str, second_url: str, later: str
) -> None:
    for url, text, span, found in (
        (baseline_url, script(f"{REVISIONS[1]}:head"), f"{REVISIONS[1]} to {HEAD}", "0001"),
        (head_url, script("0001:0002"), "0001 to 0002", HEAD),
        (second_url, later, f"0001 to {HEAD}", "base"),
    ):
        before = catalog(url)
        done = psql(server_18, url, text)
        assert_stopped(
            done, f"this script goes from revision {span}, but the database is at {found}"
        )
        assert catalog(url) == before


def test_each_part_continues_where_the_other_stopped(
    server_18: EmbeddedServer, empty_url: str, head_url: str, later: str
) -> None:
    for text in (script("0001"), later):
        done = psql(server_18, empty_url, text)
        assert done.code == 0, done.stderr
    assert revisions(empty_url) == [HEAD]
    assert functions(empty_url) == functions(head_url)


def test_cut_off_in_every_step_it_goes_on_with_that_step(
    server_18: EmbeddedServer, empty_url: str, head_url: str, whole: str
) -> None:
    """At the end of its input psql leaves as if it were killed: in the middle of a transaction."""
    ends = [found.start() for found in re.finditer(r"(?m)^commit;$", whole)]
    assert len(ends) == len(REVISIONS)
    for number, end in enumerate(ends):
        psql(server_18, empty_url, whole[:end])
        assert revisions(empty_url) == REVISIONS[:number][-1:]
        done = psql(server_18, empty_url, whole[: end + len("commit;\n")])
        assert steps(done) == [REVISIONS[number]], done.stderr
        assert revisions(empty_url) == [REVISIONS[number]]
    assert_stopped(psql(server_18, empty_url, whole), "nothing is left to do")
    assert functions(empty_url) == functions(head_url)


def test_cut_off_while_it_prepares_it_goes_on_with_that_part(
    server_18: EmbeddedServer, baseline_url: str, head_url: str, later: str
) -> None:
    ends = [found.start() for found in re.finditer(r"(?m)^commit;$", later)]
    for end in ends[2::5]:
        done = psql(server_18, baseline_url, later[:end])
        assert UNFINISHED in done.stderr, done.stderr
        assert "ERROR" not in done.stderr
    done = psql(server_18, baseline_url, later)
    assert (done.code, done.stderr) == (0, "")
    assert functions(baseline_url) == functions(head_url)
    states = "select count(*), count(*) filter (where state = 'DONE') from {}"
    ((steps_begun, steps_done),) = query(
        baseline_url, states.format("public.ledgerdb_migration_steps")
    )
    assert steps_begun == steps_done > len(ends[2::5])


@contextlib.contextmanager
def running(server: EmbeddedServer, url: str, file: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [server.bin_dir / "psql", "-X", "-d", url, "-f", file],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_killed_in_a_step_it_leaves_no_trace_and_no_lock(
    server_18: EmbeddedServer, baseline_url: str, later: str, tmp_path: Path
) -> None:
    file = tmp_path / "upgrade.sql"
    file.write_text(later)
    before = catalog(baseline_url)
    with psycopg.connect(baseline_url) as blocker:
        blocker.execute("lock table public.payment_outbox_pending in row exclusive mode")
        with running(server_18, baseline_url, file) as process:
            until(lambda: query(baseline_url, TRYING))
            process.kill()
            process.wait(TIMEOUT_SECONDS)
            until(lambda: not query(baseline_url, SESSIONS), seconds=5)
    assert catalog(baseline_url) == before
    done = psql(server_18, baseline_url, later)
    assert done.code == 0, done.stderr
    assert revisions(baseline_url) == [HEAD]


def test_who_holds_its_locks_is_named_and_nothing_is_written(
    server_18: EmbeddedServer, baseline_url: str
) -> None:
    short = script("0001:0002", LEDGERDB_LOCK_BUDGET_SECONDS="1")
    before = catalog(baseline_url)
    with psycopg.connect(baseline_url, application_name="a-report") as blocker:
        blocker.execute("lock table public.payment_outbox_attempts in row exclusive mode")
        done = psql(server_18, baseline_url, short)
        pid = blocker.info.backend_pid
    assert_stopped(done, "revision 0002: its locks could not be had within 1 s: nothing of this")
    assert f"In the way: pid {pid} of a-report (postgres, idle in transaction for " in done.stderr
    assert " holds RowExclusiveLock on payment_outbox_attempts" in done.stderr
    assert catalog(baseline_url) == before
    assert psql(server_18, baseline_url, short).code == 0


def test_it_tries_again_until_its_locks_are_free(
    server_18: EmbeddedServer, baseline_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "upgrade.sql"
    file.write_text(script("0001:0002"))
    pauses = f"{SESSIONS} and wait_event = 'PgSleep'"
    with psycopg.connect(baseline_url) as blocker:
        blocker.execute("lock table public.payment_outbox_attempts in row exclusive mode")
        with running(server_18, baseline_url, file) as process:
            until(lambda: query(baseline_url, pauses))
            # between two tries nobody stands behind it
            taken = f"""select from pg_locks where relation is not null and pid in ({SESSIONS})
                and relation::regclass::text like '%payment_outbox%'"""
            assert query(baseline_url, taken) == []
            blocker.rollback()
            assert process.wait(TIMEOUT_SECONDS) == 0
    assert revisions(baseline_url) == ["0002"]


@pytest.mark.parametrize("span", ["0001:0002", "head"])
def test_a_database_that_others_took_further_is_refused(
    server_18: EmbeddedServer, baseline_url: str, span: str
) -> None:
    if span == "0001:0002":
        assert run("ledgerdb", "upgrade", "0002", url=baseline_url).code == 0
    before = catalog(baseline_url)
    found = revisions(baseline_url)[0]
    done = psql(server_18, baseline_url, script(span.replace("0002", "0003")))
    assert_stopped(done, f"the database is at {found}, and revision {found} was not applied by it")
    assert catalog(baseline_url) == before


def test_a_file_that_changed_since_is_refused(
    server_18: EmbeddedServer, baseline_url: str, later: str
) -> None:
    label = "ddl/0001_outbox.sql"
    query(
        baseline_url,
        """update public.ledgerdb_migrations set files = files || jsonb_build_object(%s::text, 'f0')
        where revision = '0001'""",
        label,
    )
    before = catalog(baseline_url)
    done = psql(server_18, baseline_url, later)
    assert_stopped(done, f"{label} was changed after revision 0001 was applied with it:")
    assert re.search(r"applied sha256 f0, here [0-9a-f]{64}$", done.stderr.strip())
    assert catalog(baseline_url) == before


def test_another_deployer_at_work_is_named(
    server_18: EmbeddedServer, empty_url: str, whole: str
) -> None:
    before = catalog(empty_url)
    with psycopg.connect(empty_url, autocommit=True, application_name="a-deployer") as other:
        other.execute("select pg_advisory_lock(%s)", [LOCK_KEY])
        done = psql(server_18, empty_url, whole)
        pid = other.info.backend_pid
    assert_stopped(done, "another deployer is at work on this database: ")
    assert f"pid {pid}, application a-deployer, user postgres, since " in done.stderr
    assert catalog(empty_url) == before


def test_a_deployer_waits_for_a_script(
    server_18: EmbeddedServer, baseline_url: str, later: str, tmp_path: Path
) -> None:
    file = tmp_path / "upgrade.sql"
    file.write_text(later)
    variables = {"LEDGERDB_DEPLOY_WAIT_SECONDS": "0"}
    with psycopg.connect(baseline_url) as blocker:
        blocker.execute("lock table public.payment_outbox_pending in row exclusive mode")
        with running(server_18, baseline_url, file):
            until(lambda: query(baseline_url, TRYING))
            done = run("ledgerdb", "upgrade", url=baseline_url, variables=variables)
    assert "another deployer is at work on this database: " in done.stderr
    assert "application ledgerdb-script-" in done.stderr
    assert revisions(baseline_url) == ["0001"]


def test_names_of_others_stop_it_before_the_first_step(
    server_18: EmbeddedServer, empty_url: str, whole: str
) -> None:
    query(empty_url, "create table public.ledger_seals (id int)")
    before = catalog(empty_url)
    done = psql(server_18, empty_url, whole)
    assert_stopped(done, "the database already holds 1 objects under ledgerdb's names")
    assert "table ledger_seals" in done.stderr
    assert catalog(empty_url) == before


def test_a_role_without_rights_is_told_all_that_it_lacks(
    server_18: EmbeddedServer, empty_url: str, head_url: str, whole: str
) -> None:
    assert head_url  # its template made the roles of the cluster
    query(empty_url, "create role script_reader login")
    try:
        url = empty_url.replace("postgres@", "script_reader@")
        before = catalog(empty_url)
        done = psql(server_18, url, whole)
        assert_stopped(done, 'role "script_reader" may not migrate database "')
        for lack in (
            "it lacks CREATE on schema public; ",
            "ownership of the database (it belongs to postgres); ",
            "membership of symphony_owner",
        ):
            assert lack in done.stderr
        assert catalog(empty_url) == before
    finally:
        query(empty_url, "drop role script_reader")


def test_the_tables_must_be_of_who_runs_it(
    server_18: EmbeddedServer, baseline_url: str, later: str
) -> None:
    query(baseline_url, "create role script_stranger login createrole")
    try:
        query(baseline_url, "grant create on schema public to script_stranger")
        query(baseline_url, "grant select on public.ledgerdb_alembic_version to script_stranger")
        url = baseline_url.replace("postgres@", "script_stranger@")
        done = psql(server_18, url, later)
        assert_stopped(done, "it lacks ownership of ingress_attestations (of postgres), ")
        assert "ledgerdb_alembic_version (of postgres)" in done.stderr
    finally:
        query(baseline_url, "drop owned by script_stranger; drop role script_stranger")


def test_a_database_that_is_read_only_is_refused(
    server_18: EmbeddedServer, empty_url: str, whole: str
) -> None:
    before = catalog(empty_url)
    done = psql(server_18, f"{empty_url}&options=-cdefault_transaction_read_only%3Don", whole)
    assert_stopped(done, "is read-only for role")
    assert catalog(empty_url) == before


def test_one_transaction_around_all_is_refused(
    server_18: EmbeddedServer, empty_url: str, whole: str
) -> None:
    before = catalog(empty_url)
    done = psql(server_18, empty_url, whole, "--single-transaction")
    assert_stopped(done, "a transaction is open: run this script without --single-transaction")
    assert catalog(empty_url) == before


def test_settings_of_the_dba_do_not_bend_it(
    server_18: EmbeddedServer, empty_url: str, head_url: str, whole: str
) -> None:
    """What a .psqlrc may hold, and defaults of the role."""
    rc = "\\set AUTOCOMMIT off\n\\set ON_ERROR_ROLLBACK on\n\\set ON_ERROR_STOP off\n"
    url = f"{empty_url}&options=-cstatement_timeout%3D300ms%20-csearch_path%3Dpg_temp"
    done = psql(server_18, url, rc + whole)
    assert (done.code, done.stderr) == (0, "")
    assert functions(empty_url) == functions(head_url)


def test_psql_stops_at_the_first_error_and_keeps_nothing_of_its_step(
    server_18: EmbeddedServer, empty_url: str, whole: str
) -> None:
    step = whole.index("\\if :ledgerdb_runs_0002")
    end = whole.index("\ncommit;", step)
    done = psql(server_18, empty_url, whole[:end] + "\nselect nothing;" + whole[end:])
    assert done.code == 3
    assert done.stderr.count("ERROR") == 1
    assert 'column "nothing" does not exist' in done.stderr
    assert revisions(empty_url) == ["0001"]
    assert query(empty_url, "select to_regclass('public.outbox_counter_drift_report')") == [(None,)]


def test_a_step_alone_does_not_run(server_18: EmbeddedServer, empty_url: str, whole: str) -> None:
    before = catalog(empty_url)
    done = psql(server_18, empty_url, whole[whole.index("\\if :ledgerdb_runs_0001") :])
    assert "Boolean expected" in done.stderr
    assert catalog(empty_url) == before


def test_a_database_that_is_not_utf8_is_refused(server_18: EmbeddedServer, whole: str) -> None:
    query(
        server_18.url(),
        "create database script_ascii encoding 'SQL_ASCII' template template0 locale 'C'",
    )
    try:
        url = server_18.url("script_ascii")
        before = catalog(url)
        done = psql(server_18, url, whole)
        assert_stopped(done, "has encoding SQL_ASCII: ledgerdb needs UTF8")
        assert catalog(url) == before
    finally:
        query(server_18.url(), "drop database script_ascii with (force)")


def test_the_scripts_hold_every_file_byte_for_byte(whole: str, later: str) -> None:
    for folder in ("frozen", "ddl"):
        for path in (ROOT / "migrations" / folder).iterdir():
            assert path.read_text() in whole + later, path.name


@pytest.mark.parametrize("config", ["default", "ours"])
def test_squawk_finds_nothing(whole: str, later: str, config: str, tmp_path: Path) -> None:
    where = ROOT if config == "ours" else tmp_path  # it reads .squawk.toml of the folder
    for text in (whole, later):
        done = run("squawk", cwd=where, stdin=text)
        assert done.code == 0, done.stdout
        assert "Found 0 issues" in done.stdout


def test_squawk_reads_on_behind_the_commands_of_psql(later: str) -> None:
    """Negative control."""
    done = run("squawk", stdin=later + "alter table public.tenants add column c serial;\n")
    assert done.code == 1
    assert "prefer-robust-stmts" in done.stdout


def test_nothing_to_do_is_no_script() -> None:
    assert script("head:head") == ""


def test_ledgerdb_writes_the_same_script(whole: str) -> None:
    done = run("ledgerdb", "upgrade", "--sql")
    assert (done.code, done.stderr) == (0, "")
    assert done.stdout == whole
