-- Online route: attestations by their position.
-- Locks: SHARE UPDATE EXCLUSIVE on attestations; nobody who reads or writes it waits.
create unique index concurrently if not exists ux_attestations_ledger_position
on public.ingress_attestations using btree (ledger_position)
where ledger_position is not null;
