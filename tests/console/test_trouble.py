"""A database that is away, slow, old, or closed to the console: a page that says so."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import psycopg
import pytest
from sqlalchemy import event

from ledgerdb.console import ConsoleSettings, create_app, source
from ledgerdb.embedded import EmbeddedServer
from ledgerdb.errors import DatabaseUnavailable
from ledgerdb.readonly import connect_readonly
from tests.console.scene import Scene
from tests.console.served import served, serving

PATHS = ("/", "/queue", "/items/01a2237f-828c-791d-8c86-0b25c0706d4e", "/controls", "/search?q=x")


@pytest.fixture
def locked(scene: Scene) -> Iterator[psycopg.Connection]:
    """Whoever reads the queue waits."""
    with psycopg.connect(scene.url) as holder:
        holder.execute("lock table public.payment_outbox_pending in access exclusive mode")
        yield holder
        holder.rollback()


def test_without_a_database_there_is_a_page(tmp_path_factory: pytest.TempPathFactory) -> None:
    url = f"postgresql://nobody@/gone?host={tmp_path_factory.mktemp('socket')}"
    with served(url) as address, httpx.Client(base_url=address) as client:
        for path in PATHS:
            answer = client.get(path)
            assert answer.status_code == 503, path
            assert "The database cannot be reached" in answer.text
            assert answer.headers["retry-after"] == "5"
            assert "nobody" not in answer.text
        assert client.get("/static/console.css").status_code == 200
        metrics = client.get("/metrics")
        assert metrics.status_code == 200
        assert "ledgerdb_up 0.0" in metrics.text


def test_a_slow_database_costs_bounded_time(scene: Scene, locked: psycopg.Connection) -> None:
    ledger = connect_readonly(scene.url, application_name="test", statement_timeout_ms=200)
    with serving(create_app(ledger)) as address, httpx.Client(base_url=address) as client:
        answer = client.get("/queue")
        assert answer.status_code == 503
        assert "took too long" in answer.text or "refused to answer" in answer.text
        locked.rollback()
        assert client.get("/queue").status_code == 200


def test_a_login_without_the_role_is_told_which(server_18: EmbeddedServer, scene: Scene) -> None:
    with psycopg.connect(scene.url, autocommit=True) as superuser:
        superuser.execute("create role stranger login")
        try:
            url = scene.url.replace("postgres@", "stranger@")
            ledger = connect_readonly(url, application_name="test", role=None)
            with serving(create_app(ledger)) as address, httpx.Client(base_url=address) as client:
                answer = client.get("/")
                assert answer.status_code == 503
                assert "needs symphony_readonly" in answer.text
        finally:
            superuser.execute("drop role stranger")


def test_an_older_database_is_told_so(server_18: EmbeddedServer) -> None:
    ledger = connect_readonly(server_18.url(), application_name="test", role=None)
    with serving(create_app(ledger)) as address, httpx.Client(base_url=address) as client:
        answer = client.get("/")
        assert answer.status_code == 503
        assert "ledgerdb upgrade" in answer.text


def test_it_comes_back_by_itself(server_18: EmbeddedServer, scene: Scene) -> None:
    with served(scene.url, ConsoleSettings()) as address, httpx.Client(base_url=address) as client:
        assert client.get("/").status_code == 200
        with psycopg.connect(scene.url, autocommit=True) as superuser:
            superuser.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where application_name like '%ledgerdb-console%'"
            )
        # the first one may still meet a connection that is about to end
        assert [client.get("/").status_code for _ in range(2)][-1] == 200


def test_many_open_pages_are_one_reading(scene: Scene) -> None:
    ledger = connect_readonly(scene.url, application_name="test", connections=1)
    asked: list[str] = []
    event.listen(
        ledger.engine,
        "before_cursor_execute",
        lambda *given: asked.append(given[2]) if "outbox_activity" in given[2] else None,
    )
    with (
        serving(create_app(ledger)) as address,
        httpx.Client(base_url=address) as client,
        ThreadPoolExecutor(12) as people,
    ):
        answers = people.map(lambda _: client.get("/").status_code, range(24))
        assert set(answers) == {200}
    assert len(asked) < 12  # one in two seconds, however slow this machine is


def test_who_waits_for_a_reading_that_does_not_end_is_told(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "_WAIT_SECONDS_MAX", 0.1)
    with connect_readonly(scene.url, application_name="test") as ledger:
        asked = source.Source(ledger)
        with asked._one_at_a_time, pytest.raises(DatabaseUnavailable, match="does not end"):
            asked.overview(10, 60)
        assert asked.overview(10, 60).backlog.due == 61
