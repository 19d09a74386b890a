-- What the migrations keep about themselves: a ledger with the checksums of every file that was
-- applied, and a journal of the steps that run outside of a transaction. The runner creates both
-- beside its version table; revision 0009 hands them to the owner of everything else.
-- Locks: none; the tables are new.
create table if not exists public.ledgerdb_migrations (
    revision text not null,
    summary text not null,
    files jsonb not null,
    route text not null,
    release text not null,
    client text not null default pg_catalog.current_setting('application_name'),
    applied_by name not null default session_user,
    applied_at timestamptz not null default pg_catalog.clock_timestamp(),
    seconds numeric(12, 3),
    verified_at timestamptz,
    verify_error text,
    constraint ledgerdb_migrations_pkey primary key (revision),
    constraint ck_migrations_route check (route in ('DIRECT', 'ONLINE', 'ADOPTED', 'RECORDED')),
    constraint ck_migrations_files check (jsonb_typeof(files) = 'object')
);
comment on table public.ledgerdb_migrations is
'Ledger of the migrations: one row per revision, written in the transaction that applied it.';
comment on column public.ledgerdb_migrations.files is
'SHA-256 of every file that the revision consists of, by folder and name, with LF line ends.';
comment on column public.ledgerdb_migrations.route is
'DIRECT: from an empty database. ONLINE: prepared under traffic. ADOPTED: found as the earlier '
'plain-SQL migrations left it. RECORDED: applied before this ledger existed.';
comment on column public.ledgerdb_migrations.release is 'The release of ledgerdb that applied it.';
comment on column public.ledgerdb_migrations.client is
'The application name of the session: ledgerdb-migrate, or ledgerdb-script- and its digest.';
comment on column public.ledgerdb_migrations.seconds is
'How long the transaction took, the wait for its locks included.';
comment on column public.ledgerdb_migrations.verified_at is
'When the check of the revision last held.';
comment on column public.ledgerdb_migrations.verify_error is
'What the check of the revision found when it did not hold; null while it holds.';
revoke all on public.ledgerdb_migrations from public;

create table if not exists public.ledgerdb_migration_steps (
    revision text not null,
    step_no integer not null,
    name text not null,
    sha256 text not null,
    state text not null default 'RUNNING',
    last_key text,
    rows_done bigint not null default 0,
    rows_estimate bigint,
    started_at timestamptz not null default pg_catalog.clock_timestamp(),
    updated_at timestamptz not null default pg_catalog.clock_timestamp(),
    finished_at timestamptz,
    constraint ledgerdb_migration_steps_pkey primary key (revision, step_no),
    constraint ck_migration_steps_step_no check (step_no >= 1),
    constraint ck_migration_steps_state check (state in ('RUNNING', 'DONE')),
    constraint ck_migration_steps_finished check ((state = 'DONE') = (finished_at is not null)),
    constraint ck_migration_steps_rows_done check (rows_done >= 0)
);
comment on table public.ledgerdb_migration_steps is
'Journal of steps that run outside of a transaction: concurrent indexes, validations, backfills, '
'and what prepares a revision on a database in use.';
comment on column public.ledgerdb_migration_steps.last_key is
'Where a backfill goes on; written in the transaction of each batch.';
comment on column public.ledgerdb_migration_steps.rows_done is
'Rows that a backfill has looked at.';
revoke all on public.ledgerdb_migration_steps from public;
