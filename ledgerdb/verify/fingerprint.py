"""The fingerprint of a schema: SHA-256 over ledgerdb's own objects, as the catalog has them.

Which names are ledgerdb's is read from the migrations that this installation ships; what else lives
in schema public does not count, what somebody hung on a table of ledgerdb does. Owners, privileges
and comments are left out: they differ between sites. So are the positions of columns, and NOT NULL
constraints, which only PostgreSQL 18 keeps as such: a column says whether it may be null.
"""

from __future__ import annotations

import functools
import hashlib
import json
from pathlib import Path
from typing import Any, Final, LiteralString

import psycopg
from alembic.script import ScriptDirectory

from ledgerdb.catalog import Names
from ledgerdb.migrate import history
from ledgerdb.migrate.config import alembic_config

__all__ = ["describe", "schema_fingerprint"]

# Each row is (kind, name, description); %(relations)s, %(types)s and %(functions)s are our names.
_OBJECTS: Final[LiteralString] = """
with ours as (
    select c.oid, c.relname, c.relkind, c.relpersistence, c.reloptions, c.relrowsecurity
    from pg_catalog.pg_class as c
    where c.relnamespace = 'public'::regnamespace and c.relname = any(%(relations)s)
)
select 'table' as kind, c.relname::text as name, jsonb_build_array(
    c.relpersistence, coalesce(c.reloptions, '{}'), c.relrowsecurity
) as description
from ours as c where c.relkind in ('r', 'p')
union all
select 'column', c.relname || '.' || a.attname, jsonb_build_array(
    format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attgenerated, a.attidentity,
    pg_get_expr(d.adbin, d.adrelid)
)
from ours as c
join pg_catalog.pg_attribute as a
    on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
left join pg_catalog.pg_attrdef as d on d.adrelid = c.oid and d.adnum = a.attnum
where c.relkind in ('r', 'p', 'v', 'm')
union all
select 'index', c.relname || '.' || i.relname, jsonb_build_array(
    pg_get_indexdef(x.indexrelid), x.indisvalid, x.indisready, x.indisunique
)
from ours as c
join pg_catalog.pg_index as x on x.indrelid = c.oid
join pg_catalog.pg_class as i on i.oid = x.indexrelid
union all
select 'constraint', c.relname || '.' || k.conname, jsonb_build_array(
    pg_get_constraintdef(k.oid), k.convalidated
)
from ours as c
join pg_catalog.pg_constraint as k on k.conrelid = c.oid and k.contype <> 'n'
union all
select 'trigger', c.relname || '.' || t.tgname, jsonb_build_array(
    pg_get_triggerdef(t.oid), t.tgenabled
)
from ours as c
join pg_catalog.pg_trigger as t on t.tgrelid = c.oid and not t.tgisinternal
union all
select 'view', c.relname, jsonb_build_array(pg_get_viewdef(c.oid), coalesce(c.reloptions, '{}'))
from ours as c where c.relkind in ('v', 'm')
union all
select 'sequence', c.relname, jsonb_build_array(
    format_type(s.seqtypid, null), s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache,
    s.seqcycle
)
from ours as c join pg_catalog.pg_sequence as s on s.seqrelid = c.oid
union all
select 'enum', y.typname, jsonb_agg(e.enumlabel order by e.enumsortorder)
from pg_catalog.pg_type as y join pg_catalog.pg_enum as e on e.enumtypid = y.oid
where y.typnamespace = 'public'::regnamespace and y.typname = any(%(types)s)
group by y.typname
union all
select 'function', p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')',
    jsonb_build_array(
        pg_get_function_arguments(p.oid), pg_get_function_result(p.oid), l.lanname, p.prokind,
        p.provolatile, p.prosecdef, p.proisstrict, p.proleakproof, p.proparallel,
        coalesce(p.proconfig, '{}'), coalesce(pg_get_function_sqlbody(p.oid), p.prosrc)
    )
from pg_catalog.pg_proc as p join pg_catalog.pg_language as l on l.oid = p.prolang
where p.pronamespace = 'public'::regnamespace and p.proname = any(%(functions)s)
"""


def describe(connection: psycopg.Connection[Any]) -> tuple[str, ...]:
    """One line of JSON per object, in order: compare two of them to see where they differ."""
    names = _our_names()
    # Rolled back to its start: not even the search path, by which the catalog spells names, stays.
    with connection.transaction(force_rollback=True), connection.cursor() as cursor:
        cursor.execute("select set_config('search_path', 'pg_catalog', true)")
        cursor.execute(
            _OBJECTS,
            {
                "relations": sorted(names.relations),
                "types": sorted(names.types),
                "functions": sorted(names.functions),
            },
        )
        return tuple(sorted(json.dumps(row, ensure_ascii=False) for row in cursor.fetchall()))


def schema_fingerprint(connection: psycopg.Connection[Any]) -> str:
    """64 hex digits; equal on every version of PostgreSQL for the same revision."""
    return hashlib.sha256("\n".join(describe(connection)).encode()).hexdigest()


@functools.cache
def _our_names() -> Names:
    script = ScriptDirectory.from_config(alembic_config())
    line = history.revisions(script, script.get_heads())
    return history.names_of(history.load_all(line, Path(script.dir)))
