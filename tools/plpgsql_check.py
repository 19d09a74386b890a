"""`make plpgsql`: the extension plpgsql_check over every plpgsql function of head.

    python -m tools.plpgsql_check [--install]

Knows what the linters cannot: whether tables, columns and variables exist and have these types,
whether every path returns, whether a body does more than its volatility says. Runs in a private
PostgreSQL 15, see tools/plpgsql_server.py. A trigger function is checked with each relation that it
is a trigger of. `language sql` bodies are checked by the server itself when the schema is loaded.

Findings that are right and stay are in plpgsql_check.toml, each with its reason; one that is gone
must leave it. Exit code: 0 no finding, 1 findings, 2 plpgsql_check is not installed.
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg

from tools.plpgsql_server import NotInstalled, install, server_with_schema

__all__ = ["Finding", "accepted", "check", "check_text", "judge", "main"]

ACCEPTED: Final = Path(__file__).with_suffix(".toml")

_FUNCTIONS: Final = """
    select p.oid, p.proname, p.prorettype = 'trigger'::regtype, array(
        select distinct t.tgrelid from pg_trigger as t
        where t.tgfoid = p.oid and not t.tgisinternal)
    from pg_proc as p join pg_language as l on l.oid = p.prolang
    where p.pronamespace = 'public'::regnamespace and l.lanname = 'plpgsql'
    order by p.proname
"""
_CHECK: Final = """
    select f.lineno, f.level, f.sqlstate, f.message, f.detail
    from plpgsql_check_function_tb(%s::oid::regprocedure, %s::oid::regclass,
        fatal_errors => false, other_warnings => true, extra_warnings => true,
        performance_warnings => true, security_warnings => true) as f
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """What plpgsql_check says of a function; `line` counts from the body's first."""

    function: str
    line: int
    level: str
    sqlstate: str
    message: str
    detail: str

    @property
    def rule(self) -> str:
        """Its name: the level, and the SQLSTATE where there is one."""
        level = self.level.replace(" ", "-")
        return f"plpgsql-check-{level}" + ("" if self.sqlstate == "00000" else f"-{self.sqlstate}")

    @property
    def identity(self) -> tuple[str, str, str]:
        """What does not move with the lines above it."""
        return self.function, self.message, self.detail

    def __str__(self) -> str:
        detail = f" ({self.detail})" if self.detail else ""
        return f"{self.function}:{self.line}: {self.rule}: {self.message}{detail}"


def check(connection: psycopg.Connection[Any]) -> tuple[int, list[Finding]]:
    """How many functions there are, and what is found in them."""
    functions = connection.execute(_FUNCTIONS).fetchall()
    found: dict[Finding, None] = {}
    for oid, name, is_trigger, relations in functions:
        if is_trigger and not relations:
            found[Finding(name, 0, "error", "00000", "is the trigger of no table", "")] = None
        for relation in relations if is_trigger else [0]:
            for line, level, sqlstate, message, detail in connection.execute(
                _CHECK, (oid, relation)
            ):
                found[Finding(name, line or 0, level, sqlstate, message, detail or "")] = None
    return len(functions), list(found)


def check_text(connection: psycopg.Connection[Any], sql: str, name: str) -> list[Finding]:
    """What is found in one function that is created for it, and is gone afterwards."""
    with connection.transaction(force_rollback=True):
        connection.execute(sql.encode())
        return [finding for finding in check(connection)[1] if finding.function == name]


def accepted(path: Path = ACCEPTED) -> dict[tuple[str, str, str], str]:
    """The findings that stay, with the reason of each."""
    entries = tomllib.loads(path.read_text("utf-8")).get("accepted", [])
    return {(e["function"], e["message"], e.get("detail", "")): e["reason"] for e in entries}


def judge(found: Sequence[Finding], reasons: dict[tuple[str, str, str], str]) -> list[str]:
    """Lines to print: what is found and not accepted, and what is accepted and not found."""
    identities = {finding.identity for finding in found}
    lines = [str(finding) for finding in found if finding.identity not in reasons]
    return lines + [
        f"{ACCEPTED.name}: accepted and no longer found: {': '.join(filter(None, identity))}"
        for identity in reasons
        if identity not in identities
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Checks the functions of head; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.plpgsql_check", description=__doc__)
    parser.add_argument("--install", action="store_true", help="with apt-get, where it is missing")
    options = parser.parse_args(arguments)
    try:
        if options.install:
            install()
        with server_with_schema() as connection:
            count, found = check(connection)
    except NotInstalled as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    lines = judge(found, accepted())
    print("\n".join(lines) or f"{count} functions: nothing but what is accepted")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
