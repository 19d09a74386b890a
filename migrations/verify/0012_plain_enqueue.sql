-- 0012: the two functions belong to symphony_owner, and nobody may call them but through others.
-- Cost: the catalog.
select 'function ' || f.name || ' is missing' as finding
from (
    values
    ('_due_items(integer, timestamptz)'),
    (
        '_enqueue_outbox_item('
        || 'uuid, text, text, text, text, text, uuid, text, text, text)'
    )
) as f (name)
where pg_catalog.to_regprocedure('public.' || f.name) is null
union all
select
    'function ' || p.proname || ' belongs to '
    || pg_catalog.pg_get_userbyid(p.proowner) as finding
from pg_catalog.pg_proc as p
where
    p.pronamespace = 'public'::pg_catalog.regnamespace
    and p.proname in ('_due_items', '_enqueue_outbox_item')
    and pg_catalog.pg_get_userbyid(p.proowner) <> 'symphony_owner'
union all
select 'function ' || p.proname || ' may be executed by PUBLIC' as finding
from pg_catalog.pg_proc as p
cross join pg_catalog.aclexplode(coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner))) as a
where
    p.pronamespace = 'public'::pg_catalog.regnamespace
    and p.proname in ('_due_items', '_enqueue_outbox_item')
    and a.grantee = 0;
