"""What must hold before anything is written. Reads only; every refusal is one clear line."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, RowMapping, text

from ledgerdb.catalog import Names
from ledgerdb.errors import MigrationError
from ledgerdb.migrate.config import POSTGRES_MIN, VERSION_SCHEMA, VERSION_TABLE

__all__ = [
    "FACTS",
    "OWNER",
    "ROLES",
    "STRANGERS",
    "Facts",
    "read_facts",
    "read_heads",
    "require_known",
    "require_no_strangers",
    "require_rights",
    "require_server",
]

# Owns every object of ours, cannot log in; since revision 0008.
OWNER: Final = "symphony_owner"
ROLES: Final = (
    "symphony_control",
    "symphony_executor",
    "symphony_ingest",
    "symphony_readonly",
    "symphony_auditor",
)
_STRANGERS_SHOWN: Final = 5

FACTS = text("""
    select
        d.datname as database,
        current_user as role,
        pg_catalog.current_setting('server_version_num')::int / 10000 as major,
        pg_catalog.current_setting('server_version') as version,
        pg_catalog.pg_is_in_recovery() as standby,
        pg_catalog.current_setting('transaction_read_only')::boolean as read_only,
        pg_catalog.pg_encoding_to_char(d.encoding) as encoding,
        n.oid is not null as has_schema,
        coalesce(pg_catalog.has_schema_privilege(n.oid, 'create'), false) as may_create,
        r.rolsuper or r.rolcreaterole as may_create_roles,
        coalesce((
            select pg_catalog.pg_has_role(o.oid, 'usage with admin option')
                or pg_catalog.pg_has_role(o.oid, 'usage') and pg_catalog.pg_has_role(o.oid, 'set')
            from pg_catalog.pg_roles as o where o.rolname = :owner
        ), true) as may_own,
        pg_catalog.pg_has_role(d.datdba, 'usage') as owns_database,
        pg_catalog.pg_get_userbyid(d.datdba) as owner,
        array(
            select x from pg_catalog.unnest(cast(:roles as text[])) as x
            where not exists (select from pg_catalog.pg_roles as p where p.rolname = x)
        ) as missing_roles,
        array(
            select c.relname || ' (of ' || pg_catalog.pg_get_userbyid(c.relowner) || ')'
            from pg_catalog.pg_class as c
            where c.relnamespace = n.oid and c.relname = any (cast(:tables as text[]))
                and not pg_catalog.pg_has_role(c.relowner, 'usage')
            order by c.relname
        ) as not_owned
    from pg_catalog.pg_database as d
    join pg_catalog.pg_roles as r on r.rolname = current_user
    left join pg_catalog.pg_namespace as n on n.nspname = :schema
    where d.datname = pg_catalog.current_database()
""")

_VERSION_TABLE_KIND = text("""
    select c.relkind::text, exists (
        select from pg_catalog.pg_attribute as a
        where a.attrelid = c.oid and a.attname = 'version_num'
    ), pg_catalog.has_table_privilege(c.oid, 'select')
    from pg_catalog.pg_class as c
    join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    where n.nspname = :schema and c.relname = :table
""")
_VERSIONS = text(f"select version_num from {VERSION_SCHEMA}.{VERSION_TABLE} order by 1")  # noqa: S608

STRANGERS = text("""
    with ours as (select n.oid from pg_catalog.pg_namespace as n where n.nspname = :schema)
    select object from (
        select 1 as place, case c.relkind
            when 'r' then 'table' when 'p' then 'table' when 'v' then 'view'
            when 'm' then 'materialized view' when 'S' then 'sequence' when 'f' then 'foreign table'
            when 'c' then 'type' else 'index' end || ' ' || c.relname as object
        from pg_catalog.pg_class as c
        where c.relnamespace in (select oid from ours)
            and c.relname = any (cast(:relations as text[]))
        union all
        select 2, 'type ' || t.typname from pg_catalog.pg_type as t
        where t.typnamespace in (select oid from ours)
            and t.typname = any (cast(:types as text[]))
        union all
        select 3, 'function ' || p.oid::regprocedure::text from pg_catalog.pg_proc as p
        where p.pronamespace in (select oid from ours)
            and p.proname = any (cast(:functions as text[]))
    ) as found
    order by place, object
""")

_REFERENCE = text("""
    select exists (
        select from pg_catalog.pg_attribute as a
        join pg_catalog.pg_class as c on c.oid = a.attrelid
        join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
        where n.nspname = 'public' and c.relname = 'schema_migrations' and a.attname = 'version'
            and pg_catalog.has_table_privilege(c.oid, 'select')
    )
""")
_REFERENCE_ROW = text(
    "select exists (select from public.schema_migrations where version::text = '0001_init.sql')"
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the server says of itself, of the database and of the role that deploys."""

    database: str
    role: str
    major: int
    version: str
    standby: bool
    read_only: bool
    encoding: str
    has_schema: bool
    may_create: bool
    may_create_roles: bool
    may_own: bool
    owns_database: bool
    owner: str
    missing_roles: Sequence[str]
    not_owned: Sequence[str]


def read_facts(connection: Connection, tables: Collection[str] = ()) -> Facts:
    """One look at the catalog; `tables` are the ones that must belong to the role."""
    parameters = {
        "owner": OWNER,
        "roles": [OWNER, *ROLES],
        "schema": VERSION_SCHEMA,
        "tables": [VERSION_TABLE, *sorted(tables)],
    }
    row: RowMapping = connection.execute(FACTS, parameters).mappings().one()
    return Facts(**row)


def require_server(facts: Facts) -> None:
    """The server can hold the schema at all, and can be written to."""
    if facts.major < POSTGRES_MIN:
        raise MigrationError(
            f"PostgreSQL {facts.version} is too old: ledgerdb needs {POSTGRES_MIN} or later"
        )
    if facts.standby:
        raise MigrationError(
            f'the server of database "{facts.database}" is a standby: deploy on the primary'
        )
    if facts.read_only:
        raise MigrationError(
            f'database "{facts.database}" is read-only for role "{facts.role}":'
            " default_transaction_read_only is on"
        )
    if facts.encoding != "UTF8":
        raise MigrationError(
            f'database "{facts.database}" has encoding {facts.encoding}: ledgerdb needs UTF8'
        )


def require_rights(facts: Facts, *, from_base: bool) -> None:
    """The role may do what the steps need; the first step needs most."""
    missing: list[str] = []
    if not facts.has_schema:
        raise MigrationError(f'database "{facts.database}" has no schema {VERSION_SCHEMA}')
    if not facts.may_create:
        missing.append(f"CREATE on schema {VERSION_SCHEMA}")
    if facts.missing_roles and not facts.may_create_roles:
        missing.append(f"CREATEROLE (or the roles {', '.join(facts.missing_roles)})")
    if from_base and not facts.owns_database:
        missing.append(f"ownership of the database (it belongs to {facts.owner})")
    if not from_base and facts.not_owned:
        missing.append(f"ownership of {', '.join(facts.not_owned)}")
    if not facts.may_own:
        missing.append(
            f"membership of {OWNER} (grant {OWNER} to {facts.role} with inherit true, set true)"
        )
    if missing:
        raise MigrationError(
            f'role "{facts.role}" may not migrate database "{facts.database}":'
            f" it lacks {'; '.join(missing)}"
        )


def read_heads(connection: Connection) -> tuple[str, ...]:
    """The revisions in our version table; none when it is absent or empty.

    Raises:
        MigrationError: something else has the name of our version table, or the role may not
            read it.
    """
    names = {"schema": VERSION_SCHEMA, "table": VERSION_TABLE}
    found = connection.execute(_VERSION_TABLE_KIND, names).first()
    if found is None:
        return ()
    kind, has_version, readable = found
    if kind != "r" or not has_version:
        raise MigrationError(
            f"{VERSION_SCHEMA}.{VERSION_TABLE} exists but is not a version table of ledgerdb"
        )
    if not readable:
        raise MigrationError(
            f"this role may not read {VERSION_SCHEMA}.{VERSION_TABLE}: use the role that migrates"
        )
    return tuple(connection.scalars(_VERSIONS))


def require_known(heads: Sequence[str], known: Collection[str]) -> None:
    """The database is at one revision that this release knows, or at none."""
    if len(heads) > 1:
        raise MigrationError(
            f"{VERSION_TABLE} holds {len(heads)} revisions ({', '.join(heads)}) instead of one:"
            " it was edited by hand"
        )
    for head in heads:
        if head not in known:
            raise MigrationError(
                f"the database is at revision {head}, which this release does not know:"
                f" it was migrated by a newer ledgerdb (the newest here is {max(known)})"
            )


def require_no_strangers(connection: Connection, names: Names) -> None:
    """Nothing in the schema has a name that the steps are about to create.

    Other applications' objects under other names are no concern of ours.
    """
    parameters = {
        "schema": VERSION_SCHEMA,
        "relations": sorted(names.relations),
        "types": sorted(names.types),
        "functions": sorted(names.functions),
    }
    found = list(connection.scalars(STRANGERS, parameters))
    if not found:
        return
    more = len(found) - _STRANGERS_SHOWN
    listing = ", ".join(found[:_STRANGERS_SHOWN]) + (f" and {more} more" if more > 0 else "")
    if connection.scalar(_REFERENCE) and connection.scalar(_REFERENCE_ROW):
        advice = (
            "it was built by the earlier plain-SQL migrations (schema_migrations has"
            " 0001_init.sql): run `ledgerdb adopt`, which inspects it and writes nothing until"
            " --confirm"
        )
    else:
        advice = "use a database that does not have them"
    raise MigrationError(
        f"the database already holds {len(found)} objects under ledgerdb's names that ledgerdb"
        f" did not create ({listing}): {advice}"
    )
