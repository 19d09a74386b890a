-- 0006: rows get positions, no position is given twice, and the newest seal follows the one before.
-- Cost: the ends of three indexes.
with used (subject, highest) as (
    select
        'attempts' as subject,
        max(a.ledger_position) as highest
    from public.payment_outbox_attempts as a
    union all
    select
        'attestations' as subject,
        max(t.ledger_position) as highest
    from public.ingress_attestations as t
)

select
    'ledger_positions is at ' || s.last_value || ', behind the highest position of the '
    || u.subject || ', ' || u.highest as finding
from public.ledger_positions as s
cross join used as u
where s.last_value < u.highest
union all
select 'rows of ' || c.relation || ' get no ledger_position' as finding
from (values ('ingress_attestations'), ('payment_outbox_attempts')) as c (relation)
where
    not exists (
        select from pg_catalog.pg_attribute as a
        where
            a.attrelid = pg_catalog.to_regclass('public.' || c.relation)
            and a.attname = 'ledger_position'
            and a.atthasdef
    )
union all
select 'index ' || i.name || ' is missing or not valid' as finding
from (values ('ux_attempts_ledger_position'), ('ux_attestations_ledger_position')) as i (name)
where
    not exists (
        select from pg_catalog.pg_index as x
        where x.indexrelid = pg_catalog.to_regclass('public.' || i.name) and x.indisvalid
    )
union all
select 'seal ' || newest.seal_no || ' does not follow the one before' as finding
from (
    select
        s.seal_no,
        s.previous_hash
    from public.ledger_seals as s
    order by s.seal_no desc
    limit 1
) as newest
left join public.ledger_seals as earlier on newest.seal_no - 1 = earlier.seal_no
where newest.previous_hash is distinct from earlier.seal_hash
union all
select 'trigger ' || g.name || ' is missing or not always on: seals can be edited' as finding
from (values ('trg_deny_seals_mutation'), ('trg_deny_seals_truncate')) as g (name)
where
    not exists (
        select from pg_catalog.pg_trigger as t
        where
            t.tgrelid = pg_catalog.to_regclass('public.ledger_seals')
            and t.tgname = g.name
            and t.tgenabled = 'A'
    );
