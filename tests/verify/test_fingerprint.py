"""The fingerprint changes with ledgerdb's own objects, and with nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from ledgerdb import migrate
from ledgerdb.embedded import EmbeddedServer
from ledgerdb.migrate.drift import drift
from ledgerdb.verify.fingerprint import describe, schema_fingerprint


def described(url: str) -> tuple[str, ...]:
    with psycopg.connect(url) as connection:
        return describe(connection)


@pytest.fixture
def connection_at_head(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database_url) as connection:
        yield connection


def test_it_is_equal_on_every_version(
    server_16: EmbeddedServer,
    server_18: EmbeddedServer,
    client_head_16: psycopg.Connection[Any],
    client_head_18: psycopg.Connection[Any],
) -> None:
    old = described(server_16.url(client_head_16.info.dbname))
    new = described(server_18.url(client_head_18.info.dbname))
    assert sorted({*old} ^ {*new}) == []
    assert len(new) > 300


def test_it_is_equal_after_an_upgrade(database_url: str, baseline_database_url: str) -> None:
    before = described(baseline_database_url)
    migrate.upgrade(baseline_database_url)
    after = described(baseline_database_url)
    assert before != after
    assert sorted({*after} ^ {*described(database_url)}) == []
    assert drift(baseline_database_url).differences == []  # owners, privileges, comments too


def test_it_is_64_hex_digits_and_writes_nothing(
    connection_at_head: psycopg.Connection[Any],
) -> None:
    connection_at_head.execute("set search_path = public")
    connection_at_head.execute("set transaction read only")
    fingerprint = schema_fingerprint(connection_at_head)
    assert len(bytes.fromhex(fingerprint)) == 32
    assert connection_at_head.execute("show search_path").fetchone() == ("public",)
    assert schema_fingerprint(connection_at_head) == fingerprint


CHANGES = {
    "table": "alter table public.tenants set (fillfactor = 50)",
    "column": "alter table public.tenants add column note text",
    "type": "alter table public.tenants alter column tenant_name type varchar(300)",
    "default": "alter table public.payment_outbox_pending alter column attempt_count set default 1",
    "nullability": "alter table public.tenants alter column tenant_name drop not null",
    "index": "drop index public.idx_payment_outbox_pending_hold",
    "predicate": """drop index public.idx_payment_outbox_pending_hold;
        create index idx_payment_outbox_pending_hold
        on public.payment_outbox_pending (hold, held_at) where hold = 'PAUSED'""",
    "validity": """update pg_index set indisvalid = false
        where indexrelid = 'public.idx_payment_outbox_pending_hold'::regclass""",
    "constraint": "alter table public.payment_outbox_pending drop constraint ck_pending_hold",
    "trigger": "drop trigger trg_deny_outbox_attempts_truncate on public.payment_outbox_attempts",
    "enabled": """alter table public.payment_outbox_attempts
        disable trigger trg_deny_outbox_attempts_mutation""",
    "replica": """alter table public.payment_outbox_attempts
        enable trigger trg_deny_outbox_attempts_mutation""",
    "body": """create or replace function public.uuid_strategy() returns text
        language sql stable begin atomic select 'other'::text; end""",
    "attribute": "alter function public.outbox_retry_ceiling() volatile",
    "setting": "alter function public.claim_outbox_items(int, text, int) reset search_path",
    "overload": "create function public.uuid_strategy(int) returns int language sql return 1",
    "view": "drop view public.payment_outbox_blocked_heads",
    "sequence": "alter sequence public.outbox_notify_clock cycle",
    "enum": "alter type public.outbox_attempt_state add value 'LOST'",
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_shows(change: str, connection_at_head: psycopg.Connection[Any]) -> None:
    before = schema_fingerprint(connection_at_head)
    connection_at_head.execute(CHANGES[change].encode())
    assert schema_fingerprint(connection_at_head) != before


FOREIGN = {
    "table": "create table public.schema_migrations (version text primary key)",
    "function": "create function public.other() returns int language sql return 1",
    "view": "create view public.report as select * from public.tenants",
    "enum": "create type public.mood as enum ('good')",
    "elsewhere": "create schema other; create table other.tenants (tenant_id uuid)",
    "rows": "insert into public.tenants values (gen_random_uuid(), 'k', 'n', 'NGO', 'ACTIVE')",
    "privilege": "grant select on public.tenants to public",
    "comment": "comment on table public.tenants is 'other'",
    "a known guest": "alter table public.tenants add column parent_tenant_id uuid",
    "search path": "set search_path = pg_temp, public",
}


@pytest.mark.parametrize("change", FOREIGN)
def test_what_is_not_of_the_schema_does_not_count(
    change: str, connection_at_head: psycopg.Connection[Any]
) -> None:
    before = schema_fingerprint(connection_at_head)
    connection_at_head.execute(FOREIGN[change].encode())
    assert schema_fingerprint(connection_at_head) == before
