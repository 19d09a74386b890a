-- _lock_item_for_operator: locks an item on the queue that an operator wants to act upon instead of
-- a worker. A lease that ran out is closed first, in the operator's name. An item that a worker
-- holds, that is in doubt, or that has ended is refused.
-- Locks: the item on the queue, until commit; see _close_expired_leases. Raises: P7004 the state of
-- the item does not allow it, P7006 no such item.
create or replace function public._lock_item_for_operator(
    p_outbox_id uuid,
    p_actor text
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, public, pg_temp
as $function$
declare
    v_hold text;
    v_lease_ends_at timestamptz;
begin
    select
        p.hold,
        p.lease_expires_at
    into v_hold, v_lease_ends_at
    from public.payment_outbox_pending as p
    where p.outbox_id = p_outbox_id
    for update;
    if found and v_hold is null and v_lease_ends_at <= clock_timestamp() then
        perform public._close_expired_leases(
            array[p_outbox_id], p_actor, clock_timestamp(), interval '0'
        );
        select
            p.hold,
            p.lease_expires_at
        into v_hold, v_lease_ends_at
        from public.payment_outbox_pending as p
        where p.outbox_id = p_outbox_id;
    end if;

    if found and v_hold = 'IN_DOUBT' then
        raise exception 'outbox item %: it is in doubt', p_outbox_id
            using errcode = 'P7004', hint = 'Find out from the rail, then resolve_outbox_item.';
    end if;
    if found and v_lease_ends_at is not null then
        raise exception 'outbox item %: a worker holds it', p_outbox_id
            using errcode = 'P7004', hint = 'Wait for the worker, or for the end of its lease.';
    end if;
    if found then
        return;
    end if;
    if exists (
        select
        from public.payment_outbox_identities as i
        where i.outbox_id = p_outbox_id
    ) then
        raise exception 'outbox item %: it has ended', p_outbox_id
            using errcode = 'P7004', hint = 'If it failed: redrive_dead_letters.';
    end if;
    raise exception 'outbox item %: there is no such item', p_outbox_id
        using errcode = 'P7006', column = 'p_outbox_id', constraint = 'a known item';
end;
$function$;
comment on function public._lock_item_for_operator(uuid, text) is
'Private: locks an item that no worker holds; refuses any other.';
revoke all on function public._lock_item_for_operator(uuid, text) from public;
