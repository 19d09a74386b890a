"""`make privileges`: writes tests/contract/privileges.txt, which role may do what at head.

Read from the catalog of a throw-away database; `--check` fails when the file says something else.
The same text comes from PostgreSQL 16 and 18, and from a database that was upgraded.
"""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import psycopg

from ledgerdb.migrate.guard import OWNER, ROLES
from tools.head import database_at_head

__all__ = ["main", "matrix"]

ROOT = Path(__file__).resolve().parent.parent
MATRIX = ROOT / "tests" / "contract" / "privileges.txt"
GRANTEES: Final = (*ROLES, "PUBLIC")
KINDS: Final = ("schema", "table", "view", "sequence", "type", "definer", "function", "default")
PREFIX: Final = "symphony_"

LEGEND: Final = f"""\
# Who may do what: written by `make privileges`, never by hand.
# Each object belongs to {OWNER}, unless (of ...) says otherwise; what owners may do with their
# own is not shown. A definer is a function that runs with the rights of its owner. Defaults are
# what objects start with that {OWNER} creates itself. * means not all columns: see the end.
"""

_ROLES: Final = """
    select r.rolname, concat_ws(' ',
        case when r.rolcanlogin then 'LOGIN' else 'NOLOGIN' end,
        case when r.rolsuper then 'SUPERUSER' end,
        case when r.rolcreaterole then 'CREATEROLE' end,
        case when r.rolcreatedb then 'CREATEDB' end,
        case when r.rolreplication then 'REPLICATION' end,
        case when r.rolbypassrls then 'BYPASSRLS' end,
        (select 'member of ' || string_agg(m.roleid::regrole::text, ', ')
         from pg_auth_members as m where m.member = r.oid))
    from pg_roles as r where r.rolname = any (%s)
"""
# One row per object; its grants as "ROLE privilege", and "ROLE privilege*" where columns are named.
_OBJECTS: Final = """
    with objects (kind, name, owner, acl, relation) as (
        select 'schema', n.nspname::text, n.nspowner, coalesce(n.nspacl,
            acldefault('n', n.nspowner)), null::oid
        from pg_namespace as n where n.nspname = 'public'
        union all
        select case c.relkind when 'v' then 'view' when 'S' then 'sequence' else 'table' end,
            c.relname, c.relowner, c.relacl, c.oid
        from pg_class as c
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'S')
        union all
        select 'type', t.typname, t.typowner, coalesce(t.typacl, acldefault('T', t.typowner)), null
        from pg_type as t
        where t.typnamespace = 'public'::regnamespace and t.typtype in ('e', 'd')
        union all
        select case when p.prosecdef then 'definer' else 'function' end, p.oid::regprocedure::text,
            p.proowner, coalesce(p.proacl, acldefault('f', p.proowner)), null
        from pg_proc as p where p.pronamespace = 'public'::regnamespace
        union all
        select 'default', case d.defaclobjtype when 'f' then 'functions' when 'T' then 'types'
            else d.defaclobjtype::text end, d.defaclrole, d.defaclacl, null
        from pg_default_acl as d
    ), grants (kind, name, grantee, privilege) as (
        select o.kind, o.name, a.grantee, lower(a.privilege_type)
        from objects as o cross join lateral aclexplode(o.acl) as a where a.grantee <> o.owner
        union
        select o.kind, o.name, a.grantee, lower(a.privilege_type) || '*'
        from objects as o join pg_attribute as t on t.attrelid = o.relation
        cross join lateral aclexplode(t.attacl) as a where a.grantee <> o.owner
    )
    select o.kind, o.name, o.owner::regrole::text, array(
        select coalesce(r.rolname, 'PUBLIC') || ' ' || g.privilege
        from grants as g left join pg_roles as r on r.oid = g.grantee
        where (g.kind, g.name) = (o.kind, o.name) order by g.privilege)
    from objects as o
"""
_COLUMNS: Final = """
    select c.relname || ': ' || coalesce(r.rolname, 'PUBLIC') || ' not '
        || array_to_string(array(select t.attname from pg_attribute as t
            where t.attrelid = c.oid and t.attnum > 0 and not t.attisdropped
            and t.attname <> all (array_agg(a.attname)) order by t.attname), ', ')
    from pg_class as c join pg_attribute as a on a.attrelid = c.oid
    cross join lateral aclexplode(a.attacl) as x left join pg_roles as r on r.oid = x.grantee
    where c.relnamespace = 'public'::regnamespace and x.grantee <> c.relowner
    group by c.oid, c.relname, r.rolname, x.privilege_type
"""


def matrix(connection: psycopg.Connection[Any]) -> str:
    """The text for a database, which depends on nothing but who may do what in it."""
    with connection.transaction():
        connection.execute("set local search_path = public")
        attributes = dict(connection.execute(_ROLES, [[OWNER, *ROLES]]).fetchall())
        objects = connection.execute(_OBJECTS).fetchall()
        columns = sorted(row[0] for row in connection.execute(_COLUMNS))
    roles = [f"{role:<20}{attributes.get(role, 'missing')}" for role in (OWNER, *ROLES)]
    rows = [("", "", *(grantee.removeprefix(PREFIX) for grantee in GRANTEES))]
    for kind, name, owner, grants in sorted(objects, key=lambda o: (KINDS.index(o[0]), o[1])):
        rows.append(_row(kind, name if owner == OWNER else f"{name} (of {owner})", grants))
    return "\n".join([LEGEND, *roles, "", *_aligned(rows), "", *columns]) + "\n"


def _row(kind: str, name: str, grants: Sequence[str]) -> tuple[str, ...]:
    held: dict[str, list[str]] = {}
    for grant in grants:
        role, _, privilege = grant.partition(" ")
        held.setdefault(role, []).append(privilege)
    cells = [",".join(held.pop(grantee, ["."])) for grantee in GRANTEES]
    # the rights of anybody else have no column: they are named
    return (kind, name, *cells, *(f"{role}={','.join(held[role])}" for role in sorted(held)))


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*(row[2:8] for row in rows), strict=True)]
    lines = []
    for kind, name, *cells in rows:
        grants = "  ".join(cell.ljust(w) for cell, w in zip(cells, widths, strict=False))
        lines.append("  ".join([kind.ljust(8), grants, name, *cells[len(widths) :]]).rstrip())
    return lines


def main(arguments: Sequence[str] | None = None, *, path: Path = MATRIX) -> int:
    """Exit code: 0 written or equal, 1 the file differs."""
    parser = argparse.ArgumentParser(prog="python -m tools.privileges", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if it differs")
    options = parser.parse_args(arguments)
    with (
        database_at_head() as (server, name, _),
        psycopg.connect(server.url(name), autocommit=True) as connection,
    ):
        text = matrix(connection)
    if not options.check:
        path.write_text(text, "utf-8", newline="\n")
        print(f"wrote {path.name}")
        return 0
    written = path.read_text("utf-8") if path.exists() else ""
    difference = difflib.unified_diff(
        written.splitlines(keepends=True),
        text.splitlines(keepends=True),
        f"tests/contract/{path.name}",
        "what the migrations make",
    )
    sys.stdout.writelines(difference)
    return 0 if written == text else 1


if __name__ == "__main__":
    sys.exit(main())
