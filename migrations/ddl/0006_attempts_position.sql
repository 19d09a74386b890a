-- Online route: attempts get a position in the ledger. It is taken after the transaction has its id
-- (see 0006_positions.sql): from here on every new row has one, and nothing seals before the
-- revision's transaction. Rows that exist have none; they are sealed in the order of their ids.
-- Locks: ACCESS EXCLUSIVE on attempts, for a change of the catalog.
alter table public.payment_outbox_attempts add column ledger_position bigint;
alter table public.payment_outbox_attempts
alter column ledger_position set default
case when pg_current_xact_id() is not null then nextval('public.ledger_positions') end,
add constraint ck_attempts_ledger_position check (ledger_position is not null) not valid;
comment on column public.payment_outbox_attempts.ledger_position is
'Place in the ledger; null for rows from before revision 0006.';
