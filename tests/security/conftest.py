"""The grounds: one database a process for each version and revision: attacks leave nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg
import pytest

from ledgerdb.embedded import EmbeddedServer
from proof.attacks.grounds import Grounds


@pytest.fixture(scope="session")
def make_grounds(request: pytest.FixtureRequest) -> Iterator[Callable[[int, str], Grounds]]:
    made: dict[tuple[int, str], Grounds] = {}

    def make(version: int, revision: str) -> Grounds:
        if (version, revision) not in made:
            template = request.getfixturevalue(f"{revision}_{version}").template_dbname
            server: EmbeddedServer = request.getfixturevalue(f"server_{version}")
            name = f"grounds_{revision}"
            with psycopg.connect(server.url(), autocommit=True) as connection:
                connection.execute(f"create database {name} template {template}")
            url = server.url(name)
            connection = psycopg.connect(url, autocommit=True)
            made[version, revision] = Grounds(connection, url, version, is_head=revision == "head")
        return made[version, revision]

    yield make
    for grounds in made.values():
        grounds.close()


@pytest.fixture(params=["baseline", "head"], ids=["reference", "head"])
def grounds(
    request: pytest.FixtureRequest, version: int, make_grounds: Callable[[int, str], Grounds]
) -> Grounds:
    """One of the two revisions; an attack says what it does on each."""
    return make_grounds(version, request.param)


@pytest.fixture
def reference(version: int, make_grounds: Callable[[int, str], Grounds]) -> Grounds:
    """A database at revision 0001."""
    return make_grounds(version, "baseline")


@pytest.fixture
def head(version: int, make_grounds: Callable[[int, str], Grounds]) -> Grounds:
    """A database at head."""
    return make_grounds(version, "head")
