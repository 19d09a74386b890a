-- Append-only holds against TRUNCATE and in replica sessions too. Rows that older functions or
-- people write by hand bring their payload along: they are made whole, and nobody else pays for it.
-- Locks: SHARE ROW EXCLUSIVE on the tables, which this revision holds already or which is short.
alter table public.payment_outbox_attempts
enable always trigger trg_deny_outbox_attempts_mutation;
create trigger trg_deny_outbox_attempts_truncate
before truncate on public.payment_outbox_attempts
for each statement execute function public.deny_outbox_attempts_mutation();
alter table public.payment_outbox_attempts
enable always trigger trg_deny_outbox_attempts_truncate;

alter table public.ingress_attestations
enable always trigger trg_deny_ingress_attestations_mutation;
create trigger trg_deny_ingress_attestations_truncate
before truncate on public.ingress_attestations
for each statement execute function public.deny_ingress_attestations_mutation();
alter table public.ingress_attestations
enable always trigger trg_deny_ingress_attestations_truncate;

alter table public.revoked_client_certs
enable always trigger trg_deny_revoked_client_certs_mutation;
create trigger trg_deny_revoked_client_certs_truncate
before truncate on public.revoked_client_certs
for each statement execute function public.deny_revocation_mutation();
alter table public.revoked_client_certs
enable always trigger trg_deny_revoked_client_certs_truncate;

alter table public.revoked_tokens
enable always trigger trg_deny_revoked_tokens_mutation;
create trigger trg_deny_revoked_tokens_truncate
before truncate on public.revoked_tokens
for each statement execute function public.deny_revocation_mutation();
alter table public.revoked_tokens
enable always trigger trg_deny_revoked_tokens_truncate;

create trigger trg_adopt_queued_item
before insert on public.payment_outbox_pending
for each row when (new.payload is not null)
execute function public.adopt_queued_item();

create trigger trg_adopt_recorded_attempt
before insert on public.payment_outbox_attempts
for each row when (new.payload is not null)
execute function public.adopt_recorded_attempt();

-- What the functions do themselves is never in the past of their statement.
create trigger trg_follow_edited_item
before update on public.payment_outbox_pending
for each row when (
    (
        new.lease_token = old.lease_token
        and new.lease_expires_at is distinct from old.lease_expires_at
        and new.next_attempt_at = old.next_attempt_at
    )
    or (
        new.next_attempt_at < old.next_attempt_at
        and new.next_attempt_at < statement_timestamp() - interval '100 ms'
    )
)
execute function public.follow_edited_item();
