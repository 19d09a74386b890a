"""A backfill that is killed wherever it is does every row exactly once in the end."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from threading import Thread

import psycopg
import pytest

from ledgerdb.embedded import EmbeddedServer
from ledgerdb.errors import MigrationError
from ledgerdb.migrate.online import backfill
from ledgerdb.migrate.online.pace import ROWS_MAX, ROWS_MIN, Pace
from ledgerdb.migrate.online.pressure import QUEUE_MAX
from tests.commands import ROOT
from tests.migrations.online.conftest import BOOKS, Bench, new_database, sql_file
from tests.waiting import until

ROWS = 3000
FILE = """
create or replace function pg_temp.ledgerdb_rows() returns bigint language sql stable
begin atomic
    select count(*) from public.t;
end;
create or replace function pg_temp.ledgerdb_batch(p_after text, p_rows integer)
returns table (last text, done bigint) language plpgsql as $function$
declare
    v_ids integer[];
begin
    select array_agg(batch.n order by batch.n) into v_ids from (
        select n from public.t where n > coalesce(p_after::integer, 0) order by n limit p_rows
    ) as batch;
    update public.t set touched = touched + 1 where n = any(v_ids);
    return query select case when cardinality(v_ids) = p_rows then v_ids[p_rows]::text end,
        coalesce(cardinality(v_ids), 0)::bigint;
end;
$function$;
"""
PLACE = backfill.Place("9999", 1)
# What a deployer does, in a process that can be killed.
PROGRAM = """
import sys
from tests.migrations.online.conftest import Bench, sql_file
from tests.migrations.online.test_backfill import FILE, PLACE
from ledgerdb.migrate.online import backfill
from ledgerdb.migrate.online.pace import Pace
pace = Pace(rows=10, target_seconds=0.0001, rest_share=0.8)
with Bench(sys.argv[1]).step() as (connection, watch):
    backfill.run(connection, sql_file(FILE), PLACE, watch, pace)
"""
JOURNAL = """select state, last_key, rows_done, rows_estimate, finished_at is not null
    from public.ledgerdb_migration_steps"""


@pytest.fixture(scope="module")
def bench_url(server_18: EmbeddedServer) -> str:
    """Of one version: nothing here depends on it."""
    return new_database(server_18, "backfill")


@pytest.fixture(autouse=True)
def table(bench: Bench) -> None:
    bench.rows("drop table if exists public.t")
    bench.rows("create table public.t (n integer primary key, touched integer not null default 0)")
    bench.rows(f"insert into public.t select i from generate_series(1, {ROWS}) as i")
    bench.rows(BOOKS.read_text())
    bench.rows("delete from public.ledgerdb_migration_steps")
    bench.rows(
        """insert into public.ledgerdb_migration_steps (revision, step_no, name, sha256)
        values ('9999', 1, '9999_test.sql', '')"""
    )


def run(bench: Bench, text: str = FILE, seconds: float = 20.0, pace: Pace | None = None) -> None:
    with bench.step(seconds) as (connection, watch):
        backfill.run(connection, sql_file(text), PLACE, watch, pace)


def touched(bench: Bench) -> list[tuple[int, int]]:
    return bench.rows("select touched, count(*) from public.t group by 1 order by 1")


def test_killed_three_times_at_random_every_row_is_done_once(bench: Bench) -> None:
    chance = random.Random(bench.url)  # noqa: S311 - of a test
    done = [0]

    def rows_done() -> int:
        return int(bench.value("select rows_done from public.ledgerdb_migration_steps"))

    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, bench.url], cwd=ROOT, stdout=subprocess.PIPE
        )
        goal = done[-1] + chance.randint(1, ROWS // 10)
        until(lambda goal=goal: rows_done() >= goal)  # type: ignore[misc]
        process.send_signal(signal.SIGKILL)
        process.communicate()
        until(
            lambda: (
                not bench.rows(
                    """select from pg_stat_activity where datname = current_database()
                    and application_name = 'ledgerdb-migrate'"""
                )
            )
        )
        done.append(rows_done())
        assert bench.value("select count(*) from public.t where touched = 1") == done[-1]
        assert done[-1] < ROWS, "it ended before it was killed: give it more rows"
    run(bench, pace=Pace(rows=50))
    assert done == sorted(done)
    assert touched(bench) == [(1, ROWS)]
    assert bench.rows(JOURNAL) == [("DONE", None, ROWS, ROWS, True)]
    shares = [share for share, _ in bench.progress]
    assert shares == sorted(shares)
    assert shares[0] > done[-1]


def test_one_that_is_done_is_not_begun_again(bench: Bench) -> None:
    run(bench)
    with pytest.raises(MigrationError, match="another deployer is at work on it, or it is done"):
        run(bench)
    assert touched(bench) == [(1, ROWS)]


@pytest.fixture
def holder(bench: Bench) -> Iterator[psycopg.Connection]:
    """Somebody who has a row of the next batch."""
    with psycopg.connect(bench.url) as connection:
        connection.execute("update public.t set touched = touched where n = 15")
        yield connection


def test_a_batch_that_meets_a_lock_gives_way_and_gets_smaller(
    bench: Bench, holder: psycopg.Connection
) -> None:
    pace = Pace(rows=400)
    with bench.step() as (connection, watch):
        seen = watch.on_progress

        def note(done: int, total: int) -> None:
            holder.rollback()
            seen(done, total)

        watch.on_progress = note
        backfill.run(connection, sql_file(FILE), PLACE, watch, pace)
    assert bench.progress[0][0] < 15, "the first batch ends before the locked row"
    assert touched(bench) == [(1, ROWS)]


def test_it_stops_where_it_makes_no_progress(
    bench: Bench, holder: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder.execute("update public.t set touched = touched where n = 1")
    monkeypatch.setattr(backfill, "_FAILURES_MAX", 2)
    with pytest.raises(MigrationError, match=r"9999_test.sql: 2 batches in a row .* 55P03"):
        run(bench)
    assert bench.rows(JOURNAL) == [("RUNNING", None, 0, ROWS, False)]


def test_it_pauses_while_sessions_queue_for_tables(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledgerdb.migrate.online.pressure.QUEUE_MAX", 0)
    bench.rows("create table public.elsewhere (n integer)")
    with psycopg.connect(bench.url) as blocker:
        blocker.execute("lock table public.elsewhere")
        waiter = Thread(target=bench.rows, args=("drop table public.elsewhere",))
        waiter.start()
        until(lambda: bench.value("select count(*) from pg_locks where not granted"))
        with pytest.raises(MigrationError, match=r"paused for 0.6 s, because 1 sessions wait"):
            run(bench, seconds=0.6)
        assert touched(bench) == [(0, ROWS)]
        blocker.rollback()
        waiter.join()
    run(bench)
    assert touched(bench) == [(1, ROWS)]
    assert QUEUE_MAX > 0


def test_an_error_in_a_batch_undoes_it_and_ends_the_run(bench: Bench) -> None:
    bench.rows("alter table public.t add check (n <> 1000 or touched = 0)")
    with pytest.raises(psycopg.errors.CheckViolation):
        run(bench)
    state, last_key, done, _, _ = bench.rows(JOURNAL)[0]
    assert (state, int(last_key)) == ("RUNNING", done)
    assert bench.value("select count(*) from public.t where touched = 1") == done


def test_the_pace_aims_at_its_target_and_rests() -> None:
    pace = Pace(target_seconds=0.1, rest_share=0.75, rows=100)
    assert pace.took(0.2) == pytest.approx(0.6)
    assert pace.rows == 50
    for _ in range(30):
        pace.took(0.0001)
    assert pace.rows == ROWS_MAX
    for _ in range(30):
        pace.failed()
    assert pace.rows == ROWS_MIN
