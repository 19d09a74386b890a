-- The floor of a queue with leases and an append-only row per attempt: no identity, no numbering,
-- no rules, the fewest columns and indexes.
create table public.lean_pending (
    item_id bigint not null generated always as identity,
    payload text not null,
    due_at timestamptz not null default now(),
    lease_token uuid,
    lease_expires_at timestamptz,
    constraint lean_pending_pkey primary key (item_id)
)
with (fillfactor = 80);
create index lean_pending_due on public.lean_pending (due_at);
create table public.lean_attempts (
    item_id bigint not null,
    attempt_no integer not null,
    state text not null,
    rail_reference text not null,
    completed_at timestamptz not null default now(),
    constraint lean_attempts_pkey primary key (item_id, attempt_no)
);
