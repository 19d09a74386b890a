"""What the roles are: nobody's login, nobody's member; and who else could act as them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ledgerdb.verify.roles.matrix import SCHEMA, Matrix
from ledgerdb.verify.witness import Session, reading

__all__ = ["findings", "information"]

_ATTRIBUTES: Final = """
    select r.rolname as name, concat_ws(', ',
        case when r.rolcanlogin then 'LOGIN' end, case when r.rolsuper then 'SUPERUSER' end,
        case when r.rolcreaterole then 'CREATEROLE' end,
        case when r.rolcreatedb then 'CREATEDB' end,
        case when r.rolreplication then 'REPLICATION' end,
        case when r.rolbypassrls then 'BYPASSRLS' end) as excess
    from pg_roles as r where r.rolname = any(%(names)s) order by 1
"""
_MEMBERSHIPS: Final = """
    select m.member::regrole::text as member, m.roleid::regrole::text as role
    from pg_auth_members as m inner join pg_roles as r on r.oid = m.member
    where r.rolname = any(%(names)s) order by 1, 2
"""
# A login that can act as a service, and become who may do anything to what it must not touch:
# its owner, the owner of the database, a superuser, or who runs programs on the server.
_BOTH: Final = """
    select l.rolname as login, min(r.rolname) as role, o.rolname as other
    from pg_roles as l cross join pg_roles as r cross join pg_roles as o
    where l.rolcanlogin and not l.rolsuper and r.rolname = any(%(roles)s)
        and (o.rolname = %(owner)s or o.rolsuper
            or o.oid = (select d.datdba from pg_database as d where d.datname = current_database())
            or o.rolname in ('pg_execute_server_program', 'pg_write_server_files'))
        and (pg_has_role(l.oid, r.oid, 'usage') or pg_has_role(l.oid, r.oid, 'set'))
        and (pg_has_role(l.oid, o.oid, 'usage') or pg_has_role(l.oid, o.oid, 'set')
            or pg_has_role(l.oid, o.oid, 'member with admin option'))
    group by l.rolname, o.rolname order by l.rolname, o.rolname
"""
# What a login has beside the runtime role: a grant to itself, or another role that it is in.
_WRITERS: Final = """
    select l.rolname as login, min(r.rolname) as role, p.privilege,
        min(c.relname::text) as relation, count(distinct c.oid) as relations
    from pg_roles as l
    inner join pg_roles as r on r.rolname = any(%(roles)s)
        and (pg_has_role(l.oid, r.oid, 'usage') or pg_has_role(l.oid, r.oid, 'set'))
    cross join unnest(array['insert', 'update', 'delete', 'truncate', 'references', 'trigger'])
        as p (privilege)
    cross join pg_class as c inner join pg_namespace as n on n.oid = c.relnamespace
    where l.rolcanlogin and not l.rolsuper and n.nspname = %(schema)s
        and c.relname = any(%(relations)s) and c.relkind in ('r', 'p', 'v')
        and has_table_privilege(l.oid, c.oid, p.privilege)
        and not exists (
            select from pg_roles as o where o.rolname = %(owner)s
                and (pg_has_role(l.oid, o.oid, 'usage') or pg_has_role(l.oid, o.oid, 'set')))
    group by 1, 3 order by 1, 3
"""
_ACTING: Final = """
    select r.rolname as role, array(
        select l.rolname::text from pg_roles as l
        where not l.rolsuper and l.oid <> r.oid
            and (pg_has_role(l.oid, r.oid, 'usage') or pg_has_role(l.oid, r.oid, 'set'))
        order by 1) as members
    from pg_roles as r where r.rolname = any(%(names)s) order by 1
"""
_SUPERUSERS: Final = "select rolname as name from pg_roles where rolsuper order by 1"
_PARAMETERS: Final = """
    select p.parname as parameter, lower(a.privilege_type) as privilege,
        case when a.grantee = 0 then 'PUBLIC' else a.grantee::regrole::text end as grantee
    from pg_parameter_acl as p cross join lateral aclexplode(p.paracl) as a
    where a.grantee = 0 or a.grantee::regrole::text = any(%(names)s)
    order by 1, 3, 2
"""


def findings(session: Session, matrix: Matrix) -> Iterator[str]:
    """What a role of ours is, is in, or may set, and must not."""
    names = [*matrix.roles, matrix.owner]
    asked = {"names": names, "roles": [*matrix.roles], "owner": matrix.owner}
    there = {row["name"]: row["excess"] for row in reading(session, _ATTRIBUTES, asked)}
    for name in names:
        if name not in there:
            yield f"role {name} does not exist"
        elif there[name]:
            yield f"role {name} has {there[name]}"
    for row in reading(session, _MEMBERSHIPS, asked):
        yield f"role {row['member']} is a member of {row['role']}"
    for row in reading(session, _BOTH, asked):
        yield (
            f"login {row['login']} acts as {row['role']} and may become {row['other']}:"
            " a service must not own what it uses"
        )
    scope = asked | {"schema": SCHEMA, "relations": [*matrix.readers]}
    for row in reading(session, _WRITERS, scope):
        more = f" and {row['relations'] - 1} more" if row["relations"] > 1 else ""
        yield (
            f"login {row['login']}, which acts as {row['role']}, may {row['privilege']}"
            f" {row['relation']}{more}, by itself or by another role that it is in"
        )
    for row in reading(session, _PARAMETERS, asked):
        yield f"{row['grantee']} may {row['privilege']} parameter {row['parameter']}"


def information(session: Session, matrix: Matrix) -> dict[str, Any]:
    """Who can act as whom; for a person to read, since sites differ."""
    acting = reading(session, _ACTING, {"names": [*matrix.roles, matrix.owner]})
    return {
        "may_act_as": {row["role"]: row["members"] for row in acting},
        "superusers": [row["name"] for row in reading(session, _SUPERUSERS)],
    }
