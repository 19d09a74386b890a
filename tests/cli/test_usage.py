"""The command line of ledgerdb: help, version, and errors on one line."""

from __future__ import annotations

import sys

import psycopg
import pytest
import typer

import ledgerdb
from ledgerdb.cli import app
from ledgerdb.embedded import EmbeddedServer
from tests.commands import assert_refused, run

COMMANDS = sorted(vars(typer.main.get_command(app))["commands"])


def test_version() -> None:
    done = run("ledgerdb", "--version")
    assert (done.code, done.stdout, done.stderr) == (0, f"ledgerdb {ledgerdb.__version__}\n", "")
    assert run(sys.executable, "-m", "ledgerdb", "--version") == done


@pytest.mark.parametrize("command", COMMANDS)
def test_help(command: str) -> None:
    done = run("ledgerdb", command, "--help", variables={"TERM": "dumb"})
    assert (done.code, done.stderr) == (0, "")
    assert f"ledgerdb {command}" in done.stdout
    assert "--help" in done.stdout


def test_help_lists_every_command() -> None:
    assert {"upgrade", "current"} <= set(COMMANDS)
    done = run("ledgerdb", "--help", variables={"TERM": "dumb"})
    assert (done.code, done.stderr) == (0, "")
    assert all(command in done.stdout for command in COMMANDS)


def test_without_a_command_there_is_help() -> None:
    done = run("ledgerdb")
    assert done.code == 2
    assert "Usage" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nothing",), "No such command 'nothing'"),
        (("upgrade", "--nothing"), "No such option: --nothing"),
        (("upgrade", "head", "more"), "unexpected extra argument"),
        (("current", "--url"), "requires an argument"),
        (("--nothing", "current"), "No such option: --nothing"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_wrong_usage(arguments: tuple[str, ...], words: str) -> None:
    done = run("ledgerdb", *arguments, variables={"TERM": "dumb", "COLUMNS": "200"})
    assert (done.code, done.stdout) == (2, "")
    assert words.lower() in done.stderr.lower()
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("command", "url", "words"),
    [
        ("upgrade", None, "error: no database: set LEDGERDB_URL (or DATABASE_URL)"),
        ("current", "", "error: no database: set LEDGERDB_URL"),
        ("upgrade", "mysql://u:hunter2@h/d", "error: LEDGERDB_URL is not a PostgreSQL URL"),
        ("current", "postgresql://u:hunter2@h", "error: LEDGERDB_URL names no database"),
    ],
)
def test_no_usable_url(command: str, url: str | None, words: str) -> None:
    done = run("ledgerdb", command, url=url)
    assert_refused(done, words, secret="hunter2")  # noqa: S106 - of nothing
    assert done.code == 1


def test_the_option_comes_before_the_environment() -> None:
    done = run("ledgerdb", "current", "--url", "nonsense", url="postgresql://h/d")
    assert_refused(done, "error: the database URL is not a PostgreSQL URL")
    assert done.code == 1


def test_an_unknown_revision(
    server_18: EmbeddedServer, client_head_18: psycopg.Connection[object]
) -> None:
    url = server_18.url(client_head_18.info.dbname)
    done = run("ledgerdb", "upgrade", "9999", url=url)
    assert_refused(done, "error: ", "9999")
    assert done.code == 1
    assert_refused(run("ledgerdb", "upgrade", "9999", "--sql"), "9999")
