"""SELECTs over functions and enums. Each row is (kind, name, definition).

A body that PostgreSQL keeps as text counts by its SHA-256, as the files of the migrations do; one
that it keeps parsed (`begin atomic`) as PostgreSQL writes it out. Every function under one of our
names counts: an overload would be called instead of ours.
"""

from __future__ import annotations

from typing import Final, LiteralString

__all__ = ["QUERIES"]

_FUNCTIONS: Final[LiteralString] = """
select 'function', p.proname || '(' || oidvectortypes(p.proargtypes) || ')',
    jsonb_strip_nulls(jsonb_build_object(
        'kind', case p.prokind when 'f' then null when 'p' then 'procedure'
            when 'a' then 'aggregate' else 'window' end,
        'arguments', pg_get_function_arguments(p.oid),
        'result', pg_get_function_result(p.oid),
        'language', l.lanname,
        'volatility', case p.provolatile when 'i' then 'immutable' when 's' then 'stable'
            else 'volatile' end,
        'security', case when p.prosecdef then 'definer' else 'invoker' end,
        'strict', nullif(p.proisstrict, false),
        'leakproof', nullif(p.proleakproof, false),
        'parallel', case p.proparallel when 'u' then 'unsafe' when 'r' then 'restricted'
            else 'safe' end,
        'cost', nullif(p.procost, 100),
        'rows', case when p.proretset then nullif(p.prorows, 1000) end,
        'support', case when p.prosupport <> 0 then p.prosupport::regproc::text end,
        'settings', (select jsonb_agg(x order by x) from unnest(p.proconfig) as x),
        'body', pg_get_function_sqlbody(p.oid),
        'sha256', case when p.prosqlbody is null
            then encode(sha256(convert_to(p.prosrc, 'UTF8')), 'hex') end
    ))
from pg_catalog.pg_proc as p
join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
join pg_catalog.pg_language as l on l.oid = p.prolang
where n.nspname = 'public' and p.proname = any(%(functions)s)
"""

_ENUMS: Final[LiteralString] = """
select 'enum', y.typname, jsonb_agg(e.enumlabel order by e.enumsortorder)
from pg_catalog.pg_type as y
join pg_catalog.pg_namespace as n on n.oid = y.typnamespace
join pg_catalog.pg_enum as e on e.enumtypid = y.oid
where n.nspname = 'public' and y.typname = any(%(types)s)
group by y.typname
"""

QUERIES: Final[tuple[LiteralString, ...]] = (_FUNCTIONS, _ENUMS)
