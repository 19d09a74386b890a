"""Help of every command: what it is for, JSON where it prints data; the table tells the truth."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
import typer
from typer.core import TyperCommand, TyperGroup

from ledgerdb.cli import app
from ledgerdb.cli.commands import Commands
from ledgerdb.cli.lazy import Place, Sign
from tests.commands import environment

# A show, programs that serve until they are stopped, one that writes Prometheus' format, one that
# writes a pack, which is JSON, and one that shows such a file to people.
NO_JSON = {
    "demo",
    "server",
    "console",
    "metrics serve",
    "metrics print",
    "evidence export",
    "evidence show",
}
HEAVY = {"sqlalchemy", "psycopg", "alembic", "jsonschema", "starlette"}


def _every(name: str, command: object) -> Iterator[tuple[str, TyperCommand]]:
    if isinstance(command, TyperGroup):
        for part, found in command.commands.items():
            yield from _every(f"{name} {part}", found)
    else:
        assert isinstance(command, TyperCommand)
        yield name, command


ROOT = typer.main.get_command(app)
EVERY = {name.removeprefix("ledgerdb "): found for name, found in _every("ledgerdb", ROOT)}
OPERATORS = [
    name for name, place in Commands.places.items() if place.panel and "outbox" in place.panel
]


def _first_paragraph(text: str) -> str:
    return " ".join(text.split("\n\n", maxsplit=1)[0].split())


@pytest.mark.parametrize("name", Commands.places)
def test_the_table_says_what_the_command_says(name: str) -> None:
    place = Commands.places[name]
    command = Sign(name, place).load()
    assert command.name == name
    assert _first_paragraph(command.help or "") == place.summary
    assert place.panel


def test_a_wrong_line_in_the_table_is_seen() -> None:
    sign = Sign("status", Place("ledgerdb.cli.operations.status:status", "Something else.", "x"))
    assert _first_paragraph(sign.load().help or "") != sign.help
    with pytest.raises(AttributeError):
        Sign("status", Place("ledgerdb.cli.operations.status:nothing", "", "x")).load()


@pytest.mark.parametrize("name", EVERY)
def test_every_command_and_option_is_described(name: str) -> None:
    command = EVERY[name]
    assert len(_first_paragraph(command.help or "")) > 20
    for parameter in command.params:
        if parameter.name not in {"help", "url"}:
            assert getattr(parameter, "help", None), f"{name}: {parameter.name}"


@pytest.mark.parametrize("name", sorted(set(EVERY) - NO_JSON))
def test_json_where_data_are_printed(name: str) -> None:
    assert any("--json" in parameter.opts for parameter in EVERY[name].params)


@pytest.mark.parametrize("name", OPERATORS)
def test_operators_get_an_example_and_the_same_options(name: str) -> None:
    command = EVERY[name]
    assert f"ledgerdb {name}" in (command.help or "").partition("Example")[2]
    given = {option for parameter in command.params for option in parameter.opts}
    assert {"--json", "--url", "--role"} <= given
    if Commands.places[name].panel == "Act on the outbox":
        assert {"--actor", "--reason"} <= given


def test_the_exceptions_are_commands() -> None:
    assert set(EVERY) >= NO_JSON
    assert list(vars(ROOT)["commands"]) == list(Commands.places)


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], []])
def test_help_loads_no_driver(arguments: list[str]) -> None:
    program = (
        "import sys\n"
        "from ledgerdb.cli import main\n"
        "try:\n    main()\n"
        "finally:\n    print(*sys.modules, file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        check=False,
        capture_output=True,
        text=True,
        env=environment(),
    )
    loaded = {name.partition(".")[0] for name in done.stderr.split()}
    assert "typer" in loaded
    assert not loaded & HEAVY


def test_completion_loads_no_driver() -> None:
    variables = {
        "_LEDGERDB_COMPLETE": "complete_bash",
        "COMP_WORDS": "ledgerdb ",
        "COMP_CWORD": "1",
    }
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "ledgerdb"],
        check=False,
        capture_output=True,
        text=True,
        env=environment() | variables | {"PATH": os.environ["PATH"]},
    )
    assert set(Commands.places) <= set(done.stdout.split())
    loaded = {
        line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()
    }
    assert "typer" in loaded
    assert not loaded & HEAVY
