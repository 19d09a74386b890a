-- Deferred: the decision to notify is made at the commit, so that a long transaction of a caller
-- neither delays nor swallows the notifications of others.
-- Locks: SHARE ROW EXCLUSIVE on the queue, which this revision holds already.
create constraint trigger trg_notify_outbox
after insert on public.payment_outbox_pending
deferrable initially deferred
for each row execute function public.notify_outbox();
