"""One database per version of PostgreSQL, read after each revision on its way to head."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from ledgerdb.catalog import Catalog, Expected, expected
from ledgerdb.embedded import EmbeddedServer
from ledgerdb.migrate.config import migrations_dir
from tests.conftest import VERSIONS
from tools.catalog import states


@dataclass(frozen=True, slots=True)
class Site:
    """A database at head that the tests leave as it is, and what it was at each revision."""

    server: EmbeddedServer
    name: str
    history: dict[str, Catalog]

    @property
    def url(self) -> str:
        return self.server.url(self.name)

    @contextmanager
    def connect(self) -> Iterator[psycopg.Connection[Any]]:
        """A superuser; what it changes is rolled back."""
        with psycopg.connect(self.url) as connection:
            yield connection
            connection.rollback()


@pytest.fixture(scope="session")
def wanted() -> Expected:
    """What a database at head must have."""
    return expected.at(migrations_dir())


@pytest.fixture(scope="session", params=VERSIONS, ids=lambda version: f"pg{version}")
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    server: EmbeddedServer = request.getfixturevalue(f"server_{request.param}")
    name = f"catalog_{uuid4().hex}"
    with psycopg.connect(server.url(), autocommit=True) as admin:
        admin.execute(f"create database {name} template template0".encode())
        history = states(
            server.url(name), lambda revision: expected.at(migrations_dir(), revision).names
        )
        yield Site(server, name, history)
        admin.execute(f"drop database {name} with (force)".encode())
