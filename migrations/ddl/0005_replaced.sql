-- A function whose columns change is dropped before it is created anew in the same transaction.
-- Locks: none on tables.
-- squawk-ignore ban-drop-function
drop function public.outbox_backlog();
