-- What migrations 0020-0034 of the reference hung on our tables, read off one of its databases, with
-- just as much of the other applications' tables as that needs. Run on a database at head.
create table public.billable_clients (billable_client_id uuid primary key);
alter table public.tenants add column billable_client_id uuid, add column parent_tenant_id uuid;
alter table public.tenants
add constraint tenants_billable_client_fk
foreign key (billable_client_id) references public.billable_clients (billable_client_id) not valid,
add constraint tenants_parent_tenant_fk
foreign key (parent_tenant_id) references public.tenants (tenant_id) not valid,
add constraint tenants_billable_client_required_new_rows_chk
check (billable_client_id is not null) not valid;
create index idx_tenants_billable_client_id on public.tenants using btree (billable_client_id);
create index idx_tenants_parent_tenant_id on public.tenants using btree (parent_tenant_id);

alter table public.ingress_attestations
add constraint ingress_attestations_correlation_required_new_rows_chk
check (correlation_id is not null) not valid;
alter table public.payment_outbox_attempts
add constraint payment_outbox_attempts_correlation_required_new_rows_chk
check (correlation_id is not null) not valid;
alter table public.payment_outbox_pending
add constraint payment_outbox_pending_correlation_required_new_rows_chk
check (correlation_id is not null) not valid;

create table public.billing_usage_events (
    tenant_id uuid constraint billing_usage_events_tenant_id_fkey
    references public.tenants (tenant_id),
    client_id uuid constraint billing_usage_events_client_id_fkey
    references public.tenant_clients (client_id),
    subject_client_id uuid constraint billing_usage_events_subject_client_id_fkey
    references public.tenant_clients (client_id),
    subject_member_id uuid constraint billing_usage_events_subject_member_id_fkey
    references public.tenant_members (member_id)
);
create table public.external_proofs (
    attestation_id uuid constraint external_proofs_attestation_id_fkey
    references public.ingress_attestations (attestation_id),
    tenant_id uuid,
    subject_member_id uuid
);
alter table public.external_proofs
add constraint external_proofs_tenant_fk
foreign key (tenant_id) references public.tenants (tenant_id) not valid,
add constraint external_proofs_subject_member_fk
foreign key (subject_member_id) references public.tenant_members (member_id) not valid;
create table public.rail_dispatch_truth_anchor (
    attempt_id uuid constraint rail_truth_anchor_attempt_fk
    references public.payment_outbox_attempts (attempt_id) deferrable
);

create function public.set_correlation_id_if_null() returns trigger
language plpgsql as $function$ begin return new; end $function$;
create function public.anchor_dispatched_outbox_attempt() returns trigger
language plpgsql as $function$ begin return new; end $function$;
create trigger trg_set_corr_id_ingress_attestations
before insert on public.ingress_attestations
for each row execute function public.set_correlation_id_if_null();
create trigger trg_set_corr_id_payment_outbox_attempts
before insert on public.payment_outbox_attempts
for each row execute function public.set_correlation_id_if_null();
create trigger trg_set_corr_id_payment_outbox_pending
before insert on public.payment_outbox_pending
for each row execute function public.set_correlation_id_if_null();
create trigger trg_anchor_dispatched_outbox_attempt
after insert on public.payment_outbox_attempts
for each row execute function public.anchor_dispatched_outbox_attempt();
