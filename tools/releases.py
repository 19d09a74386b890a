"""`make clients`: writes migrations/clients/VERSION.json, what the clients of this release send.

The statements are those of `ledgerdb.calls` and of the commands; types and roles come from a
throw-away database at head, scenarios from tools/release_scenarios.py. The file of a version that
is out is never written again: raise the version first. `--check` fails when a statement changed.
"""

from __future__ import annotations

import argparse
import difflib
import importlib
import pkgutil
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import psycopg
from sqlalchemy import TextClause

from ledgerdb import __version__, calls, retention
from ledgerdb.migrate.guard import ROLES
from ledgerdb.verify import clients, clients_catalogue
from ledgerdb.verify.clients_catalogue import Client, Scenario, Statement, Step
from tools.head import database_at_head
from tools.release_scenarios import SCENARIOS, Doing

__all__ = ["current", "main", "statements"]

FOLDER: Final = Path(__file__).resolve().parent.parent / "migrations" / clients_catalogue.FOLDER
_FUNCTION: Final = re.compile(r"\bfrom public\.(\w+)\(")
_PARAMETER: Final = re.compile(r"(?<!:):(\w+)")
# what dashboards read
_VIEWS: Final = """
    select c.relname, string_agg(quote_ident(a.attname), ', ' order by a.attnum), array(
        select r from unnest(%s::text[]) as r where has_table_privilege(r, c.oid, 'select'))
    from pg_class as c join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'v'
    group by c.oid, c.relname order by c.relname
"""
_ROLES: Final = """
    select array(select r from unnest(%s::text[]) as r
        where has_function_privilege(r, p.oid, 'execute'))
    from pg_proc as p where p.pronamespace = 'public'::regnamespace and p.proname = %s
"""


def texts() -> Iterator[tuple[str, str]]:
    """Function and statement of every call."""
    modules = [retention] + [
        importlib.import_module(f"{calls.__name__}.{module.name}")
        for module in pkgutil.iter_modules(calls.__path__)
    ]
    for module in modules:
        for value in vars(module).values():
            if isinstance(value, TextClause) and (called := _FUNCTION.search(value.text)):
                yield called[1], value.text


def statements(connection: psycopg.Connection[Any]) -> dict[str, tuple[Statement, list[str]]]:
    """Name -> statement, and the names of its parameters."""
    found: dict[str, tuple[Statement, list[str]]] = {}
    for function, text in sorted(texts()):
        names = list(dict.fromkeys(_PARAMETER.findall(text)))
        query = _PARAMETER.sub(lambda match: f"${names.index(match[1]) + 1}", text)  # noqa: B023
        ((roles,),) = connection.execute(_ROLES, ([*ROLES], function)).fetchall()
        found[function] = _statement(connection, function, roles, query), names
    for view, columns, roles in connection.execute(_VIEWS, ([*ROLES],)).fetchall():
        if roles:
            query = f"select {columns} from public.{view}"  # noqa: S608 - quoted names
            found[view] = _statement(connection, view, roles, query), []
    return found


def _statement(
    connection: psycopg.Connection[Any], name: str, roles: Sequence[str], query: str
) -> Statement:
    with connection.transaction(force_rollback=True):
        parameters, columns = clients.described(connection, query)
        connection.execute(clients.FORGET)
    return Statement(name, tuple(roles), query, parameters, columns)


def current() -> Client:
    """The client of this checkout."""
    with (
        database_at_head() as (server, name, revision),
        psycopg.connect(server.url(name), autocommit=True, prepare_threshold=None) as connection,
    ):
        return client(connection, revision)


def client(connection: psycopg.Connection[Any], revision: str) -> Client:
    """The same, on a database at head."""
    known = statements(connection)
    return Client(
        release=__version__,
        since=revision,
        statements=tuple(statement for statement, _ in known.values()),
        scenarios=tuple(
            Scenario(name, tuple(_step(doing, known[doing.function][1]) for doing in steps))
            for name, steps in SCENARIOS.items()
        ),
    )


def _step(doing: Doing, names: Sequence[str]) -> Step:
    if unknown := doing.arguments.keys() - set(names):
        raise ValueError(f"{doing.function} has no {', '.join(sorted(unknown))}")
    return Step(
        doing.function,
        doing.role,
        tuple(doing.arguments.get(name) for name in names),
        doing.saves,
        doing.rows,
        doing.sqlstate,
    )


def main(arguments: Sequence[str] | None = None, *, folder: Path = FOLDER) -> int:
    """Exit code: 0 written or equal, 1 the file differs."""
    parser = argparse.ArgumentParser(prog="python -m tools.releases", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if it differs")
    options = parser.parse_args(arguments)
    path = folder / f"{__version__}.json"
    made = current()
    written = path.read_text("utf-8") if path.exists() else ""
    if written:  # what a release needs at least does not move with head
        made = Client(
            made.release, clients_catalogue.load(path).since, made.statements, made.scenarios
        )
    text = clients_catalogue.render(made)
    if not options.check:
        path.write_text(text, "utf-8", newline="\n")
        print(f"wrote {path.name}")
        return 0
    sys.stdout.writelines(
        difflib.unified_diff(
            written.splitlines(keepends=True),
            text.splitlines(keepends=True),
            f"migrations/clients/{path.name}",
            "what ledgerdb.calls sends: a released client never changes, raise the version",
        )
    )
    return 0 if written == text else 1


if __name__ == "__main__":
    sys.exit(main())
