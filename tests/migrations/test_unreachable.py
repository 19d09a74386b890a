"""No database, or the wrong one: why, which one, and never the password."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from ledgerdb.embedded import EmbeddedServer
from tests.commands import assert_refused, run

SECRET = "s3cr3t/%w@rd"  # noqa: S105 - of nothing
PLAIN = "s3cr3t"
COMMANDS = (("alembic", "upgrade", "head"), ("ledgerdb", "upgrade"), ("ledgerdb", "current"))
each_command = pytest.mark.parametrize("command", COMMANDS, ids=" ".join)


def test_nothing_listens(unused_port: int) -> None:
    url = f"postgresql://user:{quote(SECRET, safe='')}@127.0.0.1:{unused_port}/ledger"
    done = run("alembic", "upgrade", "head", url=url)
    assert_refused(
        done,
        f'cannot connect to database "ledger" at 127.0.0.1:{unused_port} as "user"',
        "refused",
        secret=SECRET,
    )
    assert quote(SECRET, safe="") not in done.stderr


def test_no_socket() -> None:
    done = run("alembic", "upgrade", "head", url="postgresql:///ledger?host=/nowhere/at-all")
    assert_refused(done, 'database "ledger" at /nowhere/at-all', "No such file or directory")


@each_command
def test_a_wrong_password(command: tuple[str, ...], tcp_server: EmbeddedServer) -> None:
    url = f"postgresql://postgres:{quote(SECRET, safe='')}@127.0.0.1:{tcp_server.port}/postgres"
    done = run(*command, url=url)
    assert_refused(done, 'password authentication failed for user "postgres"', secret=SECRET)
    assert quote(SECRET, safe="") not in done.stderr


def test_no_password(tcp_server: EmbeddedServer) -> None:
    url = f"postgresql://postgres@127.0.0.1:{tcp_server.port}/postgres"
    assert_refused(run("alembic", "upgrade", "head", url=url), "no password supplied")


def test_no_such_database(server_18: EmbeddedServer) -> None:
    done = run("alembic", "upgrade", "head", url=server_18.url("not_there"))
    assert_refused(done, 'cannot connect to database "not_there"', "does not exist")


@each_command
def test_no_url_at_all(command: tuple[str, ...]) -> None:
    assert_refused(run(*command), "no database: set LEDGERDB_URL (or DATABASE_URL)")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://user:s3cr3t@host:5432x/ledger", "the port is not a number"),
        ("postgresql://user:s3cr3t@[::1/ledger", "malformed"),
        ("postgresql://user:s3cr3t@h@host/ledger", "host is malformed"),
        ("postgresql://user:s3cr3t@host/ledger?nonsense=1", '"nonsense" is not an option'),
        ("postgresql://user:s3cr3t@host", "names no database"),
        ("mysql://user:s3cr3t@host/ledger", "is not a PostgreSQL URL"),
        ("sqlite:///s3cr3t.db", "is not a PostgreSQL URL"),
        ("host=db password=s3cr3t dbname=ledger", "is not a PostgreSQL URL"),
    ],
)
def test_a_url_that_cannot_be_used(url: str, words: str) -> None:
    assert_refused(run("alembic", "upgrade", "head", url=url), "LEDGERDB_URL", words, secret=PLAIN)
