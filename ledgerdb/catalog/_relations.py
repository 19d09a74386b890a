"""SELECTs over tables, views and sequences, and over all that hangs on them.

Each row is (kind, name, definition). `%(relations)s` are our names. Fields that are not said are as
PostgreSQL makes them. Constraints of type `n` are left out: only PostgreSQL 18 keeps NOT NULL as
such, and a column says it too.
"""

from __future__ import annotations

from typing import Final, LiteralString

__all__ = ["QUERIES"]

_OURS: Final[LiteralString] = """
with ours as (
    select c.* from pg_catalog.pg_class as c
    join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    where n.nspname = 'public' and c.relname = any(%(relations)s)
)
"""

_TABLES: Final[LiteralString] = """
select 'table', c.relname, jsonb_strip_nulls(jsonb_build_object(
    'kind', case c.relkind when 'r' then null when 'p' then 'partitioned' else c.relkind::text end,
    'persistence', case c.relpersistence when 'p' then 'permanent' when 'u' then 'unlogged'
        else 'temporary' end,
    'access_method', (
        select nullif(m.amname, 'heap') from pg_catalog.pg_am as m where m.oid = c.relam
    ),
    'options', (
        select jsonb_agg(x order by x) from (
            select unnest(c.reloptions) as x
            union all
            select 'toast.' || unnest(t.reloptions)
            from pg_catalog.pg_class as t where t.oid = c.reltoastrelid
        ) as o
    ),
    'row_security', case when c.relforcerowsecurity then 'forced' when c.relrowsecurity then 'on'
        else 'off' end,
    'replica_identity', case c.relreplident when 'd' then null when 'n' then 'nothing'
        when 'f' then 'full' else 'index ' || (
            select i.relname from pg_catalog.pg_index as x
            join pg_catalog.pg_class as i on i.oid = x.indexrelid
            where x.indrelid = c.oid and x.indisreplident
        ) end,
    'inherits', (
        select jsonb_agg(h.inhparent::regclass::text order by h.inhseqno)
        from pg_catalog.pg_inherits as h where h.inhrelid = c.oid
    ),
    'partition_by', pg_get_partkeydef(c.oid),
    'partition', pg_get_expr(c.relpartbound, c.oid)
))
from ours as c where c.relkind in ('r', 'p', 'f')
"""

_COLUMNS: Final[LiteralString] = """
select 'column', c.relname || '.' || a.attname, jsonb_strip_nulls(jsonb_build_object(
    'type', format_type(a.atttypid, a.atttypmod),
    'nullable', not a.attnotnull,
    'not_null_validated', (
        select nullif(k.convalidated, true) from pg_catalog.pg_constraint as k
        where k.conrelid = c.oid and k.contype = 'n' and k.conkey = array[a.attnum]
    ),
    'default', pg_get_expr(d.adbin, d.adrelid),
    'generated', case a.attgenerated when 's' then 'stored' when 'v' then 'virtual' end,
    'identity', case a.attidentity when 'a' then 'always' when 'd' then 'by default' end,
    'collation', (
        select o.collname from pg_catalog.pg_collation as o
        where o.oid = a.attcollation and a.attcollation <> t.typcollation
    ),
    'storage', case when a.attstorage <> t.typstorage then a.attstorage end,
    'compression', nullif(a.attcompression::text, ''),
    'statistics', nullif(a.attstattarget, -1),
    'options', to_jsonb(a.attoptions)
))
from ours as c
join pg_catalog.pg_attribute as a
    on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
join pg_catalog.pg_type as t on t.oid = a.atttypid
left join pg_catalog.pg_attrdef as d on d.adrelid = c.oid and d.adnum = a.attnum
where c.relkind in ('r', 'p', 'f', 'v', 'm')
"""

_INDEXES: Final[LiteralString] = """
select 'index', c.relname || '.' || i.relname, jsonb_strip_nulls(jsonb_build_object(
    'definition', pg_get_indexdef(i.oid),
    'valid', x.indisvalid and x.indisready and x.indislive,
    'clustered', nullif(x.indisclustered, false)
))
from ours as c
join pg_catalog.pg_index as x on x.indrelid = c.oid
join pg_catalog.pg_class as i on i.oid = x.indexrelid
"""

# A foreign key is enforced by triggers of its own, which `disable trigger all` switches off.
_CONSTRAINTS: Final[LiteralString] = """
select 'constraint', c.relname || '.' || k.conname, jsonb_build_object(
    'definition', pg_get_constraintdef(k.oid),
    'validated', k.convalidated,
    'enforced', coalesce((to_jsonb(k) ->> 'conenforced')::boolean, true) and not exists (
        select from pg_catalog.pg_trigger as t
        where t.tgconstraint = k.oid and t.tgisinternal and t.tgenabled <> 'O'
    )
)
from ours as c
join pg_catalog.pg_constraint as k on k.conrelid = c.oid and k.contype not in ('n', 't')
union all
select 'reference', case n.nspname when 'public' then '' else n.nspname || '.' end
        || f.relname || '.' || k.conname,
    jsonb_build_object('definition', pg_get_constraintdef(k.oid))
from ours as c
join pg_catalog.pg_constraint as k
    on k.confrelid = c.oid and k.contype = 'f' and k.conparentid = 0
join pg_catalog.pg_class as f on f.oid = k.conrelid
join pg_catalog.pg_namespace as n on n.oid = f.relnamespace
where f.oid not in (select o.oid from ours as o)
union all
select 'inheritance', c.relname || '.' || h.inhrelid::regclass::text, '{}'
from ours as c join pg_catalog.pg_inherits as h on h.inhparent = c.oid
where h.inhrelid not in (select o.oid from ours as o) and c.relkind in ('r', 'p', 'f')
union all
select 'statistics', c.relname || '.' || s.stxname,
    jsonb_build_object('definition', pg_get_statisticsobjdef(s.oid))
from ours as c join pg_catalog.pg_statistic_ext as s on s.stxrelid = c.oid
"""

_TRIGGERS: Final[LiteralString] = """
select 'trigger', c.relname || '.' || t.tgname, jsonb_build_object(
    'definition', pg_get_triggerdef(t.oid),
    'enabled', case t.tgenabled when 'O' then 'origin' when 'A' then 'always'
        when 'R' then 'replica' else 'disabled' end
)
from ours as c
join pg_catalog.pg_trigger as t on t.tgrelid = c.oid and not t.tgisinternal
union all
select 'rule', c.relname || '.' || r.rulename, jsonb_build_object(
    'definition', pg_get_ruledef(r.oid),
    'enabled', case r.ev_enabled when 'O' then 'origin' when 'A' then 'always'
        when 'R' then 'replica' else 'disabled' end
)
from ours as c
join pg_catalog.pg_rewrite as r on r.ev_class = c.oid and r.rulename <> '_RETURN'
union all
select 'policy', c.relname || '.' || p.polname, jsonb_strip_nulls(jsonb_build_object(
    'kind', case when p.polpermissive then 'permissive' else 'restrictive' end,
    'command', p.polcmd,
    'roles', array(
        select coalesce(r.rolname, 'PUBLIC') from unnest(p.polroles) as x (role)
        left join pg_catalog.pg_roles as r on r.oid = x.role order by 1
    ),
    'using', pg_get_expr(p.polqual, p.polrelid),
    'check', pg_get_expr(p.polwithcheck, p.polrelid)
))
from ours as c join pg_catalog.pg_policy as p on p.polrelid = c.oid
"""

_VIEWS: Final[LiteralString] = """
select 'view', c.relname, jsonb_strip_nulls(jsonb_build_object(
    'kind', case c.relkind when 'm' then 'materialized' end,
    'options', (select jsonb_agg(x order by x) from unnest(c.reloptions) as x),
    'definition', pg_get_viewdef(c.oid)
))
from ours as c where c.relkind in ('v', 'm')
union all
select 'sequence', c.relname, jsonb_strip_nulls(jsonb_build_object(
    'type', format_type(s.seqtypid, null),
    'start', s.seqstart, 'increment', s.seqincrement, 'min', s.seqmin, 'max', s.seqmax,
    'cache', s.seqcache, 'cycle', s.seqcycle,
    'persistence', case c.relpersistence when 'u' then 'unlogged' end,
    'owned_by', (
        select o.relname || '.' || a.attname
        from pg_catalog.pg_depend as d
        join pg_catalog.pg_class as o on o.oid = d.refobjid
        join pg_catalog.pg_attribute as a on a.attrelid = o.oid and a.attnum = d.refobjsubid
        where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid
            and d.refclassid = 'pg_catalog.pg_class'::regclass and d.deptype in ('a', 'i')
    )
))
from ours as c join pg_catalog.pg_sequence as s on s.seqrelid = c.oid
"""

QUERIES: Final[tuple[LiteralString, ...]] = (
    _OURS + _TABLES,
    _OURS + _COLUMNS,
    _OURS + _INDEXES,
    _OURS + _CONSTRAINTS,
    _OURS + _TRIGGERS,
    _OURS + _VIEWS,
)
