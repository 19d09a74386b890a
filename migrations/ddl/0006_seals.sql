-- The seals: a chain of hashes over ranges of the ledger. A row of theirs says what the range held
-- when it was final; a witness says it again from the rows, years later.
-- Locks: none; view and tables are new.
create view public.ledger_leaves as
select
    'ATTEMPTS' as subject,
    a.ledger_position,
    a.attempt_id as row_id,
    public._attempt_leaf(a) as leaf
from public.payment_outbox_attempts as a
union all
select
    'ATTESTATIONS' as subject,
    t.ledger_position,
    t.attestation_id as row_id,
    public._attestation_leaf(t) as leaf
from public.ingress_attestations as t;
comment on view public.ledger_leaves is
'Private: the hash of every row that is sealed, or will be.';
revoke all on public.ledger_leaves from public;

create table public.ledger_seals (
    seal_no bigint not null,
    subject text not null,
    after_position bigint,
    through_position bigint,
    after_id uuid,
    through_id uuid,
    row_count integer not null,
    leaf_version integer not null,
    digest bytea not null,
    previous_hash bytea,
    seal_hash bytea not null,
    sealed_at timestamptz not null,
    constraint ledger_seals_pkey primary key (seal_no),
    constraint ux_ledger_seals_through_position unique (subject, through_position),
    constraint ux_ledger_seals_through_id unique (subject, through_id),
    constraint ck_ledger_seals_seal_no check (seal_no >= 1),
    constraint ck_ledger_seals_subject check (subject in ('ATTEMPTS', 'ATTESTATIONS')),
    constraint ck_ledger_seals_range check (
        (through_position > after_position and num_nonnulls(after_id, through_id) = 0)
        or (through_id > after_id and num_nonnulls(after_position, through_position) = 0)
    ),
    constraint ck_ledger_seals_row_count check (row_count >= 1),
    constraint ck_ledger_seals_hashes check (
        octet_length(digest) = 32
        and octet_length(seal_hash) = 32
        and coalesce(octet_length(previous_hash) = 32, seal_no = 1)
    )
);
comment on table public.ledger_seals is
'Append-only chain of hashes over attempts and attestations, numbered 1..n; see seal_ledger.';
comment on column public.ledger_seals.through_position is
'The seal covers the positions above after_position, up to this one. Null where it covers ids.';
comment on column public.ledger_seals.through_id is
'The seal covers the rows without a position whose ids are above after_id, up to this one.';
comment on column public.ledger_seals.leaf_version is
'Which columns the hash of a row covers: 1 for _attempt_leaf and _attestation_leaf.';
comment on column public.ledger_seals.digest is
'SHA-256 over the hashes of the rows, in order of position or id.';
comment on column public.ledger_seals.seal_hash is
'SHA-256 over everything else in this row, the previous seal''s hash included.';
revoke all on public.ledger_seals from public;
grant select on public.ledger_seals to symphony_control, symphony_readonly, symphony_auditor;

create table public.ledger_seal_horizon (
    only_row boolean not null default true,
    final_position bigint not null default 0,
    noted_position bigint,
    noted_xid xid8,
    without_position text[] not null default '{ATTEMPTS,ATTESTATIONS}',
    constraint ledger_seal_horizon_pkey primary key (only_row),
    constraint ck_seal_horizon_only_row check (only_row),
    constraint ck_seal_horizon_noted check (num_nonnulls(noted_position, noted_xid) in (0, 2))
);
comment on table public.ledger_seal_horizon is
'One row: up to which position the ledger is final. Its lock is the sealer''s.';
comment on column public.ledger_seal_horizon.noted_xid is
'Where every transaction below this one is done, noted_position is final.';
comment on column public.ledger_seal_horizon.without_position is
'Where rows from before revision 0006 are still to be sealed, or to be looked for.';
revoke all on public.ledger_seal_horizon from public;
insert into public.ledger_seal_horizon (only_row) values (true);

create trigger trg_deny_seals_mutation
before update or delete on public.ledger_seals
for each row execute function public.deny_seal_mutation();
create trigger trg_deny_seals_truncate
before truncate on public.ledger_seals
for each statement execute function public.deny_seal_mutation();
alter table public.ledger_seals
enable always trigger trg_deny_seals_mutation;
alter table public.ledger_seals
enable always trigger trg_deny_seals_truncate;
