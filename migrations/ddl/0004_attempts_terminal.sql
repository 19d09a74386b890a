-- Online route: at most one end per item and redrive. The revision's transaction gives the index
-- the name of the one that it replaces.
-- Locks: SHARE UPDATE EXCLUSIVE on attempts; nobody who reads or writes it waits.
create unique index concurrently if not exists ux_outbox_attempts_one_terminal_0004
on public.payment_outbox_attempts using btree (outbox_id, redrive_no)
where state in ('DISPATCHED', 'FAILED');
