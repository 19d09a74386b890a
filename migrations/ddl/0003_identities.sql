-- One identity per (tenant, instruction, idempotency key), for life: it outlives the work row, so
-- that a replay always finds the first acknowledgement. Items without a tenant
-- (enqueue_payment_outbox) are one name space of their own.
-- Locks: SHARE ROW EXCLUSIVE on queue and attempts while their keys are copied, then ACCESS
-- EXCLUSIVE on the queue for the exchange of its unique key.
set local lock_timeout = '2s';
lock table public.payment_outbox_pending,
public.payment_outbox_attempts in share row exclusive mode;

create table public.payment_outbox_identities (
    outbox_id uuid not null default public.uuid_v7_or_random(),
    tenant_id uuid,
    instruction_id text not null,
    idempotency_key text not null,
    participant_id text not null,
    rail_type text not null,
    fingerprint bytea not null,
    created_at timestamptz not null default now(),
    constraint payment_outbox_identities_pkey primary key (outbox_id),
    constraint ux_outbox_identities_key
    unique nulls not distinct (tenant_id, instruction_id, idempotency_key),
    constraint payment_outbox_identities_tenant_id_fkey
    foreign key (tenant_id) references public.tenants (tenant_id),
    constraint ck_outbox_identities_fingerprint check (octet_length(fingerprint) = 32)
);
comment on table public.payment_outbox_identities is
'Permanent: which payment a (tenant, instruction, key) is bound to, and its outbox id.';
comment on column public.payment_outbox_identities.fingerprint is
'SHA-256 of participant, rail and payload; the same key with another fingerprint is refused.';
revoke all on public.payment_outbox_identities from public;
grant select on public.payment_outbox_identities to symphony_control, symphony_readonly,
symphony_auditor;

insert into public.payment_outbox_identities (
    outbox_id, tenant_id, instruction_id, idempotency_key, participant_id, rail_type, fingerprint,
    created_at
)
select
    known.outbox_id,
    known.tenant_id,
    known.instruction_id,
    known.idempotency_key,
    known.participant_id,
    known.rail_type,
    public._outbox_fingerprint(known.participant_id, known.rail_type, known.payload) as fingerprint,
    known.created_at
from (
    select
        p.outbox_id,
        p.tenant_id,
        p.instruction_id,
        p.idempotency_key,
        p.participant_id,
        p.rail_type,
        p.payload,
        p.created_at
    from public.payment_outbox_pending as p
    union all
    -- The first attempt stands for an item that has left the queue.
    select
        a.outbox_id,
        a.tenant_id,
        a.instruction_id,
        a.idempotency_key,
        a.participant_id,
        a.rail_type,
        a.payload,
        a.created_at
    from public.payment_outbox_attempts as a
    where not exists (
        select
        from public.payment_outbox_attempts as earlier
        where earlier.outbox_id = a.outbox_id and earlier.attempt_no < a.attempt_no
    )
) as known
order by known.created_at
on conflict do nothing;

-- Two tenants may use the same instruction id and key. The queue keeps a unique key of its own for
-- calls that began under the functions of an earlier revision.
-- The index is built under the lock that the copy above holds anyway; the queue is small by design.
alter table public.payment_outbox_pending
-- squawk-ignore ban-drop-constraint
drop constraint ux_pending_idempotency,
-- squawk-ignore constraint-missing-not-valid, disallowed-unique-constraint
add constraint ux_pending_tenant_idempotency
unique nulls not distinct (tenant_id, instruction_id, idempotency_key);

create trigger trg_deny_outbox_identities_mutation
before update or delete on public.payment_outbox_identities
for each row execute function public.deny_outbox_identities_mutation();
create trigger trg_deny_outbox_identities_truncate
before truncate on public.payment_outbox_identities
for each statement execute function public.deny_outbox_identities_mutation();
alter table public.payment_outbox_identities
enable always trigger trg_deny_outbox_identities_mutation;
alter table public.payment_outbox_identities
enable always trigger trg_deny_outbox_identities_truncate;
