-- _advance_participants: after ordered items ended, were requeued or were put in doubt: lets the
-- next item of each participant go, if it is on hold behind them. An item without a lease is locked
-- whether it is on hold or not: a claim that is just putting it on hold is waited for, so no
-- wake-up is lost. An item under a lease is not: its own end looks further. Two items that
-- FIFO_SKIP let run side by side and that end at the same moment may both look too early;
-- _release_stale_holds finds what they leave.
-- Locks: the row at the head of each participant, until commit. Raises: nothing.
create or replace function public._advance_participants(p_participant_ids text[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, public, pg_temp
as $function$
declare
    v_now timestamptz := clock_timestamp();
    v_participant_id text;
    v_head record;
begin
    for v_participant_id in
        select distinct given.participant_id
        from unnest(p_participant_ids) as given (participant_id)
        order by given.participant_id
    loop
        select
            p.outbox_id,
            p.lease_token is null as is_free
        into v_head
        from public.payment_outbox_pending as p
        where
            p.fifo
            and p.participant_id = v_participant_id
            and not (
                public._may_be_passed(p.rail_type, p.tenant_id)
                and (
                    coalesce(p.hold in ('IN_DOUBT', 'PAYLOAD_MISMATCH'), false)
                    or (p.hold is null and p.lease_token is null and p.next_attempt_at > v_now)
                )
            )
        order by p.sequence_id
        limit 1;
        if v_head.is_free then
            perform
            from public.payment_outbox_pending as p
            where p.outbox_id = v_head.outbox_id
            for update;

            update public.payment_outbox_pending as p
            set hold = null, held_at = null, next_attempt_at = v_now
            where p.outbox_id = v_head.outbox_id and p.hold = 'FIFO';
        end if;
    end loop;
end;
$function$;
comment on function public._advance_participants(text[]) is
'Private: releases the held head of each of the given participants.';
revoke all on function public._advance_participants(text[]) from public;
