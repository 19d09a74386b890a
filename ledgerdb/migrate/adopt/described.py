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
    for script in scripts:
        for match in _STATEMENT.finditer(script.text):
            kind, name, wanted = match.groups()
            comment = found.get((kind, name))
            if (kind, name) in found and comment != wanted:
                yield Finding(
                    "comment",
                    name,
                    Effect.CREATED if comment is None else Effect.MENDED,
                    "missing: set" if comment is None else f"was {comment!r}: set as in 0001",
                    (Change((match[0],), name if kind == "table" else None),),
                )
    set_here = {row["name"] for row in look.rows(_SETTINGS)}
    if missing := [name for name in _TIMEOUTS if name not in set_here]:
        yield Finding(
            "setting",
            ", ".join(missing),
            Effect.CREATED,
            "not set for the database: new sessions begin with lock_timeout 2 s, statement_timeout"
            " 30 s, idle_in_transaction_session_timeout 60 s, where nothing else is set",
            (Change((timeouts.text,)),),
        )
