-- redrive_dead_letters: an operator sends items that ended as FAILED back to the queue, under the
-- same outbox id, sequence number and rail key. Attempt numbers go on, only the retry budget starts
-- anew. The first call is a rehearsal that writes nothing. One row per item says what became of it:
--   REDRIVEN      it is on the queue again (WOULD_REDRIVE in a rehearsal)
--   DISPUTED      a late result says that it was sent: only with p_disputed_too
--   STILL_QUEUED  it is on the queue already
--   NOT_FAILED    it was sent, or its attempts did not end
--   RETIRED       its attempts were retired: too old
--   UNKNOWN       no such item
-- To record that a disputed item was sent: redrive it and record_manual_attempt(DISPATCHED) in one
-- transaction; no worker sees it in between.
-- Locks: the identities of the items, in the order of their ids (for update), as retire_history
-- does. Raises: P7118 number of items, P711C actor or reason, P711F isolation level.
create or replace function public.redrive_dead_letters(
    p_outbox_ids uuid[],
    p_dry_run boolean default true,
    p_actor text default null,
    p_reason text default null,
    p_disputed_too boolean default false
)
returns table (
    outbox_id uuid,
    outcome text,
    attempt_count integer,
    redrive_no integer
)
language plpgsql
volatile
security definer
set search_path = pg_catalog, public, pg_temp
as $function$
declare
    v_dry_run boolean := coalesce(p_dry_run, true);
    v_redriven uuid[];
begin
    perform public._require_operator(p_actor, p_reason);
    if coalesce(cardinality(p_outbox_ids), 0) not between 1 and 10000 then
        raise exception 'p_outbox_ids: must be 1 to 10000 ids'
            using errcode = 'P7118', column = 'p_outbox_ids', constraint = '1 to 10000 ids';
    end if;
    -- An older snapshot would not see who redrove the item meanwhile, nor how it ended.
    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'redrive_dead_letters: must run at READ COMMITTED'
            using
                errcode = 'P711F',
                column = 'transaction_isolation',
                constraint = 'read committed';
    end if;

    if not v_dry_run then
        perform
        from public.payment_outbox_identities as i
        where i.outbox_id = any(p_outbox_ids)
        order by i.outbox_id
        for update;

        -- A statement of its own: it sees what was committed before the locks were had.
        with queued as (
            insert into public.payment_outbox_pending as p (
                outbox_id, instruction_id, participant_id, sequence_id, idempotency_key, rail_type,
                payload, attempt_count, budget_base, redrive_no, next_attempt_at, created_at, fifo,
                tenant_id, correlation_id, upstream_ref, downstream_ref, nfs_sequence_ref
            )
            select
                i.outbox_id, i.instruction_id, i.participant_id, last_one.sequence_id,
                i.idempotency_key, i.rail_type,
                case
                    when i.payload is null then (
                        select a.payload
                        from public.payment_outbox_attempts as a
                        where a.outbox_id = i.outbox_id and a.payload is not null
                        order by a.attempt_no
                        limit 1
                    )
                end,
                last_one.attempt_no, last_one.attempt_no as budget_base, last_one.redrive_no + 1,
                clock_timestamp(), i.created_at,
                public._ordered_by_participant(i.rail_type, i.tenant_id),
                i.tenant_id, last_one.correlation_id, last_one.upstream_ref,
                last_one.downstream_ref, last_one.nfs_sequence_ref
            from public._judge_redrive(p_outbox_ids, p_disputed_too) as j
            inner join public.payment_outbox_identities as i on j.outbox_id = i.outbox_id
            inner join public.payment_outbox_attempts as last_one
                on j.outbox_id = last_one.outbox_id and j.attempt_no = last_one.attempt_no
            where j.verdict = 'REDRIVE'
            order by i.outbox_id
            returning p.outbox_id, p.attempt_count, p.redrive_no
        ),

        recorded as (
            insert into public.payment_outbox_operator_actions (
                action, outbox_id, actor, reason, detail
            )
            select
                'REDRIVE', q.outbox_id, btrim(p_actor), btrim(p_reason),
                jsonb_build_object(
                    'attempt_count', q.attempt_count,
                    'redrive_no', q.redrive_no,
                    'disputed_too', coalesce(p_disputed_too, false)
                )
            from queued as q
        )

        select array_agg(q.outbox_id) into v_redriven
        from queued as q;
    end if;

    return query
    select
        j.outbox_id,
        case
            when j.outbox_id = any(v_redriven) then 'REDRIVEN'
            when j.verdict = 'REDRIVE' then 'WOULD_REDRIVE'
            else j.verdict
        end,
        j.attempt_no,
        j.redrive_no
    from public._judge_redrive(p_outbox_ids, p_disputed_too) as j
    order by j.place;
end;
$function$;
comment on function public.redrive_dead_letters(uuid[], boolean, text, text, boolean) is
'Sends FAILED items back to the queue with a new retry budget; a rehearsal unless told otherwise.';
revoke all on function public.redrive_dead_letters(uuid[], boolean, text, text, boolean)
from public;
grant execute on function public.redrive_dead_letters(uuid[], boolean, text, text, boolean)
to symphony_control;
