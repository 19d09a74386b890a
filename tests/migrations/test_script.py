"""`alembic upgrade head --sql`: the script of a DBA builds what a live run builds, or refuses."""

from __future__ import annotations

import pytest

from ledgerdb.embedded import EmbeddedServer
from ledgerdb.migrate import upgrade
from tests.commands import ROOT, Result, run
from tests.migrations.databases import catalog, functions, query, revisions, settings
from tests.migrations.project import HEAD, REVISIONS
from tools.schema import dump


def script(span: str = "head") -> str:
    made = run("alembic", "upgrade", span, "--sql")
    assert (made.code, made.stderr) == (0, "")
    return made.stdout


@pytest.fixture(scope="module")
def whole() -> str:
    """The script from nothing to head."""
    return script()


def psql(server: EmbeddedServer, url: str, text: str) -> Result:
    """As a DBA would: no flag but the one that leaves out their own settings."""
    return run(server.bin_dir / "psql", "-X", "-d", url, "-f", "-", stdin=text)


def test_it_builds_what_a_live_run_builds(
    server: EmbeddedServer, empty_database_url: str, whole: str
) -> None:
    query(server.url(), "create database live template template0")
    live = server.url("live")
    upgrade(live)
    done = psql(server, empty_database_url, whole)
    assert done.code == 0, done.stderr
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
    assert done.code == 3
    assert "ledgerdb_alembic_version" in done.stderr
    assert done.stderr.count("ERROR") == 1
    assert catalog(head_url) == before


def test_a_script_of_later_steps_says_where_the_database_is(
    server_18: EmbeddedServer, baseline_url: str, head_url: str
) -> None:
    for url, span, found in (
        (baseline_url, f"{REVISIONS[1]}:head", "0001"),
        (head_url, "0001:head", HEAD),
    ):
        before = catalog(url)
        done = psql(server_18, url, script(span))
        assert done.code == 3
        message = f"this step begins at revision {span[:4]}, but the database is at {found}"
        assert message in done.stderr
        assert catalog(url) == before


def test_a_script_of_later_steps_needs_the_version_table(
    server_18: EmbeddedServer, empty_url: str
) -> None:
    before = catalog(empty_url)
    done = psql(server_18, empty_url, script("0001:head"))
    assert done.code == 3
    assert catalog(empty_url) == before


def test_each_part_continues_where_the_other_stopped(
    server_18: EmbeddedServer, empty_url: str, head_url: str
) -> None:
    for span in ("0001", "0001:head"):
        done = psql(server_18, empty_url, script(span))
        assert done.code == 0, done.stderr
    assert revisions(empty_url) == [HEAD]
    assert functions(empty_url) == functions(head_url)


def test_psql_stops_at_the_first_error_and_keeps_nothing(
    server_18: EmbeddedServer, empty_url: str, whole: str
) -> None:
    query(empty_url, "create table public.tenants (id int)")
    before = catalog(empty_url)
    done = psql(server_18, empty_url, whole)
    assert done.code == 3
    assert done.stderr.count("ERROR") == 1
    assert 'relation "tenants" already exists' in done.stderr
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
        assert done.code == 3
        assert "encoding UTF8 is needed" in done.stderr
        assert catalog(url) == before
    finally:
        query(server_18.url(), "drop database script_ascii with (force)")


def test_the_script_holds_every_file_byte_for_byte(whole: str) -> None:
    for folder in ("frozen", "ddl"):
        for path in (ROOT / "migrations" / folder).iterdir():
            assert path.read_text() in whole, path.name


def test_nothing_to_do_is_no_script() -> None:
    assert script("head:head") == ""


def test_ledgerdb_writes_the_same_script(whole: str) -> None:
    done = run("ledgerdb", "upgrade", "--sql")
    assert (done.code, done.stderr) == (0, "")
    assert done.stdout == whole
