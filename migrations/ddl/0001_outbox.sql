-- The outbox: hot queue, append-only attempts, and the sequence counter per participant.
create table public.payment_outbox_pending (
    outbox_id uuid not null default public.uuid_v7_or_random(),
    instruction_id text not null,
    participant_id text not null,
    sequence_id bigint not null,
    idempotency_key text not null,
    rail_type text not null,
    payload jsonb not null,
    attempt_count integer not null default 0,
    next_attempt_at timestamptz not null default now(),
    created_at timestamptz not null default now(),
    claimed_by text,
    lease_token uuid,
    lease_expires_at timestamptz,
    tenant_id uuid,
    correlation_id uuid,
    upstream_ref text,
    downstream_ref text,
    nfs_sequence_ref text,
    constraint payment_outbox_pending_pkey primary key (outbox_id),
    constraint ux_pending_participant_sequence unique (participant_id, sequence_id),
    constraint ux_pending_idempotency unique (instruction_id, idempotency_key),
    constraint payment_outbox_pending_tenant_id_fkey
    foreign key (tenant_id) references public.tenants (tenant_id),
    constraint payment_outbox_pending_attempt_count_check check (attempt_count >= 0),
    constraint ck_pending_payload_is_object check (jsonb_typeof(payload) = 'object')
)
with (fillfactor = 80);
create index idx_payment_outbox_pending_due_claim
on public.payment_outbox_pending using btree (next_attempt_at, lease_expires_at, created_at);
create index idx_payment_outbox_pending_tenant_due
on public.payment_outbox_pending using btree (tenant_id, next_attempt_at)
where tenant_id is not null;
create index idx_payment_outbox_pending_correlation_id
on public.payment_outbox_pending using btree (correlation_id)
where correlation_id is not null;
create index idx_payment_outbox_pending_tenant_correlation
on public.payment_outbox_pending using btree (tenant_id, correlation_id)
where correlation_id is not null;
comment on table public.payment_outbox_pending is
'Hot queue: one row per instruction that has no terminal attempt yet, with its lease.';

create table public.payment_outbox_attempts (
    attempt_id uuid not null default public.uuid_v7_or_random(),
    outbox_id uuid not null,
    instruction_id text not null,
    participant_id text not null,
    sequence_id bigint not null,
    idempotency_key text not null,
    rail_type text not null,
    payload jsonb not null,
    attempt_no integer not null,
    state public.outbox_attempt_state not null,
    claimed_at timestamptz not null default now(),
    completed_at timestamptz,
    rail_reference text,
    rail_code text,
    error_code text,
    error_message text,
    latency_ms integer,
    worker_id text,
    created_at timestamptz not null default now(),
    tenant_id uuid,
    member_id uuid,
    correlation_id uuid,
    upstream_ref text,
    downstream_ref text,
    nfs_sequence_ref text,
    constraint payment_outbox_attempts_pkey primary key (attempt_id),
    constraint ux_attempts_outbox_attempt_no unique (outbox_id, attempt_no),
    constraint payment_outbox_attempts_tenant_id_fkey
    foreign key (tenant_id) references public.tenants (tenant_id),
    constraint payment_outbox_attempts_member_id_fkey
    foreign key (member_id) references public.tenant_members (member_id),
    constraint payment_outbox_attempts_attempt_no_check check (attempt_no >= 1),
    constraint payment_outbox_attempts_latency_ms_check
    check (latency_ms is null or latency_ms >= 0),
    constraint ck_attempts_payload_is_object check (jsonb_typeof(payload) = 'object')
);
create unique index ux_outbox_attempts_one_terminal_per_outbox
on public.payment_outbox_attempts using btree (outbox_id)
where state in ('DISPATCHED', 'FAILED');
create index idx_attempts_instruction_idempotency
on public.payment_outbox_attempts using btree (instruction_id, idempotency_key);
create index idx_attempts_outbox_id on public.payment_outbox_attempts using btree (outbox_id);
create index idx_payment_outbox_attempts_correlation_id
on public.payment_outbox_attempts using btree (correlation_id)
where correlation_id is not null;
create index idx_payment_outbox_attempts_tenant_correlation
on public.payment_outbox_attempts using btree (tenant_id, correlation_id)
where correlation_id is not null;
comment on table public.payment_outbox_attempts is
'Append-only history and the authority on what happened: one row per attempt, numbered 1..n.';

create table public.participant_outbox_sequences (
    participant_id text not null,
    next_sequence_id bigint not null,
    constraint participant_outbox_sequences_pkey primary key (participant_id),
    constraint participant_outbox_sequences_next_sequence_id_check check (next_sequence_id >= 1)
);
comment on table public.participant_outbox_sequences is
'Next gapless sequence number of each participant.';
