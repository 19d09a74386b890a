"""Ways around the grants: functions and views of others that lend rights which nobody was given."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ledgerdb.verify.roles.matrix import SCHEMA, Matrix
from ledgerdb.verify.witness import Session, reading

__all__ = ["findings", "information"]

# A function that runs as who may write the core tables, for whoever may execute it. What it does
# cannot be known; what its text names can.
_DEFINERS: Final = """
    select n.nspname || '.' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')'
        as name, o.rolname as owner, g.grantees,
        lower(p.prosrc || coalesce(pg_get_function_sqlbody(p.oid), ''))
            ~ ('\\m(' || array_to_string(%(core)s::text[], '|') || ')') as names_ours
    from pg_proc as p
    inner join pg_namespace as n on n.oid = p.pronamespace
    inner join pg_roles as o on o.oid = p.proowner
    cross join lateral (
        select array(
            select distinct coalesce(r.rolname::text, 'PUBLIC')
            from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as a
            left join pg_roles as r on r.oid = a.grantee
            where a.grantee = 0 or r.rolname = any(%(roles)s)
            order by 1
        ) as grantees
    ) as g
    where p.prosecdef and n.nspname not in ('pg_catalog', 'information_schema')
        and g.grantees <> '{}'
        and not (n.nspname = %(schema)s and p.proname = any(%(ours)s))
        and (o.rolsuper or o.rolname = %(owner)s
            or pg_has_role(o.oid, to_regrole(%(owner)s), 'usage'))
        and not exists (select from pg_depend as d where d.classid = 'pg_proc'::regclass
            and d.objid = p.oid and d.deptype = 'e')
    order by 1
"""
# A view reads with the rights of its owner, unless it says otherwise; so does a view over it.
_VIEWS: Final = """
    with recursive uses (view, used, attribute) as (
        select r.ev_class, d.refobjid, d.refobjsubid
        from pg_rewrite as r
        inner join pg_depend as d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
            and d.refclassid = 'pg_class'::regclass and d.refobjid <> r.ev_class
        inner join pg_class as v on v.oid = r.ev_class and v.relkind in ('v', 'm')
        where not coalesce((select o.option_value::boolean
            from pg_options_to_table(v.reloptions) as o
            where o.option_name = 'security_invoker'), false)
    ),
    shows (view, what) as (
        select u.view, t.relname || '.' || a.attname
        from uses as u
        inner join pg_class as t on t.oid = u.used
        inner join pg_attribute as a on a.attrelid = t.oid and a.attnum = u.attribute
        where t.relnamespace = %(schema)s::text::regnamespace and t.relname = any(%(relations)s)
            and a.attname = any(%(secrets)s)
        union
        select u.view, s.what from shows as s inner join uses as u on u.used = s.view
    )
    select distinct v.oid::regclass::text as view, s.what,
        case when g.grantee = 0 then 'PUBLIC' else g.grantee::regrole::text end as grantee
    from shows as s
    inner join pg_class as v on v.oid = s.view
    cross join lateral (
        select a.grantee, a.privilege_type from aclexplode(v.relacl) as a
        union all
        select a.grantee, a.privilege_type
        from pg_attribute as c cross join lateral aclexplode(c.attacl) as a
        where c.attrelid = v.oid
    ) as g
    left join pg_roles as r on r.oid = g.grantee
    where g.privilege_type = 'SELECT' and g.grantee <> v.relowner
        and not coalesce(r.rolsuper, false)
        -- those that are registered show none: a test of the catalog holds that
        and not (v.relnamespace = %(schema)s::text::regnamespace and v.relname = any(%(relations)s))
    order by 1, 3
"""
_WRITABLE: Final = """
    select distinct v.oid::regclass::text as view, lower(a.privilege_type) as privilege,
        t.relname as "table",
        case when a.grantee = 0 then 'PUBLIC' else a.grantee::regrole::text end as grantee
    from pg_class as v
    inner join pg_rewrite as w on w.ev_class = v.oid
    inner join pg_depend as d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid
        and d.refclassid = 'pg_class'::regclass
    inner join pg_class as t on t.oid = d.refobjid and t.oid <> v.oid
        and t.relnamespace = %(schema)s::text::regnamespace and t.relname = any(%(relations)s)
    cross join lateral aclexplode(v.relacl) as a
    left join pg_roles as r on r.oid = a.grantee
    where v.relkind = 'v' and a.privilege_type in ('INSERT', 'UPDATE', 'DELETE')
        and a.grantee <> v.relowner and not coalesce(r.rolsuper, false)
        and not (v.relnamespace = %(schema)s::text::regnamespace and v.relname = any(%(relations)s))
    order by 1, 2
"""


def findings(session: Session, matrix: Matrix) -> Iterator[str]:
    """What lends somebody the right to write a core table, or to see a lease token."""
    for row in _definers(session, matrix):
        if row["names_ours"]:
            yield (
                f"function {row['name']} runs as {row['owner']}, names tables of ledgerdb, and"
                f" {', '.join(row['grantees'])} may execute it"
            )
    asked = {
        "schema": SCHEMA,
        "relations": [*matrix.readers],
        "secrets": [*matrix.secret_columns],
    }
    for row in reading(session, _VIEWS, asked):
        yield f"view {row['view']} shows {row['what']}, and {row['grantee']} may select it"
    for row in reading(session, _WRITABLE, asked):
        yield (
            f"view {row['view']} is over {row['table']}, and {row['grantee']} may"
            f" {row['privilege']} it"
        )


def information(session: Session, matrix: Matrix) -> dict[str, Any]:
    """Functions of others that run as somebody mighty; for a person to read."""
    return {"definers_of_others": [row["name"] for row in _definers(session, matrix)]}


def _definers(session: Session, matrix: Matrix) -> list[dict[str, Any]]:
    ours = {signature.partition("(")[0] for signature in matrix.executors}
    return reading(
        session,
        _DEFINERS,
        {
            "core": [*matrix.core],
            "roles": [*matrix.roles],
            "schema": SCHEMA,
            "ours": [*ours],
            "owner": matrix.owner,
        },
    )
