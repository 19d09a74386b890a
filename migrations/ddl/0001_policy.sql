-- Policy versions and revocations.
create table public.policy_versions (
    version text not null,
    status public.policy_version_status not null default 'ACTIVE',
    activated_at timestamptz not null default now(),
    grace_expires_at timestamptz,
    checksum text not null,
    created_at timestamptz not null default now(),
    is_active boolean generated always as (status = 'ACTIVE') stored,
    constraint policy_versions_pkey primary key (version),
    constraint ck_policy_checksum_nonempty check (length(checksum) > 0),
    constraint ck_policy_grace_requires_expiry
    check (status <> 'GRACE' or grace_expires_at is not null),
    constraint ck_policy_active_has_no_grace_expiry
    check (status <> 'ACTIVE' or grace_expires_at is null)
);
create unique index ux_policy_versions_single_active
on public.policy_versions using btree ((1))
where status = 'ACTIVE';
create index idx_policy_versions_is_active
on public.policy_versions using btree (is_active)
where is_active = true;
comment on table public.policy_versions is 'Policy bundles by version; at most one is ACTIVE.';

create table public.revoked_client_certs (
    cert_fingerprint_sha256 text not null,
    revoked_at timestamptz not null default now(),
    expires_at timestamptz,
    reason_code text,
    revoked_by text,
    constraint revoked_client_certs_pkey primary key (cert_fingerprint_sha256)
);
comment on table public.revoked_client_certs is
'Append-only: client certificates no longer accepted.';

create table public.revoked_tokens (
    token_jti text not null,
    revoked_at timestamptz not null default now(),
    expires_at timestamptz,
    reason_code text,
    revoked_by text,
    constraint revoked_tokens_pkey primary key (token_jti)
);
comment on table public.revoked_tokens is 'Append-only: access tokens no longer accepted.';
