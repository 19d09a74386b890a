-- Online route: from here on every item that gets an attempt has its identity at once, also one
-- that leaves the queue before the backfill comes by.
-- Locks: SHARE ROW EXCLUSIVE on attempts: it waits for the transactions that have written it.
create or replace trigger trg_identify_recorded_item
after insert on public.payment_outbox_attempts
for each row execute function public.identify_recorded_item();
-- in sessions of replicas too
alter table public.payment_outbox_attempts enable always trigger trg_identify_recorded_item;
