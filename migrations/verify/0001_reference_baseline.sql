-- 0001: the surface that services know is there, and history is append-only.
-- Cost: the catalog only.
select 'table ' || t.name || ' is missing' as finding
from (
    values
    ('ingress_attestations'),
    ('participant_outbox_sequences'),
    ('payment_outbox_attempts'),
    ('payment_outbox_pending'),
    ('policy_versions'),
    ('revoked_client_certs'),
    ('revoked_tokens'),
    ('tenant_clients'),
    ('tenant_members'),
    ('tenants')
) as t (name)
where pg_catalog.to_regclass('public.' || t.name) is null
union all
select 'role ' || r.name || ' is missing' as finding
from (
    values
    ('symphony_auditor'),
    ('symphony_control'),
    ('symphony_executor'),
    ('symphony_ingest'),
    ('symphony_readonly')
) as r (name)
where pg_catalog.to_regrole(r.name) is null
union all
select 'function ' || f.name || ' is missing' as finding
from (
    values
    ('bump_participant_outbox_seq(text)'),
    ('claim_outbox_batch(integer, text, integer)'),
    (
        'complete_outbox_attempt(uuid, uuid, text, public.outbox_attempt_state, text, text, text,'
        || ' text, integer, integer)'
    ),
    ('enqueue_payment_outbox(text, text, text, text, jsonb)'),
    ('outbox_retry_ceiling()'),
    ('repair_expired_leases(integer, text)'),
    ('uuid_strategy()'),
    ('uuid_v7_or_random()')
) as f (name)
where pg_catalog.to_regprocedure('public.' || f.name) is null
union all
-- INV-118: the hot paths have their indexes, and these can be used
select 'index ' || i.name || ' is missing or not valid' as finding
from (
    values
    ('idx_ingress_attestations_correlation_id'),
    ('idx_ingress_attestations_tenant_correlation'),
    ('idx_ingress_attestations_tenant_received'),
    ('idx_payment_outbox_pending_due_claim'),
    ('ux_attempts_outbox_attempt_no'),
    ('ux_ingress_attestations_tenant_instruction'),
    ('ux_outbox_attempts_one_terminal_per_outbox')
) as i (name)
where
    not exists (
        select from pg_catalog.pg_index as x
        where
            x.indexrelid = pg_catalog.to_regclass('public.' || i.name)
            and x.indisvalid
            and x.indisready
    )
union all
select 'trigger ' || g.name || ' is missing or disabled: history can be edited' as finding
from (
    values
    ('payment_outbox_attempts', 'trg_deny_outbox_attempts_mutation'),
    ('ingress_attestations', 'trg_deny_ingress_attestations_mutation'),
    ('revoked_client_certs', 'trg_deny_revoked_client_certs_mutation'),
    ('revoked_tokens', 'trg_deny_revoked_tokens_mutation'),
    ('ingress_attestations', 'trg_ingress_member_tenant_match')
) as g (relation, name)
where
    not exists (
        select from pg_catalog.pg_trigger as t
        where
            t.tgrelid = pg_catalog.to_regclass('public.' || g.relation)
            and t.tgname = g.name
            and t.tgenabled in ('O', 'A')
    );
