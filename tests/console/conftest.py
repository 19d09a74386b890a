"""One database with a scene, and one console over it, for all tests of the package: they read."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import psycopg
import pytest
from pytest_postgresql.executors import NoopExecutor

from ledgerdb.console import ConsoleSettings
from ledgerdb.embedded import EmbeddedServer
from tests.console import scene as scenes
from tests.console.served import served


@pytest.fixture(scope="package")
def scene(server_18: EmbeddedServer, head_18: NoopExecutor) -> Iterator[scenes.Scene]:
    name = "console_scene"
    with psycopg.connect(server_18.url(), autocommit=True) as admin:
        admin.execute(f"create database {name} template {head_18.template_dbname}")
        url = server_18.url(name)
        played = scenes.play(url)
        scenes.add_an_hour(url)
        yield played
        admin.execute(f"drop database {name} with (force)")


@pytest.fixture(scope="package")
def console(scene: scenes.Scene) -> Iterator[str]:
    """Address of a console that refreshes its pages every second."""
    with served(scene.url, ConsoleSettings(refresh_seconds=1)) as address:
        yield address


@pytest.fixture(scope="package")
def client(console: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=console, trust_env=False) as client:
        yield client
