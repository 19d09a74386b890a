-- adopt_recorded_attempt: makes an attempt that did not come through the functions of today count
-- (trigger function): the item gets its identity, so that a replay finds the attempt, and the
-- counter of a waiting item passes the number, so that the next attempt gets another one.
-- Locks: the identity's key and the item's row on the queue, until commit. Raises: nothing.
create or replace function public.adopt_recorded_attempt()
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

    update public.payment_outbox_pending as p
    set attempt_count = new.attempt_no
    where p.outbox_id = new.outbox_id and p.attempt_count < new.attempt_no;
    return new;
end;
$function$;
comment on function public.adopt_recorded_attempt() is
'Registers the identity of an attempt that was inserted with its payload, and moves the counter.';
revoke all on function public.adopt_recorded_attempt() from public;
