"""Comments and database settings that revision 0001 brings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from ledgerdb.migrate.adopt.finding import Change, Effect, Finding
from ledgerdb.migrate.adopt.look import Look
from ledgerdb.migrate.frozen import SqlFile

__all__ = ["described"]

_STATEMENT: Final = re.compile(r"comment on (table|type) public\.(\w+) is\s+'([^']*)';")
_TIMEOUTS: Final = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")
_COMMENTS: Final = """
    select 'table' as kind, c.relname::text as name,
        pg_catalog.obj_description(c.oid, 'pg_class') as comment
    from pg_catalog.pg_class as c where c.relnamespace = 'public'::regnamespace
    union all
    select 'type', t.typname::text, pg_catalog.obj_description(t.oid, 'pg_type')
    from pg_catalog.pg_type as t where t.typnamespace = 'public'::regnamespace and t.typtype = 'e'
"""
_SETTINGS: Final = """
    select pg_catalog.split_part(e.line, '=', 1) as name, e.line
    from pg_catalog.pg_db_role_setting as s
    join pg_catalog.pg_database as d on d.oid = s.setdatabase
    cross join pg_catalog.unnest(s.setconfig) as e (line)
    where d.datname = pg_catalog.current_database() and s.setrole = 0
"""


def described(look: Look, scripts: Iterable[SqlFile], timeouts: SqlFile) -> Iterator[Finding]:
    """Comments that are missing or other ones, and bounds that the database does not set."""
    found = {(row["kind"], row["name"]): row["comment"] for row in look.rows(_COMMENTS)}
    wanted = [
        (match[1], match[2], match[3], match[0])
        for script in scripts
        for match in _STATEMENT.finditer(script.text)
        if (match[1], match[2]) in found
    ]
    missing = [w for w in wanted if found[w[0], w[1]] is None]
    other = [w for w in wanted if found[w[0], w[1]] not in {None, w[2]}]
    if missing:
        yield Finding(
            "comment",
            "tables and types",
            Effect.CREATED,
            f"missing on {', '.join(name for _, name, _, _ in missing)}: set",
            tuple(_change(kind, name, statement) for kind, name, _, statement in missing),
        )
    for kind, name, _, statement in other:
        yield Finding(
            "comment",
            name,
            Effect.MENDED,
            f"was {found[kind, name]!r}: set as in revision 0001",
            (_change(kind, name, statement),),
        )
    set_here = {row["name"] for row in look.rows(_SETTINGS)}
    if unset := [name for name in _TIMEOUTS if name not in set_here]:
        yield Finding(
            "setting",
            "timeouts",
            Effect.CREATED,
            f"the database sets no {', '.join(unset)}: new sessions begin with lock_timeout 2 s,"
            " statement_timeout 30 s, idle_in_transaction_session_timeout 60 s, where nothing else"
            " is set",
            (Change((timeouts.text,)),),
        )


def _change(kind: str, name: str, statement: str) -> Change:
    return Change((statement,), name if kind == "table" else None)
