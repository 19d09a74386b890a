"""One database at head for each module of this folder: its cases leave it as they found it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql
from typer.testing import CliRunner

from ledgerdb.cli import app
from ledgerdb.embedded import EmbeddedServer
from ledgerdb.migrate import upgrade
from ledgerdb.url import URL_VARIABLES
from ledgerdb.verify.witness import Session, Witness
from proof.ground import FAST
from tests.commands import Result

_HEAD = "witnessed_head"


@pytest.fixture(scope="session")
def witnessed_server() -> Iterator[EmbeddedServer]:
    """A server of their own, with a template at head: roles are of the server, and other tests
    leave some behind.
    """
    with EmbeddedServer(version=18, settings=FAST) as server:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(_HEAD)))
        upgrade(server.url(_HEAD))
        yield server


@pytest.fixture(scope="module")
def shared_url(request: pytest.FixtureRequest, witnessed_server: EmbeddedServer) -> Iterator[str]:
    """A clone of the migrated template, for the module."""
    name = "witnessed_" + request.module.__name__.rpartition(".")[2]
    with psycopg.connect(witnessed_server.url(), autocommit=True) as connection:
        connection.execute(
            sql.SQL("create database {} template {}").format(
                sql.Identifier(name), sql.Identifier(_HEAD)
            )
        )
        try:
            yield witnessed_server.url(name)
        finally:
            connection.execute(
                sql.SQL("drop database {} with (force)").format(sql.Identifier(name))
            )


@pytest.fixture
def empty_url(client_empty_18: psycopg.Connection[Any]) -> str:
    """A database in which nothing was ever created."""
    info = client_empty_18.info
    return f"postgresql://postgres@/{info.dbname}?host={info.host}&port={info.port}"


@pytest.fixture
def damaged(shared_url: str) -> Iterator[psycopg.Connection[Any]]:
    """The superuser in a transaction that is rolled back, seeing as a witness sees."""
    with psycopg.connect(shared_url) as connection:
        connection.execute("set local search_path = pg_catalog")
        yield connection
        connection.rollback()


def findings(witness: Witness, session: Session, *damage: str) -> list[str]:
    """What a witness finds after the damage, in the transaction of the session."""
    for statement in damage:
        session.execute(statement.encode())
    return [*witness(session).findings]


def verify(
    *arguments: object, url: str | None = None, variables: dict[str, str] | None = None
) -> Result:
    """`ledgerdb verify ...` within this process, which saves the second that one of its own takes.

    Args:
        arguments: after `verify`.
        url: becomes LEDGERDB_URL.
        variables: of the environment.
    """
    given = dict.fromkeys(URL_VARIABLES) | {URL_VARIABLES[0]: url} | (variables or {})
    done = CliRunner(env=given).invoke(app, ["verify", *(str(one) for one in arguments)])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Result(done.exit_code, done.stdout, done.stderr)
