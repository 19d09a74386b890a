-- _close_expired_leases: ends the leases that ran out among rows that the caller has locked. Each
-- gets the next attempt number: ZOMBIE_REQUEUE under the worker that held it, with its token and
-- its times; FAILED at the retry ceiling, which ends the item. Where the worker had declared that
-- it would now call the rail, nobody knows whether the money moved: the item is put on hold
-- IN_DOUBT, with its lease as evidence, and takes no number until somebody finds out. Returns the
-- ids that may be leased, in the order given.
-- Locks: none beyond the caller's. Raises: nothing.
create or replace function public._close_expired_leases(
    p_outbox_ids uuid[],
    p_closed_by text,
    p_now timestamptz,
    p_requeue_after interval
)
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, public, pg_temp
as $function$
declare
    v_ceiling integer := public.outbox_retry_ceiling();
    v_ended uuid[];
    v_in_doubt uuid[];
    v_participants text[];
begin
    with recorded as (
        insert into public.payment_outbox_attempts as a (
            outbox_id, instruction_id, participant_id, sequence_id, idempotency_key, rail_type,
            attempt_no, state, claimed_at, completed_at, error_code, error_message,
            worker_id, closed_by, lease_token, redrive_no,
            tenant_id, correlation_id, upstream_ref, downstream_ref, nfs_sequence_ref
        )
        select
            p.outbox_id, p.instruction_id, p.participant_id, p.sequence_id, p.idempotency_key,
            p.rail_type,
            p.attempt_count + 1,
            case
                when p.attempt_count + 1 - p.budget_base >= v_ceiling then 'FAILED'
                else 'ZOMBIE_REQUEUE'
            end::public.outbox_attempt_state,
            coalesce(p.leased_at, p.lease_expires_at), p_now,
            case
                when p.attempt_count + 1 - p.budget_base >= v_ceiling then 'RETRY_CEILING_EXCEEDED'
                else 'LEASE_EXPIRED'
            end,
            'lease expired before completion',
            p.claimed_by, p_closed_by, p.lease_token, p.redrive_no,
            p.tenant_id, p.correlation_id, p.upstream_ref, p.downstream_ref, p.nfs_sequence_ref
        from public.payment_outbox_pending as p
        where
            p.outbox_id = any(p_outbox_ids)
            and p.lease_token is not null
            and p.dispatch_started_at is null
        returning a.outbox_id, a.attempt_no, a.state
    ),

    ended as (
        delete from public.payment_outbox_pending as p
        using recorded as r
        where p.outbox_id = r.outbox_id and r.state = 'FAILED'
        returning p.outbox_id, p.participant_id, p.fifo
    ),

    requeued as (
        update public.payment_outbox_pending as p
        set
            attempt_count = r.attempt_no,
            next_attempt_at = p_now + p_requeue_after,
            claimed_by = null,
            lease_token = null,
            leased_at = null,
            lease_expires_at = null
        from recorded as r
        where p.outbox_id = r.outbox_id and r.state <> 'FAILED'
        returning p.participant_id, p.fifo
    ),

    doubted as (
        update public.payment_outbox_pending as p
        set hold = 'IN_DOUBT', held_at = p_now, next_attempt_at = 'infinity'
        where
            p.outbox_id = any(p_outbox_ids)
            and p.lease_token is not null
            and p.dispatch_started_at is not null
        returning p.outbox_id, p.participant_id, p.fifo
    )

    select
        (select array_agg(e.outbox_id) from ended as e),
        (select array_agg(d.outbox_id) from doubted as d),
        (
            select array_agg(f.participant_id)
            from (
                select e.participant_id from ended as e
                where e.fifo
                union all
                select q.participant_id from requeued as q
                where q.fifo
                union all
                select d.participant_id from doubted as d
                where d.fifo
            ) as f
        )
    into v_ended, v_in_doubt, v_participants;

    if v_participants is not null then
        perform public._advance_participants(v_participants);
    end if;
    return array(
        select given.outbox_id
        from unnest(p_outbox_ids) with ordinality as given (outbox_id, place)
        where
            given.outbox_id <> all(coalesce(v_ended, '{}'))
            and given.outbox_id <> all(coalesce(v_in_doubt, '{}'))
        order by given.place
    );
end;
$function$;
comment on function public._close_expired_leases(uuid[], text, timestamptz, interval) is
'Private: records the abandoned attempts of locked rows; returns what may be leased again.';
revoke all on function public._close_expired_leases(uuid[], text, timestamptz, interval)
from public;
