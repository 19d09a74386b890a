"""One database for each module of tests, with the scene in it; and commands run in this process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner, Result

from ledgerdb.cli import app
from ledgerdb.embedded import EmbeddedServer
from tests.commands import ROOT
from tests.operations.scene import Scene, build, login

__all__ = ["invoke", "valid"]

SCHEMA = json.loads((ROOT / "docs" / "cli.schema.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def scene(request: pytest.FixtureRequest, server_18: EmbeddedServer) -> Iterator[Scene]:
    template = request.getfixturevalue("head_18").template_dbname
    name = "scene_" + request.module.__name__.rpartition(".")[2]
    with psycopg.connect(server_18.url(), autocommit=True) as connection:
        connection.execute(f"create database {name} template {template}")
        yield build(server_18.url(name))
        connection.execute(f"drop database {name} with (force)")


@pytest.fixture(scope="module")
def reader(scene: Scene) -> str:
    """The URL of a login that only reads."""
    return login(scene, "ops_reader", "symphony_readonly")


@pytest.fixture(scope="module")
def operator(scene: Scene) -> str:
    """The URL of a login that acts."""
    return login(scene, "ops_operator", "symphony_control")


def valid(command: str, text: str) -> Any:  # noqa: ANN401 - JSON
    """The one document of the output, if it is as the published schema says."""
    assert text.endswith("\n")
    assert text.count("\n") == 1
    assert text.isascii()
    document = json.loads(text)
    Draft202012Validator(SCHEMA | {"$ref": f"#/$defs/{command}"}).validate(document)
    return document


def invoke(url: str, *arguments: object, code: int = 0) -> Result:
    """Runs a command in this process, as a pipe would see it."""
    done = CliRunner().invoke(app, [str(a) for a in (*arguments, "--url", url)])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == code, done.output
    return done
