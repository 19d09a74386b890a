"""What a released client sends: `migrations/clients/NAME.json`, one file per release, kept.

A file is data: the statements with the types of their parameters and columns, the roles that run
them, and scenarios that execute them. Files of ledgerdb's own releases are written by
`make clients`; reference.json, for the services from before ledgerdb, by hand.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from ledgerdb.errors import ConfigurationError

__all__ = ["FOLDER", "Client", "Scenario", "Statement", "Step", "load", "load_all", "render"]

FOLDER: Final = "clients"


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement, with `$1` for its first parameter.

    Attributes:
        roles: the capability roles that run it.
        parameters: types of the parameters, as `format_type` spells them.
        columns: name and type of each column of the result, a numeric's scale included.
    """

    name: str
    roles: tuple[str, ...]
    sql: str
    parameters: tuple[str, ...]
    columns: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One execution.

    Attributes:
        arguments: text of each argument, a list for an array, None for null; `$name` is what an
            earlier step saved.
        saves: name -> column of the first row.
        rows: how many rows come; None for any number.
        sqlstate: the error that is its answer.
    """

    statement: str
    role: str
    arguments: tuple[Any, ...] = ()
    saves: Mapping[str, str] = field(default_factory=dict)
    rows: int | None = None
    sqlstate: str | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """Steps of one transaction, which is rolled back."""

    name: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Client:
    """One release.

    Attributes:
        release: `0.1.0`, or `reference`.
        since: the oldest revision that it runs on.
    """

    release: str
    since: str
    statements: tuple[Statement, ...]
    scenarios: tuple[Scenario, ...]


def load(path: Path) -> Client:
    """The client of one file.

    Raises:
        ConfigurationError: it is not such a file, or its scenarios do not fit its statements.
    """
    try:
        document = json.loads(path.read_text("utf-8"))
        client = Client(
            document["release"],
            document["since"],
            tuple(_statement(item) for item in document["statements"]),
            tuple(
                Scenario(item["name"], tuple(_step(step) for step in item["steps"]))
                for item in document["scenarios"]
            ),
        )
    except (OSError, ValueError, TypeError, LookupError) as error:
        raise ConfigurationError(f"{path.name}: not the catalogue of a client: {error}") from error
    for problem in _problems(client):
        raise ConfigurationError(f"{path.name}: {problem}")
    return client


def load_all(migrations: Path) -> tuple[Client, ...]:
    """Every client that was ever released.

    Raises:
        ConfigurationError: there is none, or one cannot be read.
    """
    paths = sorted((migrations / FOLDER).glob("*.json"))
    if not paths:
        raise ConfigurationError(f"no clients in {migrations / FOLDER}")
    return tuple(load(path) for path in paths)


def render(client: Client) -> str:
    """The text of its file: a line for each small thing, so that a review reads what changed."""
    statements = [asdict(statement) for statement in client.statements]
    scenarios = [
        {"name": scenario.name, "steps": [_told(step) for step in scenario.steps]}
        for scenario in client.scenarios
    ]
    return (
        f'{{\n"release": {_json(client.release)},\n"since": {_json(client.since)},\n'
        f'"statements": [\n{_listed(_lines(item) for item in statements)}\n],\n'
        f'"scenarios": [\n{_listed(_scene(item) for item in scenarios)}\n]\n}}\n'
    )


def _told(step: Step) -> dict[str, Any]:
    return {name: value for name, value in asdict(step).items() if value not in (None, {}, ())}


def _lines(item: Mapping[str, Any]) -> str:
    return "{" + ",\n ".join(f"{_json(name)}: {_json(value)}" for name, value in item.items()) + "}"


def _scene(item: Mapping[str, Any]) -> str:
    steps = _listed(f"  {_json(step)}" for step in item["steps"])
    return f'{{"name": {_json(item["name"])}, "steps": [\n{steps}]}}'


def _listed(items: Iterable[str]) -> str:
    return ",\n".join(items)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _statement(item: Mapping[str, Any]) -> Statement:
    return Statement(
        item["name"],
        tuple(item["roles"]),
        item["sql"],
        tuple(item["parameters"]),
        tuple((name, kind) for name, kind in item["columns"]),
    )


def _step(item: Mapping[str, Any]) -> Step:
    return Step(**{**item, "arguments": tuple(item.get("arguments", ()))})


def _problems(client: Client) -> Sequence[str]:
    statements = {statement.name: statement for statement in client.statements}
    steps = [step for scenario in client.scenarios for step in scenario.steps]
    problems = [
        f"no scenario executes {name}" for name in statements.keys() - {s.statement for s in steps}
    ]
    for step in steps:
        statement = statements.get(step.statement)
        if statement is None:
            problems.append(f"a scenario executes {step.statement}, which is no statement")
        elif len(statement.parameters) != len(step.arguments):
            problems.append(f"{step.statement} has {len(statement.parameters)} parameters")
        elif step.role not in statement.roles:
            problems.append(f"{step.statement} is not for {step.role}")
    return problems
