"""Whatever is done to an object of ours is named, and nothing else is."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ledgerdb.catalog import Expected, read, without_guests
from ledgerdb.catalog.compare import compare
from tests.catalog.conftest import Site

MUTATIONS: dict[str, dict[str, Any]] = tomllib.loads(
    Path(__file__).with_name("mutations.toml").read_text("utf-8")
)
REST = "*"


@pytest.fixture(scope="module")
def superuser(site: Site) -> Iterator[psycopg.Connection[Any]]:
    with site.connect() as connection:
        yield connection


def differences(connection: psycopg.Connection[Any], wanted: Expected, change: str) -> set[str]:
    with connection.transaction(force_rollback=True):
        connection.execute(change.encode())
        found = without_guests(read(connection, wanted.names))
    return {" ".join(each.key) for each in compare(wanted.catalog, found)}


def test_there_are_enough_of_them() -> None:
    assert len(MUTATIONS) >= 100


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_it_is_named(mutation: str, superuser: psycopg.Connection[Any], wanted: Expected) -> None:
    objects = set(MUTATIONS[mutation]["objects"])
    found = differences(superuser, wanted, MUTATIONS[mutation]["sql"])
    if REST in objects:
        assert objects - {REST} <= found
    else:
        assert found == objects


FOREIGN = {
    "a table": "create table public.schema_migrations (version text primary key)",
    "a function": "create function public.other() returns int language sql return 1",
    "a view over ours": "create view public.report as select * from public.tenants",
    "an enum": "create type public.mood as enum ('good')",
    "our names elsewhere": """create schema other; create table other.tenants (tenant_id uuid);
        create function other.uuid_strategy() returns int language sql return 1""",
    "rows": "insert into public.tenants values (gen_random_uuid(), 'k', 'n', 'NGO', 'ACTIVE')",
    "a login of a service": "create role service login; grant symphony_executor to service",
    "a user of the schema": "create role app login; grant usage on schema public to app",
    "a tighter bound": """do $$ begin execute format(
        'alter database %I set statement_timeout = %L', current_database(), '10s'); end $$""",
    "another setting": """do $$ begin execute format(
        'alter database %I set work_mem = %L', current_database(), '64MB'); end $$""",
    "default privileges of others": """create role app;
        alter default privileges for role app grant select on tables to public""",
    "search path": "set local search_path = pg_temp, public",
}


@pytest.mark.parametrize("change", FOREIGN)
def test_what_others_have_does_not_count(
    change: str, superuser: psycopg.Connection[Any], wanted: Expected
) -> None:
    assert differences(superuser, wanted, FOREIGN[change]) == set()
