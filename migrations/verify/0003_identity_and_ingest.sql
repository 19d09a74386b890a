-- 0003: one identity per key, for life; functions belong to their roles and not to PUBLIC.
-- Cost: the catalog only.
select 'ux_outbox_identities_key is missing or not valid: a key can be used twice' as finding
where
    not exists (
        select from pg_catalog.pg_index as x
        where
            x.indexrelid = pg_catalog.to_regclass('public.ux_outbox_identities_key')
            and x.indisvalid
            and x.indisunique
            and x.indnullsnotdistinct
    )
union all
select 'trigger ' || g.name || ' is missing or not always on: identities can change' as finding
from (
    values
    ('trg_deny_outbox_identities_mutation'),
    ('trg_deny_outbox_identities_truncate')
) as g (name)
where
    not exists (
        select from pg_catalog.pg_trigger as t
        where
            t.tgrelid = pg_catalog.to_regclass('public.payment_outbox_identities')
            and t.tgname = g.name
            and t.tgenabled = 'A'
    )
union all
select 'function ' || p.oid::pg_catalog.regprocedure || ' may be executed by PUBLIC' as finding
from pg_catalog.pg_proc as p
cross join
    lateral pg_catalog.aclexplode(
        coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner))
    ) as a
where
    p.pronamespace = 'public'::pg_catalog.regnamespace
    and a.grantee = 0
    and p.proname in (
        'bump_participant_outbox_seq',
        'claim_outbox_batch',
        'complete_outbox_attempt',
        'enqueue_payment_outbox',
        'evidence_pack',
        'ingest_instruction',
        'instruction_status',
        'outbox_backlog',
        'register_tenant',
        'release_outbox_leases',
        'repair_expired_leases'
    )
union all
select
    'function ' || p.oid::pg_catalog.regprocedure
    || ' runs with the rights of its owner, and pg_temp is not last in its search_path' as finding
from pg_catalog.pg_proc as p
where
    p.pronamespace = 'public'::pg_catalog.regnamespace
    and p.prosecdef
    and p.proname in ('claim_outbox_batch', 'enqueue_payment_outbox', 'ingest_instruction')
    and not coalesce(
        p.proconfig @> array['search_path=pg_catalog, public, pg_temp'], false
    );
