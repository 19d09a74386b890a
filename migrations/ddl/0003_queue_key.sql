-- Online route: the key that the queue keeps for calls that began under older functions; the
-- revision's transaction makes it the constraint.
-- Locks: SHARE UPDATE EXCLUSIVE on the queue; nobody who reads or writes it waits.
create unique index concurrently if not exists ux_pending_tenant_idempotency_0003
on public.payment_outbox_pending using btree (tenant_id, instruction_id, idempotency_key)
nulls not distinct;
