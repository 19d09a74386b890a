"""Every grant on an object of ledgerdb, against the matrix: too much, and missing."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from ledgerdb.verify.roles.matrix import SCHEMA, Matrix
from ledgerdb.verify.witness import Session, reading

__all__ = ["findings", "information"]

_PUBLIC: Final = "PUBLIC"
_VERBS: Final = {
    "references": "refer to",
    "trigger": "put a trigger on",
    "usage": "use",
}
# An object without an ACL has PostgreSQL's default, by which PUBLIC executes functions.
_GRANTS: Final = """
    with objects (kind, name, "column", owner, acl) as (
        select 'relation', c.relname::text, '', c.relowner,
            coalesce(c.relacl, acldefault('r', c.relowner))
        from pg_class as c where c.relnamespace = %(schema)s::text::regnamespace
            and c.relkind in ('r', 'p', 'v', 'm', 'f')
        union all
        select 'sequence', c.relname::text, '', c.relowner,
            coalesce(c.relacl, acldefault('s', c.relowner))
        from pg_class as c
        where c.relnamespace = %(schema)s::text::regnamespace and c.relkind = 'S'
        union all
        select 'relation', c.relname::text, a.attname::text, c.relowner, a.attacl
        from pg_class as c inner join pg_attribute as a on a.attrelid = c.oid
        where c.relnamespace = %(schema)s::text::regnamespace and a.attacl is not null
            and not a.attisdropped
        union all
        select 'type', t.typname::text, '', t.typowner,
            coalesce(t.typacl, acldefault('T', t.typowner))
        from pg_type as t
        where t.typnamespace = %(schema)s::text::regnamespace and t.typtype in ('e', 'd')
        union all
        select 'function', p.proname || '(' || array_to_string(array(
                select replace(format_type(a, null), %(schema)s::text || '.', '')
                from unnest(p.proargtypes) with ordinality as u (a, place) order by place), ',')
            || ')', '', p.proowner, coalesce(p.proacl, acldefault('f', p.proowner))
        from pg_proc as p where p.pronamespace = %(schema)s::text::regnamespace
        union all
        select 'schema', n.nspname::text, '', n.nspowner, n.nspacl
        from pg_namespace as n where n.nspname = %(schema)s::text
        union all
        select 'database', 'itself', '', d.datdba,
            coalesce(d.datacl, acldefault('d', d.datdba))
        from pg_database as d where d.datname = current_database()
    )
    select distinct o.kind, o.name, o."column", lower(a.privilege_type) as privilege,
        a.is_grantable as handed_on,
        case when a.grantee = 0 then 'PUBLIC' else r.rolname end as grantee,
        coalesce(r.rolsuper, false) as superuser
    from objects as o cross join lateral aclexplode(o.acl) as a
    left join pg_roles as r on r.oid = a.grantee
    where a.grantee <> o.owner and (a.grantee = 0 or r.oid is not null)
    order by o.kind, o.name, o."column", grantee, privilege
"""
_SECRETS: Final = """
    select distinct c.relname::text as name
    from pg_class as c inner join pg_attribute as a on a.attrelid = c.oid
    where c.relnamespace = %(schema)s::text::regnamespace and a.attname = any(%(columns)s)
"""
_DEFAULTS: Final = """
    select d.defaclrole::regrole::text as maker, d.defaclobjtype as kind,
        d.defaclnamespace <> 0 as in_schema, lower(a.privilege_type) as privilege,
        case when a.grantee = 0 then 'PUBLIC' else a.grantee::regrole::text end as grantee
    from pg_default_acl as d cross join lateral aclexplode(d.defaclacl) as a
    where d.defaclnamespace in (0, %(schema)s::text::regnamespace) and a.grantee <> d.defaclrole
    order by 1, 2, 5, 4
"""
# without an entry of its own PostgreSQL's default is in force
_CLOSED: Final = """
    select d.defaclobjtype as kind from pg_default_acl as d
    where d.defaclrole = to_regrole(%(owner)s) and d.defaclnamespace = 0
"""
_KINDS: Final = {
    "r": "tables",
    "S": "sequences",
    "f": "functions",
    "T": "types",
    "n": "schemas",
}


@dataclass(frozen=True, slots=True)
class _Grant:
    kind: str
    name: str
    column: str
    privilege: str
    grantee: str

    def __str__(self) -> str:
        part = f" column {self.column} of" if self.column else ""
        return f"{self.grantee} may {_verb(self.privilege)}{part} {self.kind} {self.name}"


def findings(session: Session, matrix: Matrix) -> Iterator[str]:
    """Grants that the matrix has not, and grants of the matrix that are not there."""
    guarded = _with_secrets(session, matrix)
    there = {row["name"] for row in reading(session, "select rolname as name from pg_roles")}
    given = set()
    for grant, handed_on in _grants(session, matrix):
        given.add(grant)
        objection = _objection(grant, matrix, guarded)
        if objection is not None:
            yield f"{grant}{objection}"
        elif handed_on:
            yield f"{grant}, and may hand that on"
    yield from (
        f"{needed.grantee} may not {_verb(needed.privilege)} {needed.kind} {needed.name},"
        " which it must"
        for needed in _required(matrix)
        if needed.grantee in there and needed not in given and not _reads_columns(given, needed)
    )
    yield from _defaults(session, matrix)


def information(session: Session, matrix: Matrix) -> dict[str, Any]:
    """What further roles of the site may; by role, for a person to read."""
    ours = {_PUBLIC, matrix.owner, *matrix.roles}
    found: dict[str, list[str]] = {}
    for grant, _ in _grants(session, matrix):
        if grant.grantee not in ours and grant.kind not in {"schema", "database"}:
            column = f".{grant.column}" if grant.column else ""
            found.setdefault(grant.grantee, []).append(f"{grant.privilege} {grant.name}{column}")
    return {"other_grantees": found}


def _grants(session: Session, matrix: Matrix) -> Iterator[tuple[_Grant, bool]]:
    """Grants on what is ours, and whether the grantee may hand them on; superusers need none."""
    ours: dict[str, Collection[str]] = {
        "relation": matrix.readers,
        "sequence": matrix.sequences,
        "type": matrix.types,
        "function": matrix.executors,
    }
    for row in reading(session, _GRANTS, {"schema": SCHEMA}):
        kind, name = row["kind"], row["name"]
        grant = _Grant(kind, name, row["column"], row["privilege"], row["grantee"])
        free = row["superuser"] and grant.grantee not in matrix.roles
        if name in ours.get(kind, {name}) and not free:
            yield grant, row["handed_on"]


def _with_secrets(session: Session, matrix: Matrix) -> set[str]:
    asked = {"schema": SCHEMA, "columns": [*matrix.secret_columns]}
    return {row["name"] for row in reading(session, _SECRETS, asked)}


def _objection(grant: _Grant, matrix: Matrix, guarded: set[str]) -> str | None:
    """Why the grant must not be; None where it may."""
    bound = grant.grantee in matrix.roles
    public = grant.grantee == _PUBLIC
    match grant.kind:
        case "schema" | "database":
            ours = bound or public or grant.grantee == matrix.owner
            return "" if ours and grant.privilege == "create" else None
        case "function":
            allowed = matrix.executors[grant.name]
            return None if grant.grantee in allowed or (not (bound or public) and allowed) else ""
        case "type":
            return "" if public else None
        case "sequence":
            return "" if bound or public or grant.privilege != "select" else None
        case _:
            return _objection_to_reading(grant, matrix, guarded)


def _objection_to_reading(grant: _Grant, matrix: Matrix, guarded: set[str]) -> str | None:
    if grant.privilege != "select":
        return ": functions do that"
    if grant.column in matrix.secret_columns or (not grant.column and grant.name in guarded):
        return f": {', '.join(sorted(matrix.secret_columns))} is nobody's to read"
    if grant.grantee == _PUBLIC or grant.grantee in matrix.roles:
        return None if grant.grantee in matrix.readers[grant.name] else ""
    return None


def _required(matrix: Matrix) -> Iterator[_Grant]:
    for role in (*matrix.roles, matrix.owner):
        yield _Grant("schema", SCHEMA, "", "usage", role)
    for name in sorted(matrix.types):
        yield from (_Grant("type", name, "", "usage", role) for role in matrix.roles)
    for name, readers in matrix.readers.items():
        yield from (_Grant("relation", name, "", "select", role) for role in sorted(readers))
    for name, executors in matrix.executors.items():
        yield from (_Grant("function", name, "", "execute", role) for role in sorted(executors))


def _reads_columns(given: set[_Grant], needed: _Grant) -> bool:
    return needed.kind == "relation" and any(
        replace(grant, column="") == needed for grant in given if grant.column
    )


def _defaults(session: Session, matrix: Matrix) -> Iterator[str]:
    closed = {row["kind"] for row in reading(session, _CLOSED, {"owner": matrix.owner})}
    for kind in sorted({"f", "T"} - closed):
        yield f"{_KINDS[kind]} that {matrix.owner} creates are open to PUBLIC from the start"
    for row in reading(session, _DEFAULTS, {"schema": SCHEMA}):
        ours = row["grantee"] in matrix.roles
        if ours or (row["grantee"] == _PUBLIC and row["maker"] == matrix.owner):
            yield (
                f"{row['grantee']} may {_verb(row['privilege'])} {_KINDS[row['kind']]} that"
                f" {row['maker']} creates, from the start"
            )


def _verb(privilege: str) -> str:
    return _VERBS.get(privilege, privilege)
