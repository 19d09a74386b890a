-- 0002: the counter of every waiting item is the number of its last attempt.
-- Cost: one pass over the queue, by index into the attempts.
select
    'item ' || d.outbox_id || ' counts ' || d.attempt_count || ' attempts, its highest has number '
    || d.max_attempt_no as finding
from public.outbox_counter_drift() as d
union all
select 'table outbox_counter_drift_report is missing' as finding
where pg_catalog.to_regclass('public.outbox_counter_drift_report') is null;
