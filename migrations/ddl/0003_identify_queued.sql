-- Online route: from here on every item that is put on the queue has its identity at once.
-- Locks: SHARE ROW EXCLUSIVE on the queue: it waits for the transactions that have written it.
create or replace trigger trg_identify_queued_item
before insert on public.payment_outbox_pending
for each row execute function public.identify_queued_item();
-- in sessions of replicas too
alter table public.payment_outbox_pending enable always trigger trg_identify_queued_item;
