"""An empty database becomes the ledger, by every command, URL form and way of connecting."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ledgerdb.embedded import EmbeddedServer
from ledgerdb.errors import MigrationError
from ledgerdb.migrate import LogReport, status, upgrade
from tests.commands import ROOT, run
from tests.migrations.databases import catalog, functions, query, revisions, settings
from tests.migrations.project import HEAD, REVISIONS, Project

NEWEST_BODY = {path.name[5:-4]: path for path in sorted((ROOT / "migrations/frozen").iterdir())}


def installed_as_frozen(url: str) -> bool:
    """Is every function of the newest frozen files there, and its body in that file?"""
    found = {name.partition("(")[0]: body for name, body in functions(url).items()}
    return found.keys() == NEWEST_BODY.keys() and all(
        f"$function${body}$function$" in NEWEST_BODY[name].read_text() or not body
        for name, body in found.items()
    )


def test_the_alembic_command_upgrades_and_a_second_run_does_nothing(
    empty_database_url: str,
) -> None:
    first = run("alembic", "upgrade", "head", url=empty_database_url)
    assert (first.code, first.stdout) == (0, "")
    lines = first.stderr.splitlines()
    assert [line[:4] for line in lines[:-1]] == REVISIONS
    assert lines[-1] == f"at {HEAD} (verified)"
    assert revisions(empty_database_url) == [HEAD]
    assert installed_as_frozen(empty_database_url)

    before = catalog(empty_database_url)
    second = run("alembic", "upgrade", "head", url=empty_database_url)
    assert (second.code, second.stderr) == (0, f"at {HEAD} (verified)\n")
    assert catalog(empty_database_url) == before


@pytest.mark.parametrize(
    ("variable", "scheme"),
    [
        ("LEDGERDB_URL", "postgres"),
        ("DATABASE_URL", "postgresql"),
        ("LEDGERDB_URL", "postgresql+psycopg2"),
        ("DATABASE_URL", "postgresql+psycopg"),
    ],
)
def test_each_variable_and_form_of_url(empty_url: str, variable: str, scheme: str) -> None:
    url = empty_url.replace("postgresql", scheme, 1)
    done = run("alembic", "upgrade", "head", variables={variable: url})
    assert done.code == 0, done.stderr
    assert revisions(empty_url) == [HEAD]


def test_our_variable_comes_before_the_common_one(empty_url: str, second_url: str) -> None:
    done = run("alembic", "upgrade", "head", url=empty_url, variables={"DATABASE_URL": second_url})
    assert done.code == 0
    assert (revisions(empty_url), revisions(second_url)) == ([HEAD], [])


def test_over_tcp_with_a_password(tcp_server: EmbeddedServer, tcp_url: str) -> None:
    done = run("alembic", "upgrade", "head", url=tcp_url)
    assert done.code == 0, done.stderr
    assert revisions(tcp_url) == [HEAD]


def test_the_commands_of_ledgerdb(empty_url: str) -> None:
    pending = run("ledgerdb", "current", url=empty_url)
    assert pending.code == 0
    assert pending.stdout.startswith(f"revision base, head {HEAD}\npending")
    assert all(f"\n{revision} " in pending.stdout for revision in REVISIONS)

    part = run("ledgerdb", "upgrade", "0001", url=empty_url)
    assert (part.code, part.stdout) == (0, "at 0001 (verified)\n")
    found = json.loads(run("ledgerdb", "current", "--json", url=empty_url).stdout)
    assert (found["revision"], found["head"]) == ("0001", HEAD)
    assert [step["revision"] for step in found["pending"]] == REVISIONS[1:]
    assert all(step["summary"].endswith(".") for step in found["pending"])

    whole = run("ledgerdb", "upgrade", "--url", empty_url, cwd=Path("/"))
    assert (whole.code, whole.stdout) == (0, f"at {HEAD} (verified)\n")
    steps = [line for line in whole.stderr.splitlines() if not line.endswith(".sql")]
    assert [line[:4] for line in steps] == REVISIONS[1:]
    again = run("ledgerdb", "upgrade", url=empty_url)
    assert (again.code, again.stdout, again.stderr) == (0, f"at {HEAD} (verified)\n", "")
    at_head = run("ledgerdb", "current", "--url", empty_url)
    assert at_head.stdout == f"revision {HEAD}, head {HEAD}\nnothing is pending\n"


def test_alembic_current_reads_our_version_table(baseline_url: str) -> None:
    found = run("alembic", "current", url=baseline_url)
    assert (found.code, found.stdout) == (0, "0001\n")


def test_a_program_hears_of_each_step(empty_url: str) -> None:
    said: list[str] = []

    class Report(LogReport):
        def started(self, step: object) -> None:
            said.append(f"started {getattr(step, 'revision', None)}")

        def committed(self, step: object) -> None:
            said.append(f"committed {revisions(empty_url)[0]}")

        def verified(self, revision: str | None) -> None:
            said.append(f"verified {revision}")

    assert upgrade(empty_url, report=Report()) == HEAD
    steps = [f"{event} {number}" for number in REVISIONS for event in ("started", "committed")]
    assert said == [*steps, f"verified {HEAD}"]


def test_an_earlier_or_unknown_target(head_url: str) -> None:
    before = catalog(head_url)
    assert upgrade(head_url, "0001") == HEAD  # as Alembic has it: upgrading to the past is nothing
    with pytest.raises(MigrationError, match="9999"):
        upgrade(head_url, "9999")
    assert catalog(head_url) == before


def test_other_applications_in_the_same_database_are_left_alone(empty_url: str) -> None:
    query(
        empty_url,
        """create table public.alembic_version (version_num text primary key);
        insert into public.alembic_version values ('theirs');
        create schema billing;
        create table billing.tenants (id int);
        create view public.customers as select 1 as id;
        create function public.theirs() returns int language sql return 1""",
    )
    before = catalog(empty_url)
    done = run("alembic", "upgrade", "head", url=empty_url)
    assert done.code == 0, done.stderr
    assert query(empty_url, "select version_num from public.alembic_version") == [("theirs",)]
    added = {row for row in before if row[0] not in ("pg_database", "pg_namespace")}
    assert added <= catalog(empty_url)
    assert status(empty_url).revision == HEAD


def test_settings_of_the_database_do_not_bend_a_migration(
    own_project: Project, empty_url: str
) -> None:
    name = query(empty_url, "select current_database()")[0][0]
    own_project.add_revision(
        "0001",
        {
            "ddl/0001_slow.sql": "select pg_sleep(0.3);\n"
            "create table settings_seen as select name, setting from pg_settings;\n"
        },
    )
    for setting in (
        "statement_timeout = '100ms'",
        "search_path = 'nowhere'",
        "default_transaction_isolation = 'serializable'",
        "lock_timeout = 0",
    ):
        query(empty_url, f"alter database {name} set {setting}")
    done = own_project.alembic("upgrade", "head", url=empty_url)
    assert done.code == 0, done.stderr
    seen = dict(query(empty_url, "select name, setting from public.settings_seen"))
    assert seen["lock_timeout"] == "200"
    assert seen["transaction_isolation"] == "read committed"
    # and the DBA's own values stay
    assert ("statement_timeout=100ms",) in settings(empty_url)
