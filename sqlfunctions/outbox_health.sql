-- outbox_health: what somebody must look at, in one row: dead letters, disputed ones among them,
-- the oldest doubt, paused scopes, and how far the seals are behind. Unsealed rows are counted up
-- to 10,000 attempts and as many attestations.
-- Locks: none. Raises: nothing. Work: one pass over the FAILED attempts.
create or replace function public.outbox_health()
returns table (
    schema_version text,
    server_time timestamptz,
    retry_ceiling integer,
    dead_letters bigint,
    disputed bigint,
    oldest_in_doubt_at timestamptz,
    paused_scopes bigint,
    last_sealed_at timestamptz,
    unsealed bigint,
    oldest_unsealed_at timestamptz
)
language sql
stable
security definer
set search_path = pg_catalog, public, pg_temp
begin atomic
    with dead as (
        select
            count(*) as letters,
            count(*) filter (where d.disputed) as disputed
        from public.payment_outbox_dead_letters as d
    ),

    attempts_left as (
        select a.created_at as made_at
        from public.payment_outbox_attempts as a
        where
            a.ledger_position > coalesce(
                (
                    select max(s.through_position) as through
                    from public.ledger_seals as s
                    where s.subject = 'ATTEMPTS'
                ),
                0
            )
        order by a.ledger_position
        limit 10000
    ),

    attestations_left as (
        select t.received_at as made_at
        from public.ingress_attestations as t
        where
            t.ledger_position > coalesce(
                (
                    select max(s.through_position) as through
                    from public.ledger_seals as s
                    where s.subject = 'ATTESTATIONS'
                ),
                0
            )
        order by t.ledger_position
        limit 10000
    ),

    unsealed as (
        select
            count(*) as rows_left,
            min(w.made_at) as oldest
        from (
            select made_at from attempts_left
            union all
            select made_at from attestations_left
        ) as w
    )

    select
        (
            select string_agg(v.version_num, ',' order by v.version_num) as schema_version
            from public.ledgerdb_alembic_version as v
        ) as schema_version,
        statement_timestamp() as server_time,
        public.outbox_retry_ceiling() as retry_ceiling,
        dead.letters as dead_letters,
        dead.disputed,
        (
            select min(d.in_doubt_since) as oldest
            from public.payment_outbox_in_doubt as d
        ) as oldest_in_doubt_at,
        (
            select count(*) as paused
            from public.outbox_controls as c
            where c.paused
        ) as paused_scopes,
        (
            select max(s.sealed_at) as last_one
            from public.ledger_seals as s
        ) as last_sealed_at,
        unsealed.rows_left as unsealed,
        unsealed.oldest as oldest_unsealed_at
    from dead
    cross join unsealed;
end;
comment on function public.outbox_health() is
'What somebody must look at: dead letters, doubts, pauses, and how far the seals are behind.';
revoke all on function public.outbox_health() from public;
grant execute on function public.outbox_health()
to symphony_control, symphony_readonly, symphony_auditor;
