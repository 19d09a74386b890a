-- 0004: every waiting item has its identity and its payload there, and is not ended; what is
-- append-only is so for TRUNCATE and in replica sessions too.
-- Cost: one pass over the queue, by index into identities and attempts.
select 'item ' || p.outbox_id || ' waits and has no identity' as finding
from public.payment_outbox_pending as p
where
    not exists (
        select from public.payment_outbox_identities as i
        where i.outbox_id = p.outbox_id
    )
union all
select 'item ' || p.outbox_id || ' waits and its payload is nowhere' as finding
from public.payment_outbox_pending as p
inner join public.payment_outbox_identities as i on p.outbox_id = i.outbox_id
where i.payload is null and p.payload is null
union all
select
    'item ' || p.outbox_id || ' waits and has ended: its attempt ' || a.attempt_no || ' is '
    || a.state as finding
from public.payment_outbox_pending as p
inner join public.payment_outbox_attempts as a
    on
        p.outbox_id = a.outbox_id
        and p.redrive_no = a.redrive_no
        and a.state in ('DISPATCHED', 'FAILED')
union all
select 'trigger ' || g.name || ' is missing or not always on: history can be edited' as finding
from (
    values
    ('ingress_attestations', 'trg_deny_ingress_attestations_mutation'),
    ('ingress_attestations', 'trg_deny_ingress_attestations_truncate'),
    ('payment_outbox_attempts', 'trg_deny_outbox_attempts_mutation'),
    ('payment_outbox_attempts', 'trg_deny_outbox_attempts_truncate'),
    ('payment_outbox_late_results', 'trg_deny_late_results_mutation'),
    ('payment_outbox_late_results', 'trg_deny_late_results_truncate'),
    ('revoked_client_certs', 'trg_deny_revoked_client_certs_truncate'),
    ('revoked_tokens', 'trg_deny_revoked_tokens_truncate')
) as g (relation, name)
where
    not exists (
        select from pg_catalog.pg_trigger as t
        where
            t.tgrelid = pg_catalog.to_regclass('public.' || g.relation)
            and t.tgname = g.name
            and t.tgenabled = 'A'
    )
union all
select 'trigger ' || g.name || ' is missing or disabled: rows of older services get lost' as finding
from (
    values
    ('payment_outbox_attempts', 'trg_adopt_recorded_attempt'),
    ('payment_outbox_pending', 'trg_adopt_queued_item'),
    ('payment_outbox_pending', 'trg_follow_edited_item')
) as g (relation, name)
where
    not exists (
        select from pg_catalog.pg_trigger as t
        where
            t.tgrelid = pg_catalog.to_regclass('public.' || g.relation)
            and t.tgname = g.name
            and t.tgenabled in ('O', 'A')
    )
union all
select 'no retry policy for rails without one of their own (*)' as finding
where not exists (
    select from public.outbox_retry_policies as r
    where r.rail_type = '*'
);
