-- Ingress attestations: append-only proof of what was accepted, hashes and identifiers only.
create table public.ingress_attestations (
    attestation_id uuid not null default public.uuid_v7_or_random(),
    instruction_id text not null,
    tenant_id uuid not null,
    payload_hash text not null,
    signature_hash text,
    received_at timestamptz not null default now(),
    client_id uuid,
    client_id_hash text,
    member_id uuid,
    participant_id text,
    cert_fingerprint_sha256 text,
    token_jti_hash text,
    correlation_id uuid,
    signatures jsonb not null default '[]'::jsonb,
    upstream_ref text,
    downstream_ref text,
    nfs_sequence_ref text,
    constraint ingress_attestations_pkey primary key (attestation_id),
    constraint ingress_attestations_client_id_fkey
    foreign key (client_id) references public.tenant_clients (client_id),
    constraint ingress_attestations_member_id_fkey
    foreign key (member_id) references public.tenant_members (member_id)
);
create unique index ux_ingress_attestations_tenant_instruction
on public.ingress_attestations using btree (tenant_id, instruction_id);
-- The predicate is always true (the column is not null); deployed checks compare it to the letter.
create index idx_ingress_attestations_tenant_received
on public.ingress_attestations using btree (tenant_id, received_at)
where tenant_id is not null;
create index idx_ingress_attestations_tenant_correlation
on public.ingress_attestations using btree (tenant_id, correlation_id)
where correlation_id is not null;
create index idx_ingress_attestations_correlation_id
on public.ingress_attestations using btree (correlation_id)
where correlation_id is not null;
create index idx_ingress_attestations_instruction
on public.ingress_attestations using btree (instruction_id);
create index idx_ingress_attestations_received_at
on public.ingress_attestations using btree (received_at);
create index idx_ingress_attestations_member_received
on public.ingress_attestations using btree (member_id, received_at)
where member_id is not null;
create index idx_ingress_attestations_cert_fpr
on public.ingress_attestations using btree (cert_fingerprint_sha256)
where cert_fingerprint_sha256 is not null;
comment on table public.ingress_attestations is
'Append-only proof of acceptance: who sent which instruction when, as hashes and identifiers.';
