"""What is there, whose it is, and what a function that runs as its owner can be made to do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ledgerdb.verify.roles.matrix import SCHEMA, Matrix
from ledgerdb.verify.witness import Session, reading

__all__ = ["findings"]

_OBJECTS: Final = """
    select 'relation' as kind, c.relname::text as name, c.relowner::regrole::text as owner
    from pg_class as c
    where c.relnamespace = %(schema)s::text::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f')
    union all
    select 'sequence', c.relname::text, c.relowner::regrole::text
    from pg_class as c where c.relnamespace = %(schema)s::text::regnamespace and c.relkind = 'S'
    union all
    select 'type', t.typname::text, t.typowner::regrole::text
    from pg_type as t
    where t.typnamespace = %(schema)s::text::regnamespace and t.typtype in ('e', 'd')
    order by 1, 2
"""
# A body that was parsed when it was created (prosqlbody) has its names bound, and needs no path.
_FUNCTIONS: Final = """
    select p.proname::text as name, p.proowner::regrole::text as owner, p.prosecdef as definer,
        p.proname || '(' || array_to_string(array(
            select replace(format_type(a, null), %(schema)s::text || '.', '')
            from unnest(p.proargtypes) with ordinality as u (a, place) order by place), ',')
        || ')' as signature,
        p.prosqlbody is not null as bound,
        (
            select substr(entry, strpos(entry, '=') + 1) from unnest(p.proconfig) as entry
            where entry like 'search_path=%%'
        ) as path
    from pg_proc as p where p.pronamespace = %(schema)s::text::regnamespace
    order by signature
"""
_OWNERS: Final = """
    select 'schema ' || n.nspname as name, n.nspowner::regrole::text as owner
    from pg_namespace as n where n.nspname = %(schema)s::text
    union all
    select 'this database', d.datdba::regrole::text
    from pg_database as d where d.datname = current_database()
"""
_FIRST: Final = "pg_catalog"
_LAST: Final = "pg_temp"


def findings(session: Session, matrix: Matrix) -> Iterator[str]:
    """Objects that are missing, somebody else's, or none of ours; definers that can be misled."""
    yield from _objects(session, matrix)
    yield from _functions(session, matrix)
    for row in reading(session, _OWNERS, {"schema": SCHEMA}):
        if row["owner"] in {matrix.owner, *matrix.roles}:
            yield f"{row['name']} belongs to {row['owner']}"


def _objects(session: Session, matrix: Matrix) -> Iterator[str]:
    ours = {
        *(("relation", name) for name in matrix.readers),
        *(("sequence", name) for name in matrix.sequences),
        *(("type", name) for name in matrix.types),
    }
    there = {
        (row["kind"], row["name"]): row["owner"]
        for row in reading(session, _OBJECTS, {"schema": SCHEMA})
    }
    for kind, name in sorted(ours - there.keys()):
        yield f"{kind} {name} is missing"
    for (kind, name), owner in there.items():
        if (kind, name) in ours:
            if owner != matrix.owner:
                yield f"{kind} {name} belongs to {owner}, not to {matrix.owner}"
        elif owner == matrix.owner:
            yield f"{kind} {name} belongs to {matrix.owner} and is none that is registered"


def _functions(session: Session, matrix: Matrix) -> Iterator[str]:
    there = {row["signature"]: row for row in reading(session, _FUNCTIONS, {"schema": SCHEMA})}
    names = {signature.partition("(")[0] for signature in matrix.executors}
    for signature in sorted(matrix.executors.keys() - there.keys()):
        yield f"function {signature} is missing"
    for signature, row in there.items():
        if signature in matrix.executors:
            yield from (f"function {signature} {wrong}" for wrong in _wrong(signature, row, matrix))
        elif row["name"] in names:
            yield f"function {signature} is none of ledgerdb's, under the name of one"
        elif row["owner"] == matrix.owner:
            yield f"function {signature} belongs to {matrix.owner} and is none that is registered"


def _wrong(signature: str, row: dict[str, Any], matrix: Matrix) -> Iterator[str]:
    if row["owner"] != matrix.owner:
        yield f"belongs to {row['owner']}, not to {matrix.owner}"
    if row["definer"] != (signature in matrix.definers):
        whose = "its owner" if row["definer"] else "its caller"
        yield f"runs with the rights of {whose}, which it must not"
    if row["path"] is not None or row["definer"] or not row["bound"]:
        yield from _misleading(row["path"])


def _misleading(path: str | None) -> Iterator[str]:
    """Why names in the body could be the caller's. Left out, pg_temp is searched first."""
    if path is None:
        yield "pins no search_path: its caller decides what names mean"
        return
    schemas = [schema.strip().strip('"') for schema in path.split(",")]
    if schemas[-1] != _LAST:
        yield f"has search_path {path}, which does not end with {_LAST}"
    if schemas[0] != _FIRST:
        yield f"has search_path {path}, which does not begin with {_FIRST}"
    if strange := sorted(set(schemas) - {_FIRST, SCHEMA, _LAST}):
        yield f"has search_path {path}, with {', '.join(strange)} in it"
