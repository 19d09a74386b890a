"""Builds the reference database at a state, 0034 or older, in an empty database."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import psycopg

from tests.commands import ROOT
from tests.reference.facts import HEAD, migrations, rows

__all__ = ["build", "known_bodies"]

_BODIES: Final = Path(__file__).parent / "bodies.sql"
_FROZEN: Final = ROOT / "migrations" / "frozen"
# Facts that stand in the catalog twice: the constraint makes the index.
_KEYS: Final = ("p", "u")
_ORDER: Final = {"p": 0, "u": 0, "c": 1, "f": 2}
# Columns that came with 0020; the functions copied them from then on.
_REFERENCES: Final = re.compile(
    r",\s*"
    + r",\s*".join(
        rf"(?:v_\w+\.)?{column}"
        for column in ("correlation_id", "upstream_ref", "downstream_ref", "nfs_sequence_ref")
    )
)
_QUOTED: Final = "', '"
_ROLE: Final = """
    do $$ begin create role {name} {login};
    exception when duplicate_object or unique_violation then null; end $$
"""


def build(url: str, state: str = HEAD) -> None:
    """Makes an empty database the reference database at `state`."""
    with psycopg.connect(url) as connection:
        connection.execute("set check_function_bodies = off")
        for statement in _statements(state):
            connection.execute(statement)
        connection.cursor().executemany(
            "insert into public.schema_migrations (version, checksum) values (%s, %s)",
            migrations(state),
        )


def known_bodies(url: str) -> dict[str, str]:
    """The sha256 of the bodies that `build` made: to it they are the known ones."""
    with psycopg.connect(url) as connection:
        return dict(
            connection.execute(
                """select p.proname::text, encode(sha256(convert_to(p.prosrc, 'UTF8')), 'hex')
                from pg_catalog.pg_proc as p where p.pronamespace = 'public'::regnamespace"""
            ).fetchall()
        )


def _statements(state: str) -> Iterator[str]:
    for name, login in rows("roles", state):
        yield _ROLE.format(name=name, login="login" if login else "nologin")
    for name, labels in rows("enums", state):
        yield f"create type public.{name} as enum ('{_QUOTED.join(labels)}')"
    yield _body("0001_uuid_v7_or_random.sql")
    for name, options in rows("tables", state):
        columns = ", ".join(_column(row) for row in rows("columns", state) if row[0] == name)
        settings = f" with ({', '.join(options)})" if options else ""
        yield f"create table public.{name} ({columns}){settings}"
    for table, name, _, _, definition in sorted(
        rows("constraints", state), key=lambda row: _ORDER[row[2]]
    ):
        yield f"alter table public.{table} add constraint {name} {definition}"
    keys = {row[1] for row in rows("constraints", state) if row[2] in _KEYS}
    yield from (row[4] for row in rows("indexes", state) if row[1] not in keys)
    yield from _functions(state)
    yield from (row[3] for row in rows("triggers", state))
    for table, role, privileges in rows("table_grants", state):
        names = "all" if len(privileges) > 6 else ", ".join(privileges)
        yield f"grant {names} on public.{table} to {role}"
    for function, role in rows("function_grants", state):
        if role != "PUBLIC":
            yield f"grant execute on function public.{function} to {role}"


def _column(row: list[Any]) -> str:
    _, name, type_name, not_null, default, generated = row
    value = f"generated always as ({default}) stored" if generated else f"default {default}"
    return (
        f"{name} {type_name}{' not null' if not_null else ''}"
        f"{' ' + value if default is not None else ''}"
    )


def _functions(state: str) -> Iterator[str]:
    bodies = {
        part.partition("\n")[0].strip(): part.partition("\n")[2]
        for part in _BODIES.read_text().split("-- body: ")[1:]
    }
    for name, arguments, result, language, *_ in rows("functions", state):
        if (_FROZEN / f"0001_{name}.sql").exists():
            text = _body(f"0001_{name}.sql")
            yield text if state >= "0020" else _REFERENCES.sub("", text)
        else:
            body = bodies.get(name, bodies["trigger" if result == "trigger" else "other"])
            yield (
                f"create function public.{name}({arguments}) returns {result}"
                f" language {language} as $body$\n{body}$body$"
            )


def _body(file: str) -> str:
    """A function of the baseline, without what only ledgerdb says."""
    return (_FROZEN / file).read_text().partition("comment on function")[0]
