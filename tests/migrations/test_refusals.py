"""What cannot be migrated is refused with its cause on one line, and nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from ledgerdb.embedded import EmbeddedServer
from tests.commands import assert_refused, run
from tests.migrations.databases import catalog, query
from tests.migrations.project import REVISIONS

MakeRole = Callable[[str], str]
VERSION_TABLE = "public.ledgerdb_alembic_version"


def refused(url: str, *words: str, as_role: str | None = None) -> None:
    """One line of why, and the catalog is as before to the last transaction number."""
    before = catalog(url)
    asked = url.replace("//postgres@", f"//{as_role}@") if as_role else url
    assert_refused(run("alembic", "upgrade", "head", url=asked), *words)
    assert catalog(url) == before


def database(url: str) -> str:
    return str(query(url, "select current_database()")[0][0])


def test_a_role_that_may_not_create(empty_url: str, new_role: MakeRole) -> None:
    role = new_role("")
    refused(
        empty_url,
        f'role "{role}" may not migrate database "{database(empty_url)}"',
        "CREATE on schema public",
        "ownership of the database (it belongs to postgres)",
        as_role=role,
    )


def test_a_role_that_does_not_own_the_database(empty_url: str, new_role: MakeRole) -> None:
    role = new_role("createrole")
    query(empty_url, f"grant create on schema public to {role}")
    refused(
        empty_url,
        "it lacks ownership of the database (it belongs to postgres)",
        as_role=role,
    )


@pytest.fixture
def missing_roles(server_18: EmbeddedServer, head_url: str) -> Iterator[tuple[str, ...]]:
    """Two of our roles are not in the cluster for the time of a test."""
    names = ("symphony_executor", "symphony_auditor")
    for name in names:
        query(server_18.url(), f"alter role {name} rename to {name}_away")
    yield names
    for name in names:
        query(server_18.url(), f"alter role {name}_away rename to {name}")


def test_a_role_that_may_not_create_the_missing_roles(
    empty_url: str, new_role: MakeRole, missing_roles: tuple[str, ...]
) -> None:
    role = new_role("")
    query(empty_url, f"alter database {database(empty_url)} owner to {role}")
    refused(empty_url, f"CREATEROLE (or the roles {', '.join(missing_roles)})", as_role=role)


def test_the_owner_of_the_database_needs_no_superuser(
    empty_url: str, head_url: str, new_role: MakeRole
) -> None:
    """The roles are there already (head_url), and the role acts as the owner of the objects."""
    role = new_role("")
    query(empty_url, f"alter database {database(empty_url)} owner to {role}")
    query(empty_url, f"grant symphony_owner to {role} with inherit true, set true")
    url = empty_url.replace("//postgres@", f"//{role}@")
    done = run("ledgerdb", "upgrade", url=url)
    assert done.code == 0, done.stderr


def test_a_role_that_does_not_own_our_tables(baseline_url: str, new_role: MakeRole) -> None:
    role = new_role("createrole")
    query(baseline_url, f"grant create on schema public to {role}")
    try:
        refused(baseline_url, f"this role may not read {VERSION_TABLE}", as_role=role)
        query(baseline_url, f"grant select on {VERSION_TABLE} to {role}")
        refused(
            baseline_url,
            "it lacks ownership of",
            "payment_outbox_pending (of postgres)",
            as_role=role,
        )
    finally:
        query(baseline_url, f"drop owned by {role}")


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("create table public.tenants (id int)", "table tenants"),
        ("create table public.tenants (id int) partition by list (id)", "table tenants"),
        ("create view public.payment_outbox_pending as select 1", "view payment_outbox_pending"),
        ("create materialized view public.tenants as select 1", "materialized view tenants"),
        ("create sequence public.policy_versions", "sequence policy_versions"),
        ("create type public.outbox_attempt_state as enum ()", "type outbox_attempt_state"),
        ("create domain public.policy_version_status as text", "type policy_version_status"),
        (
            "create function public.claim_outbox_batch() returns int language sql return 1",
            "function claim_outbox_batch()",
        ),
        (
            "create procedure public.ingest_instruction() language sql as ''",
            "function ingest_instruction()",
        ),
        ("create table public.payment_outbox_identities ()", "table payment_outbox_identities"),
    ],
)
def test_objects_under_our_names_that_we_did_not_create(
    empty_url: str, statement: str, found: str
) -> None:
    query(empty_url, statement)
    refused(empty_url, "objects under ledgerdb's names", found, "use a database that does not have")


def test_an_object_in_the_way_of_a_later_step(baseline_url: str) -> None:
    query(baseline_url, "create table public.payment_outbox_identities (id int)")
    refused(baseline_url, "1 objects under ledgerdb's names", "table payment_outbox_identities")


def test_an_index_in_the_way_rolls_the_step_back(empty_url: str) -> None:
    query(
        empty_url,
        """create table public.theirs (id int);
        create index idx_tenants_status on public.theirs (id)""",
    )
    before = catalog(empty_url)
    done = run("alembic", "upgrade", "head", url=empty_url)
    assert done.code != 0
    assert "revision 0001, ddl/0001_tenants.sql failed: 42P07" in done.stderr
    assert catalog(empty_url) == before


def test_a_database_of_the_earlier_migrations_must_be_adopted(empty_url: str) -> None:
    query(
        empty_url,
        """create table public.schema_migrations (version text);
        insert into public.schema_migrations values ('0001_init.sql');
        create table public.payment_outbox_pending (id int)""",
    )
    refused(empty_url, "built by the earlier plain-SQL migrations", "run `ledgerdb adopt`")


def test_a_read_only_database(empty_url: str) -> None:
    name = database(empty_url)
    query(empty_url, f"alter database {name} set default_transaction_read_only = on")
    refused(empty_url, f'database "{name}" is read-only', "default_transaction_read_only is on")


def test_a_database_that_is_not_utf8(server_18: EmbeddedServer) -> None:
    make = "create database ascii encoding 'SQL_ASCII' template template0 locale 'C'"
    query(server_18.url(), make)
    try:
        refused(server_18.url("ascii"), 'database "ascii" has encoding SQL_ASCII: ledgerdb needs')
    finally:
        query(server_18.url(), "drop database ascii with (force)")


def test_a_database_without_schema_public(empty_url: str) -> None:
    query(empty_url, "drop schema public")
    refused(empty_url, "has no schema public")


@pytest.mark.parametrize(
    "statement",
    [
        f"create view {VERSION_TABLE} as select '0001' as version_num",
        f"create table {VERSION_TABLE} (id int)",
        f"create type {VERSION_TABLE} as (version_num text)",
    ],
)
def test_the_name_of_our_version_table_is_taken(empty_url: str, statement: str) -> None:
    query(empty_url, statement)
    refused(empty_url, f"{VERSION_TABLE} exists but is not a version table of ledgerdb")


def test_a_revision_of_a_newer_release(head_url: str) -> None:
    query(head_url, f"update {VERSION_TABLE} set version_num = '0999'")
    refused(head_url, "at revision 0999, which this release does not know", REVISIONS[-1])
    assert_refused(run("ledgerdb", "current", url=head_url), "0999")


def test_two_revisions(head_url: str) -> None:
    query(head_url, f"insert into {VERSION_TABLE} values ('0001')")
    refused(head_url, "holds 2 revisions (0001, ", "edited by hand")


def test_an_emptied_version_table_is_not_taken_for_an_empty_database(head_url: str) -> None:
    query(head_url, f"delete from {VERSION_TABLE}")
    refused(head_url, "objects under ledgerdb's names that ledgerdb did not create")
