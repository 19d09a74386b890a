-- Online route: an item that is put on the queue also has its payload in the registry, as the items
-- that are there get it by the backfill. The identity is there (see 0003_identify.sql), or it comes
-- now.
-- Locks: none.
create or replace function public.identify_queued_item()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, public, pg_temp
as $function$
begin
    insert into public.payment_outbox_identities (
        outbox_id, tenant_id, instruction_id, idempotency_key, participant_id, rail_type,
        fingerprint, payload, created_at
    )
    select
        new.outbox_id,
        new.tenant_id,
        new.instruction_id,
        new.idempotency_key,
        new.participant_id,
        new.rail_type,
        public._outbox_fingerprint(new.participant_id, new.rail_type, new.payload) as fingerprint,
        new.payload::text::json,
        new.created_at
    where
        not exists (
            select
            from public.payment_outbox_attempts as other
            where
                other.instruction_id = new.instruction_id
                and other.idempotency_key = new.idempotency_key
                and other.tenant_id is not distinct from new.tenant_id
                and other.outbox_id <> new.outbox_id
                and other.created_at < new.created_at
        )
    on conflict do nothing;
    if not found then
        update public.payment_outbox_identities as i
        set payload = new.payload::text::json
        where i.outbox_id = new.outbox_id and i.payload is null;
    end if;
    return new;
end;
$function$;
