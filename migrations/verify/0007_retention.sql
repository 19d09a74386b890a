-- 0007: what has retired left its outcome and cannot change, and no waiting item has retired.
-- Cost: one pass over the queue, by index into the outcomes.
select 'item ' || p.outbox_id || ' waits and its history has retired' as finding
from public.payment_outbox_pending as p
inner join public.payment_outbox_outcomes as o on p.outbox_id = o.outbox_id
union all
select 'trigger ' || g.name || ' is missing or not always on: what retired can be edited' as finding
from (
    values
    ('ledger_retention_runs', 'trg_deny_retention_runs_mutation'),
    ('ledger_retention_runs', 'trg_deny_retention_runs_truncate'),
    ('ledger_retired_leaves', 'trg_deny_retired_leaves_mutation'),
    ('ledger_retired_leaves', 'trg_deny_retired_leaves_truncate'),
    ('payment_outbox_outcomes', 'trg_deny_outcomes_mutation'),
    ('payment_outbox_outcomes', 'trg_deny_outcomes_truncate')
) as g (relation, name)
where
    not exists (
        select from pg_catalog.pg_trigger as t
        where
            t.tgrelid = pg_catalog.to_regclass('public.' || g.relation)
            and t.tgname = g.name
            and t.tgenabled = 'A'
    );
