"""A contract revision waits until nobody is there who could still use what it takes away."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import NullPool, create_engine

from ledgerdb import EngineSettings, Ledger, __version__
from ledgerdb.errors import MigrationError
from ledgerdb.migrate.contract import require_nobody_needs_it, script_guard
from ledgerdb.migrate.ledger import bookkeeping
from ledgerdb.migrate.phases import Phase, phase_of
from tests.commands import assert_refused
from tests.migrations.databases import query, revisions
from tests.migrations.project import Project

EXPAND = "create table public.pets (id bigint primary key, name text, colour text);"
CONTRACT = "alter table public.pets drop column colour;"
PHASE = Phase("contract", "0.2.0")


def ask(url: str, phase: Phase = PHASE) -> str:
    """What stops revision 0002, in one line; "" for nothing. The runner and a script agree."""
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"), poolclass=NullPool)
    told = said = ""
    with engine.connect() as connection:
        try:
            require_nobody_needs_it(connection, "0002", phase)
        except MigrationError as error:
            told = str(error).replace("\n ", ":", 1).replace("\n ", ";")
    try:
        query(url, script_guard("0002", phase) or "select 'nothing to ask'")
    except psycopg.errors.RaiseException as error:
        said = str(error.diag.message_primary)
    assert said == told
    return told


def as_role(url: str, role: str) -> str:
    return url.replace("postgres@", f"{role}@")


def test_the_runner_stops_at_a_contract_revision_until_older_clients_are_gone(
    own_project: Project, empty_url: str
) -> None:
    own_project.add_revision("0001", {"ddl/0001_pets.sql": EXPAND})
    own_project.add_revision("0002", {"ddl/0002_colour.sql": CONTRACT})
    path = own_project.versions()[-1]
    path.write_text(path.read_text() + '\n\nphase = "contract"\nsince = "0.2.0"\n')
    with psycopg.connect(empty_url, application_name="ledgerdb/0.1.9 ingress") as client:
        pid = client.info.backend_pid
        result = own_project.alembic("upgrade", "head", url=empty_url)
        # what began, and two lines about what ended it
        assert_refused(result, "0002", "before 0.2.0", f"pid {pid}, role postgres", lines=4)
        assert re.search(r"0\.1\.9 ingress, from local, since \d{4}-\d\d-\d\d", result.stderr)
        assert revisions(empty_url) == ["0001"]
        assert query(empty_url, "select colour from public.pets") == []
    script = own_project.alembic("upgrade", "0001:0002", "--sql").stdout
    guard = script_guard("0002", PHASE)
    assert guard is not None
    assert 0 < script.index(guard) < script.index(CONTRACT)
    result = own_project.alembic("upgrade", "head", url=empty_url)
    assert result.code == 0, result.stderr
    assert revisions(empty_url) == ["0002"]


@pytest.mark.parametrize("application", ["ledgerdb/0.1.9 x", "ledgerdb/0.1.0", "ledgerdb/new"])
def test_an_older_client_stops_it(empty_url: str, application: str) -> None:
    with psycopg.connect(empty_url, application_name=application):
        assert f"role postgres, {application}, from local, since " in ask(empty_url)


def test_newer_clients_and_strangers_do_not(empty_url: str, new_role: Callable[[str], str]) -> None:
    with (
        psycopg.connect(empty_url, application_name="ledgerdb/0.2.0 ingress"),
        psycopg.connect(empty_url, application_name="ledgerdb/0.10.0"),
        psycopg.connect(empty_url, application_name="ledgerdb-verify"),
        psycopg.connect(as_role(empty_url, new_role("")), application_name="a report"),
    ):
        assert ask(empty_url) == ""


def test_a_client_of_a_service_role_that_does_not_say_what_it_is_stops_it(
    empty_url: str, new_role: Callable[[str], str]
) -> None:
    query(
        empty_url,
        "do $$ begin create role symphony_executor; exception when duplicate_object then end $$",
    )
    worker = new_role("in role symphony_executor")
    with psycopg.connect(as_role(empty_url, worker), application_name=""):
        assert f"role {worker}, no application name" in ask(empty_url)


def test_who_may_not_see_the_sessions_of_others_may_not_run_it(
    empty_url: str, new_role: Callable[[str], str]
) -> None:
    deployer = new_role("")
    assert "grant pg_read_all_stats" in ask(as_role(empty_url, deployer))
    assert ask(as_role(empty_url, deployer), Phase("expand")) == ""
    query(empty_url, f"grant pg_read_all_stats to {deployer}")
    assert ask(as_role(empty_url, deployer)) == ""


def test_an_unfinished_backfill_stops_it(empty_url: str) -> None:
    query(empty_url, bookkeeping().text)
    query(
        empty_url,
        "insert into public.ledgerdb_migration_steps (revision, step_no, name, sha256, rows_done,"
        " rows_estimate) values ('0001', 1, '0001_fill.sql', repeat('0', 64), 7, 20)",
    )
    assert "step 1 (0001_fill.sql) is at 7 of about 20 rows" in ask(empty_url)
    query(
        empty_url,
        "update public.ledgerdb_migration_steps set state = 'DONE', finished_at = now()",
    )
    assert ask(empty_url) == ""


def test_a_client_that_comes_between_the_two_questions_is_seen(empty_url: str) -> None:
    """Within one transaction: PostgreSQL remembers what it saw of the sessions first."""
    engine = create_engine(
        empty_url.replace("postgresql:", "postgresql+psycopg:"), poolclass=NullPool
    )
    with engine.connect() as connection:
        require_nobody_needs_it(connection, "0002", PHASE)
        with (
            psycopg.connect(empty_url, application_name="ledgerdb/0.1.0"),
            pytest.raises(MigrationError, match=r"ledgerdb/0\.1\.0"),
        ):
            require_nobody_needs_it(connection, "0002", PHASE)


@pytest.mark.parametrize("version", [18], indirect=True, ids=["pg18"])
def test_the_library_says_its_release(database_url: str) -> None:
    settings = EngineSettings(application_name="ingress", pool_size=1)
    with Ledger.connect(database_url, settings) as ledger:
        ledger.backlog()
        named = f"ledgerdb/{__version__} ingress"
        (found,) = query(
            database_url, "select count(*) from pg_stat_activity where application_name = %s", named
        )
    assert found == (1,)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("", Phase("expand")),
        ('phase = "expand"', Phase("expand")),
        ('phase = "contract"\nsince = "1.10.0"', Phase("contract", "1.10.0")),
        ('phase = "contract"', None),
        ('phase = "contract"\nsince = "soon"', None),
        ('phase = "contract"\nsince = "0.2.0rc1"', None),
        ('phase = "expand"\nsince = "0.2.0"', None),
        ('phase = "both"', None),
        ("phase = kind()", None),
    ],
)
def test_a_revision_says_what_it_is(tmp_path: Path, said: str, expected: Phase | None) -> None:
    path = tmp_path / "0002_step.py"
    path.write_text(f'"""A step."""\n{said}\n')
    if expected is None:
        with pytest.raises(MigrationError, match=r"0002_step.py: write phase"):
            phase_of(path)
    else:
        assert phase_of(path) == expected
