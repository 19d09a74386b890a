"""Everything of ours belongs to symphony_owner, whoever deploys, in later revisions too."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from ledgerdb.embedded import EmbeddedServer
from ledgerdb.migrate import upgrade
from tests.commands import assert_refused, run, start
from tests.migrations.databases import query
from tests.migrations.project import HEAD, REVISIONS, Project

ROLES = ("owner", "control", "executor", "ingest", "readonly", "auditor")
OWNERS = """
    select distinct owner::regrole::text from (
        select relowner from pg_class where relnamespace = 'public'::regnamespace
        union select proowner from pg_proc where pronamespace = 'public'::regnamespace
        union select typowner from pg_type where typnamespace = 'public'::regnamespace
    ) as o (owner)
"""
MEMBERS = """
    select m.member::regrole::text, m.inherit_option, m.set_option from pg_auth_members as m
    where m.roleid = 'symphony_owner'::regrole and (m.inherit_option or m.set_option)
"""
MAY_CREATE = "select has_schema_privilege('symphony_owner', 'public', 'create')"
LATER = """
create table public.later (id integer);
alter table public.payment_outbox_pending add column later integer;
grant create on schema public to symphony_owner;
alter table public.later owner to symphony_owner;
revoke create on schema public from symphony_owner;
"""
MakeDeployer = Callable[[str], str]


@pytest.fixture
def bare_server(server: EmbeddedServer, database_url: str) -> Iterator[EmbeddedServer]:
    """None of our roles is in the cluster for the time of a test; other databases keep theirs."""
    for role in ROLES:
        query(database_url, f"alter role symphony_{role} rename to away_{role}")
    yield server
    for role in ROLES:
        query(database_url, f"drop role if exists symphony_{role}")
        query(database_url, f"alter role away_{role} rename to symphony_{role}")


@pytest.fixture
def deployer(server: EmbeddedServer) -> Iterator[MakeDeployer]:
    """Makes the role `deployer` with these attributes and its database `deployed`; its URL."""

    def make(attributes: str) -> str:
        query(server.url(), f"create role deployer login {attributes}")
        query(server.url(), "create database deployed owner deployer template template0")
        return server.url("deployed").replace("//postgres@", "//deployer@")

    yield make
    query(server.url(), "drop database if exists deployed with (force)")
    query(server.url(), "drop owned by deployer")
    query(server.url(), "drop role deployer")


def test_a_deployer_with_createrole_makes_the_owner_and_goes_on(
    bare_server: EmbeddedServer, deployer: MakeDeployer, project: Project
) -> None:
    """Not a superuser, and none of the roles is there: what a managed service gives."""
    url = deployer("createrole")
    done = run("ledgerdb", "upgrade", url=url)
    assert done.code == 0, done.stderr
    assert query(url, OWNERS) == [("symphony_owner",)]
    assert query(url, MEMBERS) == [("deployer", True, True)]
    assert query(url, MAY_CREATE) == [(False,)]
    drifted = run("ledgerdb", "drift", url=url)
    assert (drifted.code, drifted.stderr) == (0, ""), drifted.stdout

    project.add_revision("9999", {"ddl/9999_later.sql": LATER})
    done = run("alembic", "-c", project.root / "alembic.ini", "upgrade", "head", url=url)
    assert done.code == 0, done.stderr
    assert query(url, OWNERS) == [("symphony_owner",)]

    # what runs with the owner's rights works for a worker
    enqueue = "select from public.enqueue_payment_outbox('i', 'p', 'k', 'RTGS', '{}')"
    query(
        bare_server.url("deployed"),
        f"set role symphony_ingest; {enqueue}; set role symphony_executor;"
        " select from public.claim_outbox_batch(1, 'w', 60)",
    )
    found = query(url, "select count(lease_token) from public.payment_outbox_pending")
    assert found == [(1,)]


@pytest.mark.parametrize("attributes", ["", "createrole"])
def test_an_owner_that_is_there_but_not_the_deployers(
    server: EmbeddedServer, database_url: str, deployer: MakeDeployer, attributes: str
) -> None:
    """Another database of the cluster made it (`database_url`): a superuser must grant it."""
    url = deployer(attributes)
    grant = "grant symphony_owner to deployer with inherit true, set true"
    assert_refused(
        run("ledgerdb", "upgrade", url=url), f"lacks membership of symphony_owner ({grant})"
    )
    query(server.url(), grant)
    done = run("ledgerdb", "upgrade", url=url)
    assert done.code == 0, done.stderr
    assert query(url, OWNERS) == [("symphony_owner",)]


def test_a_role_that_may_hand_the_owner_to_itself(
    server: EmbeddedServer, database_url: str, deployer: MakeDeployer
) -> None:
    url = deployer("")
    query(
        server.url(), "grant symphony_owner to deployer with admin true, inherit false, set false"
    )
    assert run("ledgerdb", "upgrade", url=url).code == 0
    assert ("deployer", True, True) in query(url, MEMBERS)


@pytest.mark.parametrize(
    ("spoil", "repair", "said"),
    [
        ("alter role symphony_owner login", "alter role symphony_owner nologin", "LOGIN"),
        (
            "alter role symphony_owner superuser",
            "alter role symphony_owner nosuperuser",
            "SUPERUSER",
        ),
        (
            "alter role symphony_owner bypassrls",
            "alter role symphony_owner nobypassrls",
            "BYPASSRLS",
        ),
        (
            "grant pg_write_all_data to symphony_owner",
            "revoke pg_write_all_data from symphony_owner",
            "member of pg_write_all_data",
        ),
    ],
)
def test_an_owner_with_rights_of_its_own_is_not_used(
    baseline_url: str, head_url: str, spoil: str, repair: str, said: str
) -> None:
    query(head_url, spoil)
    try:
        done = run("ledgerdb", "upgrade", url=baseline_url)
    finally:
        query(head_url, repair)
    assert done.code != 0
    assert f"0P000 role symphony_owner has rights of its own: {said}" in done.stderr
    before = REVISIONS[REVISIONS.index("0008") - 1]
    assert query(baseline_url, "select * from public.ledgerdb_alembic_version") == [(before,)]


def test_two_databases_at_once_make_the_owner_once(
    bare_server: EmbeddedServer, deployer: MakeDeployer
) -> None:
    deployer("superuser")
    query(bare_server.url(), "create database beside template template0")
    urls = (bare_server.url("deployed"), bare_server.url("beside"))
    processes = [start("ledgerdb", "upgrade", url=url) for url in urls]
    said = [process.communicate(timeout=60)[1] for process in processes]
    owners = [query(url, OWNERS) for url in urls]
    query(bare_server.url(), "drop database beside with (force)")
    assert [process.returncode for process in processes] == [0, 0], said
    assert owners == [[("symphony_owner",)]] * 2


def test_a_database_with_create_for_everyone_loses_it(baseline_database_url: str) -> None:
    """As databases have that began before PostgreSQL 15."""
    query(baseline_database_url, "grant create on schema public to public")
    assert upgrade(baseline_database_url) == HEAD
    may = "select has_schema_privilege('symphony_readonly', 'public', 'create')"
    assert query(baseline_database_url, may) == [(False,)]


def test_objects_of_other_applications_stay_theirs(baseline_database_url: str) -> None:
    query(
        baseline_database_url,
        """create table public.theirs (id integer);
        create function public.their_function() returns integer language sql return 1;
        create type public.their_type as enum ('a')""",
    )
    upgrade(baseline_database_url)
    found = query(
        baseline_database_url,
        """select c.relowner::regrole::text, p.proowner::regrole::text, t.typowner::regrole::text
        from pg_class as c, pg_proc as p, pg_type as t
        where relname = 'theirs' and proname = 'their_function' and typname = 'their_type'""",
    )
    assert found == [("postgres", "postgres", "postgres")]
