-- The new functions belong to the owner of everything else. Readers may learn which revision a
-- database is at, so that an auditor can compare it with its catalog.
-- Locks: none beyond the catalog.
grant create on schema public to symphony_owner;

alter function public._seal_over(text, bigint, uuid) owner to symphony_owner;
alter function public.find_outbox_items(text, uuid) owner to symphony_owner;
alter function public.list_outbox_controls() owner to symphony_owner;
alter function public.list_outbox_items(text, uuid, text, text, uuid, integer)
owner to symphony_owner;
alter function public.outbox_activity(integer, integer) owner to symphony_owner;
alter function public.outbox_breakdown(text, integer) owner to symphony_owner;
alter function public.outbox_health() owner to symphony_owner;

revoke create on schema public from symphony_owner;

grant select on public.ledgerdb_alembic_version
to symphony_control, symphony_readonly, symphony_auditor;
