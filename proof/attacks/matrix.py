"""Every role, object, column and privilege: what the server says, against privileges.txt."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, LiteralString

import psycopg

__all__ = ["Cells", "expected", "judge"]

GOLDEN: Final = Path(__file__).resolve().parents[2] / "tests" / "contract" / "privileges.txt"
ROLES: Final = ("control", "executor", "ingest", "readonly", "auditor")
_MAINTAIN_SINCE: Final = 170_000
# Kind of object -> what can be had on it.
_PRIVILEGES: Final = {
    "table": ("select", "insert", "update", "delete", "truncate", "references", "trigger"),
    "view": ("select", "insert", "update", "delete", "truncate", "references", "trigger"),
    "sequence": ("select", "usage", "update"),
    "definer": ("execute",),
    "function": ("execute",),
    "type": ("usage",),
    "schema": ("create", "usage"),
    "database": ("create", "connect", "temporary"),
}
_COLUMN_PRIVILEGES: Final = ("select", "insert", "update", "references")
# Everybody may connect and make temporary tables: PostgreSQL's own default.
_DATABASE: Final = {"connect", "temporary"}
_OBJECTS: Final[LiteralString] = """
select case c.relkind when 'v' then 'view' when 'S' then 'sequence' else 'table' end,
    c.relname::text, c.oid from pg_catalog.pg_class as c
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'S')
union all
select case when p.prosecdef then 'definer' else 'function' end, p.oid::regprocedure::text, p.oid
from pg_catalog.pg_proc as p where p.pronamespace = 'public'::regnamespace
union all
select 'type', t.typname, t.oid from pg_catalog.pg_type as t
where t.typnamespace = 'public'::regnamespace and t.typtype in ('e', 'd')
union all
select 'schema', n.nspname, n.oid from pg_catalog.pg_namespace as n where n.nspname = 'public'
union all
select 'database', '', d.oid from pg_catalog.pg_database as d where d.datname = current_database()
"""
_HELD: Final[LiteralString] = """
select r.rolname, o.oid, p.privilege
from unnest(%(roles)s::text[]) as r (rolname)
cross join unnest(%(oids)s::oid[]) as o (oid)
cross join unnest(%(privileges)s::text[]) as p (privilege)
where pg_catalog.{}(r.rolname, o.oid, p.privilege)
"""
_COLUMNS: Final[LiteralString] = """
select r.rolname, a.attrelid::regclass::text, a.attname, p.privilege,
    pg_catalog.has_column_privilege(r.rolname, a.attrelid, a.attnum, p.privilege)
from unnest(%(roles)s::text[]) as r (rolname)
cross join unnest(%(privileges)s::text[]) as p (privilege)
cross join pg_catalog.pg_attribute as a join pg_catalog.pg_class as c on c.oid = a.attrelid
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v')
    and a.attnum > 0 and not a.attisdropped
"""
_HAS: Final[dict[str, LiteralString]] = {
    "table": "has_table_privilege",
    "view": "has_table_privilege",
    "sequence": "has_sequence_privilege",
    "definer": "has_function_privilege",
    "function": "has_function_privilege",
    "type": "has_type_privilege",
    "schema": "has_schema_privilege",
    "database": "has_database_privilege",
}


@dataclass(slots=True)
class Cells:
    """How many cells there are, how many are open, and those that should not be as they are."""

    count: int
    open: int
    wrong: list[str]


def expected() -> tuple[dict[tuple[str, str, str], set[str]], dict[tuple[str, str], set[str]]]:
    """What privileges.txt grants: by kind, object and role; and the columns that a role's `select*`
    leaves out, by table and role. PUBLIC's are everybody's.
    """
    granted: dict[tuple[str, str, str], set[str]] = {}
    hidden: dict[tuple[str, str], set[str]] = {}
    for line in GOLDEN.read_text("utf-8").splitlines():
        if match := re.fullmatch(r"(\w+): symphony_(\w+) not (.*)", line):
            hidden[match[1], match[2]] = set(match[3].split(", "))
        cells = re.split(r"\s{2,}", line)
        if cells[0] in _PRIVILEGES and len(cells) > len(ROLES) + 2:
            name = cells[len(ROLES) + 2].split(" (of ")[0]
            public = set(cells[len(ROLES) + 1].split(",")) - {"."}
            for role, cell in zip(ROLES, cells[1:], strict=False):
                granted[cells[0], name, role] = set(cell.split(",")) - {"."} | public
            granted[cells[0], name, "nobody"] = public
    return granted, hidden


def judge(connection: psycopg.Connection[Any], logins: Mapping[str, tuple[str, ...]]) -> Cells:
    """Every cell of the database for logins, by the capabilities that each has.

    Args:
        connection: of a superuser.
        logins: role name -> capabilities such as `control`; none for somebody without any.
    """
    granted, hidden = expected()
    wrong, opened, count = [], 0, 0
    for login, where, privilege, held in _cells(connection, list(logins)):
        count += 1
        opened += held
        roles = logins[login] or ("nobody",)
        if where[0] == "column":
            allowed = any(
                privilege in _of(granted, where, role)
                or (
                    f"{privilege}*" in _of(granted, where, role)
                    and where[2] not in hidden.get((where[1], role), ())
                )
                for role in roles
            )
        elif where[0] == "database":
            allowed = privilege in _DATABASE
        else:
            allowed = any(privilege in _of(granted, where, role) for role in roles)
        if held != allowed:
            has = "has" if held else "lacks"
            wrong.append(f"{login} {has} {privilege} on {' '.join(where)}")
    return Cells(count, opened, wrong)


def _of(
    granted: dict[tuple[str, str, str], set[str]], where: tuple[str, ...], role: str
) -> set[str]:
    kinds = ("table", "view") if where[0] == "column" else (where[0],)
    return set().union(*(granted.get((kind, where[1], role), set()) for kind in kinds))


def _cells(
    connection: psycopg.Connection[Any], logins: list[str]
) -> Iterator[tuple[str, tuple[str, ...], str, bool]]:
    with connection.transaction():
        connection.execute("set local search_path = public")
        objects = connection.execute(_OBJECTS).fetchall()
        for kind, privileges in _PRIVILEGES.items():
            names = {oid: name for of, name, oid in objects if of == kind}
            asked = [*privileges]
            if kind in ("table", "view") and connection.info.server_version >= _MAINTAIN_SINCE:
                asked.append("maintain")
            given = {"roles": logins, "oids": list(names), "privileges": asked}
            query = psycopg.sql.SQL(_HELD).format(psycopg.sql.SQL(_HAS[kind]))
            held = set(connection.execute(query, given).fetchall())
            for login in logins:
                for oid, name in names.items():
                    for privilege in asked:
                        yield login, (kind, name), privilege, (login, oid, privilege) in held
        given = {"roles": logins, "privileges": [*_COLUMN_PRIVILEGES]}
        for login, table, column, privilege, held in connection.execute(_COLUMNS, given):
            yield login, ("column", table, column), privilege, held
