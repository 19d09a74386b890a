"""What other applications rest on our tables, functions and keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ledgerdb.migrate.adopt.finding import Effect, Finding
from ledgerdb.migrate.adopt.look import Look

__all__ = ["hung"]

_ATTEMPTS: Final = "payment_outbox_attempts"
_FOREIGN_KEYS: Final = """
    select k.conrelid::regclass::text || '.' || k.conname as name, c.relname::text as target,
        i.relname::text as key
    from pg_catalog.pg_constraint as k
    join pg_catalog.pg_class as c on c.oid = k.confrelid
    join pg_catalog.pg_class as o on o.oid = k.conrelid
    join pg_catalog.pg_class as i on i.oid = k.conindid
    where k.contype = 'f' and k.conparentid = 0
        and c.relnamespace = 'public'::regnamespace and c.relname = any (cast(:tables as text[]))
        and not (
            o.relnamespace = 'public'::regnamespace and o.relname = any (cast(:tables as text[]))
        )
    order by 1
"""
_VIEWS: Final = """
    select v.oid::regclass::text as name, pg_catalog.pg_get_userbyid(v.relowner) as owner,
        o.rolsuper as super,
        coalesce(v.reloptions::text like '%security_invoker=true%', false) as invoker,
        pg_catalog.bool_or(a.attname = 'lease_token') as token,
        pg_catalog.string_agg(distinct c.relname::text, ', ') as tables
    from pg_catalog.pg_depend as d
    join pg_catalog.pg_rewrite as r on d.classid = 'pg_rewrite'::regclass and r.oid = d.objid
    join pg_catalog.pg_class as v on v.oid = r.ev_class
    join pg_catalog.pg_roles as o on o.oid = v.relowner
    join pg_catalog.pg_class as c on d.refclassid = 'pg_class'::regclass and c.oid = d.refobjid
    left join pg_catalog.pg_attribute as a on a.attrelid = c.oid and a.attnum = d.refobjsubid
        and a.attnum > 0
    where c.relnamespace = 'public'::regnamespace and c.relname = any (cast(:tables as text[]))
        and v.oid <> c.oid
    group by v.oid, v.relowner, v.reloptions, o.rolsuper
    order by 1
"""
_POLICIES: Final = """
    select c.relname || '.' || p.polname as name
    from pg_catalog.pg_policy as p join pg_catalog.pg_class as c on c.oid = p.polrelid
    where c.relnamespace = 'public'::regnamespace and c.relname = any (cast(:tables as text[]))
    order by 1
"""


def hung(look: Look) -> Iterator[Finding]:
    """Foreign keys into our tables, views over them, policies on them."""
    tables = list(look.reference.baseline.tables)
    for row in look.rows(_FOREIGN_KEYS, tables=tables):
        if row["key"] in look.later.dropped:
            yield Finding(
                "constraint",
                row["name"],
                Effect.BLOCKS,
                f"a foreign key on {row['key']}, which a later revision drops: it would stop the"
                " upgrade; drop it, or point it at the primary key",
            )
        elif row["target"] == _ATTEMPTS or row["name"] not in look.reference.foreign_keys:
            yield Finding(
                "constraint",
                row["name"],
                Effect.KEPT,
                f"of another domain, points at {row['target']}: stays"
                + (
                    "; attempts that it points at cannot be retired (23503)"
                    if row["target"] == _ATTEMPTS
                    else ""
                ),
            )
    for row in look.rows(_VIEWS, tables=tables):
        if row["token"] and (row["super"] or not row["invoker"]):
            yield Finding(
                "view",
                row["name"],
                Effect.NEEDS_ACCEPTANCE,
                f"of {row['owner']}, shows lease tokens, and whoever has one can complete the"
                " payment: "
                + (
                    "it goes on to after revision 0008; leave the column out"
                    if row["super"]
                    else "it fails after revision 0008 (42501); leave the column out"
                ),
            )
        else:
            yield Finding(
                "view",
                row["name"],
                Effect.KEPT,
                f"of {row['owner']}, over {row['tables']}: stays; payloads are null in rows from"
                " revision 0004 on",
            )
    for row in look.rows(_POLICIES, tables=tables):
        yield Finding("policy", row["name"], Effect.NEEDS_ACCEPTANCE, "of somebody else: stays")
