"""`ledgerdb plan`: made of a live database, which it only reads; required by an upgrade."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

import ledgerdb.planning
from ledgerdb.cli import app
from ledgerdb.embedded import EmbeddedServer
from ledgerdb.errors import ConfigurationError, MigrationError
from ledgerdb.planning.make import make_plan
from tests.migrations.databases import catalog, query, revisions

_SCHEMA = Path(ledgerdb.planning.__file__).with_name("plan.schema.json")
_ITEMS = """
    select public.enqueue_payment_outbox('i' || n, 'p', 'k' || n, 'RAIL', '{"amount": 1}')
    from generate_series(1, 500) as n;
    -- what other applications have in the database
    create schema theirs;
    create table theirs.invoice (id bigint primary key, tenant uuid references public.tenants);
    create role "plan Guest";
    grant select on theirs.invoice to "plan Guest";
"""


@pytest.fixture
def live(baseline_database_url: str, server: EmbeddedServer) -> Iterator[str]:
    """A database at 0001 with items in it, and with a guest."""
    with psycopg.connect(baseline_database_url, autocommit=True) as connection:
        connection.execute(_ITEMS)
        connection.execute("analyze")
    yield baseline_database_url
    query(baseline_database_url, 'drop owned by "plan Guest"')
    query(server.url(), 'drop role "plan Guest"')


def on_server(server: EmbeddedServer) -> set[Any]:
    """The databases and roles of a server."""
    return set(
        query(server.url(), "select datname from pg_database union select rolname from pg_roles")
    )


def test_a_plan_of_a_live_database(live: str, server: EmbeddedServer, tmp_path: Path) -> None:
    """Made, valid, nothing left behind, equal to what then runs, and refused afterwards."""
    before = catalog(live), on_server(server)
    path = tmp_path / "plan.json"
    command = ["plan", "0003", "--url", live, "--shadow", server.url(), "--out", str(path)]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    assert (catalog(live), on_server(server)) == before

    document = json.loads(path.read_text())
    Draft202012Validator(json.loads(_SCHEMA.read_text())).validate(document)
    assert [item["revision"] for item in document["revisions"]] == ["0002", "0003"]
    assert document["route"] == "ONLINE"
    assert document["tables"]["payment_outbox_pending"]["rows"] == 500
    [transaction] = document["revisions"][0]["batches"]
    assert transaction["locks"]["payment_outbox_pending"] == "SHARE ROW EXCLUSIVE"
    *prepared, last = document["revisions"][1]["batches"]
    assert {batch["phase"] for batch in prepared} == {"prepare"}
    assert {batch["operation"] for batch in prepared} >= {"run_script", "backfill", "build_index"}
    assert [b["transaction"] for b in prepared if b["operation"] == "build_index"] == [False]
    assert last["work_blocking"] == "instant"
    assert "SHARE ROW EXCLUSIVE" in done.stdout
    assert "waived: Report, repair and the new functions" in done.stdout
    assert "Signed (name, date):" in done.stdout

    follow = ["upgrade", "--url", live, "--plan", str(path)]
    query(live, "create index ix_by_hand on public.payment_outbox_pending (rail_type)")
    moved = CliRunner().invoke(app, [*follow, "0003"])
    assert isinstance(moved.exception, MigrationError)
    assert "the schema changed since plan.json was made" in str(moved.exception)
    query(live, "drop index public.ix_by_hand")
    further = CliRunner().invoke(app, [*follow, "0004"])
    assert "plan.json does not have revision 0004" in str(further.exception)
    assert revisions(live) == ["0001"]

    assert CliRunner().invoke(app, [*follow, "0003"]).exit_code == 0
    planned = {item["revision"]: item["files"] for item in document["revisions"]}
    ledger = dict(query(live, "select revision, files from public.ledgerdb_migrations"))
    assert {name: ledger[name] for name in planned} == planned
    late = CliRunner().invoke(app, [*follow, "0004"])
    assert "made for a database at 0001, and this one is at 0003" in str(late.exception)
    assert revisions(live) == ["0003"]


def test_what_an_upgrade_would_meet_on_this_database(
    head_url: str, server_18: EmbeddedServer
) -> None:
    """Nothing pending is a plan too; a revision that is not pending is none."""
    plan = make_plan(head_url, shadow=server_18.url())
    assert (plan.revision, plan.revisions) == (plan.target, ())
    with pytest.raises(MigrationError, match="revision 0001 is not pending"):
        make_plan(head_url, "0001", shadow=server_18.url())


def test_an_upgrade_that_would_fail_says_where(
    baseline_url: str, server_18: EmbeddedServer
) -> None:
    """The shadow has what this database has, so it fails as the upgrade would."""
    query(baseline_url, "create table public.outbox_counter_drift_report (id integer)")
    with pytest.raises(MigrationError, match=r"0002_counter_drift_report\.sql line 10 fails"):
        make_plan(baseline_url, "0002", shadow=server_18.url())


def test_a_database_that_must_be_adopted_first(empty_url: str, server_18: EmbeddedServer) -> None:
    query(empty_url, "create table public.tenants (id integer)")
    with pytest.raises(MigrationError, match=r"under ledgerdb's names .*table tenants"):
        make_plan(empty_url, "0001", shadow=server_18.url())


def test_an_empty_database_takes_the_direct_route(
    empty_url: str, server_18: EmbeddedServer
) -> None:
    plan = make_plan(empty_url, "0001", shadow=server_18.url())
    assert (plan.revision, plan.target, plan.route) == (None, "0001", "DIRECT")
    [revision] = plan.revisions
    [transaction] = revision.batches
    assert transaction.locks == {}
    assert {risk.hazard for s in transaction.statements for risk in s.risks} <= {
        "AUTHZ_UPDATE",
        "RUNS_CODE",
    }


def test_an_older_server_cannot_shadow(baseline_url: str, server_16: EmbeddedServer) -> None:
    with pytest.raises(ConfigurationError, match="PostgreSQL 16, the database's is 18"):
        make_plan(baseline_url, "0002", shadow=server_16.url())


def test_a_shadow_needs_a_superuser(
    baseline_url: str, server_18: EmbeddedServer, new_role: Callable[[str], str]
) -> None:
    role = new_role("createdb")
    with pytest.raises(ConfigurationError, match="needs a superuser"):
        make_plan(baseline_url, "0002", shadow=server_18.url("postgres", role))


def test_the_parser_may_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(ConfigurationError, match=r"pip install 'ledgerdb\[plan\]'"):
        make_plan("postgresql://nobody@nowhere/none")
