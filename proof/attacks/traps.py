"""Look-alikes of everything that a function of ours names, made from the catalog: a function that
takes one of them for the real thing springs the trap, and its call ends with SQLSTATE P6666.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from proof.session import Session

__all__ = ["KINDS", "SPRUNG", "statements"]

SPRUNG: Final = "P6666"
KINDS: Final = ("tables", "views", "functions", "operators", "types")

_RAISE: Final = "begin raise exception 'sprung as %', current_user using errcode = 'P6666'; end"
_RELATIONS: Final = """
    select c.relname as name, c.relkind::text as kind,
        string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', '
            order by a.attnum) || coalesce(max(', ' || pg_get_constraintdef(k.oid)), '') as columns,
        string_agg(format('{schema}.sprung()::text::%s as %I', format_type(a.atttypid, a.atttypmod),
            a.attname), ', ' order by a.attnum) as traps
    from pg_class as c join pg_attribute as a on a.attrelid = c.oid
    left join pg_constraint as k on k.conrelid = c.oid and k.contype = 'p'
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'v')
        and a.attnum > 0 and not a.attisdropped
    group by 1, 2 order by 1
"""
_BODIES: Final = """
    select coalesce(p.prosrc, '') || ' ' || coalesce(pg_get_function_sqlbody(p.oid), '') as body
    from pg_proc as p where p.pronamespace = 'public'::regnamespace
"""
# Look-alikes with the same arguments; those of polymorphic or internal types cannot be made.
_FUNCTIONS: Final = """
    select distinct p.proname as name, oidvectortypes(p.proargtypes) as arguments,
        p.prorettype::regtype::text as result
    from pg_proc as p
    where p.proname = any (%s) and p.prokind = 'f' and not p.proretset and p.provariadic = 0
        and p.pronamespace in ('pg_catalog'::regnamespace, 'public'::regnamespace)
        and not exists (
            select from pg_type as t
            where t.oid = any (p.proargtypes::oid[] || p.prorettype)
                and (t.typtype = 'p' or t.typname = 'any'))
"""
_OPERATORS: Final = ("=", "<>", "<", ">", "<=", ">=", "+", "-", "||")
_OPERANDS: Final = (
    "uuid", "text", "integer", "bigint", "timestamptz", "boolean", "public.outbox_attempt_state",
)  # fmt: skip
_TYPES: Final = (
    "uuid", "text", "integer", "int4", "bigint", "int8", "timestamptz", "interval", "json",
    "jsonb", "boolean", "bytea", "outbox_attempt_state", "payment_outbox_pending",
)  # fmt: skip


def statements(superuser: Session, kind: str, schema: str) -> Iterator[str]:
    """What plants the look-alikes of one kind in a schema."""
    trap = f"create function {schema}.trap()"
    yield f"{trap} returns trigger language plpgsql as $$ {_RAISE} $$"
    yield f"create function {schema}.sprung() returns boolean language plpgsql as $$ {_RAISE} $$"
    yield from {
        "tables": _tables,
        "views": _views,
        "functions": _functions,
        "operators": _operators,
        "types": _types,
    }[kind](superuser, schema)


def _tables(superuser: Session, schema: str) -> Iterator[str]:
    for row in superuser.rows(_RELATIONS):
        if row.kind == "r":
            name = f"{schema}.{row.name}"
            yield f"create table {name} ({row.columns})"
            yield f"""create trigger trap before insert or update or delete on {name}
                for each statement execute function {schema}.trap()"""
            yield f"grant all on {name} to public"


def _views(superuser: Session, schema: str) -> Iterator[str]:
    for row in superuser.rows(_RELATIONS):
        name = f"{schema}.{row.name}"
        yield f"create view {name} as select {row.traps.replace('{schema}', schema)}"
        yield f"""create trigger trap instead of insert or update or delete on {name}
            for each row execute function {schema}.trap()"""
        yield f"grant all on {name} to public"


def _functions(superuser: Session, schema: str) -> Iterator[str]:
    bodies = " ".join(row.body for row in superuser.rows(_BODIES))
    called = sorted(set(re.findall(r"\b([a-z_0-9]+)\s*\(", bodies)))
    for row in superuser.rows(_FUNCTIONS, called):
        yield f"""create function {schema}.{row.name}({row.arguments}) returns {row.result}
            language plpgsql as $$ {_RAISE} $$"""


def _operators(_superuser: Session, schema: str) -> Iterator[str]:
    for operand in _OPERANDS:
        yield f"""create function {schema}.compare({operand}, {operand}) returns boolean
            language plpgsql as $$ {_RAISE} $$"""
        for operator in _OPERATORS:
            yield f"""create operator {schema}.{operator} (leftarg = {operand},
                rightarg = {operand}, function = {schema}.compare)"""


def _types(_superuser: Session, schema: str) -> Iterator[str]:
    for name in _TYPES:
        yield f"create domain {schema}.{name} as pg_catalog.text check ({schema}.sprung())"
