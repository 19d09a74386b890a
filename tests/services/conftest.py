"""One database and one ingress for the tests that only talk to it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import uvicorn

from examples.services.rail.server import Ledger as RailLedger
from examples.services.rail.server import create_app
from ledgerdb import EngineSettings, Ledger, TenantType
from ledgerdb.embedded import EmbeddedServer
from ledgerdb.migrate import upgrade
from ledgerdb.stores import AsyncPostgresStore
from tests.factories import OTHER_TENANT, TENANT
from tests.services.ingress import Served, make_keys, serving
from tests.waiting import until

Rail = tuple[str, RailLedger]


@pytest.fixture(scope="session")
def services_url(server_18: EmbeddedServer) -> str:
    """A database at head with two tenants."""
    with psycopg.connect(server_18.url(), autocommit=True) as admin:
        admin.execute("create database services")
    url = server_18.url("services")
    upgrade(url)
    with Ledger.connect(url) as ledger:
        ledger.register_tenant(TENANT, "first", "First", TenantType.COMMERCIAL)
        ledger.register_tenant(OTHER_TENANT, "other", "Other", TenantType.NGO)
    return url


@pytest.fixture
def database(services_url: str) -> Iterator[psycopg.Connection[Any]]:
    """The superuser on it, in autocommit."""
    with psycopg.connect(services_url, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A file of keys, and the keys by their names."""
    file, made = make_keys(tmp_path_factory.mktemp("keys"))
    return file, made


@pytest.fixture
def services_store(services_url: str) -> AsyncPostgresStore:
    """A ledger on it, for a server that closes it."""
    return AsyncPostgresStore.connect(services_url, EngineSettings(role="symphony_ingest"))


@pytest.fixture(scope="session")
def ingress(services_url: str, keys: tuple[Path, dict[str, str]]) -> Iterator[Served]:
    """An ingress on that database, with rights of its own role only."""
    settings = EngineSettings(role="symphony_ingest", pool_size=5)
    with serving(AsyncPostgresStore.connect(services_url, settings), *keys) as served:
        yield served


@pytest.fixture(scope="session")
def rail() -> Iterator[Rail]:
    """The simulator, and what it knows."""
    ledger = RailLedger()
    server = uvicorn.Server(
        uvicorn.Config(create_app(ledger), port=0, log_config=None, timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    until(lambda: server.started)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", ledger
    server.should_exit = True
    thread.join(30)
