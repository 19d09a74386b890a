-- Online route: the dead letters, in the order of their ends.
-- Locks: SHARE UPDATE EXCLUSIVE on attempts; nobody who reads or writes it waits.
create index concurrently if not exists idx_attempts_failed
on public.payment_outbox_attempts using btree (completed_at, outbox_id)
where state = 'FAILED';
