"""A verb on the driver's connection: prepared, one round trip, and whole whatever happens to it."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.ext.asyncio import create_async_engine

from ledgerdb import (
    AsyncLedger,
    ConfigurationError,
    EngineSettings,
    IdempotencyConflict,
    InvalidArgument,
    InvalidTransition,
    Ledger,
    LedgerTransaction,
    OutcomeUnknown,
    calls,
)
from ledgerdb.calls import Call
from tests.conftest import Execute
from tests.dal.queue import DISPATCHED, enqueue
from tests.waiting import until

ONE_SESSION = EngineSettings(pool_size=1, max_overflow=0, prepare_threshold=2, resolve_seconds=0)
SHAPES = """
    create function public.shape() returns table (found {kind}) language sql as 'select {value}'
"""


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    """A pool of one session."""
    with Ledger.connect(database_url, ONE_SESSION) as ledger:
        yield ledger


def read(statement: str) -> Call[Any]:
    return Call("read", text(statement), {}, lambda rows: rows[0][0], writes=False)


# Does not find itself.
PREPARED = read(
    "select count(*) from pg_prepared_statements where statement ~ 'public[.]outbox_backlog'"
)


def in_session(engine: Engine, statement: str) -> None:
    """Something that happens to the session between two verbs."""
    connection: Any = engine.raw_connection()
    connection.driver_connection.autocommit = True
    connection.driver_connection.execute(statement)
    connection.driver_connection.autocommit = False
    connection.close()


def backend(ledger: Ledger) -> int:
    return int(ledger.execute(read("select pg_backend_pid()")))


async def test_a_statement_is_prepared_once_after_the_threshold(execute: Execute) -> None:
    """The default is three executions."""
    counted = []
    for _ in range(6):
        await execute(calls.backlog())
        counted.append(await execute(PREPARED))
    assert counted == [0, 0, 0, 1, 1, 1]


def test_without_a_threshold_nothing_is_prepared(database_url: str) -> None:
    settings = EngineSettings(pool_size=1, max_overflow=0, prepare_threshold=None)
    with Ledger.connect(database_url, settings) as ledger:
        for _ in range(10):
            ledger.backlog()
        assert ledger.execute(read("select count(*) from pg_prepared_statements")) == 0


def test_values_of_other_types_are_another_statement(ledger: Ledger) -> None:
    """A plan for one type of a parameter would refuse, or misread, another."""
    statement = text("select cast(:value as text)")
    for value, expected in ((1, "1"), ("a", "a"), (None, None), (2**40, str(2**40))) * 4:
        call: Call[Any] = Call(
            "read", statement, {"value": value}, lambda rows: rows[0][0], writes=False
        )
        assert ledger.execute(call) == expected


def test_results_of_every_mixture_are_one_statement(
    ledger: Ledger, connection: psycopg.Connection[Any]
) -> None:
    """Psycopg would send an array of small integers, or one without a text, as another type."""
    for number in range(12):
        ledger.execute(enqueue(number))
    for number, item in enumerate(ledger.claim(12, "w", 30)):
        ledger.complete(
            item,
            "w",
            DISPATCHED,
            rail_reference="é" if number % 2 else None,
            latency_ms=(None, 5, 40_000)[number % 3],
        )
    counted = read(
        "select count(*) from pg_prepared_statements where statement ~ 'complete_outbox[_]attempts'"
    )
    assert ledger.execute(counted) == 1
    assert connection.execute(
        """select rail_reference, latency_ms, count(*) from public.payment_outbox_attempts
        group by 1, 2 order by 1, 2"""
    ).fetchall() == [(name, took, 2) for name in ("é", None) for took in (5, 40_000, None)]


@pytest.mark.parametrize("lost", ["deallocate all", "discard all"])
def test_a_session_that_forgot_its_statements(ledger: Ledger, lost: str) -> None:
    for _ in range(4):
        ledger.backlog()
    assert ledger.execute(PREPARED) == 1
    in_session(ledger.engine, lost)
    assert ledger.backlog().due == 0
    assert ledger.enqueue("i", "p", "k", "RTGS", "{}").state == "PENDING"
    assert ledger.backlog().due == 1


def test_a_migration_that_changes_what_a_function_returns(
    ledger: Ledger, connection: psycopg.Connection[Any]
) -> None:
    shape = read("select t.found from public.shape() as t")
    connection.execute(SHAPES.format(kind="integer", value="1"))
    assert [ledger.execute(shape) for _ in range(4)] == [1] * 4
    connection.execute("drop function public.shape()")
    connection.execute(SHAPES.format(kind="text", value="''one''::text"))
    assert [ledger.execute(shape) for _ in range(4)] == ["one"] * 4


def test_one_round_trip_and_nothing_of_sqlalchemys(ledger: Ledger) -> None:
    """A Sync ends what the client sends before it waits; libpq writes down each."""
    executions: list[str] = []
    event.listen(ledger.engine, "before_cursor_execute", lambda *about: executions.append(about[2]))
    for number in range(4):
        ledger.enqueue(f"i-{number}", "p", f"k-{number}", "RTGS", "{}")
    connection: Any = ledger.engine.raw_connection()
    driver: psycopg.Connection[Any] = connection.driver_connection
    connection.close()
    with tempfile.TemporaryFile() as trace:
        driver.pgconn.trace(trace.fileno())
        ledger.enqueue("i-5", "p", "k-5", "RTGS", "{}")
        driver.pgconn.untrace()
        trace.seek(0)
        sent = [line.split(b"\t")[3].strip() for line in trace if b"\tF\t" in line]
    assert sent == [b"Bind", b"Describe", b"Execute", b"Sync"]
    assert executions == []


async def test_errors_are_those_of_a_transaction(execute: Execute, database_url: str) -> None:
    """Whoever executes, the class, the SQLSTATE and the field are the same."""
    engine = create_engine(database_url.replace("postgresql://", "postgresql+psycopg://"))
    await execute(enqueue(1))
    refused = [
        enqueue(1, '{"other": 1}'),
        enqueue(2, "[]"),
        enqueue(2, "{"),
        calls.claim(0, "w", 1),
    ]
    for call in refused:
        with pytest.raises((IdempotencyConflict, InvalidArgument)) as direct:
            await execute(call)
        with engine.begin() as own, pytest.raises(type(direct.value)) as inside:
            LedgerTransaction(own).execute(call)
        assert str(direct.value) == str(inside.value)
        assert direct.value.sqlstate == inside.value.sqlstate
        assert direct.value.field == inside.value.field
        assert direct.value.rule == inside.value.rule
    engine.dispose()


async def test_a_commit_that_fails_is_no_success(
    execute: Execute, connection: psycopg.Connection[Any]
) -> None:
    """The rows of the answer come first, and the refusal behind them."""
    connection.execute(
        """create function public.refuse() returns trigger language plpgsql as
        $$ begin raise exception 'not at the commit' using errcode = 'P7004'; end $$;
        create constraint trigger refuse after insert on public.payment_outbox_pending
        deferrable initially deferred for each row execute function public.refuse()"""
    )
    for number in range(8):  # prepared too
        with pytest.raises(InvalidTransition, match="not at the commit"):
            await execute(calls.enqueue(f"i{number}", "p", "k", "RTGS", "{}"))
    assert (await execute(calls.backlog())).due == 0


def test_the_session_of_a_refused_verb_is_good(ledger: Ledger) -> None:
    before = backend(ledger)
    for number in range(5):
        with pytest.raises(InvalidArgument):
            ledger.claim(0, "w", 30)
        ledger.enqueue(f"i-{number}", "p", f"k-{number}", "RTGS", "{}")
    assert backend(ledger) == before
    assert ledger.backlog().due == 5


def test_an_engine_of_another_maker(database_url: str, connection: psycopg.Connection[Any]) -> None:
    engine = create_engine(database_url.replace("postgresql://", "postgresql+psycopg://"))
    with Ledger(engine) as ledger:
        for number in range(8):  # prepared on the way, by the driver's own threshold
            ledger.enqueue(f"i-{number}", "p", f"k-{number}", "RTGS", "{}")
    assert len(connection.execute("select from public.payment_outbox_pending").fetchall()) == 8


async def test_an_async_engine_of_another_maker(database_url: str) -> None:
    engine = create_async_engine(database_url.replace("postgresql://", "postgresql+psycopg://"))
    async with AsyncLedger(engine) as ledger:
        for number in range(8):
            await ledger.enqueue(f"i-{number}", "p", f"k-{number}", "RTGS", "{}")
        assert (await ledger.backlog()).due == 8


def test_an_engine_of_another_driver_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"postgresql\+psycopg, not sqlite\+pysqlite"):
        Ledger(create_engine("sqlite://"))


def test_a_transaction_that_an_event_left_open_is_refused(
    database_url: str, connection: psycopg.Connection[Any]
) -> None:
    """A verb inside it would be acknowledged, and rolled back by the pool."""
    engine = create_engine(database_url.replace("postgresql://", "postgresql+psycopg://"))

    def ask(dbapi_connection: Any, *_: object) -> None:  # noqa: ANN401 - SQLAlchemy's
        dbapi_connection.cursor().execute("select 1")

    event.listen(engine, "checkout", ask)
    with Ledger(engine) as ledger, pytest.raises(ConfigurationError, match="transaction"):
        ledger.enqueue("i", "p", "k", "RTGS", "{}")
    assert connection.execute("select from public.payment_outbox_pending").fetchall() == []


def test_a_broken_connection_leaves_the_pool(
    ledger: Ledger, connection: psycopg.Connection[Any]
) -> None:
    ledger.enqueue("i", "p", "k", "RTGS", "{}")
    before = backend(ledger)
    broken: list[BaseException] = []

    def write() -> None:
        try:
            ledger.enqueue("i-2", "p", "k-2", "RTGS", "{}")
        except OutcomeUnknown as error:
            broken.append(error)

    with psycopg.connect(connection.info.dsn) as holder:
        holder.execute("select from public.participant_outbox_sequences for update")
        thread = threading.Thread(target=write)
        thread.start()
        ended: Callable[[], Any] = lambda: connection.execute(  # noqa: E731
            """select pg_terminate_backend(pid) from pg_stat_activity
            where pid = %s and wait_event_type = 'Lock'""",
            [before],
        ).fetchone()
        until(ended)
        thread.join()
    assert len(broken) == 1
    assert ledger.engine.pool.checkedin() == 0  # type: ignore[attr-defined]
    assert backend(ledger) != before


def test_threads_share_the_sessions(database_url: str, connection: psycopg.Connection[Any]) -> None:
    settings = EngineSettings(pool_size=3, max_overflow=0, pool_timeout_seconds=30)
    with Ledger.connect(database_url, settings) as ledger, ThreadPoolExecutor(8) as threads:
        accepted = list(threads.map(lambda n: ledger.execute(enqueue(n)), range(200)))
        assert len({item.outbox_id for item in accepted}) == 200
        assert ledger.engine.pool.checkedin() <= 3  # type: ignore[attr-defined]
        assert ledger.backlog().due == 200
