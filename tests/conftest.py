"""Real servers, one of each version per test process, and a fresh database per test.

The databases are clones of a migrated template (pytest-postgresql); a test that asks for
`database_url` runs on every version, one that asks for `execute` in both colours too.
"""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator, Iterator
from typing import Any, Protocol, TypeVar

import psycopg
import pytest
import pytest_asyncio
from pytest_postgresql import factories
from pytest_postgresql.executors import NoopExecutor

from ledgerdb.aio import AsyncLedger
from ledgerdb.calls import Call
from ledgerdb.embedded import EmbeddedServer
from ledgerdb.migrate import upgrade
from ledgerdb.sync import Ledger
from proof.ground import FAST, replace_functions, replacements, work_in_memory

T = TypeVar("T")

# A shell starts what it puts in the background with SIGINT ignored, and every child inherits that.
signal.signal(signal.SIGINT, signal.default_int_handler)
work_in_memory()

VERSIONS = (16, 18)
BASELINE = "0001"


class Execute(Protocol):
    """Executes a call in one of the two colours, in a transaction of its own."""

    async def __call__(self, call: Call[T], /) -> T: ...


@pytest.fixture(scope="session")
def server_16() -> Iterator[EmbeddedServer]:
    with EmbeddedServer(version=16, settings=FAST) as server:
        yield server


@pytest.fixture(scope="session")
def server_18() -> Iterator[EmbeddedServer]:
    with EmbeddedServer(version=18, settings=FAST) as server:
        yield server


class _Address(NoopExecutor):
    """Where an embedded server listens, in the form in which pytest-postgresql asks for it."""

    def __init__(self, server: EmbeddedServer) -> None:
        super().__init__(server.host, server.port, "postgres", "", "postgres")

    @property
    def template_dbname(self) -> str:
        """Templates are made from PostgreSQL's own."""
        return "template0"


@pytest.fixture(scope="session")
def address_16(server_16: EmbeddedServer) -> _Address:
    return _Address(server_16)


@pytest.fixture(scope="session")
def address_18(server_18: EmbeddedServer) -> _Address:
    return _Address(server_18)


def _url(host: str, port: int, dbname: str) -> str:
    return f"postgresql://postgres@/{dbname}?host={host}&port={port}"


def _migrate(revision: str, host: str, port: int, dbname: str) -> None:
    upgrade(_url(host, port, dbname), revision)


def _head(host: str, port: int, dbname: str, **_: object) -> None:
    _migrate("head", host, port, dbname)
    replace_functions(_url(host, port, dbname), replacements())


def _baseline(host: str, port: int, dbname: str, **_: object) -> None:
    _migrate(BASELINE, host, port, dbname)


def _empty(**_: object) -> None:
    """Nothing."""


head_16 = factories.postgresql_noproc(depends_on="address_16", dbname="head", load=[_head])
head_18 = factories.postgresql_noproc(depends_on="address_18", dbname="head", load=[_head])
baseline_16 = factories.postgresql_noproc(depends_on="address_16", dbname="base", load=[_baseline])
baseline_18 = factories.postgresql_noproc(depends_on="address_18", dbname="base", load=[_baseline])
empty_16 = factories.postgresql_noproc(depends_on="address_16", dbname="empty", load=[_empty])
empty_18 = factories.postgresql_noproc(depends_on="address_18", dbname="empty", load=[_empty])
client_head_16 = factories.postgresql("head_16")
client_head_18 = factories.postgresql("head_18")
client_baseline_16 = factories.postgresql("baseline_16")
client_baseline_18 = factories.postgresql("baseline_18")
client_empty_16 = factories.postgresql("empty_16")
client_empty_18 = factories.postgresql("empty_18")


@pytest.fixture(params=VERSIONS, ids=lambda version: f"pg{version}")
def version(request: pytest.FixtureRequest) -> int:
    """Major version of PostgreSQL; a test that asks for it runs on each."""
    return int(request.param)


def _clone(request: pytest.FixtureRequest, template: str, version: int) -> str:
    client: psycopg.Connection[Any] = request.getfixturevalue(f"client_{template}_{version}")
    return _url(client.info.host, client.info.port, client.info.dbname)


@pytest.fixture
def server(request: pytest.FixtureRequest, version: int) -> EmbeddedServer:
    """The server of `database_url` and the like; leave it running."""
    found: EmbeddedServer = request.getfixturevalue(f"server_{version}")
    return found


@pytest.fixture
def database_url(request: pytest.FixtureRequest, version: int) -> str:
    """A database at head."""
    return _clone(request, "head", version)


@pytest.fixture
def baseline_database_url(request: pytest.FixtureRequest, version: int) -> str:
    """A database at revision 0001: what deployed databases have today."""
    return _clone(request, "baseline", version)


@pytest.fixture
def empty_database_url(request: pytest.FixtureRequest, version: int) -> str:
    """A database in which nothing was ever created."""
    return _clone(request, "empty", version)


@pytest.fixture
def connection(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    """The superuser on `database_url`, in autocommit."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


@pytest_asyncio.fixture(params=["sync", "async"])
async def execute(request: pytest.FixtureRequest, database_url: str) -> AsyncIterator[Execute]:
    """One scenario, both colours."""
    if request.param == "sync":
        with Ledger.connect(database_url) as ledger:

            async def blocking(call: Call[T], /) -> T:
                return ledger.execute(call)

            yield blocking
    else:
        async with AsyncLedger.connect(database_url) as asynchronous:
            yield asynchronous.execute
