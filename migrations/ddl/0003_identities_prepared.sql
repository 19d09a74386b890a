-- What is left of 0003_identities.sql where its work was done before: the registry is there and
-- full (0003_registry.sql and those after it), and so is the queue's new key.
-- Locks: ACCESS EXCLUSIVE on queue and attempts, for changes of the catalog.
set local lock_timeout = '2s';
lock table public.payment_outbox_pending,
public.payment_outbox_attempts in access exclusive mode;

-- Every item has its identity: the triggers saw to it until now, and to drop one that somebody took
-- away is an error.
drop trigger trg_identify_queued_item on public.payment_outbox_pending;
drop trigger trg_identify_recorded_item on public.payment_outbox_attempts;
-- squawk-ignore ban-drop-function
drop function public.identify_written_item();
-- squawk-ignore ban-drop-function
drop function public._identify_outbox_items(uuid[]);

-- Two tenants may use the same instruction id and key. The queue keeps a unique key of its own for
-- calls that began under the functions of an earlier revision.
alter table public.payment_outbox_pending
-- squawk-ignore ban-drop-constraint
drop constraint ux_pending_idempotency;
alter table public.payment_outbox_pending
add constraint ux_pending_tenant_idempotency unique using index ux_pending_tenant_idempotency_0003;
