"""Which functions of a database are not those of the checkout: where to look first."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import psycopg

from tools.plpgsql import body_of

__all__ = ["functions_that_reach", "replaced_functions"]

_LIVE: Final = Path(__file__).parents[2] / "sqlfunctions"


def replaced_functions(url: str) -> frozenset[str]:
    """Names of plpgsql functions whose body differs from the live file; all where none does."""
    with psycopg.connect(url, autocommit=True) as connection:
        held: dict[str, str] = dict(
            connection.execute(
                "select p.proname, p.prosrc from pg_catalog.pg_proc as p"
                " where p.pronamespace = 'public'::regnamespace and p.prosqlbody is null"
            ).fetchall()
        )
    differing = set()
    for name, source in held.items():
        path = _LIVE / f"{name}.sql"
        body = body_of(path.read_text("utf-8"), 1) if path.exists() else None
        if body is not None and body.text != source:
            differing.add(name)
    return frozenset(differing or held)


def functions_that_reach(names: Iterable[str]) -> frozenset[str]:
    """The given functions, and all that call them, directly or not."""
    texts = {path.stem: path.read_text("utf-8") for path in _LIVE.glob("*.sql")}
    reaching = set(names)
    grown = True
    while grown:
        pattern = re.compile(rf"public\.({'|'.join(map(re.escape, reaching))})\(")
        found = {name for name, text in texts.items() if pattern.search(_body(text))}
        grown = not found <= reaching
        reaching |= found
    return frozenset(reaching)


def _body(text: str) -> str:
    """Without what is said about the function itself, its privileges for one."""
    return (
        text.partition("\nas $function$")[2].partition("$function$;")[0]
        or text.partition("begin atomic")[2].partition("\nend;")[0]
    )
