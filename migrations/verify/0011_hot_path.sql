-- 0011: completions are planned once, the new functions are there for the right roles, and numbers,
-- traces and sums have their columns.
-- Cost: the catalog.
select f.role || ' may not execute ' || f.name as finding
from (
    values
    ('symphony_executor', 'claim_traced_items(integer, text, integer)'),
    ('symphony_control', 'number_participant_monotonically(text, text, text)'),
    (
        'symphony_ingest',
        'ingest_traced_instruction('
        || 'uuid, text, text, text, text, text, uuid, uuid, text, uuid, text, jsonb, text, text,'
        || ' text, text, text, text)'
    )
) as f (role, name)
where
    not coalesce(
        pg_catalog.has_function_privilege(
            f.role, pg_catalog.to_regprocedure('public.' || f.name)::oid, 'execute'
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
        '_nth_uuid', 'claim_traced_items', 'ingest_traced_instruction',
        'number_participant_monotonically'
    )
    and pg_catalog.pg_get_userbyid(p.proowner) <> 'symphony_owner'
union all
select 'complete_outbox_attempts is planned anew at every call' as finding
from pg_catalog.pg_proc as p
where
    p.pronamespace = 'public'::pg_catalog.regnamespace
    and p.proname = 'complete_outbox_attempts'
    and not coalesce(p.proconfig, '{}') @> array['plan_cache_mode=force_generic_plan']
union all
select 'no column ' || c.table_name || '.' || c.column_name as finding
from (
    values
    ('participant_outbox_sequences', 'monotonic_from'),
    ('payment_outbox_pending', 'trace_context'),
    ('payment_outbox_identities', 'payload_sum')
) as c (table_name, column_name)
where
    not exists (
        select
        from pg_catalog.pg_attribute as a
        where
            a.attrelid = pg_catalog.to_regclass('public.' || c.table_name)
            and a.attname = c.column_name
            and not a.attisdropped
    );
