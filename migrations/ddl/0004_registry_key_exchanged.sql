-- Online route: the registry's new key takes the place of the old one. Here and not in the
-- revision's transaction, which would hold the queue meanwhile: who enqueues has the registry and
-- waits for the queue, who completes has the queue and looks into the registry.
-- Locks: ACCESS EXCLUSIVE on the registry, for a change of the catalog.
alter table public.payment_outbox_identities
-- squawk-ignore ban-drop-constraint
drop constraint ux_outbox_identities_key;
alter table public.payment_outbox_identities
add constraint ux_outbox_identities_key unique using index ux_outbox_identities_key_0004;
