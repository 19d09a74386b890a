"""What the runbooks tell people to type exists: commands, their options, and queries."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
import typer
from pytest_postgresql.executors import NoopExecutor

from ledgerdb.cli import app
from ledgerdb.embedded import EmbeddedServer
from tests.monitoring.test_rules import ALERTS, RUNBOOKS

BLOCK = re.compile(r"^```(console|sql)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[tuple[str, str]]:
    return [
        (path.stem, text)
        for path in sorted(RUNBOOKS.glob("*.md"))
        for kind, text in BLOCK.findall(path.read_text())
        if kind == language
    ]


def commands() -> list[str]:
    lines = [line for _, text in blocks("console") for line in text.splitlines()]
    return sorted({line for line in lines if line.startswith("ledgerdb ")})


def parse(line: str) -> None:
    """Parses a line as the command line does, and runs nothing.

    Raises:
        Exception: an unknown command or option, a missing or superfluous argument.
    """
    command: Any = typer.main.get_command(app)
    words = shlex.split(line)[1:]
    while hasattr(command, "commands"):
        context = command.make_context("ledgerdb", words[:1], resilient_parsing=True)
        _, command, rest = command.resolve_command(context, words)
        if command is None:
            raise LookupError(f"nothing is named {words[0]}")
        words = rest
    command.make_context("ledgerdb", words)


@pytest.mark.parametrize("line", commands())
def test_a_command_exists(line: str) -> None:
    parse(line)


@pytest.mark.parametrize(
    "line", ["ledgerdb nothing", "ledgerdb status --nothing", "ledgerdb resolve x dispatched"]
)
def test_one_that_does_not_exist_is_noticed(line: str) -> None:
    with pytest.raises(Exception, match=r"nothing|No such option|Missing option|valid UUID"):
        parse(line)


@pytest.fixture(scope="module")
def operator(server_18: EmbeddedServer, head_18: NoopExecutor) -> Iterator[psycopg.Connection[Any]]:
    """Who is on call: a login with the role of operators, and no more."""
    name = "runbooks"
    with psycopg.connect(server_18.url(), autocommit=True) as admin:
        admin.execute(f"create database {name} template {head_18.template_dbname}")
        admin.execute("create role on_call login in role symphony_control")
        with psycopg.connect(server_18.url(name, "on_call"), autocommit=True) as connection:
            yield connection
        admin.execute(f"drop database {name} with (force)")
        admin.execute("drop role on_call")


@pytest.mark.parametrize("alert", sorted(ALERTS))
def test_a_query_runs(operator: psycopg.Connection[Any], alert: str) -> None:
    """Each statement by itself, in the order of the page."""
    for page, text in blocks("sql"):
        if page == alert:
            for statement in filter(str.strip, text.split(";")):
                operator.execute(statement)
    assert any(page == alert for page, _ in blocks("sql"))
