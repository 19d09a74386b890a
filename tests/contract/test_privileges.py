"""privileges.txt is what every database has: either version, fresh or upgraded with work in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest

from ledgerdb.migrate import upgrade
from tools import privileges

GOLDEN = Path(__file__).parent / "privileges.txt"


def test_a_fresh_database(connection: psycopg.Connection[Any]) -> None:
    assert privileges.matrix(connection) == GOLDEN.read_text()


def test_a_deployed_database_that_was_upgraded(baseline_database_url: str) -> None:
    upgrade(baseline_database_url)
    with psycopg.connect(baseline_database_url, autocommit=True) as connection:
        assert privileges.matrix(connection) == GOLDEN.read_text()


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ("grant update on public.tenants to symphony_ingest", "update"),
        (
            "grant select (lease_token) on public.payment_outbox_pending to symphony_auditor",
            "not \n",
        ),
        ("grant execute on function public.uuid_strategy() to public", "execute"),
        ("grant create on schema public to symphony_control", "create,usage"),
        ("grant usage on type public.policy_version_status to public", "usage"),
        (
            "grant usage on sequence public.outbox_notify_clock to symphony_owner, pg_monitor",
            "pg_monitor=usage",
        ),
        ("alter view public.payment_outbox_queue owner to postgres", "(of postgres)"),
        ("alter function public.outbox_backlog() security invoker", "function  execute"),
        ("create table public.another ()", "another (of postgres)"),
        (
            "alter default privileges for role symphony_owner grant select on tables to public",
            "default",
        ),
        ("alter role symphony_control createrole", "CREATEROLE"),
        ("grant pg_read_all_data to symphony_readonly", "member of pg_read_all_data"),
    ],
)
def test_a_change_shows(connection: psycopg.Connection[Any], change: str, shown: str) -> None:
    before = privileges.matrix(connection).splitlines(keepends=True)
    with connection.transaction(force_rollback=True):
        connection.execute(change)
        after = privileges.matrix(connection).splitlines(keepends=True)
    assert [line for line in after if line not in before and shown in line]
