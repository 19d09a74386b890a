"""Stores of both kinds in both colours, over one database and one file per module."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Awaitable, Iterator
from pathlib import Path
from typing import TypeVar
from uuid import UUID, uuid4

import psycopg
import pytest
import pytest_asyncio
from psycopg import sql
from pytest_postgresql.executors import NoopExecutor

from ledgerdb.embedded import EmbeddedServer
from ledgerdb.rows import TenantType
from ledgerdb.stores import AsyncStore, Store, open_async_store, open_store

T = TypeVar("T")

AnyStore = Store | AsyncStore


@pytest.fixture(autouse=True)
def development(monkeypatch: pytest.MonkeyPatch) -> None:
    """What every test of the file store runs in, unless it says otherwise."""
    monkeypatch.setenv("ENVIRONMENT", "ci")


@pytest.fixture(scope="module")
def store_url(head_18: NoopExecutor, server_18: EmbeddedServer) -> Iterator[str]:
    """A database for the whole module."""
    name = f"stores_{uuid4().hex[:8]}"
    with psycopg.connect(server_18.url("postgres"), autocommit=True) as admin:
        admin.execute(
            sql.SQL("create database {} template {}").format(
                sql.Identifier(name), sql.Identifier(head_18.template_dbname)
            )
        )
        yield server_18.url(name)
        admin.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@pytest.fixture(scope="module")
def store_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file for the whole module; the first store that is opened makes it."""
    return tmp_path_factory.mktemp("store") / "ledger.db"


async def answered(value: T | Awaitable[T]) -> T:
    """The answer of a verb of either colour."""
    if inspect.isawaitable(value):
        return await value
    return value


@pytest_asyncio.fixture(params=["db-sync", "db-async", "file-sync", "file-async"])
async def store(
    request: pytest.FixtureRequest, store_url: str, store_path: Path
) -> AsyncIterator[AnyStore]:
    """One scenario, both stores, both colours."""
    mode, colour = request.param.split("-")
    if colour == "sync":
        with open_store(mode, url=store_url, path=store_path) as blocking:
            yield blocking
    else:
        opened = open_async_store(mode, url=store_url, path=store_path)
        async with opened as awaited:
            yield awaited


@pytest_asyncio.fixture
async def tenant(store: AnyStore) -> UUID:
    """A tenant of this test alone."""
    return await registered(store)


async def registered(store: AnyStore) -> UUID:
    """A new tenant."""
    tenant_id = uuid4()
    key = tenant_id.hex
    await answered(store.register_tenant(tenant_id, key, "A Bank", TenantType.COMMERCIAL))
    return tenant_id


def expected_refusal(error: BaseException) -> tuple[object, ...]:
    """Everything that a caller can see of a refusal."""
    return (
        type(error),
        *(getattr(error, name, None) for name in ("sqlstate", "field", "rule")),
        str(error),
    )
