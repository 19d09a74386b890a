-- What is new belongs to the owner of everything else.
-- Locks: none beyond the catalog and the new sequence.
grant create on schema public to symphony_owner;

alter sequence public.participant_outbox_numbers owner to symphony_owner;
alter function public._nth_uuid(uuid, bigint) owner to symphony_owner;
alter function public.claim_traced_items(integer, text, integer) owner to symphony_owner;
alter function public.ingest_traced_instruction(
    uuid, text, text, text, text, text, uuid, uuid, text, uuid, text, jsonb, text, text, text, text,
    text, text
) owner to symphony_owner;
alter function public.number_participant_monotonically(text, text, text) owner to symphony_owner;

revoke create on schema public from symphony_owner;
