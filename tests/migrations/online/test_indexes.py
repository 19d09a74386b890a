"""Whatever an earlier try left: in the end the index is valid and the wanted one, or refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import psycopg
import pytest

from ledgerdb.errors import MigrationError
from ledgerdb.migrate.online import indexes
from tests.migrations.online.conftest import Bench, sql_file
from tests.waiting import until

BUILD = "create unique index concurrently if not exists ux_t_n on public.t using btree (n);"
WANTED = "CREATE UNIQUE INDEX ux_t_n ON public.t USING btree (n)"
INVALID = "create unique index concurrently ux_t_n on public.t using btree (n)"


@pytest.fixture(autouse=True)
def table(bench: Bench) -> None:
    """Fresh: one row twice, so that a unique index fails."""
    bench.rows("drop table if exists public.t, public.other")
    bench.rows("create table public.t (n integer, s text)")
    bench.rows("insert into public.t select i, i::text from generate_series(1, 2000) as i")


def build(bench: Bench, text: str = BUILD, seconds: float = 20.0) -> None:
    with bench.step(seconds) as (connection, watch):
        indexes.build(connection, sql_file(text), watch)


def found(bench: Bench) -> dict[str, tuple[str, bool]]:
    """Index -> definition and validity."""
    rows = bench.rows(
        """select c.relname, pg_get_indexdef(c.oid), i.indisvalid from pg_index as i
        join pg_class as c on c.oid = i.indexrelid where i.indrelid = 'public.t'::regclass"""
    )
    return {name: (definition, valid) for name, definition, valid in rows}


def break_by_duplicates(bench: Bench) -> None:
    bench.rows("insert into public.t values (1, 'again')")
    with pytest.raises(psycopg.errors.UniqueViolation):
        bench.rows(INVALID)
    assert found(bench)["ux_t_n"][1] is False


@contextmanager
def old_snapshot(bench: Bench) -> Iterator[psycopg.Connection]:
    """Somebody whose transaction a concurrent build has to wait for."""
    with psycopg.connect(bench.url) as connection:
        connection.execute("set transaction isolation level repeatable read")
        connection.execute("update public.t set s = s where n = 7")
        yield connection
        connection.rollback()


@contextmanager
def building(bench: Bench, statement: str = INVALID) -> Iterator[tuple[psycopg.Connection, Thread]]:
    """Somebody else builds the index, in the middle of the work."""
    with psycopg.connect(bench.url, autocommit=True) as connection:
        errors: list[psycopg.Error] = []

        def work() -> None:
            try:
                connection.execute(statement.encode())
            except psycopg.Error as error:
                errors.append(error)

        thread = Thread(target=work)
        thread.start()
        until(lambda: bench.rows("select 1 from pg_stat_progress_create_index"))
        yield connection, thread
        thread.join()


def test_from_nothing_and_again(bench: Bench) -> None:
    build(bench)
    oid = bench.value("select 'public.ux_t_n'::regclass::oid")
    build(bench)
    assert found(bench) == {"ux_t_n": (WANTED, True)}
    assert bench.value("select 'public.ux_t_n'::regclass::oid") == oid


def test_a_duplicate_leaves_nothing_and_is_named_then_mended(bench: Bench) -> None:
    bench.rows("insert into public.t values (1, 'again')")
    with pytest.raises(MigrationError, match=r"23505 .*\n.*\(n\)=\(1\)"):
        build(bench)
    assert found(bench) == {}
    bench.rows("delete from public.t where s = 'again'")
    build(bench)
    assert found(bench) == {"ux_t_n": (WANTED, True)}


def test_an_invalid_index_is_built_anew(bench: Bench) -> None:
    break_by_duplicates(bench)
    bench.rows("delete from public.t where s = 'again'")
    build(bench)
    assert found(bench) == {"ux_t_n": (WANTED, True)}


def test_leftovers_of_reindex_are_swept(bench: Bench) -> None:
    build(bench)
    for _ in range(2):  # _ccnew, _ccnew1
        with old_snapshot(bench), psycopg.connect(bench.url, autocommit=True) as connection:
            connection.execute("set lock_timeout = '50ms'")
            with pytest.raises(psycopg.errors.LockNotAvailable):
                connection.execute("reindex index concurrently public.ux_t_n")
    assert {"ux_t_n_ccnew", "ux_t_n_ccnew1"} <= set(found(bench))
    build(bench)
    assert found(bench) == {"ux_t_n": (WANTED, True)}


def test_a_build_that_goes_on_is_waited_for(bench: Bench) -> None:
    with old_snapshot(bench) as blocker, building(bench) as (_, thread):
        ours = Thread(target=build, args=(bench,))
        ours.start()
        until(lambda: bench.blocked)
        blocker.rollback()
        thread.join()
        ours.join()
    assert "pid" in bench.blocked[0]
    assert found(bench) == {"ux_t_n": (WANTED, True)}


@pytest.mark.parametrize("end", ["terminated", "cancelled"])
def test_a_build_that_was_killed_is_done_again(bench: Bench, end: str) -> None:
    with old_snapshot(bench), building(bench) as (builder, thread):
        function = {"terminated": "terminate", "cancelled": "cancel"}[end]
        bench.rows(f"select pg_{function}_backend({builder.info.backend_pid})")
        thread.join()
    assert found(bench)["ux_t_n"][1] is False
    build(bench)
    assert found(bench) == {"ux_t_n": (WANTED, True)}


def test_an_old_snapshot_is_named_and_stops_it_in_the_end(bench: Bench) -> None:
    with old_snapshot(bench) as blocker:
        with pytest.raises(MigrationError, match=f"pid {blocker.info.backend_pid} .*transaction"):
            build(bench, seconds=1.0)
        # nobody who writes has waited meanwhile, nor does now
        with psycopg.connect(bench.url) as writer:
            writer.execute("set lock_timeout = '50ms'")
            writer.execute("insert into public.t values (-1, '')")
    build(bench)
    assert found(bench) == {"ux_t_n": (WANTED, True)}


@pytest.mark.parametrize(
    "other",
    [
        "create index ux_t_n on public.t (n)",
        "create unique index ux_t_n on public.t (n) where n > 5",
        "create unique index ux_t_n on public.t (n, s)",
        "create unique index ux_t_n on public.t (n desc)",
        "create unique index ux_t_n on public.t (n) nulls not distinct",
        "create table public.other (n integer); create unique index ux_t_n on public.other (n)",
        "create table public.other (n integer constraint ux_t_n primary key)",
        "create view public.ux_t_n as select 1 as one",
    ],
)
def test_another_object_of_the_name_is_refused_and_left(bench: Bench, other: str) -> None:
    bench.rows(other)
    oid = bench.value("select 'public.ux_t_n'::regclass::oid")
    with pytest.raises(MigrationError, match="(?s)is another.*there: .*wanted: " + WANTED[:30]):
        build(bench)
    assert bench.value("select 'public.ux_t_n'::regclass::oid") == oid
    if other.startswith("create view"):
        bench.rows("drop view public.ux_t_n")


def test_predicates_and_options_are_compared_as_the_server_says_them(bench: Bench) -> None:
    text = """-- a comment; with a semicolon
        CREATE INDEX CONCURRENTLY idx_t_s ON public.t USING btree (lower(s) text_pattern_ops)
        INCLUDE (n) WITH (fillfactor = 70) WHERE s IN ('a', 'b');"""
    build(bench, text)
    oid = bench.value("select 'public.idx_t_s'::regclass::oid")
    build(bench, text)
    assert bench.value("select 'public.idx_t_s'::regclass::oid") == oid


@pytest.mark.parametrize(
    "text", ["create index i on public.t using btree (n);", BUILD + BUILD, "select 1;", ""]
)
def test_a_file_of_another_kind_is_refused(bench: Bench, text: str) -> None:
    with pytest.raises(MigrationError, match="must be one statement"):
        build(bench, text)


def test_dropped_also_after_a_try_that_was_killed(bench: Bench) -> None:
    file = sql_file("drop index concurrently if exists public.ux_t_n;")
    build(bench)
    with (
        old_snapshot(bench),
        bench.step(0.5) as (connection, watch),
        pytest.raises(MigrationError, match="waited"),
    ):
        indexes.drop(connection, file, watch)
    for _ in range(2):
        with bench.step() as (connection, watch):
            indexes.drop(connection, file, watch)
    assert found(bench) == {}
    bench.rows("create view public.ux_t_n as select 1 as one")
    with bench.step() as (connection, watch), pytest.raises(MigrationError, match="not an index"):
        indexes.drop(connection, file, watch)
    bench.rows("drop view public.ux_t_n")
