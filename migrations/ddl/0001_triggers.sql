-- Append-only guards, and the check that a member belongs to the tenant of the attestation.
create trigger trg_deny_outbox_attempts_mutation
before update or delete on public.payment_outbox_attempts
for each row execute function public.deny_outbox_attempts_mutation();

create trigger trg_deny_ingress_attestations_mutation
before update or delete on public.ingress_attestations
for each row execute function public.deny_ingress_attestations_mutation();

create trigger trg_ingress_member_tenant_match
before insert on public.ingress_attestations
for each row execute function public.enforce_member_tenant_match();

create trigger trg_deny_revoked_client_certs_mutation
before update or delete on public.revoked_client_certs
for each row execute function public.deny_revocation_mutation();

create trigger trg_deny_revoked_tokens_mutation
before update or delete on public.revoked_tokens
for each row execute function public.deny_revocation_mutation();
