"""Makes the functions of a database stop where their sessions may meet.

A gate stands after each piece of a plpgsql body that reads or writes what other sessions can see.
What lies between two gates touches variables only: no interleaving of it can matter. The texts are
those that the database holds (pg_get_functiondef), cut by PostgreSQL's own scanner; that nothing
but gates was added is checked against its plpgsql parser.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import psycopg
from pglast.parser import parse_plpgsql_json, scan
from psycopg.rows import dict_row

from tools.plpgsql import body_of

__all__ = ["gated", "instrument", "on_virtual_clock"]

_SCRIPT: Final = Path(__file__).with_name("explorer.sql")
_CLOCK: Final = re.compile(r"(?<![.\w])(clock_timestamp|statement_timestamp|now)\(\)")
_CLOCKS: Final = frozenset({"clock_timestamp", "now"})
# Of PostgreSQL's own functions, those by which sessions meet.
_MEETING: Final = frozenset(
    {"nextval", "setval", "pg_advisory_xact_lock", "pg_current_xact_id", "pg_current_snapshot"}
)
# Volatile or stable, but they read nothing that a scenario changes.
_INERT: Final = frozenset(
    {"uuid_v7_or_random", "uuid_strategy", "outbox_retry_ceiling", "_require_horizon"}
)
# Wakes workers, which poll in any case: it decides nothing.
_WITHOUT_GATES: Final = frozenset({"notify_outbox"})
# A type that the parser of plpgsql cannot look up.
_OUR_ARRAY: Final = re.compile(r"\b(public\.)?outbox_attempt_state\[\]")
_ENDS_PIECE: Final = frozenset({";", "then", "else", "loop", "begin"})
# The operator gives way to the workers: its patience stays below that of the deadlock detector.
_PATIENCE: Final = ("SET lock_timeout TO '500ms'", "SET lock_timeout TO '60ms'")
DEADLOCK_TIMEOUT: Final = "120ms"

_FUNCTIONS: Final = """
select p.proname as name, l.lanname as language, pg_get_functiondef(p.oid) as definition
from pg_catalog.pg_proc as p
inner join pg_catalog.pg_language as l on p.prolang = l.oid
where p.pronamespace = 'public'::regnamespace and l.lanname in ('sql', 'plpgsql')
"""
# Not the functions in plpgsql: they have gates of their own.
_SHARED: Final = """
select c.relname
from pg_catalog.pg_class as c
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'S')
union
select p.proname
from pg_catalog.pg_proc as p
inner join pg_catalog.pg_language as l on p.prolang = l.oid
where
    p.pronamespace = 'public'::regnamespace and p.provolatile <> 'i' and l.lanname <> 'plpgsql'
"""
_DEFAULTS: Final = """
select format(
    'alter table %s alter column %I set default %s',
    d.adrelid::regclass, a.attname,
    regexp_replace(pg_get_expr(d.adbin, d.adrelid), '^(now|clock_timestamp)', 'explorer.\\1')
)
from pg_catalog.pg_attrdef as d
inner join pg_catalog.pg_attribute as a on d.adrelid = a.attrelid and d.adnum = a.attnum
where pg_get_expr(d.adbin, d.adrelid) ~ '^(now|clock_timestamp)\\(\\)$'
"""


def instrument(url: str) -> None:
    """Puts clock and gates into a database, in place."""
    with psycopg.connect(url, autocommit=True, row_factory=dict_row) as connection:
        shared = frozenset(name for row in connection.execute(_SHARED) for name in row.values())
        functions = connection.execute(_FUNCTIONS).fetchall()
        connection.execute(_SCRIPT.read_bytes())
        for row in connection.execute(_DEFAULTS).fetchall():
            (statement,) = row.values()
            connection.execute(statement.encode())
        for function in functions:
            text = on_virtual_clock(function["definition"]).replace(*_PATIENCE)
            if function["language"] == "plpgsql" and function["name"] not in _WITHOUT_GATES:
                text = gated(function["name"], text, shared)
            if text != function["definition"]:
                connection.execute(text.encode())


def on_virtual_clock(definition: str) -> str:
    """The definition with the explorer's clock for PostgreSQL's."""
    return _CLOCK.sub(
        lambda call: f"explorer.{'now' if call[1] == 'now' else 'clock_timestamp'}()", definition
    )


def gated(name: str, definition: str, shared: frozenset[str]) -> str:
    """The definition of a plpgsql function with gates.

    Args:
        name: of the function; the gates say it.
        definition: the `create function` statement.
        shared: names of tables, views, sequences and functions by which sessions meet.

    Raises:
        AssertionError: the statements are not what they were before, gates aside.
    """
    body = body_of(definition, 1)
    if body is None:
        return definition
    text = body.text
    for at, is_at_clock in reversed(list(_places(text, (shared | _MEETING) - _INERT))):
        line = text.count("\n", 0, at) + 1
        moves = "true" if is_at_clock else "false"
        gate = f" assert explorer.gate('{name}:{line}', {moves});"
        text = text[:at] + gate + text[at:]
    with_gates = definition.replace(body.text, text)
    if _statements(definition) != [kind for kind in _statements(with_gates) if kind != "gate"]:
        raise AssertionError(f"gates changed the statements of {name}")
    return with_gates


def _places(body: str, shared: frozenset[str]) -> Iterator[tuple[int, bool]]:
    """Where a gate goes, and whether only the clock was read before it."""
    tokens = [(t.start, t.end + 1, body[t.start : t.end + 1].lower()) for t in scan(body)]
    parentheses = cases = 0
    meets = reads_clock = False
    for index, (_, end, word) in enumerate(tokens):
        parentheses += (word == "(") - (word == ")")
        if word == "case":
            cases += 1
        elif word == "end" and cases:
            cases -= 1
            continue
        meets = meets or word in shared
        reads_clock = reads_clock or word in _CLOCKS
        if parentheses or cases or word not in _ENDS_PIECE:
            continue
        following = tokens[index + 1][2] if index + 1 < len(tokens) else ""
        is_declared = word == ";" and all(token[2] != "begin" for token in tokens[:index])
        if is_declared or following == "get":  # `get diagnostics` belongs to what was before
            continue
        if meets or reads_clock:
            yield end, not meets
        meets = reads_clock = False


def _statements(definition: str) -> list[str]:
    """The kinds of a function's statements, in order."""
    return list(_kinds(json.loads(parse_plpgsql_json(_OUR_ARRAY.sub("text[]", definition)))))


def _kinds(node: object) -> Iterator[str]:
    if isinstance(node, list):
        for child in node:
            yield from _kinds(child)
    elif isinstance(node, dict):
        for key, child in node.items():
            if key.startswith("PLpgSQL_stmt_"):
                yield "gate" if _is_gate(key, child) else key
            yield from _kinds(child)


def _is_gate(kind: str, statement: dict[str, Any]) -> bool:
    return kind == "PLpgSQL_stmt_assert" and "explorer.gate(" in json.dumps(statement)
