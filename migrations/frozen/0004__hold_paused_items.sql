-- _hold_paused_items: puts those of the given locked rows on hold whose queue, rail or tenant is
-- paused. Returns the others, in the order given.
-- Locks: none beyond the caller's. Raises: nothing.
create or replace function public._hold_paused_items(
    p_outbox_ids uuid[],
    p_now timestamptz
)
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, public, pg_temp
as $function$
declare
    v_held uuid[];
begin
    with held as (
        update public.payment_outbox_pending as p
        set hold = 'PAUSED', held_at = p_now, next_attempt_at = 'infinity'
        where
            p.outbox_id = any(p_outbox_ids)
            and exists (
                select
                from public.outbox_controls as c
                where
                    c.paused
                    and public._in_scope(c.scope, c.scope_key, p.rail_type, p.tenant_id)
            )
        returning p.outbox_id
    )

    select array_agg(h.outbox_id) into v_held
    from held as h;

    return array(
        select given.outbox_id
        from unnest(p_outbox_ids) with ordinality as given (outbox_id, place)
        where given.outbox_id <> all(coalesce(v_held, '{}'))
        order by given.place
    );
end;
$function$;
comment on function public._hold_paused_items(uuid[], timestamptz) is
'Private: holds the locked rows of paused scopes; returns the others.';
revoke all on function public._hold_paused_items(uuid[], timestamptz) from public;
