-- 0009: the ledger knows every revision up to here, and it belongs to symphony_owner.
-- Cost: the catalog, and one row per revision.
select 'table ' || c.relname || ' belongs to ' || pg_catalog.pg_get_userbyid(c.relowner) as finding
from pg_catalog.pg_class as c
where
    c.relnamespace = 'public'::pg_catalog.regnamespace
    and c.relname in ('ledgerdb_migrations', 'ledgerdb_migration_steps')
    and pg_catalog.pg_get_userbyid(c.relowner) <> 'symphony_owner'
union all
select 'the ledger has no row of revision ' || v.version_num as finding
from public.ledgerdb_alembic_version as v
where
    not exists (
        select from public.ledgerdb_migrations as m
        where m.revision = v.version_num
    );
