-- Online route: attempts by their position.
-- Locks: SHARE UPDATE EXCLUSIVE on attempts; nobody who reads or writes it waits.
create unique index concurrently if not exists ux_attempts_ledger_position
on public.payment_outbox_attempts using btree (ledger_position)
where ledger_position is not null;
