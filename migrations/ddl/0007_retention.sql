-- What stays of an item whose attempts were retired: one narrow row for life, and the run that did
-- it, which names who, when and why.
-- Locks: none; the tables are new.
create table public.ledger_retention_runs (
    run_id uuid not null default public.uuid_v7_or_random(),
    transaction_id xid8 not null default pg_current_xact_id(),
    actor text not null,
    reason text not null,
    horizon timestamptz not null,
    ran_at timestamptz not null default clock_timestamp(),
    items integer not null,
    attempts bigint not null,
    bytes bigint not null,
    constraint ledger_retention_runs_pkey primary key (run_id),
    constraint ck_retention_runs_counts check (items >= 1 and attempts >= items and bytes >= 0)
);
comment on table public.ledger_retention_runs is
'Append-only: who retired history, up to when, why, and how much. One row per batch.';
comment on column public.ledger_retention_runs.transaction_id is
'The transaction of the run: attempts can be deleted in it and in no other.';
comment on column public.ledger_retention_runs.horizon is
'Every retired attempt was complete before this time.';
revoke all on public.ledger_retention_runs from public;

create table public.payment_outbox_outcomes (
    outbox_id uuid not null,
    run_id uuid not null,
    sequence_id bigint not null,
    state public.outbox_attempt_state not null,
    attempts integer not null,
    first_claimed_at timestamptz not null,
    completed_at timestamptz not null,
    rail_reference text,
    error_code text,
    digest bytea not null,
    payload json,
    retired_at timestamptz not null default clock_timestamp(),
    constraint payment_outbox_outcomes_pkey primary key (outbox_id),
    constraint payment_outbox_outcomes_run_id_fkey
    foreign key (run_id) references public.ledger_retention_runs (run_id),
    constraint ck_outcomes_state check (state in ('DISPATCHED', 'FAILED')),
    constraint ck_outcomes_attempts check (attempts >= 1),
    constraint ck_outcomes_digest check (octet_length(digest) = 32)
);
comment on table public.payment_outbox_outcomes is
'Permanent: how an item ended whose attempts were retired; replays are answered from it.';
comment on column public.payment_outbox_outcomes.digest is
'SHA-256 over the hashes of the retired attempts (_attempts_digest): proves an export of them.';
comment on column public.payment_outbox_outcomes.payload is
'The payload, for items from before revision 0004, whose identity does not carry it.';
create index idx_outcomes_run_id on public.payment_outbox_outcomes using btree (run_id);
revoke all on public.payment_outbox_outcomes from public;

create table public.ledger_retired_leaves (
    attempt_id uuid not null,
    outbox_id uuid not null,
    attempt_no integer not null,
    ledger_position bigint,
    leaf bytea not null,
    constraint ledger_retired_leaves_pkey primary key (attempt_id),
    constraint ck_retired_leaves_leaf check (octet_length(leaf) = 32)
);
comment on table public.ledger_retired_leaves is
'Permanent: the hash of each retired attempt and its place, so that the seals can be checked.';
create unique index ux_retired_leaves_ledger_position
on public.ledger_retired_leaves using btree (ledger_position)
where ledger_position is not null;
revoke all on public.ledger_retired_leaves from public;
