"""Where durability is not certain there is no 2xx: the database away, busy, read-only, or silent
about a commit; and how much is let in.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psycopg
import pytest

from examples.services.ingress.limits import Limits
from examples.services.ingress.problems import Refused
from examples.services.ingress.settings import IngressSettings
from ledgerdb import Acknowledgement, EngineSettings, Instruction, StatementTimeout
from ledgerdb.calls import Call
from ledgerdb.embedded import EmbeddedServer
from ledgerdb.stores import AsyncPostgresStore, AsyncStore
from tests.commits import commits_wait
from tests.services.ingress import SUBMIT, Served, envelope, serving
from tests.services.test_ingress import problem
from tests.waiting import until

T = TypeVar("T")
Keys = tuple[Path, dict[str, str]]


def ledger(url: str, **changes: Any) -> AsyncPostgresStore:  # noqa: ANN401 - any setting
    """With short waits."""
    settings: dict[str, Any] = {
        "role": "symphony_ingest",
        "pool_size": 2,
        "max_overflow": 0,
        "pool_timeout_seconds": 0.2,
        "connect_timeout_seconds": 1,
        "resolve_seconds": 0,
    }
    return AsyncPostgresStore.connect(url, EngineSettings(**settings | changes))


def accepted(database: psycopg.Connection[Any], name: str) -> int:
    row = database.execute(
        "select count(*) from public.ingress_attestations where instruction_id = %s",
        [f"instruction-{name}"],
    ).fetchone()
    assert row is not None
    return int(row[0])


def retry_after(response: httpx.Response) -> int:
    return int(response.headers["retry-after"])


@contextmanager
def no_sessions(database: psycopg.Connection[Any]) -> Iterator[None]:
    """Nobody may connect to the database any more, and who has is sent away."""
    name = database.info.dbname
    with psycopg.connect(database.info.dsn, dbname="postgres", autocommit=True) as admin:
        admin.execute(f"alter database {name} allow_connections false")
        admin.execute(
            "select pg_terminate_backend(pid, 10000) from pg_stat_activity"
            " where datname = %s and pid <> %s",
            [name, database.info.backend_pid],
        )
        try:
            yield
        finally:
            admin.execute(f"alter database {name} allow_connections true")


def test_a_database_that_is_away(
    services_url: str, database: psycopg.Connection[Any], keys: Keys
) -> None:
    with serving(ledger(services_url), *keys) as served:
        assert served.submit(envelope("before")).status_code == 202
        with no_sessions(database):
            response = served.submit(envelope("away"))
            problem(response, 503, "unavailable")
            assert retry_after(response) >= 1
            status = served.client.get("/v1/instructions/x", headers=served.headers())
            problem(status, 503, "unavailable")
            until(lambda: served.client.get("/readyz").status_code == 503)
            assert served.client.get("/healthz").status_code == 200
        assert accepted(database, "away") == 0
        assert served.submit(envelope("away")).status_code == 202
        until(lambda: served.client.get("/readyz").status_code == 200)


def test_a_server_that_is_not_there(server_18: EmbeddedServer, keys: Keys) -> None:
    url = f"postgresql://postgres@/postgres?host={server_18.host}/nowhere&port=1"
    with serving(ledger(url), *keys) as served:
        problem(served.submit(envelope("nowhere")), 503, "unavailable")
        problem(served.client.get("/readyz"), 503, "unavailable")


def test_a_pool_that_is_exhausted_and_a_statement_that_takes_too_long(
    services_url: str, database: psycopg.Connection[Any], keys: Keys
) -> None:
    blocked = ledger(services_url, pool_size=1, statement_timeout_ms=1_000, lock_timeout_ms=1_000)
    with (
        serving(blocked, *keys) as served,
        psycopg.connect(services_url) as blocker,
        ThreadPoolExecutor(2) as threads,
    ):
        blocker.execute("lock table public.payment_outbox_identities in exclusive mode")
        first = threads.submit(served.submit, envelope("blocked-1"))
        until(
            lambda: database.execute(
                "select from pg_stat_activity where wait_event_type = 'Lock'"
                " and datname = current_database()"
            ).fetchall()
        )
        second = threads.submit(served.submit, envelope("blocked-2"))
        for response in (first.result(), second.result()):
            problem(response, 503, "unavailable")
        blocker.rollback()
        assert accepted(database, "blocked-1") == accepted(database, "blocked-2") == 0
        assert served.submit(envelope("blocked-1")).status_code == 202


def test_a_server_that_takes_no_writes(
    services_url: str, database: psycopg.Connection[Any], keys: Keys
) -> None:
    name = database.info.dbname
    database.execute(f"alter database {name} set default_transaction_read_only = on")
    try:
        with serving(ledger(services_url), *keys) as served:
            problem(served.submit(envelope("read-only")), 503, "unavailable")
    finally:
        database.execute("set default_transaction_read_only = off")
        database.execute(f"alter database {name} reset default_transaction_read_only")
    assert accepted(database, "read-only") == 0


def test_a_role_without_rights_and_a_commit_that_would_not_last(
    services_url: str, database: psycopg.Connection[Any], keys: Keys
) -> None:
    with serving(ledger(services_url, role="symphony_readonly"), *keys) as served:
        problem(served.submit(envelope("rights")), 503, "unavailable")
    name = database.info.dbname
    database.execute(f"alter database {name} set synchronous_commit = off")
    try:
        with serving(ledger(services_url), *keys) as served:
            problem(served.submit(envelope("weak")), 503, "unavailable")
    finally:
        database.execute(f"alter database {name} reset synchronous_commit")
    assert accepted(database, "weak") == accepted(database, "rights") == 0


@pytest.fixture
def waiting_for_a_standby(database: psycopg.Connection[Any]) -> Iterator[None]:
    """Commits wait for a standby that does not exist."""
    with _setting(database, "synchronous_standby_names", "nobody"):
        until(lambda: commits_wait(database.info.dsn))
        yield


@contextmanager
def _setting(database: psycopg.Connection[Any], name: str, value: str) -> Iterator[None]:
    def shown() -> str:
        with psycopg.connect(database.info.dsn) as fresh:
            row = fresh.execute(f"show {name}").fetchone()
        assert row is not None
        return str(row[0])

    database.execute(f"alter system set {name} = '{value}'")
    database.execute("select pg_reload_conf()")
    until(lambda: shown() == value)
    try:
        yield
    finally:
        database.execute(f"alter system reset {name}")
        database.execute("select pg_reload_conf()")
        until(lambda: shown() == "")


def kill_the_commit(database: psycopg.Connection[Any]) -> None:
    """Ends a backend whose commit waits for the standby: the row stays, the answer is lost."""
    until(
        lambda: database.execute(
            "select pg_terminate_backend(pid, 10000) from pg_stat_activity"
            " where datname = current_database() and wait_event = 'SyncRep'"
        ).fetchone()
    )


@pytest.mark.usefixtures("waiting_for_a_standby")
def test_a_lost_answer_is_a_503_that_asks_for_a_replay(
    services_url: str, database: psycopg.Connection[Any], keys: Keys
) -> None:
    with serving(ledger(services_url), *keys) as served, ThreadPoolExecutor(1) as thread:
        lost = thread.submit(served.submit, envelope("lost"))
        kill_the_commit(database)
        response = lost.result()
        problem(response, 503, "outcome-unknown")
        assert "Replay the same request" in response.json()["detail"]
        assert retry_after(response) >= 1
        assert accepted(database, "lost") == 1  # so "nothing was written" would have been a lie
        database.execute("alter system reset synchronous_standby_names")
        database.execute("select pg_reload_conf()")
        replay = served.submit(envelope("lost"))
        assert (replay.status_code, replay.json()["replayed"]) == (202, True)
    assert accepted(database, "lost") == 1


@pytest.mark.usefixtures("waiting_for_a_standby")
def test_a_lost_answer_is_learned_by_replaying(
    services_url: str, database: psycopg.Connection[Any], keys: Keys
) -> None:
    patient = ledger(services_url, resolve_seconds=30)
    with serving(patient, *keys) as served, ThreadPoolExecutor(1) as thread:
        learned = thread.submit(served.submit, envelope("learned"))
        kill_the_commit(database)
        until(lambda: accepted(database, "learned"))
        assert not learned.done()
        database.execute("alter system reset synchronous_standby_names")
        database.execute("select pg_reload_conf()")
        response = learned.result()
    assert (response.status_code, response.json()["replayed"]) == (202, True)
    assert accepted(database, "learned") == 1


def test_a_client_that_leaves_does_not_interrupt_the_commit(
    services_url: str, database: psycopg.Connection[Any], keys: Keys
) -> None:
    body = envelope("gone")
    with serving(ledger(services_url), *keys) as served, psycopg.connect(services_url) as blocker:
        head = [f"POST {SUBMIT} HTTP/1.1", "host: x", f"content-length: {len(body)}"]
        head += [f"{name}: {value}" for name, value in served.headers().items()]
        blocker.execute("lock table public.payment_outbox_identities in exclusive mode")
        with socket.create_connection(("127.0.0.1", served.port)) as connection:
            connection.sendall("\r\n".join(head).encode() + b"\r\n\r\n" + body)
            until(
                lambda: database.execute(
                    "select from pg_stat_activity where wait_event_type = 'Lock'"
                    " and datname = current_database()"
                ).fetchall()
            )
        blocker.rollback()
        until(lambda: accepted(database, "gone"))
        assert served.submit(body).json()["replayed"]


class Held(AsyncStore):
    """A store that answers when it is told to."""

    def __init__(self, error: Exception | None = None) -> None:
        self.go = threading.Event()
        self.entered = threading.Semaphore(0)
        self.error = error
        self.closed = False

    async def execute(self, call: Call[T]) -> T:
        raise NotImplementedError(call.function)

    async def ping(self) -> None:
        """Always."""

    async def ingest(self, instruction: Instruction) -> Acknowledgement:
        self.entered.release()
        await asyncio.to_thread(self.go.wait, 20)
        raise self.error or StatementTimeout(instruction.instruction_id)

    async def close(self) -> None:
        self.closed = True


def test_429_for_one_key_and_503_for_all(keys: Keys) -> None:
    held = Held()
    with (
        serving(held, *keys, requests_max=2, key_requests_max=1) as served,
        ThreadPoolExecutor(3) as threads,
    ):
        first = threads.submit(served.submit, envelope(1))
        assert held.entered.acquire(timeout=10)
        response = served.submit(envelope(2))
        problem(response, 429, "too-many-requests")
        assert retry_after(response) >= 1
        second = threads.submit(served.submit, envelope(3), "first-next")
        assert held.entered.acquire(timeout=10)
        other = {"x_tenant_id": "0f000000-0000-4000-8000-000000000002"}
        problem(served.submit(envelope(4), "other", **other), 503, "unavailable")
        held.go.set()
        for each in (first, second):
            problem(each.result(), 503, "unavailable")
        problem(served.submit(envelope(2)), 503, "unavailable")  # let in again


def test_a_bucket_that_is_empty(keys: Keys) -> None:
    now = 100.0
    limits = Limits(
        IngressSettings(keys_file=keys[0], key_burst=2, key_requests_per_second=0.5),
        clock=lambda: now,
    )
    for _ in range(2):
        with limits.admitted("first"):
            pass
    with pytest.raises(Refused) as refused, limits.admitted("first"):
        pass
    assert refused.value.headers == {"retry-after": "2"}
    with limits.admitted("other"):
        pass
    now += 2
    with limits.admitted("first"):
        pass
    with pytest.raises(Refused), limits.admitted("first"):
        pass


def test_a_defect_is_a_500_that_tells_nothing(keys: Keys, caplog: pytest.LogCaptureFixture) -> None:
    held = Held(error=RuntimeError("secret payload"))
    held.go.set()
    with serving(held, *keys) as served:
        response = served.submit(envelope("defect"))
        problem(response, 500, "unforeseen")
        assert "secret" not in response.text
    assert held.closed
    assert "unforeseen" in caplog.text


def test_a_request_under_way_when_the_service_stops_is_answered(keys: Keys) -> None:
    held = Held()
    with ThreadPoolExecutor(1) as threads:
        with serving(held, *keys) as served:
            answer = threads.submit(_post, served, envelope("last"))
            assert held.entered.acquire(timeout=10)
            threading.Timer(0.2, held.go.set).start()
        problem(answer.result(), 503, "unavailable")


def _post(served: Served, body: bytes) -> httpx.Response:
    return httpx.post(f"{served.url}{SUBMIT}", content=body, headers=served.headers(), timeout=20)
