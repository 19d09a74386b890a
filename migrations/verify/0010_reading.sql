-- 0010: readers may execute what they read with, and the functions belong to symphony_owner.
-- Cost: the catalog.
select r.name || ' may not execute ' || f.name as finding
from (
    values
    ('find_outbox_items(text, uuid)'),
    ('inspect_outbox_item(uuid)'),
    ('list_outbox_controls()'),
    ('list_outbox_items(text, uuid, text, text, uuid, integer)'),
    ('outbox_activity(integer, integer)'),
    ('outbox_breakdown(text, integer)'),
    ('outbox_health()')
) as f (name)
cross join (
    values ('symphony_control'), ('symphony_readonly'), ('symphony_auditor')
) as r (name)
where
    not coalesce(
        pg_catalog.has_function_privilege(
            r.name, pg_catalog.to_regprocedure('public.' || f.name)::oid, 'execute'
        ),
        false
    )
union all
select
    'function ' || p.proname || ' belongs to '
    || pg_catalog.pg_get_userbyid(p.proowner) as finding
from pg_catalog.pg_proc as p
where
    p.pronamespace = 'public'::pg_catalog.regnamespace
    and p.proname in (
        '_seal_over', 'find_outbox_items', 'list_outbox_controls', 'list_outbox_items',
        'outbox_activity', 'outbox_breakdown', 'outbox_health'
    )
    and pg_catalog.pg_get_userbyid(p.proowner) <> 'symphony_owner';
