-- Results that came too late: the money may have moved, so they are kept, whatever became of the
-- lease.
-- Locks: none; the table is new.
create table public.payment_outbox_late_results (
    late_result_id uuid not null default public.uuid_v7_or_random(),
    outbox_id uuid not null,
    lease_token uuid not null,
    worker_id text not null,
    state public.outbox_attempt_state not null,
    outcome text not null,
    rail_reference text,
    rail_code text,
    error_code text,
    error_message text,
    latency_ms integer,
    received_at timestamptz not null default clock_timestamp(),
    constraint payment_outbox_late_results_pkey primary key (late_result_id),
    constraint ux_late_results_once
    unique nulls not distinct (outbox_id, lease_token, state, rail_reference),
    constraint ck_late_results_outcome
    check (outcome in ('EXPIRED', 'STOLEN', 'ALREADY_DONE', 'UNKNOWN'))
);
comment on table public.payment_outbox_late_results is
'Append-only evidence: results of workers whose lease was no longer theirs.';
revoke all on public.payment_outbox_late_results from public;

create trigger trg_deny_late_results_mutation
before update or delete on public.payment_outbox_late_results
for each row execute function public.deny_late_results_mutation();
create trigger trg_deny_late_results_truncate
before truncate on public.payment_outbox_late_results
for each statement execute function public.deny_late_results_mutation();
alter table public.payment_outbox_late_results
enable always trigger trg_deny_late_results_mutation;
alter table public.payment_outbox_late_results
enable always trigger trg_deny_late_results_truncate;
