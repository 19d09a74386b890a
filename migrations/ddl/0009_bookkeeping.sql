-- The ledger of checksums and the journal of steps belong to the owner of everything else.
-- Operators and auditors read them; only a migration writes them.
-- Locks: ACCESS EXCLUSIVE on the two tables, which nobody but a migration uses.
grant create on schema public to symphony_owner;

alter table public.ledgerdb_migrations owner to symphony_owner;
alter table public.ledgerdb_migration_steps owner to symphony_owner;

revoke create on schema public from symphony_owner;

grant select on public.ledgerdb_migrations, public.ledgerdb_migration_steps
to symphony_control, symphony_readonly, symphony_auditor;
