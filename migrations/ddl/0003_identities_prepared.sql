-- What is left of 0003_identities.sql where its work was done before: the registry is there and
-- full (0003_registry.sql and those after it), and so is the queue's new key. The triggers that
-- give items their identities stay for calls that are in the middle of an older function now.
-- Locks: ACCESS EXCLUSIVE on the queue, for a change of the catalog.
set local lock_timeout = '2s';
<<<<<<< HEAD
lock table public.payment_outbox_pending,
public.payment_outbox_attempts in access exclusive mode;

-- The triggers stay until revision 0004: a call that waits for this transaction, in the middle of an
-- older function, queues its item afterwards. Without an identity a replay of it would find nothing
-- once the item was sent, and the payment would be sent again.
=======
>>>>>>> main

-- Two tenants may use the same instruction id and key. The queue keeps a unique key of its own for
-- calls that began under the functions of an earlier revision.
alter table public.payment_outbox_pending
-- squawk-ignore ban-drop-constraint
drop constraint ux_pending_idempotency;
alter table public.payment_outbox_pending
add constraint ux_pending_tenant_idempotency unique using index ux_pending_tenant_idempotency_0003;
