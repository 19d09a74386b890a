-- Online route: how items get their identities while the old functions go on. Calls that are in the
-- middle of an older function when revision 0003 replaces it go on too; so all of this stays until
-- the transaction of revision 0004, whose own triggers take over, drops it.
-- Locks: none.

-- For items that are written already. The row on the queue says what the item is; the first attempt
-- stands for an item that has left the queue. Of items that share a key the one recorded first has
-- the identity, the others have none: as in 0003_identities.sql, which decides the same in one pass
-- under its locks.
-- The look-ups are by index whatever the planner thinks of a table that has just been filled.
create or replace function public._identify_outbox_items(p_outbox_ids uuid[])
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, public, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $function$
declare
    v_count bigint;
begin
    insert into public.payment_outbox_identities (
        outbox_id, tenant_id, instruction_id, idempotency_key, participant_id, rail_type,
        fingerprint, created_at
    )
    select
        known.outbox_id,
        known.tenant_id,
        known.instruction_id,
        known.idempotency_key,
        known.participant_id,
        known.rail_type,
        public._outbox_fingerprint(known.participant_id, known.rail_type, known.payload)
            as fingerprint,
        known.created_at
    from (
        select
            p.outbox_id,
            p.tenant_id,
            p.instruction_id,
            p.idempotency_key,
            p.participant_id,
            p.rail_type,
            p.payload,
            p.created_at
        from public.payment_outbox_pending as p
        where p.outbox_id = any(p_outbox_ids)
        union all
        select
            a.outbox_id,
            a.tenant_id,
            a.instruction_id,
            a.idempotency_key,
            a.participant_id,
            a.rail_type,
            a.payload,
            a.created_at
        from public.payment_outbox_attempts as a
        where
            a.outbox_id = any(p_outbox_ids)
            and not exists (
                select
                from public.payment_outbox_attempts as earlier
                where earlier.outbox_id = a.outbox_id and earlier.attempt_no < a.attempt_no
            )
    ) as known
    where
        not exists (
            select
            from public.payment_outbox_identities as i
            where i.outbox_id = known.outbox_id
        )
        and not exists (
            select
            from public.payment_outbox_pending as other
            where
                other.instruction_id = known.instruction_id
                and other.idempotency_key = known.idempotency_key
                and other.tenant_id is not distinct from known.tenant_id
                and other.outbox_id <> known.outbox_id
                and other.created_at < known.created_at
        )
        and not exists (
            select
            from public.payment_outbox_attempts as other
            where
                other.instruction_id = known.instruction_id
                and other.idempotency_key = known.idempotency_key
                and other.tenant_id is not distinct from known.tenant_id
                and other.outbox_id <> known.outbox_id
                and other.created_at < known.created_at
        )
    order by known.created_at
    on conflict do nothing;
    get diagnostics v_count = row_count;
    return v_count;
end;
$function$;
comment on function public._identify_outbox_items(uuid[]) is
'Private, while a migration runs: registers the identities of items; says how many were new.';
revoke all on function public._identify_outbox_items(uuid[]) from public;

-- The identity comes before the row, as in the functions of revision 0003 and later: calls of the
-- same payment, one in the middle of an older function and one of these, wait for each other and
-- neither fails. Whoever writes the row, by a function or by hand, needs no right on the registry.
create or replace function public.identify_queued_item()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, public, pg_temp
as $function$
begin
    insert into public.payment_outbox_identities (
        outbox_id, tenant_id, instruction_id, idempotency_key, participant_id, rail_type,
        fingerprint, created_at
    )
    select
        new.outbox_id,
        new.tenant_id,
        new.instruction_id,
        new.idempotency_key,
        new.participant_id,
        new.rail_type,
        public._outbox_fingerprint(new.participant_id, new.rail_type, new.payload) as fingerprint,
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
    return new;
end;
$function$;
comment on function public.identify_queued_item() is
'While a migration runs: registers the identity of an item that an older function queues.';
revoke all on function public.identify_queued_item() from public;

-- Most attempts are those of items that have their identity: one look-up.
create or replace function public.identify_recorded_item()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, public, pg_temp
as $function$
begin
    if not exists (
        select
        from public.payment_outbox_identities as i
        where i.outbox_id = new.outbox_id
    ) then
        perform public._identify_outbox_items(array[new.outbox_id]);
    end if;
    return null;
end;
$function$;
comment on function public.identify_recorded_item() is
'While a migration runs: registers the identity of an item that an older function completes.';
revoke all on function public.identify_recorded_item() from public;
