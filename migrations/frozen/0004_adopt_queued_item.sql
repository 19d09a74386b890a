-- adopt_queued_item: gives an item that did not come through the functions of today its identity
-- (trigger function): a call that began under an older revision, or a row written by hand. Only
-- such rows bring a payload, so only they pay for it. The payload moves to the registry, and the
-- participant's counter passes the number. One that was due long ago may lie before the mark of
-- claims: the next one looks everywhere.
-- Locks: the identity's key and the participant's counter row, until commit. Raises: 23505 the key
-- belongs to another item.
create or replace function public.adopt_queued_item()
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
    values (
        new.outbox_id, new.tenant_id, new.instruction_id, new.idempotency_key, new.participant_id,
        new.rail_type,
        public._payment_fingerprint(new.participant_id, new.rail_type, new.payload::text),
        new.payload::text::json, new.created_at
    )
    on conflict do nothing;
    if not found and not exists (
        select
        from public.payment_outbox_identities as i
        where
            i.outbox_id = new.outbox_id
            and i.tenant_id is not distinct from new.tenant_id
            and i.instruction_id = new.instruction_id
            and i.idempotency_key = new.idempotency_key
            and public._is_bound_to(
                i.fingerprint, new.participant_id, new.rail_type, new.payload::text
            )
    ) then
        raise exception 'outbox item %: its key belongs to another item', new.outbox_id
            using errcode = '23505', constraint = 'ux_outbox_identities_key';
    end if;

    insert into public.participant_outbox_sequences as s (participant_id, next_sequence_id)
    values (new.participant_id, new.sequence_id + 1)
    on conflict (participant_id) do update
        set next_sequence_id = excluded.next_sequence_id
        where s.next_sequence_id < excluded.next_sequence_id;

    if new.next_attempt_at < statement_timestamp() - interval '100 ms' then
        perform setval('public.outbox_due_sweep', 0);
    end if;
    -- The identity of an item that ended before revision 0004 has no payload: the row keeps it.
    if exists (
        select
        from public.payment_outbox_identities as i
        where i.outbox_id = new.outbox_id and i.payload is not null
    ) then
        new.payload := null;
    end if;
    return new;
end;
$function$;
comment on function public.adopt_queued_item() is
'Registers the identity of an item that was inserted with its payload.';
revoke all on function public.adopt_queued_item() from public;
