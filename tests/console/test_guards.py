"""Who may ask, with which method, and what a page may load; and a console that cannot write."""

from __future__ import annotations

import base64

import httpx
import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import InternalError, ProgrammingError

from ledgerdb.console import ConsoleSettings
from ledgerdb.errors import ConfigurationError
from ledgerdb.readonly import connect_readonly
from tests.console.scene import IBAN, Scene
from tests.console.served import served

PASSWORD = "correct horse battery"  # noqa: S105 - of this test


@pytest.mark.parametrize("path", ["/", "/nowhere", "/static/console.css", "/metrics"])
def test_every_answer_promises_little(client: httpx.Client, path: str) -> None:
    headers = client.get(path).headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert "set-cookie" not in headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "http" not in policy


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"])
@pytest.mark.parametrize("path", ["/", "/metrics", "/nowhere"])
def test_only_reading_methods(client: httpx.Client, method: str, path: str) -> None:
    answer = client.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io"])
def test_a_name_that_points_here_does_not_reach_it(client: httpx.Client, host: str) -> None:
    assert client.get("/", headers={"host": host}).status_code == 400
    assert client.get("/metrics", headers={"host": f"{host}:8600"}).status_code == 400


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8600", "[::1]:8600"])
def test_loopback_has_several_names(client: httpx.Client, host: str) -> None:
    assert client.get("/controls", headers={"host": host}).status_code == 200


def test_the_password_is_asked_for_everything(scene: Scene) -> None:
    settings = ConsoleSettings(password=PASSWORD)
    with served(scene.url, settings) as address, httpx.Client(base_url=address) as client:
        for path in ("/", "/metrics", "/static/console.css", "/nowhere"):
            answer = client.get(path)
            assert answer.status_code == 401, path
            assert answer.headers["www-authenticate"].startswith("Basic ")
            assert answer.headers["x-frame-options"] == "DENY"
        wrong = [
            "Basic",
            "Basic !!!",
            f"Bearer {PASSWORD}",
            "Basic " + base64.b64encode(b"ann:wrong").decode(),
            "Basic " + base64.b64encode(f"{PASSWORD}:".encode()).decode(),
            "Basic " + base64.b64encode(b"\xff:\xff").decode(),
        ]
        for given in wrong:
            assert client.get("/", headers={"authorization": given}).status_code == 401, given
        assert client.get("/", auth=("anyone", PASSWORD)).status_code == 200


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"host": "10.0.0.1"}, "LEDGERDB_CONSOLE_PASSWORD"),
        ({"host": "0.0.0.0"}, "--behind-proxy"),  # noqa: S104
        ({"host": "db.example"}, "others can reach this address"),
        ({"host": "::", "behind_proxy": True}, "--allowed-host"),
        ({"password": "short"}, "at least 12 characters"),
    ],
)
def test_it_does_not_open_itself_to_others(settings: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        ConsoleSettings(**settings)  # type: ignore[arg-type]


def test_with_a_password_or_a_proxy_others_may_reach_it() -> None:
    assert not ConsoleSettings(host="10.0.0.1", password=PASSWORD).is_local
    settings = ConsoleSettings(
        host="0.0.0.0",  # noqa: S104
        behind_proxy=True,
        allowed_hosts=("console.example",),
    )
    assert "console.example" in settings.hosts
    assert PASSWORD not in repr(ConsoleSettings(password=PASSWORD))


def test_payloads_are_shown_only_where_that_was_said(scene: Scene) -> None:
    with (
        served(scene.url, ConsoleSettings(show_payloads=True)) as address,
        httpx.Client(base_url=address) as client,
    ):
        assert IBAN in client.get(f"/items/{scene.dispatched}").text
        assert IBAN not in client.get("/queue").text


def test_its_sessions_cannot_write_twice_over(scene: Scene) -> None:
    """Each of the two is enough: the role, and the transaction."""
    register = text("select public.register_tenant(gen_random_uuid(), 'x', 'X', 'NGO')")
    with (
        connect_readonly(scene.url, application_name="test", role=None) as superuser,
        superuser.engine.connect() as connection,
    ):
        with pytest.raises(InternalError, match="read-only transaction"):
            connection.execute(register)
        raw = connection.connection.dbapi_connection
        assert raw is not None
        raw.rollback()
        raw.autocommit = True
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            raw.cursor().execute(str(register))
    with (
        connect_readonly(scene.url, application_name="test") as reader,
        reader.engine.connect() as connection,
    ):
        connection.execute(text("set transaction read write"))
        with pytest.raises(ProgrammingError, match="permission denied"):
            connection.execute(register)
