-- 0005: operators act through functions that record them, and readers have their views.
-- Cost: the catalog only.
select 'view ' || v.name || ' is missing, or ' || r.name || ' may not read it' as finding
from (
    values
    ('payment_outbox_blocked_heads'),
    ('payment_outbox_controls'),
    ('payment_outbox_dead_letters'),
    ('payment_outbox_history'),
    ('payment_outbox_in_doubt'),
    ('payment_outbox_late_evidence'),
    ('payment_outbox_queue'),
    ('payment_outbox_retry_policies')
) as v (name)
cross join (
    values ('symphony_auditor'), ('symphony_control'), ('symphony_readonly')
) as r (name)
where
    not coalesce(
        pg_catalog.has_table_privilege(
            r.name, pg_catalog.to_regclass('public.' || v.name)::oid, 'select'
        ),
        false
    )
union all
select
    'trigger ' || g.name || ' is missing or not always on: what operators did can be edited'
        as finding
from (
    values
    ('trg_deny_operator_actions_mutation'),
    ('trg_deny_operator_actions_truncate')
) as g (name)
where
    not exists (
        select from pg_catalog.pg_trigger as t
        where
            t.tgrelid = pg_catalog.to_regclass('public.payment_outbox_operator_actions')
            and t.tgname = g.name
            and t.tgenabled = 'A'
    )
union all
select 'function ' || f.name || ' is missing, or symphony_control may not execute it' as finding
from (
    values
    ('cancel_outbox_item(uuid, text, text)'),
    ('inspect_outbox_item(uuid)'),
    ('pause_outbox(text, text, text, text)'),
    ('redrive_dead_letters(uuid[], boolean, text, text, boolean)'),
    ('resume_outbox(text, text, text, text, integer)')
) as f (name)
where
    not coalesce(
        pg_catalog.has_function_privilege(
            'symphony_control', pg_catalog.to_regprocedure('public.' || f.name)::oid, 'execute'
        ),
        false
    );
