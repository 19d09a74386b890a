-- Online route: attestations get a position in the ledger, as attempts do (see
-- 0006_attempts_position.sql).
-- Locks: ACCESS EXCLUSIVE on attestations, for a change of the catalog.
alter table public.ingress_attestations add column ledger_position bigint;
alter table public.ingress_attestations
alter column ledger_position set default
case when pg_current_xact_id() is not null then nextval('public.ledger_positions') end,
add constraint ck_attestations_ledger_position check (ledger_position is not null) not valid;
comment on column public.ingress_attestations.ledger_position is
'Place in the ledger; null for rows from before revision 0006.';
