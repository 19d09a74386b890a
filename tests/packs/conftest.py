"""Databases in which every life was lived, one for each version of PostgreSQL, and golden packs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from pytest_postgresql.executors import NoopExecutor

from ledgerdb.embedded import EmbeddedServer
from ledgerdb.url import database_url
from ledgerdb.verify.packs.lives import live
from ledgerdb.verify.retry_semantics.session import Session

GOLDEN = Path(__file__).with_name("golden")


@pytest.fixture(scope="session")
def lived(request: pytest.FixtureRequest) -> Callable[[int], str]:
    """The URL for a version of PostgreSQL; nothing is written there any more. It ends with the
    server.
    """
    made: dict[int, str] = {}

    def make(version: int) -> str:
        if version not in made:
            server: EmbeddedServer = request.getfixturevalue(f"server_{version}")
            template: NoopExecutor = request.getfixturevalue(f"head_{version}")
            with psycopg.connect(server.url(), autocommit=True) as connection:
                connection.execute(
                    sql.SQL("create database lived template {}").format(
                        sql.Identifier(template.template_dbname)
                    )
                )
            made[version] = server.url("lived")
            with Session(database_url(made[version])) as session:
                live(session)
        return made[version]

    return make


@pytest.fixture
def lived_url(lived: Callable[[int], str]) -> str:
    """On the newest version."""
    return lived(18)
