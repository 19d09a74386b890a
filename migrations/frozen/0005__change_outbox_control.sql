-- _change_outbox_control: changes what is given of the settings of a scope; null leaves a setting
-- as it is. When the ordering changes, the waiting items change with it: they begin or cease to
-- wait for earlier items of their participant.
-- Locks: the row of the scope; with an ordering all of outbox_controls (access exclusive), so that
-- nobody who still goes by the old ordering is under way, and the items whose order changes. It
-- waits for each lock half a second at most, less than the deadlock detector does: the operator
-- gives way to the workers. Raises: P711D scope, key, ordering or fair, P711F an ordering above
-- READ COMMITTED; 55P03 to be tried again.
create or replace function public._change_outbox_control(
    p_scope text,
    p_scope_key text,
    p_paused boolean,
    p_ordering text,
    p_fair boolean,
    p_notify_workers boolean
)
returns table (
    scope text,
    scope_key text,
    paused boolean,
    ordering text,
    fair boolean,
    notify_workers boolean,
    updated_at timestamptz
)
language plpgsql
volatile
set search_path = pg_catalog, public, pg_temp
set lock_timeout = '500ms'
as $function$
declare
    v_key text;
    v_before text;
    v_participants text[];
begin
    v_key := public._require_scope(p_scope, p_scope_key);
    if p_ordering not in ('NONE', 'FIFO_BLOCK', 'FIFO_SKIP') then
        raise exception 'p_ordering: must be NONE, FIFO_BLOCK or FIFO_SKIP'
            using
                errcode = 'P711D',
                column = 'p_ordering',
                constraint = 'NONE, FIFO_BLOCK or FIFO_SKIP';
    end if;
    if p_fair and p_scope <> 'QUEUE' then
        raise exception 'p_fair: is a setting of the QUEUE'
            using errcode = 'P711D', column = 'p_fair', constraint = 'a setting of the QUEUE';
    end if;

    -- An older snapshot would not see the items that came since: they would keep the old order.
    if p_ordering is not null and current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'p_ordering: must be set at READ COMMITTED'
            using
                errcode = 'P711F',
                column = 'transaction_isolation',
                constraint = 'read committed';
    end if;

    if p_ordering is not null then
        lock table public.outbox_controls in access exclusive mode;
    end if;
    insert into public.outbox_controls (scope, scope_key)
    values (p_scope, v_key)
    on conflict on constraint outbox_controls_pkey do nothing;

    select c.ordering into v_before
    from public.outbox_controls as c
    where c.scope = p_scope and c.scope_key = v_key
    for update;

    update public.outbox_controls as c
    set
        paused = coalesce(p_paused, c.paused),
        ordering = coalesce(p_ordering, c.ordering),
        fair = coalesce(p_fair, c.fair),
        notify_workers = coalesce(p_notify_workers, c.notify_workers),
        updated_at = clock_timestamp()
    where c.scope = p_scope and c.scope_key = v_key;

    if p_ordering <> v_before then
        with changed as materialized (
            select p.outbox_id
            from public.payment_outbox_pending as p
            where
                public._in_scope(p_scope, v_key, p.rail_type, p.tenant_id)
                and case
                    when p_ordering <> 'NONE' then not p.fifo
                    else p.fifo and not public._ordered_by_participant(p.rail_type, p.tenant_id)
                end
            order by p.outbox_id
            for update
        )

        update public.payment_outbox_pending as p
        set
            fifo = not p.fifo,
            hold = case when p.hold <> 'FIFO' then p.hold end,
            held_at = case when p.hold <> 'FIFO' then p.held_at end,
            next_attempt_at = case
                when p.hold = 'FIFO' then clock_timestamp() else p.next_attempt_at
            end
        from changed
        where p.outbox_id = changed.outbox_id;

        -- Who waits behind a head that may now be passed, or that does not count any more.
        select array_agg(waiting.participant_id) into v_participants
        from (
            select distinct p.participant_id
            from public.payment_outbox_pending as p
            where p.hold = 'FIFO'
            order by p.participant_id
            limit 10000
        ) as waiting;
        if v_participants is not null then
            perform public._advance_participants(v_participants);
        end if;
    end if;

    return query
    select c.scope, c.scope_key, c.paused, c.ordering, c.fair, c.notify_workers, c.updated_at
    from public.outbox_controls as c
    where c.scope = p_scope and c.scope_key = v_key;
end;
$function$;
comment on function public._change_outbox_control(text, text, boolean, text, boolean, boolean) is
'Private: changes the settings of a scope and the waiting items with them.';
revoke all on function public._change_outbox_control(text, text, boolean, text, boolean, boolean)
from public;
