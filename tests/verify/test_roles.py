"""Each right that somebody has and must not, or has not and must, is named with its holder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest

from ledgerdb.embedded import EmbeddedServer
from ledgerdb.verify.evidence import Status, read
from ledgerdb.verify.roles import ARTEFACT, CHECK_ID, verify_roles, witness
from ledgerdb.verify.roles.matrix import load
from tests.verify.conftest import findings, verify
from tests.verify.role_damage import GRANTS, OBJECTS, ROLES, SIDEWAYS

DAMAGE = GRANTS | ROLES | OBJECTS | SIDEWAYS


@pytest.fixture
def site(damaged: psycopg.Connection[Any]) -> psycopg.Connection[Any]:
    damaged.execute(
        "create role roles_stranger login; create role roles_login login;"
        " create role roles_group nologin"
    )
    return damaged


@pytest.mark.parametrize("what", DAMAGE)
def test_damage_is_named(what: str, site: psycopg.Connection[Any]) -> None:
    statement, said = DAMAGE[what]
    found = findings(witness, site, statement)
    assert [line for line in found if said in line], found
    # a change says one thing, or one thing per privilege, or per object that hangs on it
    assert len(found) <= 8, found


def test_it_holds_on_every_version(database_url: str) -> None:
    found = verify_roles(database_url)
    assert (found.status, found.details["findings"]) == (Status.PASS, [])
    matrix = found.details["matrix"]
    assert sorted(matrix) == [*load().roles]
    assert all(role["writes"] == [] for role in matrix.values())
    assert matrix["symphony_ingest"]["reads"] == []
    assert "claim_outbox_items(integer,text,integer)" in matrix["symphony_executor"]["executes"]


def test_what_a_site_may_add_is_information(site: psycopg.Connection[Any]) -> None:
    statements = (
        "grant symphony_executor to roles_login",
        "grant symphony_readonly to roles_group",
        "grant symphony_owner to roles_stranger",  # who deploys
        "grant select on public.tenants to roles_stranger",
        "grant select (outbox_id) on public.payment_outbox_pending to roles_stranger",
        "grant execute on function public.outbox_backlog() to roles_group",
        "create table public.theirs (); grant all on public.theirs to symphony_ingest",
        "create function public.theirs() returns void language sql begin atomic end",
        # reads what it may anyway, or nothing of ours
        (
            "create view public.queue with (security_invoker) as"
            " select * from public.payment_outbox_pending; grant select on public.queue to public"
        ),
        (
            "create view public.open as select outbox_id from public.payment_outbox_pending;"
            " grant select on public.open to roles_group"
        ),
        (
            "create function public.help() returns integer language sql security definer"
            " as 'select 1'"
        ),
    )
    assert findings(witness, site, *statements) == []
    information = witness(site).details["information"]
    assert information["may_act_as"] == {
        "symphony_auditor": [],
        "symphony_control": [],
        "symphony_executor": ["roles_login"],
        "symphony_ingest": [],
        "symphony_owner": ["roles_stranger"],
        "symphony_readonly": ["roles_group"],
    }
    assert information["other_grantees"] == {
        "roles_group": ["execute outbox_backlog()"],
        "roles_stranger": ["select payment_outbox_pending.outbox_id", "select tenants"],
    }
    assert "postgres" in information["superusers"]
    assert information["definers_of_others"] == ["public.help()"]


def test_every_relation_and_function_is_guarded(site: psycopg.Connection[Any]) -> None:
    """The matrix has no hole: a grant on any object of the owner's is named."""
    site.execute(
        """
        do $$ declare v record; begin
            for v in
                select format('grant truncate on public.%I to symphony_ingest', relname) as s
                from pg_class
                where relowner = 'symphony_owner'::regrole and relkind in ('r', 'v')
                union all select format('grant execute on function %s to public', oid::regprocedure)
                from pg_proc where proowner = 'symphony_owner'::regrole
            loop execute v.s; end loop;
        end $$"""
    )
    found = witness(site).findings
    matrix = load()
    assert len([x for x in found if x.startswith("symphony_ingest may truncate")]) == len(
        matrix.readers
    )
    assert len([x for x in found if x.startswith("PUBLIC may execute")]) == len(matrix.executors)


def test_the_command(shared_url: str, witnessed_server: EmbeddedServer, tmp_path: Path) -> None:
    """As a login with no rights at all, on a database that one grant has spoilt."""
    with psycopg.connect(shared_url, autocommit=True) as connection:
        connection.execute("create role roles_anybody login")
        connection.execute("grant delete on public.tenants to symphony_readonly")
        try:
            url = witnessed_server.url(connection.info.dbname, user="roles_anybody")
            done = verify("roles", "--url", url, "--out", tmp_path)
        finally:
            connection.execute("revoke delete on public.tenants from symphony_readonly")
            connection.execute("drop role roles_anybody")
    assert (done.code, done.stderr) == (1, "")
    assert done.stdout.splitlines() == [
        f"{CHECK_ID}: symphony_readonly may delete relation tenants: functions do that",
        f"{CHECK_ID}: FAIL ({tmp_path / ARTEFACT})",
    ]
    assert read(tmp_path / ARTEFACT).status is Status.FAIL
