"""Owners, roles and grants: what the upgrade needs, and who loses what at which revision."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ledgerdb.migrate.adopt.finding import Change, Effect, Finding
from ledgerdb.migrate.adopt.look import Look
from ledgerdb.migrate.guard import OWNER, ROLES, Facts

__all__ = ["access"]

# The tables that nobody writes after 0008, and the roles from which it takes that.
_GUARDED: Final = (
    "payment_outbox_pending",
    "payment_outbox_attempts",
    "participant_outbox_sequences",
)
_CLOSED: Final = frozenset({"PUBLIC", *ROLES})

_ROLES: Final = """
    select r.rolname::text as name, pg_catalog.concat_ws(', ',
        case when r.rolcanlogin then 'LOGIN' end,
        case when r.rolsuper then 'SUPERUSER' end,
        case when r.rolcreaterole then 'CREATEROLE' end,
        case when r.rolcreatedb then 'CREATEDB' end,
        case when r.rolreplication then 'REPLICATION' end,
        case when r.rolbypassrls then 'BYPASSRLS' end,
        (select 'member of ' || pg_catalog.string_agg(m.roleid::regrole::text, ' and ')
            from pg_catalog.pg_auth_members as m where m.member = r.oid)
    ) as excess
    from pg_catalog.pg_roles as r where r.rolname = any (cast(:roles as text[]))
"""
_OWNERS: Final = """
    select 'table' as kind, c.relname::text as name,
        pg_catalog.pg_get_userbyid(c.relowner) as owner,
        pg_catalog.pg_has_role(c.relowner, 'usage') as mine
    from pg_catalog.pg_class as c
    where c.relnamespace = 'public'::regnamespace and c.relname = any (cast(:tables as text[]))
    union all
    select 'function', p.proname::text, pg_catalog.pg_get_userbyid(p.proowner),
        pg_catalog.pg_has_role(p.proowner, 'usage')
    from pg_catalog.pg_proc as p
    where p.pronamespace = 'public'::regnamespace and p.proname = any (cast(:functions as text[]))
    union all
    select 'enum', t.typname::text, pg_catalog.pg_get_userbyid(t.typowner),
        pg_catalog.pg_has_role(t.typowner, 'usage')
    from pg_catalog.pg_type as t
    where t.typnamespace = 'public'::regnamespace and t.typname = any (cast(:enums as text[]))
"""
_GRANTS: Final = """
    select c.relname::text as name,
        case when g.grantee = 0 then 'PUBLIC' else g.grantee::regrole::text end as role,
        pg_catalog.array_agg(g.privilege_type order by g.privilege_type) as privileges
    from pg_catalog.pg_class as c cross join lateral pg_catalog.aclexplode(c.relacl) as g
    where c.relnamespace = 'public'::regnamespace and c.relname = any (cast(:tables as text[]))
        and g.grantee <> c.relowner and g.privilege_type <> 'MAINTAIN'
    group by 1, 2 order by 1, 2
"""
_EXECUTE: Final = """
    select p.proname::text as name, g.grantee::regrole::text as role
    from pg_catalog.pg_proc as p cross join lateral pg_catalog.aclexplode(p.proacl) as g
    where p.pronamespace = 'public'::regnamespace and p.proname = any (cast(:functions as text[]))
        and g.grantee <> 0
"""
# Logins that may call the outbox today only because everybody may.
_THROUGH_PUBLIC: Final = """
    select r.rolname::text as role
    from pg_catalog.pg_roles as r
    where r.rolcanlogin and not r.rolsuper
        and pg_catalog.has_database_privilege(r.oid, pg_catalog.current_database(), 'connect')
        and not exists (
            select from pg_catalog.pg_proc as p
            cross join lateral pg_catalog.aclexplode(p.proacl) as g
            where p.pronamespace = 'public'::regnamespace
                and p.proname = any (cast(:functions as text[]))
                and g.grantee <> 0 and pg_catalog.pg_has_role(r.oid, g.grantee, 'member')
        )
        and exists (
            select from pg_catalog.pg_proc as p
            where p.pronamespace = 'public'::regnamespace
                and p.proname = 'claim_outbox_batch'
                and pg_catalog.has_function_privilege(r.oid, p.oid, 'execute')
        )
    order by 1
"""
# Whoever inserts into a table of another domain runs its defaults, and may only call
# uuid_v7_or_random() as long as everybody may.
_DEFAULTS: Final = """
    select g.grantee::regrole::text as role,
        pg_catalog.string_agg(distinct c.relname::text, ', ') as tables
    from pg_catalog.pg_proc as p
    join pg_catalog.pg_depend as d on d.refclassid = 'pg_proc'::regclass and d.refobjid = p.oid
        and d.classid = 'pg_attrdef'::regclass
    join pg_catalog.pg_attrdef as v on v.oid = d.objid
    join pg_catalog.pg_class as c on c.oid = v.adrelid
    cross join lateral pg_catalog.aclexplode(c.relacl) as g
    where p.pronamespace = 'public'::regnamespace and p.proname = 'uuid_v7_or_random'
        and not c.relname = any (cast(:tables as text[]))
        and g.privilege_type = 'INSERT' and g.grantee <> 0 and g.grantee <> c.relowner
        and not exists (
            select from pg_catalog.aclexplode(p.proacl) as e where e.grantee = g.grantee
        )
    group by 1 order by 1
"""
_CEILINGS: Final = """
    select coalesce(s.setrole::regrole::text, '') as role, s.setrole <> 0 as of_role,
        pg_catalog.split_part(e.line, '=', 2) as value
    from pg_catalog.pg_db_role_setting as s cross join pg_catalog.unnest(s.setconfig) as e (line)
    where e.line like 'symphony.outbox\\_retry\\_ceiling=%' and s.setdatabase in (
        0, (select d.oid from pg_catalog.pg_database as d
            where d.datname = pg_catalog.current_database())
    )
"""


def access(look: Look, facts: Facts) -> Iterator[Finding]:
    """Who deploys, who owns, who may what."""
    names = {
        "tables": list(look.reference.baseline.tables),
        "functions": list(look.reference.baseline.functions),
        "enums": list(look.reference.baseline.enums),
    }
    yield from _roles(look, facts)
    yield from _missing_grants(look, names)
    for row in look.rows(_OWNERS, **names):
        if not row["mine"]:
            yield Finding(
                row["kind"],
                row["name"],
                Effect.BLOCKS,
                f'belongs to {row["owner"]}, and "{facts.role}" is no member of it: deploy as a'
                " member",
            )
    for row in look.rows(_GRANTS, tables=names["tables"]):
        yield _grant(row)
    for row in look.rows(_THROUGH_PUBLIC, functions=names["functions"]):
        yield Finding(
            "role",
            row["role"],
            Effect.NOTED,
            "may call the outbox today because everybody may; revision 0003 ends that: make it a"
            " member of symphony_ingest or symphony_executor before, if it calls",
        )
    for row in look.rows(_DEFAULTS, tables=names["tables"]):
        yield Finding(
            "grant",
            f"uuid_v7_or_random.{row['role']}",
            Effect.CREATED,
            f"inserts into {row['tables']}, whose default calls uuid_v7_or_random(), which"
            " revision 0003 takes from everybody: gets EXECUTE on it by name",
            (Change((f"grant execute on function public.uuid_v7_or_random() to {row['role']}",)),),
        )
    for row in look.rows(_CEILINGS):
        yield from _ceiling(row)


def _roles(look: Look, facts: Facts) -> Iterator[Finding]:
    if facts.missing_roles and not facts.may_create_roles:
        yield Finding(
            "role",
            facts.role,
            Effect.BLOCKS,
            f"lacks CREATEROLE, and there is no {', '.join(facts.missing_roles)}",
        )
    if not facts.may_create:
        yield Finding("role", facts.role, Effect.BLOCKS, "lacks CREATE on schema public")
    if not facts.owns_database:
        yield Finding(
            "role", facts.role, Effect.BLOCKS, f"does not own the database ({facts.owner} does)"
        )
    if not facts.may_own:
        yield Finding(
            "role",
            facts.role,
            Effect.BLOCKS,
            f"is no member of {OWNER}: grant {OWNER} to {facts.role} with inherit true, set true",
        )
    excess = {row["name"]: row["excess"] for row in look.rows(_ROLES, roles=[OWNER, *ROLES])}
    for role in ROLES:
        if role not in excess:
            yield Finding(
                "role",
                role,
                Effect.CREATED,
                "missing: created, NOLOGIN, member of none",
                (Change((f"create role {role} nologin",)),),
            )
        elif excess[role]:
            yield Finding(
                "role",
                role,
                Effect.NEEDS_ACCEPTANCE,
                f"has {excess[role]}, which it does not have in the reference: stays",
            )
    if excess.get(OWNER):
        yield Finding(
            "role",
            OWNER,
            Effect.BLOCKS,
            f"has rights of its own ({excess[OWNER]}): revision 0008 would stop; take them away",
        )


def _missing_grants(look: Look, names: dict[str, list[str]]) -> Iterator[Finding]:
    found = {
        (row["name"], row["role"], privilege)
        for row in look.rows(_GRANTS, tables=names["tables"])
        for privilege in row["privileges"]
    } | {
        (row["name"], row["role"], "EXECUTE")
        for row in look.rows(_EXECUTE, functions=names["functions"])
    }
    for name, role, privilege in sorted(look.reference.grants - found):
        kind = "function" if privilege == "EXECUTE" else "table"
        yield Finding(
            "grant",
            f"{name}.{role}.{privilege}",
            Effect.CREATED,
            f"missing: {role} gets {privilege} as in the reference, until a later revision decides",
            (Change((f"grant {privilege} on {kind} public.{name} to {role}",)),),
        )


def _grant(row: Mapping[str, Any]) -> Finding:
    table, role, privileges = row["name"], row["role"], list(row["privileges"])
    name = f"{table}.{role}"
    writes = [p for p in privileges if p != "SELECT"]
    if table in _GUARDED and role in _CLOSED:
        lost = f"loses {', '.join(writes)}" if writes else "loses nothing that it wrote"
        kept = "" if role == "PUBLIC" else "; reads every column but the lease token from then on"
        return Finding(
            "grant",
            name,
            Effect.NOTED,
            f"after revision 0008 {lost}{kept}: operators have functions for it",
        )
    if writes:
        return Finding(
            "grant",
            name,
            Effect.NEEDS_ACCEPTANCE,
            f"{', '.join(writes)}: no revision takes it away, so {role} writes around the"
            " functions; revoke it, or accept",
        )
    reads = (
        "after revision 0008 reads every column but the lease token, and `select *` is refused"
        if table in _GUARDED[:2]
        else "reads on"
    )
    return Finding("grant", name, Effect.KEPT, reads)


def _ceiling(row: Mapping[str, Any]) -> Iterator[Finding]:
    if row["of_role"]:
        yield Finding(
            "setting",
            f"symphony.outbox_retry_ceiling.{row['role']}",
            Effect.NOTED,
            f"is {row['value']} for this role: from revision 0004 on only the setting of the"
            " database counts (alter database ... set)",
        )
    elif not (row["value"].isdecimal() and 1 <= int(row["value"]) <= 1000):  # noqa: PLR2004
        yield Finding(
            "setting",
            "symphony.outbox_retry_ceiling",
            Effect.NEEDS_ACCEPTANCE,
            f"is {row['value']!r}: from revision 0004 on only 1 to 1000 count, else the default,"
            " which is 20",
        )
