"""One database per version for the pieces of the online route, and the routes themselves."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, make_url

from ledgerdb.embedded import EmbeddedServer
from ledgerdb.migrate.connection import connect
from ledgerdb.migrate.frozen import SqlFile
from ledgerdb.migrate.online.watch import Watch

BOOKS = Path(__file__).parents[3] / "migrations" / "bookkeeping.sql"


def sql_file(text: str) -> SqlFile:
    """A pinned file, as the runner would read it."""
    return SqlFile(Path("ddl/9999_test.sql"), text, hashlib.sha256(text.encode()).hexdigest())


@dataclass
class Bench:
    """A database, and what an online step is given."""

    url: str
    progress: list[tuple[int, int]] = field(default_factory=list)
    blocked: list[str] = field(default_factory=list)

    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    def value(self, statement: str, *values: object) -> Any:  # noqa: ANN401 - whatever was asked
        return self.rows(statement, *values)[0][0]

    @contextmanager
    def step(self, seconds: float = 20.0) -> Iterator[tuple[Connection, Watch]]:
        """The connection of a step, and its watch."""
        url = make_url(self.url.replace("postgresql:", "postgresql+psycopg:"))
        with connect(url, autocommit=True) as connection, connect(url, autocommit=True) as witness:
            yield (
                connection,
                Watch(
                    witness=witness,
                    on_progress=lambda done, total: self.progress.append((done, total)),
                    on_blocked=self.blocked.append,
                    seconds=seconds,
                ),
            )


def new_database(server: EmbeddedServer, name: str) -> str:
    """The URL of an empty database, for a module."""
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(f"create database {name} template template0".encode())
    return server.url(name)


@pytest.fixture(scope="module", params=(16, 18), ids=lambda version: f"pg{version}")
def bench_url(request: pytest.FixtureRequest) -> str:
    """An empty database of each version, for the module."""
    server: EmbeddedServer = request.getfixturevalue(f"server_{request.param}")
    return new_database(server, request.module.__name__.rpartition(".")[2])


@pytest.fixture
def bench(bench_url: str) -> Bench:
    return Bench(bench_url)
