-- Online route: the registry's new key, which 0004_registry_key_exchanged.sql makes the constraint.
-- The tenant comes last: a look-up without a tenant finds its place in the index too.
-- Locks: SHARE UPDATE EXCLUSIVE on the registry; nobody who reads or writes it waits.
create unique index concurrently if not exists ux_outbox_identities_key_0004
on public.payment_outbox_identities using btree (instruction_id, idempotency_key, tenant_id)
nulls not distinct;
