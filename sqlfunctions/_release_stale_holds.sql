-- _release_stale_holds: the safety net under pause and order. A claim that read the controls just
-- before they changed may have put an item on hold that nobody would release: items of a scope that
-- is not paused any more, and heads of participants.
-- Locks: the released rows (for update skip locked), the heads of participants. Raises: nothing.
create or replace function public._release_stale_holds(p_limit integer)
returns void
language plpgsql
volatile
set search_path = pg_catalog, public, pg_temp
as $function$
declare
    v_participants text[];
begin
    with stale as (
        select p.outbox_id
        from public.payment_outbox_pending as p
        where
            p.hold = 'PAUSED'
            and not exists (
                select
                from public.outbox_controls as c
                where
                    c.paused
                    and public._in_scope(c.scope, c.scope_key, p.rail_type, p.tenant_id)
            )
        order by p.held_at
        limit p_limit
        for update skip locked
    )

    update public.payment_outbox_pending as p
    set hold = null, held_at = null, next_attempt_at = clock_timestamp()
    from stale
    where p.outbox_id = stale.outbox_id;

    -- From participant to participant, by index.
    with recursive walk as (
        (
            select p.participant_id
            from public.payment_outbox_pending as p
            where p.fifo
            order by p.participant_id
            limit 1
        )
        union all
        select (
            select p.participant_id
            from public.payment_outbox_pending as p
            where p.fifo and p.participant_id > w.participant_id
            order by p.participant_id
            limit 1
        )
        from walk as w
        where w.participant_id is not null
    )

    select array_agg(known.participant_id) into v_participants
    from (
        select w.participant_id
        from walk as w
        where w.participant_id is not null
        order by w.participant_id
        limit 10000
    ) as known;
    if v_participants is not null then
        perform public._advance_participants(v_participants);
    end if;
end;
$function$;
comment on function public._release_stale_holds(integer) is
'Private: releases held items that nothing holds any more.';
revoke all on function public._release_stale_holds(integer) from public;
