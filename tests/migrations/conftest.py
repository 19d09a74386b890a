"""Databases to migrate. What does not depend on the version of PostgreSQL runs on 18."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from ledgerdb.embedded import EmbeddedServer
from proof.ground import FAST
from tests.migrations.databases import query
from tests.migrations.project import Project


def _url(client: psycopg.Connection[Any]) -> str:
    info = client.info
    return f"postgresql://postgres@/{info.dbname}?host={info.host}&port={info.port}"


@pytest.fixture
def empty_url(client_empty_18: psycopg.Connection[Any]) -> str:
    """A database of PostgreSQL 18 in which nothing was ever created."""
    return _url(client_empty_18)


@pytest.fixture
def baseline_url(client_baseline_18: psycopg.Connection[Any]) -> str:
    """A database of PostgreSQL 18 at revision 0001."""
    return _url(client_baseline_18)


@pytest.fixture
def head_url(client_head_18: psycopg.Connection[Any]) -> str:
    """A database of PostgreSQL 18 at head."""
    return _url(client_head_18)


@pytest.fixture
def second_url(empty_url: str, server_18: EmbeddedServer) -> Iterator[str]:
    """Another empty database beside `empty_url`."""
    name = f"second_{uuid4().hex}"
    query(server_18.url(), f"create database {name} template template0")
    yield server_18.url(name)
    query(server_18.url(), f"drop database {name} with (force)")


@pytest.fixture
def new_role(server_18: EmbeddedServer, empty_url: str) -> Iterator[Callable[[str], str]]:
    """Makes a role with these attributes; dropped at the end with what it owns."""
    made: list[str] = []

    def make(attributes: str) -> str:
        made.append(f"role_{uuid4().hex}")
        query(empty_url, f"create role {made[-1]} login {attributes}")
        return made[-1]

    yield make
    for role in made:
        name = empty_url.partition("@/")[2].partition("?")[0]
        query(server_18.url(), f"alter database {name} owner to postgres")
        query(empty_url, f"reassign owned by {role} to postgres")
        query(empty_url, f"drop owned by {role}")
        query(empty_url, f"drop role {role}")


@pytest.fixture(scope="session")
def tcp_server() -> Iterator[EmbeddedServer]:
    """A server that asks for a password, over TCP."""
    with EmbeddedServer(version=18, tcp_port=closed_port(), settings=FAST) as server:
        yield server


@pytest.fixture
def tcp_url(tcp_server: EmbeddedServer) -> Iterator[str]:
    """An empty database over TCP, password included."""
    name = f"tcp_{uuid4().hex}"
    query(tcp_server.url(), f"create database {name} template template0")
    yield tcp_server.tcp_url(name)
    query(tcp_server.url(), f"drop database {name} with (force)")


def closed_port() -> int:
    """A TCP port at which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def unused_port() -> int:
    """A TCP port at which nothing listens."""
    return closed_port()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A copy of our migrations, to be spoilt."""
    return Project.copied(tmp_path)


@pytest.fixture
def own_project(tmp_path: Path) -> Project:
    """Without revisions: the test writes them."""
    return Project.empty(tmp_path)
