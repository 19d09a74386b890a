"""The tables, types and functions of the contract, as a database has them. SELECTs only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, TextClause, text

__all__ = ["Column", "Constraint", "Function", "Index", "Surface", "Table", "Trigger", "read"]


class Table(NamedTuple):
    """`pg_class`; `kind` is relkind and relpersistence."""

    kind: str
    options: tuple[str, ...]
    row_security: bool
    rules: int
    children: int


class Column(NamedTuple):
    """`pg_attribute`."""

    type: str
    not_null: bool
    default: str | None
    generated: str


class Constraint(NamedTuple):
    """`pg_constraint`; what only says NOT NULL is part of the column."""

    type: str
    validated: bool
    definition: str
    columns: tuple[str, ...]


class Index(NamedTuple):
    """`pg_index`, without those that a constraint has made."""

    unique: bool
    valid: bool
    definition: str


class Trigger(NamedTuple):
    """`pg_trigger`; `definer` and `granted` are of its function: see 0008_guests.sql."""

    enabled: str
    definition: str
    function: str
    answered: bool


class Function(NamedTuple):
    """`pg_proc`."""

    arguments: str
    result: str
    attributes: tuple[Any, ...]
    hashes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Surface:
    """Everything by name; what belongs to a table is named `table.part`."""

    tables: Mapping[str, Table]
    columns: Mapping[str, Column]
    constraints: Mapping[str, Constraint]
    indexes: Mapping[str, Index]
    triggers: Mapping[str, Trigger]
    enums: Mapping[str, tuple[str, ...]]
    functions: Mapping[str, tuple[Function, ...]]


_OURS: Final = """
    with ours as (
        select c.* from pg_catalog.pg_class as c
        where c.relnamespace = 'public'::regnamespace and c.relname = any (cast(:tables as text[]))
    )
"""
_TABLES = text(f"""{_OURS}
    select c.relname, c.relkind::text || c.relpersistence::text, coalesce(c.reloptions, '{{}}'),
        c.relrowsecurity,
        (select count(*) from pg_catalog.pg_rewrite as r where r.ev_class = c.oid),
        (select count(*) from pg_catalog.pg_inherits as i
            where c.oid in (i.inhparent, i.inhrelid))
    from ours as c
""")
_COLUMNS = text(f"""{_OURS}
    select c.relname || '.' || a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod),
        a.attnotnull, pg_catalog.pg_get_expr(d.adbin, d.adrelid), a.attgenerated::text
    from ours as c
    join pg_catalog.pg_attribute as a
        on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    left join pg_catalog.pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
""")
_CONSTRAINTS = text(f"""{_OURS}
    select c.relname || '.' || k.conname, k.contype::text, k.convalidated,
        pg_catalog.pg_get_constraintdef(k.oid), array(
            select a.attname::text from pg_catalog.pg_attribute as a
            where a.attrelid = c.oid and a.attnum = any (k.conkey) order by a.attnum
        )
    from ours as c
    join pg_catalog.pg_constraint as k on k.conrelid = c.oid and k.contype <> 'n'
""")
_INDEXES = text(f"""{_OURS}
    select c.relname || '.' || i.relname, x.indisunique, x.indisvalid and x.indisready,
        pg_catalog.pg_get_indexdef(i.oid)
    from ours as c
    join pg_catalog.pg_index as x on x.indrelid = c.oid
    join pg_catalog.pg_class as i on i.oid = x.indexrelid
    where not exists (
        select from pg_catalog.pg_constraint as k
        where k.conindid = i.oid and k.conrelid = c.oid and k.contype in ('p', 'u', 'x')
    )
""")
_TRIGGERS = text(f"""{_OURS}
    select c.relname || '.' || t.tgname, t.tgenabled::text, pg_catalog.pg_get_triggerdef(t.oid),
        p.oid::regprocedure::text, p.prosecdef or exists (
            select from pg_catalog.aclexplode(p.proacl) as g
            join pg_catalog.pg_roles as r on r.oid = g.grantee
            where r.rolname = 'symphony_owner' and g.privilege_type = 'EXECUTE'
        )
    from ours as c
    join pg_catalog.pg_trigger as t on t.tgrelid = c.oid and not t.tgisinternal
    join pg_catalog.pg_proc as p on p.oid = t.tgfoid
""")
_ENUMS = text("""
    select t.typname, pg_catalog.array_agg(e.enumlabel::text order by e.enumsortorder)
    from pg_catalog.pg_type as t join pg_catalog.pg_enum as e on e.enumtypid = t.oid
    where t.typnamespace = 'public'::regnamespace and t.typname = any (cast(:enums as text[]))
    group by t.typname
""")
# The facts do not say what was hashed: the body, the body without the blanks around it, or the
# whole definition. A checkout with CRLF line ends made other bytes of the same text.
_FUNCTIONS = text("""
    select p.proname, pg_catalog.pg_get_function_arguments(p.oid),
        pg_catalog.pg_get_function_result(p.oid),
        l.lanname, p.prosecdef, p.provolatile::text, p.proconfig,
        array(
            select pg_catalog.encode(
                pg_catalog.sha256(pg_catalog.convert_to(b.body, 'UTF8')), 'hex'
            )
            from (values
                (p.prosrc),
                (pg_catalog.btrim(p.prosrc, E' \\t\\r\\n')),
                (pg_catalog.pg_get_functiondef(p.oid))
            ) as t (original)
            cross join lateral (values
                (t.original), (pg_catalog.replace(t.original, E'\\r\\n', E'\\n'))
            ) as b (body)
        )
    from pg_catalog.pg_proc as p join pg_catalog.pg_language as l on l.oid = p.prolang
    where p.pronamespace = 'public'::regnamespace
        and p.proname = any (cast(:functions as text[]))
    order by 1, 2
""")


def read(
    connection: Connection,
    tables: Sequence[str],
    enums: Sequence[str],
    functions: Sequence[str],
) -> Surface:
    """What the database has under these names; definitions as a session with the search path
    `pg_catalog, public` spells them."""

    def rows(statement: TextClause) -> list[tuple[Any, ...]]:
        names = {"tables": tables, "enums": enums, "functions": functions}
        wanted = {name: list(names[name]) for name in statement.compile().params}
        return [tuple(row) for row in connection.execute(statement, wanted)]

    found: dict[str, list[Function]] = {}
    for name, arguments, result, language, definer, volatility, config, hashes in rows(_FUNCTIONS):
        attributes = (language, definer, volatility, tuple(config or ()))
        found.setdefault(name, []).append(
            Function(arguments, result, attributes, frozenset(hashes))
        )
    return Surface(
        tables={row[0]: Table(row[1], tuple(sorted(row[2])), *row[3:]) for row in rows(_TABLES)},
        columns={row[0]: Column(*row[1:]) for row in rows(_COLUMNS)},
        constraints={
            row[0]: Constraint(row[1], row[2], row[3], tuple(row[4])) for row in rows(_CONSTRAINTS)
        },
        indexes={row[0]: Index(*row[1:]) for row in rows(_INDEXES)},
        triggers={row[0]: Trigger(*row[1:]) for row in rows(_TRIGGERS)},
        enums={row[0]: tuple(row[1]) for row in rows(_ENUMS)},
        functions={name: tuple(overloads) for name, overloads in found.items()},
    )
