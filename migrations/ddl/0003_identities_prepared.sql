-- What is left of 0003_identities.sql where its work was done before: the registry is there and
-- full (0003_registry.sql and those after it), and so is the queue's new key. The triggers that
-- give items their identities stay for calls that are in the middle of an older function now.
-- Locks: ACCESS EXCLUSIVE on the queue, for a change of the catalog.
set local lock_timeout = '2s';

-- Two tenants may use the same instruction id and key. The queue keeps a unique key of its own for
-- calls that began under the functions of an earlier revision.
alter table public.payment_outbox_pending
-- squawk-ignore ban-drop-constraint
drop constraint ux_pending_idempotency;
alter table public.payment_outbox_pending
add constraint ux_pending_tenant_idempotency unique using index ux_pending_tenant_idempotency_0003;
