"""SELECTs over owners, privileges, roles, settings and comments. Each row is (kind, name, value).

What owners may do with their own is shown only where it is not everything. MAINTAIN, which came
with PostgreSQL 17, does not count where it came with ALL.
"""

from __future__ import annotations

from typing import Final, LiteralString

__all__ = ["QUERIES"]

_OBJECTS: Final[LiteralString] = """
with relations as (
    select c.* from pg_catalog.pg_class as c
    join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    where n.nspname = 'public' and c.relname = any(%(relations)s)
        and c.relkind in ('r', 'p', 'f', 'v', 'm', 'S')
), routines as (
    select p.* from pg_catalog.pg_proc as p
    join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
    where n.nspname = 'public' and p.proname = any(%(functions)s)
), enums as (
    select y.* from pg_catalog.pg_type as y
    join pg_catalog.pg_namespace as n on n.oid = y.typnamespace
    where n.nspname = 'public' and y.typname = any(%(types)s) and y.typtype = 'e'
), objects (kind, name, class, oid, owner, acl, by_default) as (
    select case c.relkind when 'S' then 'sequence' when 'v' then 'view' when 'm' then 'view'
            else 'table' end, c.relname::text, 'pg_catalog.pg_class'::regclass, c.oid, c.relowner,
        c.relacl,
        acldefault(case c.relkind when 'S' then 's' else 'r' end::"char", c.relowner)
    from relations as c
    union all
    select 'function', p.proname || '(' || oidvectortypes(p.proargtypes) || ')',
        'pg_catalog.pg_proc'::regclass, p.oid, p.proowner, p.proacl, acldefault('f', p.proowner)
    from routines as p
    union all
    select 'enum', y.typname, 'pg_catalog.pg_type'::regclass, y.oid, y.typowner, y.typacl,
        acldefault('T', y.typowner)
    from enums as y
)
"""

# The schema and the database are shared with other applications: who may use them is the site's
# business, who may create in them is not.
_GRANTS: Final[LiteralString] = """
, holders (name, owner, acl, dangerous) as (
    select o.kind || ' ' || o.name, o.owner, coalesce(o.acl, o.by_default), null::text
    from objects as o
    union all
    select 'column ' || c.relname || '.' || a.attname, c.relowner, a.attacl, null
    from relations as c
    join pg_catalog.pg_attribute as a on a.attrelid = c.oid and a.attacl is not null
    union all
    select 'schema public', n.nspowner, n.nspacl, 'CREATE'
    from pg_catalog.pg_namespace as n where n.nspname = 'public'
    union all
    select 'database', d.datdba, d.datacl, 'CREATE'
    from pg_catalog.pg_database as d where d.datname = current_database()
), privileges as (
    select h.name, coalesce(r.rolname, 'PUBLIC') as grantee, a.privilege_type as privilege,
        bool_or(a.is_grantable) as grantable
    from holders as h cross join lateral aclexplode(h.acl) as a
    left join pg_catalog.pg_roles as r on r.oid = a.grantee
    where a.grantee <> h.owner and (
        h.dangerous is null or a.privilege_type = h.dangerous
        or r.rolname = any(%(roles)s)
    )
    group by h.name, r.rolname, a.privilege_type
), grants as (
    select p.name, p.grantee, jsonb_agg(p.privilege order by p.privilege) as privileges,
        jsonb_agg(p.privilege order by p.privilege) filter (where p.grantable) as grantable
    from privileges as p
    group by p.name, p.grantee
)
select 'grant', g.name || ' to ' || g.grantee, jsonb_strip_nulls(jsonb_build_object(
    'privileges', case
        when g.privileges @> '["DELETE", "INSERT", "REFERENCES", "SELECT", "TRIGGER", "TRUNCATE",
            "UPDATE"]' then g.privileges - 'MAINTAIN' else g.privileges end,
    'grantable', g.grantable
))
from grants as g
union all
select 'grant', o.kind || ' ' || o.name || ' to its owner',
    jsonb_build_object('privileges', to_jsonb(held.privileges))
from objects as o
cross join lateral (
    select array(
        select a.privilege_type from aclexplode(coalesce(o.acl, o.by_default)) as a
        where a.grantee = o.owner and a.privilege_type <> 'MAINTAIN' order by 1
    ) as privileges
) as held
where held.privileges <> array(
    select a.privilege_type from aclexplode(o.by_default) as a
    where a.grantee = o.owner and a.privilege_type <> 'MAINTAIN' order by 1
)
"""

# Who owns the schema may drop what is in it: the database's owner, by its usual name, or more.
_OWNERS: Final[LiteralString] = """
select 'owner', o.kind || ' ' || o.name, to_jsonb(r.rolname)
from objects as o join pg_catalog.pg_roles as r on r.oid = o.owner
union all
select 'owner', 'schema public', to_jsonb(
    case when r.rolsuper or r.oid = d.datdba then 'pg_database_owner' else r.rolname end
)
from pg_catalog.pg_namespace as n
join pg_catalog.pg_roles as r on r.oid = n.nspowner
join pg_catalog.pg_database as d on d.datname = current_database()
where n.nspname = 'public'
"""

# What will be created under our names is made by the owner, or by who deploys and hands it over.
_DEFAULTS: Final[LiteralString] = """
with makers as (
    select r.oid, r.rolname from pg_catalog.pg_roles as r
    join pg_catalog.pg_database as d on d.datname = current_database()
    where r.rolname = any(%(roles)s) or r.rolsuper or r.oid = d.datdba or exists (
        select from pg_catalog.pg_auth_members as m
        join pg_catalog.pg_roles as g on g.oid = m.roleid
        where m.member = r.oid and g.rolname = 'symphony_owner'
    )
)
select 'default_privilege',
    case p.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions'
        when 'T' then 'types' when 'n' then 'schemas' else p.defaclobjtype::text end
        || case when p.defaclnamespace = 0 then '' else ' in schema public' end
        || ' of ' || o.rolname || ' to '
        || case when a.grantee = o.oid then 'itself' else coalesce(r.rolname, 'PUBLIC') end,
    jsonb_agg(a.privilege_type || case when a.is_grantable and a.grantee <> o.oid
        then ' with grant option' else '' end order by a.privilege_type)
from pg_catalog.pg_default_acl as p
join makers as o on o.oid = p.defaclrole
left join pg_catalog.pg_namespace as n on n.oid = p.defaclnamespace
cross join lateral aclexplode(p.defaclacl) as a
left join pg_catalog.pg_roles as r on r.oid = a.grantee
where (p.defaclnamespace = 0 or n.nspname = 'public')
    and not (a.privilege_type = 'MAINTAIN' and a.grantee = o.oid)
group by p.oid, p.defaclobjtype, p.defaclnamespace, o.oid, o.rolname, a.grantee, r.rolname
"""

_ROLES: Final[LiteralString] = """
select 'role', r.rolname, jsonb_strip_nulls(jsonb_build_object(
    'attributes', array_remove(array[
        case when r.rolcanlogin then 'LOGIN' else 'NOLOGIN' end,
        case when r.rolinherit then 'INHERIT' else 'NOINHERIT' end,
        case when r.rolsuper then 'SUPERUSER' end,
        case when r.rolcreaterole then 'CREATEROLE' end,
        case when r.rolcreatedb then 'CREATEDB' end,
        case when r.rolreplication then 'REPLICATION' end,
        case when r.rolbypassrls then 'BYPASSRLS' end,
        case when r.rolconnlimit <> -1 then 'CONNECTION LIMIT ' || r.rolconnlimit end,
        case when r.rolvaliduntil is not null then 'VALID UNTIL' end
    ], null),
    'member_of', (
        select jsonb_agg(g.rolname order by g.rolname)
        from pg_catalog.pg_auth_members as m
        join pg_catalog.pg_roles as g on g.oid = m.roleid
        where m.member = r.oid
    )
))
from pg_catalog.pg_roles as r where r.rolname = any(%(roles)s)
"""

# Who deploys is a member of the owner: a superuser, or who owns the database.
_MEMBERS: Final[LiteralString] = """
select 'member', g.rolname || ' with ' || r.rolname,
    jsonb_build_object('inherit', m.inherit_option, 'set', m.set_option, 'admin', m.admin_option)
from pg_catalog.pg_auth_members as m
join pg_catalog.pg_roles as g on g.oid = m.roleid
join pg_catalog.pg_roles as r on r.oid = m.member
join pg_catalog.pg_database as d on d.datname = current_database()
where g.rolname = 'symphony_owner' and g.rolname = any(%(roles)s)
    and (m.inherit_option or m.set_option)
    and not r.rolsuper and not pg_has_role(r.oid, d.datdba, 'usage')
"""

# The timeouts bound what a session may do, in milliseconds; the last one switches triggers off.
_SETTINGS: Final[LiteralString] = """
select 'setting', x.name, case
    when x.name = 'session_replication_role' then to_jsonb(x.value)
    when x.value ~ '^[0-9]+$' then to_jsonb(x.value::bigint)
    else to_jsonb((extract(epoch from x.value::interval) * 1000)::bigint)
end
from pg_catalog.pg_db_role_setting as s
join pg_catalog.pg_database as d on d.oid = s.setdatabase
cross join lateral (
    select split_part(e, '=', 1) as name, substr(e, strpos(e, '=') + 1) as value
    from unnest(s.setconfig) as e
) as x
where d.datname = current_database() and s.setrole = 0 and x.name in (
    'lock_timeout', 'statement_timeout', 'idle_in_transaction_session_timeout',
    'session_replication_role'
)
"""

_COMMENTS: Final[LiteralString] = """
, described (name, class, oid, part) as (
    select o.kind || ' ' || o.name, o.class, o.oid, 0 from objects as o
    union all
    select 'column ' || c.relname || '.' || a.attname, 'pg_catalog.pg_class'::regclass, c.oid,
        a.attnum
    from relations as c join pg_catalog.pg_attribute as a on a.attrelid = c.oid
    where a.attnum > 0 and not a.attisdropped and c.relkind <> 'S'
    union all
    select 'index ' || c.relname || '.' || i.relname, 'pg_catalog.pg_class'::regclass, i.oid, 0
    from relations as c
    join pg_catalog.pg_index as x on x.indrelid = c.oid
    join pg_catalog.pg_class as i on i.oid = x.indexrelid
    union all
    select 'constraint ' || c.relname || '.' || k.conname, 'pg_catalog.pg_constraint'::regclass,
        k.oid, 0
    from relations as c
    join pg_catalog.pg_constraint as k on k.conrelid = c.oid and k.contype <> 'n'
    union all
    select 'trigger ' || c.relname || '.' || t.tgname, 'pg_catalog.pg_trigger'::regclass, t.oid, 0
    from relations as c
    join pg_catalog.pg_trigger as t on t.tgrelid = c.oid and not t.tgisinternal
)
select 'comment', o.name, to_jsonb(d.description)
from described as o
join pg_catalog.pg_description as d
    on (d.classoid, d.objoid, d.objsubid) = (o.class, o.oid, o.part)
"""

QUERIES: Final[tuple[LiteralString, ...]] = (
    _OBJECTS + _OWNERS,
    _OBJECTS + _GRANTS,
    _DEFAULTS,
    _ROLES,
    _MEMBERS,
    _SETTINGS,
    _OBJECTS + _COMMENTS,
)
