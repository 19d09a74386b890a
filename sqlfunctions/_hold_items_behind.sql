-- _hold_items_behind: puts those of the given locked rows on hold that must wait for an earlier
-- item of their participant. It is a statement of its own, after the rows were locked, so that its
-- snapshot is younger than the lock: whoever ends the earlier item now must wait for this row, and
-- will find it on hold (see _advance_participants). Returns the others, in the order given.
-- Locks: none beyond the caller's. Raises: nothing.
create or replace function public._hold_items_behind(
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
        set hold = 'FIFO', held_at = p_now, next_attempt_at = 'infinity'
        where
            p.outbox_id = any(p_outbox_ids)
            and p.fifo
            and exists (
                select
                from public.payment_outbox_pending as earlier
                where
                    earlier.fifo
                    and earlier.participant_id = p.participant_id
                    and earlier.sequence_id < p.sequence_id
                    and not (
                        public._may_be_passed(earlier.rail_type, earlier.tenant_id)
                        and (
                            coalesce(earlier.hold in ('IN_DOUBT', 'PAYLOAD_MISMATCH'), false)
                            or (
                                earlier.hold is null
                                and earlier.lease_token is null
                                and earlier.next_attempt_at > p_now
                            )
                        )
                    )
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
comment on function public._hold_items_behind(uuid[], timestamptz) is
'Private: holds the locked rows that wait for an earlier one; returns the others.';
revoke all on function public._hold_items_behind(uuid[], timestamptz) from public;
