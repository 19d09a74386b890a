"""`ledgerdb drift`: exit codes, what it says, what it needs, and that it only looks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from typer.testing import CliRunner, Result

from ledgerdb.cli import app
from ledgerdb.embedded import EmbeddedServer
from ledgerdb.migrate.lock import LOCK_KEY
from tests.catalog.conftest import Site
from tests.commands import ROOT, run
from tests.migrations.conftest import closed_port
from tests.migrations.databases import query

INDEX = "index payment_outbox_attempts.idx_rail_reference"
FOUND = (
    "CREATE INDEX idx_rail_reference ON public.payment_outbox_attempts USING btree"
    " (rail_reference); valid yes"
)
REASON = "reconciliation reads by rail reference (DBA-1234)"
# the example of the document
(ACCEPTED,) = re.findall(r"```toml\n(.*?)```", (ROOT / "docs/drift.md").read_text(), re.DOTALL)


def drift(url: str, *arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["drift", "--url", url, *map(str, arguments)])


def changed(site: Site, change: str, back: str) -> Iterator[None]:
    query(site.url, change)
    yield
    query(site.url, back)


@pytest.fixture
def index(site: Site) -> Iterator[None]:
    """Somebody's index on a table of ours."""
    yield from changed(
        site,
        "create index idx_rail_reference on public.payment_outbox_attempts (rail_reference)",
        "drop index public.idx_rail_reference",
    )


@pytest.fixture
def unguarded(site: Site) -> Iterator[None]:
    """History that can be edited."""
    guard = "trigger trg_deny_outbox_attempts_mutation"
    yield from changed(
        site,
        f"alter table public.payment_outbox_attempts disable {guard}",
        f"alter table public.payment_outbox_attempts enable always {guard}",
    )


@pytest.fixture
def login(site: Site) -> Iterator[str]:
    """A login without a right of its own."""
    name = f"reader_{uuid4().hex}"
    query(site.url, f"create role {name} login")
    yield name
    query(site.url, f"drop owned by {name}")
    query(site.url, f"drop role {name}")


def test_without_drift_the_exit_code_is_0(site: Site) -> None:
    done = run("ledgerdb", "drift", url=site.url)
    assert (done.code, done.stderr) == (0, "")
    assert re.fullmatch(r"no drift at revision \d{4} \(\d+ objects\)\n", done.stdout)


@pytest.mark.usefixtures("unguarded")
def test_drift_is_one_line_with_its_consequence_and_exit_code_1(site: Site) -> None:
    done = drift(site.url)
    first, last = done.stdout.splitlines()
    assert done.exit_code == 1
    assert first == (
        "trigger payment_outbox_attempts.trg_deny_outbox_attempts_mutation:"
        " expected enabled always, found enabled disabled:"
        " append-only guard: rows of payment_outbox_attempts can be changed or removed"
    )
    assert last.startswith("1 difference at revision ")


@pytest.mark.usefixtures("index")
def test_what_others_hung_on_our_tables_is_called_foreign(site: Site) -> None:
    done = drift(site.url)
    assert done.exit_code == 1
    assert f"{INDEX}: expected nothing, found {FOUND}: foreign, hung on ours" in done.stdout


@pytest.mark.usefixtures("unguarded")
def test_for_machines(site: Site) -> None:
    done = drift(site.url, "--json")
    found = json.loads(done.stdout)
    assert done.exit_code == 1
    (difference,) = found["differences"]
    assert (difference["kind"], difference["name"]) == (
        "trigger",
        "payment_outbox_attempts.trg_deny_outbox_attempts_mutation",
    )
    assert (difference["expected"]["enabled"], difference["found"]["enabled"]) == (
        "always",
        "disabled",
    )
    assert difference["consequence"]
    assert len(bytes.fromhex(found["fingerprint"])) == 32
    assert found["accepted"] == found["stale"] == found["notes"] == []


@pytest.mark.usefixtures("index")
def test_an_accepted_difference_is_no_drift(site: Site, tmp_path: Path) -> None:
    path = tmp_path / "accepted.toml"
    path.write_text(ACCEPTED)
    done = drift(site.url, "--accepted", path)
    assert done.exit_code == 0
    assert f"accepted: {INDEX} ({REASON})" in done.stdout
    # it was accepted as it was then
    path.write_text(ACCEPTED.replace("valid yes", "valid no"))
    done = drift(site.url, "--accepted", path)
    assert done.exit_code == 1
    assert f"stale acceptance: {INDEX}" in done.stdout


def test_a_stale_acceptance_is_reported(site: Site, tmp_path: Path) -> None:
    path = tmp_path / "accepted.toml"
    path.write_text(ACCEPTED)
    done = drift(site.url, "--accepted", path)
    assert done.exit_code == 0
    assert f"stale acceptance: {INDEX}" in done.stdout
    assert [
        each["object"]
        for each in json.loads(drift(site.url, "--accepted", path, "--json").stdout)["stale"]
    ] == [INDEX]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (ACCEPTED.replace("reason", "because"), "entry 1 must have exactly"),
        ("[[accept]]\nobject = 'x'\nfound = 'y'\nreason = ' '", "entry 1 must have exactly"),
        ("[[allow]]\nobject = 'x'", "only [[accept]] entries"),
        ("accept = 1", "only [[accept]] entries"),
        ("accept", "accepted.toml: "),
    ],
)
def test_a_wrong_file_of_acceptances(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "accepted.toml"
    path.write_text(text)
    done = drift("postgresql://h/d", "--accepted", path)
    assert (done.exit_code, done.stdout) == (2, "")
    assert words in done.stderr


def test_what_cannot_be_found_out_is_exit_code_2(
    site: Site, client_empty_18: psycopg.Connection[Any], login: str
) -> None:
    info = client_empty_18.info
    empty = f"postgresql://postgres@/{info.dbname}?host={info.host}&port={info.port}"
    for url, words in (
        (f"postgresql://nobody@127.0.0.1:{closed_port()}/d", "cannot connect to database"),
        (empty, "is not at a revision of ledgerdb"),
        ("mysql://h/d", "not a PostgreSQL URL"),
        (site.server.url(site.name, login), "may not read public.ledgerdb_alembic_version"),
    ):
        done = drift(url)
        assert (done.exit_code, done.stdout) == (2, "")
        assert done.stderr.startswith("error: ")
        assert done.stderr.count("\n") == 1
        assert words in done.stderr


def test_while_somebody_deploys_it_is_exit_code_2(site: Site) -> None:
    with site.connect() as deployer:
        deployer.execute("select pg_advisory_lock(%s)", [LOCK_KEY])
        pid = deployer.info.backend_pid
        done = drift(site.url)
    assert (done.exit_code, done.stdout) == (2, "")
    assert f"a deployer is at work on this database: pid {pid}" in done.stderr


def test_a_newer_revision_is_exit_code_2(site: Site) -> None:
    set_version = "update public.ledgerdb_alembic_version set version_num = '{}'"
    at = query(site.url, "select version_num from public.ledgerdb_alembic_version")[0][0]
    query(site.url, set_version.format("9999"))
    done = drift(site.url)
    query(site.url, set_version.format(at))
    assert done.exit_code == 2
    assert "revision 9999, which this release does not know" in done.stderr


def test_a_plain_login_that_may_read_is_enough(site: Site, login: str) -> None:
    query(site.url, f"grant select on public.ledgerdb_alembic_version to {login}")
    done = drift(site.server.url(site.name, login))
    assert done.exit_code == 1
    assert done.stdout.startswith(f"grant table ledgerdb_alembic_version to {login}: ")
    query(site.url, f"revoke select on public.ledgerdb_alembic_version from {login}")
    query(site.url, f"grant pg_read_all_data to {login}")
    assert drift(site.server.url(site.name, login)).exit_code == 0


def test_it_takes_no_lock_above_access_share(site: Site) -> None:
    """EXCLUSIVE lets ACCESS SHARE pass and nothing else; behind ACCESS EXCLUSIVE it gives up."""
    tables = """select string_agg(format('public.%I', relname), ', ') from pg_class
        where relnamespace = 'public'::regnamespace and relkind = 'r'"""
    with site.connect() as blocker:
        ((names,),) = blocker.execute(tables)
        blocker.execute(f"lock table {names} in exclusive mode".encode())
        assert drift(site.url).exit_code == 0
        blocker.execute(f"lock table {names} in access exclusive mode".encode())
        done = drift(site.url)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "(is a migration running?)" in done.stderr


def test_the_server_sees_only_reads(site: Site) -> None:
    log: Path = site.server.log_path
    before = log.stat().st_size
    logged = f"{site.url}&options=-c%20log_statement%3Dall"
    assert drift(logged).exit_code == 0
    said = log.read_bytes()[before:].decode()
    statements = re.findall(r"LOG:  (?:statement|execute [^:]*): \s*(\w+)", said)
    assert len(statements) > 10
    assert "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" in said
    assert {word.lower() for word in statements} <= {
        "begin",
        "commit",
        "rollback",
        "savepoint",
        "release",
        "select",
        "set",
        "show",
        "with",
    }


def test_it_works_on_a_read_only_session(site: Site) -> None:
    url = f"{site.url}&options=-c%20default_transaction_read_only%3Don"
    assert drift(url).exit_code == 0


def test_lost_settings_of_a_database_are_a_note(
    client_head_18: psycopg.Connection[Any], server_18: EmbeddedServer
) -> None:
    """A clone, or a dump without --create, has the objects and not the settings."""
    done = drift(server_18.url(client_head_18.info.dbname))
    assert done.exit_code == 0
    assert "note: the database carries no timeouts" in done.stdout
