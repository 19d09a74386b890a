-- The tenant domain: tenants, their API clients and their members.
create table public.tenants (
    tenant_id uuid not null default gen_random_uuid(),
    tenant_key text not null,
    tenant_name text not null,
    tenant_type text not null,
    status text not null default 'ACTIVE',
    created_at timestamptz not null default now(),
    constraint tenants_pkey primary key (tenant_id),
    constraint tenants_tenant_key_key unique (tenant_key),
    constraint tenants_tenant_type_check
    check (tenant_type in ('NGO', 'COOPERATIVE', 'GOVERNMENT', 'COMMERCIAL')),
    constraint tenants_status_check check (status in ('ACTIVE', 'SUSPENDED', 'CLOSED'))
);
create index idx_tenants_status on public.tenants using btree (status);
comment on table public.tenants is 'Organisations whose instructions the ledger carries.';

create table public.tenant_clients (
    client_id uuid not null default gen_random_uuid(),
    tenant_id uuid not null,
    client_key text not null,
    display_name text not null,
    status text not null default 'ACTIVE',
    created_at timestamptz not null default now(),
    constraint tenant_clients_pkey primary key (client_id),
    constraint tenant_clients_tenant_id_client_key_key unique (tenant_id, client_key),
    constraint tenant_clients_tenant_id_fkey
    foreign key (tenant_id) references public.tenants (tenant_id),
    constraint tenant_clients_status_check check (status in ('ACTIVE', 'SUSPENDED', 'REVOKED'))
);
create index idx_tenant_clients_tenant on public.tenant_clients using btree (tenant_id);
comment on table public.tenant_clients is 'API clients of a tenant.';

create table public.tenant_members (
    member_id uuid not null default gen_random_uuid(),
    tenant_id uuid not null,
    member_ref text not null,
    status text not null default 'ACTIVE',
    tpin_hash bytea,
    msisdn_hash bytea,
    created_at timestamptz not null default now(),
    constraint tenant_members_pkey primary key (member_id),
    constraint tenant_members_tenant_id_member_ref_key unique (tenant_id, member_ref),
    constraint tenant_members_tenant_id_fkey
    foreign key (tenant_id) references public.tenants (tenant_id),
    constraint tenant_members_status_check check (status in ('ACTIVE', 'SUSPENDED', 'EXITED'))
);
create index idx_tenant_members_tenant on public.tenant_members using btree (tenant_id);
create index idx_tenant_members_status on public.tenant_members using btree (status);
comment on table public.tenant_members is
'People behind a tenant; secrets are stored as hashes only.';
