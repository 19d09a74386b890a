-- The privileges that deployed databases have today. Later revisions take most of the table
-- privileges away again.
revoke all on
public.payment_outbox_pending,
public.payment_outbox_attempts,
public.participant_outbox_sequences,
public.ingress_attestations,
public.tenants,
public.tenant_clients,
public.tenant_members,
public.policy_versions,
public.revoked_client_certs,
public.revoked_tokens
from public;

grant all on public.payment_outbox_pending, public.participant_outbox_sequences to symphony_control;
grant select, insert on public.payment_outbox_attempts to symphony_control;
grant select on public.payment_outbox_pending, public.payment_outbox_attempts
to symphony_readonly, symphony_auditor;

grant execute on function public.uuid_v7_or_random()
to symphony_control, symphony_executor, symphony_ingest, symphony_readonly, symphony_auditor;
grant execute on function public.enqueue_payment_outbox(text, text, text, text, jsonb)
to symphony_control, symphony_ingest;
grant execute on function public.claim_outbox_batch(integer, text, integer)
to symphony_control, symphony_executor;
grant execute on function public.complete_outbox_attempt(
    uuid, uuid, text, public.outbox_attempt_state, text, text, text, text, integer, integer
)
to symphony_control, symphony_executor;
grant execute on function public.repair_expired_leases(integer, text)
to symphony_control, symphony_executor;
