-- 0008: everything belongs to symphony_owner, who is nobody; services write no table, and nobody
-- reads a lease token.
-- Cost: the catalog only.
select 'table ' || c.relname || ' belongs to ' || pg_catalog.pg_get_userbyid(c.relowner) as finding
from pg_catalog.pg_class as c
where
    c.relnamespace = 'public'::pg_catalog.regnamespace
    and c.relname in (
        'ingress_attestations',
        'ledger_seals',
        'ledgerdb_alembic_version',
        'participant_outbox_sequences',
        'payment_outbox_attempts',
        'payment_outbox_identities',
        'payment_outbox_late_results',
        'payment_outbox_operator_actions',
        'payment_outbox_pending',
        'tenants'
    )
    and pg_catalog.pg_get_userbyid(c.relowner) <> 'symphony_owner'
union all
select 'role symphony_owner may log in, or more: it must be nobody' as finding
from pg_catalog.pg_roles as r
where
    r.rolname = 'symphony_owner'
    and (r.rolcanlogin or r.rolsuper or r.rolcreaterole or r.rolcreatedb or r.rolbypassrls)
union all
select r.name || ' may ' || p.name || ' ' || t.name || ': functions do that' as finding
from (
    values
    ('symphony_auditor'),
    ('symphony_control'),
    ('symphony_executor'),
    ('symphony_ingest'),
    ('symphony_readonly')
) as r (name)
cross join (
    values ('payment_outbox_pending'), ('payment_outbox_attempts'), ('participant_outbox_sequences')
) as t (name)
cross join (values ('insert'), ('update'), ('delete'), ('truncate'), ('trigger')) as p (name)
where pg_catalog.has_table_privilege(r.name, 'public.' || t.name, p.name)
union all
select r.name || ' may read the lease tokens of ' || t.name as finding
from (
    values
    ('symphony_auditor'),
    ('symphony_control'),
    ('symphony_executor'),
    ('symphony_ingest'),
    ('symphony_readonly')
) as r (name)
cross join (values ('payment_outbox_pending'), ('payment_outbox_attempts')) as t (name)
where pg_catalog.has_column_privilege(r.name, 'public.' || t.name, 'lease_token', 'select');
