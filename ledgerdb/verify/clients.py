"""The N-1 gate: does every released client still work on the schema of a database?

A statement is prepared as each of its roles, and the types of its parameters and columns are
compared with those of the release. `explain` of it then finds missing rights, without executing
anything. On a database of no value the release's scenarios run too, in transactions that are rolled
back. No old application is needed: it is what it sends.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt

from ledgerdb.errors import ConfigurationError, MigrationError
from ledgerdb.verify.clients_catalogue import Client, Scenario, Statement, Step

__all__ = ["FORGET", "described", "due", "findings"]

_STATEMENT: Final = "ledgerdb_gate"
_NAME: Final = sql.Identifier(_STATEMENT)
_FORMAT: Final = """
    select pg_catalog.format_type(t.oid, t.modifier)
    from unnest(%s::oid[], %s::int[]) with ordinality as t (oid, modifier, place) order by t.place
"""
_UNTYPED: Final = -1
_TRIES: Final = 10
# by which types are spelled; what a service has when nobody sets it, without its own schema
_SEARCH_PATH: Final = "set local search_path = public"
FORGET: Final = sql.SQL("deallocate {}").format(_NAME)


def due(clients: Iterable[Client], revision: str | None) -> tuple[Client, ...]:
    """Those that a database at this revision must serve."""
    return tuple(client for client in clients if revision is not None and client.since <= revision)


def findings(connection: psycopg.Connection[Any], client: Client, *, execute: bool) -> list[str]:
    """What of the client no longer works; one line each.

    Args:
        connection: in autocommit, of a role that may act as the client's roles.
        execute: also run the scenarios. They are rolled back, but take locks meanwhile, and
            sequences do not come back.

    Raises:
        ConfigurationError: the connection may not act as one of the roles.
    """
    # psycopg's own would be followed by a DEALLOCATE ALL at the next rollback
    connection.prepare_threshold = None
    found = [line for statement in client.statements for line in _prepare(connection, statement)]
    if execute:
        for scenario in client.scenarios:
            found += _run(connection, client, scenario)
    return found


def described(
    connection: psycopg.Connection[Any], query: str
) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Types of the parameters, and name and type of the columns, as the server sees them.

    Within a transaction of the caller, which it must roll back, on a connection that prepares
    nothing itself: the statement stays prepared.
    """
    connection.execute(_SEARCH_PATH)
    connection.execute(_prepared(query))
    result = connection.pgconn.describe_prepared(_STATEMENT.encode())
    names = [(result.fname(place) or b"").decode() for place in range(result.nfields)]
    types = _types(
        connection,
        [(result.param_type(place), _UNTYPED) for place in range(result.nparams)]
        + [(result.ftype(place), result.fmod(place)) for place in range(result.nfields)],
    )
    return types[: result.nparams], tuple(zip(names, types[result.nparams :], strict=True))


def _types(
    connection: psycopg.Connection[Any], types: Sequence[tuple[int, int]]
) -> tuple[str, ...]:
    rows = connection.execute(_FORMAT, ([oid for oid, _ in types], [mod for _, mod in types]))
    return tuple(name for (name,) in rows)


def _prepare(connection: psycopg.Connection[Any], statement: Statement) -> Iterator[str]:
    with connection.transaction(force_rollback=True):
        connection.execute("set transaction read only")
        try:
            with connection.transaction():
                parameters, columns = described(connection, statement.sql)
        except psycopg.Error as error:
            yield f"{statement.name}: {_said(error)}"
            return
        yield from _differences(f"{statement.name}: parameter", statement.parameters, parameters)
        yield from _differences(f"{statement.name}: column", statement.columns, columns)
        nothing = _call("explain execute", [sql.NULL] * len(parameters))
        try:
            for role in statement.roles:
                _act_as(connection, role)
                try:
                    with connection.transaction(force_rollback=True):
                        connection.execute(nothing)
                except psycopg.Error as error:
                    yield f"{statement.name} as {role}: {_said(error)}"
        finally:
            connection.execute(FORGET)


def _call(verb: str, arguments: Sequence[sql.Composable]) -> sql.Composed:
    passed = sql.SQL("({})").format(sql.SQL(", ").join(arguments)) if arguments else sql.SQL("")
    return sql.SQL(verb + " {}{}").format(_NAME, passed)


def _differences(what: str, released: Sequence[object], now: Sequence[object]) -> Iterator[str]:
    if len(released) != len(now):
        yield f"{what}s: {len(now)} instead of {len(released)}"
    for place, (before, after) in enumerate(zip(released, now, strict=False), 1):
        if before != after:
            yield f"{what} {place}: {_spelled(after)} instead of {_spelled(before)}"


def _spelled(value: object) -> str:
    return " ".join(value) if isinstance(value, tuple) else str(value)


def _run(connection: psycopg.Connection[Any], client: Client, scenario: Scenario) -> Iterator[str]:
    statements = {statement.name: statement for statement in client.statements}
    saved: dict[str, str] = {}
    with connection.transaction(force_rollback=True):
        for number, step in enumerate(scenario.steps, 1):
            where = f"{scenario.name}, step {number}: {step.statement} as {step.role}"
            try:
                with connection.transaction():
                    rows = _execute(connection, statements[step.statement], step, saved)
            except psycopg.Error as error:
                if error.sqlstate != step.sqlstate:
                    yield f"{where}: {_said(error)}"
                    return
                continue
            if step.sqlstate is not None:
                yield f"{where}: no {step.sqlstate}"
                return
            if step.rows is not None and step.rows != len(rows):
                yield f"{where}: {len(rows)} rows instead of {step.rows}"
                return
            saved.update({name: str(rows[0][column]) for name, column in step.saves.items()})
        try:
            # what a client would hear at its commit
            connection.execute("set constraints all immediate")
        except psycopg.Error as error:
            yield f"{scenario.name}, commit: {_said(error)}"


def _execute(
    connection: psycopg.Connection[Any],
    statement: Statement,
    step: Step,
    saved: Mapping[str, str],
) -> list[dict[str, Any]]:
    _act_as(connection, step.role)
    connection.execute(_SEARCH_PATH)
    connection.execute(_prepared(statement.sql))
    try:
        values = [sql.Literal(_text(value, saved)) for value in step.arguments]
        # A change of an ordering gives way to others after half a second, also to an autovacuum.
        return Retrying(
            retry=retry_if_exception_type(psycopg.errors.LockNotAvailable),
            stop=stop_after_attempt(_TRIES),
            reraise=True,
        )(_rows, connection, _call("execute", values))
    finally:
        connection.execute(FORGET)
        connection.execute("reset role")


def _rows(connection: psycopg.Connection[Any], call: sql.Composed) -> list[dict[str, Any]]:
    with connection.transaction(), connection.cursor(row_factory=dict_row) as cursor:
        cursor.execute(call)
        return cursor.fetchall() if cursor.description else []


def _prepared(query: str) -> bytes:
    return b"prepare " + _NAME.as_bytes() + b" as " + query.encode()


def _text(value: Any, saved: Mapping[str, str]) -> str | None:  # noqa: ANN401 - of a JSON file
    if isinstance(value, list):
        texts = [_text(member, saved) for member in value]
        quoted = ["null" if text is None else '"' + _escaped(text) + '"' for text in texts]
        return "{" + ",".join(quoted) + "}"
    if isinstance(value, str) and value.startswith("$"):
        return saved[value[1:]]
    return None if value is None else str(value)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _act_as(connection: psycopg.Connection[Any], role: str) -> None:
    try:
        connection.execute(sql.SQL("set local role {}").format(sql.Identifier(role)))
    except psycopg.errors.InvalidParameterValue as error:
        raise MigrationError(f"the database's server has no role {role}") from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise ConfigurationError(
            f"this login may not act as {role}: use one that may, or a superuser"
        ) from error


def _said(error: psycopg.Error) -> str:
    return f"{error.sqlstate} {error.diag.message_primary}"
