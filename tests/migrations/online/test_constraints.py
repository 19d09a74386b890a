"""Constraints are proven while the table is used, and a proof lets NOT NULL read nothing."""

from __future__ import annotations

import psycopg
import pytest

from ledgerdb.errors import MigrationError
from ledgerdb.migrate.online import constraints
from tests.migrations.online.conftest import Bench, sql_file

VALIDATE = "alter table public.t validate constraint ck_n;"
VALIDATED = "select convalidated from pg_constraint where conname = 'ck_n'"


@pytest.fixture(autouse=True)
def table(bench: Bench) -> None:
    bench.rows("drop table if exists public.t")
    bench.rows("create table public.t (n integer)")
    bench.rows("insert into public.t select i from generate_series(1, 1000) as i")
    bench.rows("alter table public.t add constraint ck_n check (n is not null) not valid")


def validate(bench: Bench, text: str = VALIDATE, seconds: float = 20.0) -> None:
    with bench.step(seconds) as (connection, watch):
        constraints.validate(connection, sql_file(text), watch)


def test_while_others_write_and_again(bench: Bench) -> None:
    with psycopg.connect(bench.url) as writer:
        writer.execute("insert into public.t values (0)")
        validate(bench)
    validate(bench)
    assert bench.value(VALIDATED) is True


def test_not_null_then_reads_nothing(bench: Bench) -> None:
    validate(bench)
    scans = "select pg_stat_get_xact_numscans('public.t'::regclass)"
    with psycopg.connect(bench.url) as connection:
        before = connection.execute(scans).fetchone()
        connection.execute("set client_min_messages = debug1")
        notices: list[str | None] = []
        connection.add_notice_handler(lambda notice: notices.append(notice.message_primary))
        connection.execute("alter table public.t alter column n set not null")
        assert connection.execute(scans).fetchone() == before
    assert any("sufficient to prove" in str(notice) for notice in notices)


def test_a_row_that_breaks_it_is_an_error_until_it_is_mended(bench: Bench) -> None:
    bench.rows("alter table public.t drop constraint ck_n")
    bench.rows("insert into public.t values (null)")
    bench.rows("alter table public.t add constraint ck_n check (n is not null) not valid")
    with pytest.raises(MigrationError, match=r"constraint ck_n of public.t: 23514"):
        validate(bench)
    assert bench.value(VALIDATED) is False
    bench.rows("delete from public.t where n is null")
    validate(bench)
    assert bench.value(VALIDATED) is True


def test_who_is_in_the_way_is_named(bench: Bench) -> None:
    with psycopg.connect(bench.url) as blocker:
        blocker.execute("lock table public.t in share update exclusive mode")
        with pytest.raises(MigrationError, match=f"pid {blocker.info.backend_pid} "):
            validate(bench, seconds=0.6)
    validate(bench)


def test_what_is_not_there_is_refused(bench: Bench) -> None:
    with pytest.raises(MigrationError, match=r"public.t has no constraint ck_other"):
        validate(bench, "alter table public.t validate constraint ck_other;")


def test_a_file_of_another_kind_is_refused(bench: Bench) -> None:
    with pytest.raises(MigrationError, match="must be one statement"):
        validate(bench, VALIDATE + VALIDATE)
