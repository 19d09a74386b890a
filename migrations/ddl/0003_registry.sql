-- Online route: the registry of identities, empty, with all that revision 0003 gives it. Who fills
-- it comes next; nothing reads it before the revision's transaction.
-- Locks: SHARE ROW EXCLUSIVE on tenants, for a foreign key from a new table.
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
