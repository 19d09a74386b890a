-- Capability roles (cluster-wide, NOLOGIN: login roles are made members of them) and the contract's
-- enum types.
-- Locks: none on tables. A role that exists already, from another database of this cluster, is left
-- as it is.
do $do$
declare
    v_role text;
begin
    foreach v_role in array array[
        'symphony_control',
        'symphony_executor',
        'symphony_ingest',
        'symphony_readonly',
        'symphony_auditor'
    ]
    loop
        if not exists (select from pg_catalog.pg_roles as r where r.rolname = v_role) then
            begin
                execute pg_catalog.format('create role %I nologin', v_role);
            exception
                -- A migration of another database of this cluster created it a moment ago.
                when duplicate_object or unique_violation then null;
            end;
        end if;
    end loop;
end;
$do$;

create type public.outbox_attempt_state as enum (
    'DISPATCHING', 'DISPATCHED', 'RETRYABLE', 'FAILED', 'ZOMBIE_REQUEUE'
);
comment on type public.outbox_attempt_state is
'Result of one outbox attempt; DISPATCHED and FAILED are terminal.';

create type public.policy_version_status as enum ('ACTIVE', 'GRACE', 'RETIRED');
comment on type public.policy_version_status is
'Life cycle of a policy version; one is ACTIVE at a time.';
