-- What readers and operators look at. No view shows a lease token: whoever has one can complete the
-- payment. A payload is that of the registry, beside old rows and new ones. Times are of the
-- statement, infinity is null.
-- Locks: ACCESS SHARE on the tables, for a moment.
create view public.payment_outbox_queue as
select
    p.outbox_id,
    p.tenant_id,
    p.instruction_id,
    p.participant_id,
    p.sequence_id,
    p.idempotency_key,
    p.rail_type,
    coalesce(i.payload, p.payload::text::json) as payload,
    case
        when p.hold is not null then p.hold
        when p.lease_token is not null and p.lease_expires_at <= statement_timestamp()
            then 'EXPIRED'
        when p.lease_token is not null then 'LEASED'
        when p.next_attempt_at > statement_timestamp() then 'SCHEDULED'
        else 'READY'
    end as status,
    p.attempt_count,
    nullif(p.next_attempt_at, 'infinity') as next_attempt_at,
    p.created_at,
    p.claimed_by,
    p.leased_at,
    p.lease_expires_at,
    p.dispatch_started_at,
    p.held_at,
    p.redrive_no,
    p.budget_base,
    p.fifo,
    p.correlation_id,
    p.upstream_ref,
    p.downstream_ref,
    p.nfs_sequence_ref
from public.payment_outbox_pending as p
left join public.payment_outbox_identities as i on p.outbox_id = i.outbox_id;
comment on view public.payment_outbox_queue is
'Items that have not ended: READY, SCHEDULED, LEASED, EXPIRED, or why they are on hold.';

create view public.payment_outbox_history as
select
    a.attempt_id,
    a.outbox_id,
    a.tenant_id,
    a.instruction_id,
    a.participant_id,
    a.sequence_id,
    a.idempotency_key,
    a.rail_type,
    coalesce(
        i.payload,
        a.payload::text::json,
        (
            select first_one.payload::text::json
            from public.payment_outbox_attempts as first_one
            where first_one.outbox_id = a.outbox_id and first_one.payload is not null
            order by first_one.attempt_no
            limit 1
        )
    ) as payload,
    a.attempt_no,
    a.state,
    a.claimed_at,
    a.dispatch_started_at,
    a.completed_at,
    a.rail_reference,
    a.rail_code,
    a.error_code,
    a.error_message,
    a.latency_ms,
    a.worker_id,
    a.closed_by,
    a.redrive_no,
    a.created_at,
    a.member_id,
    a.correlation_id,
    a.upstream_ref,
    a.downstream_ref,
    a.nfs_sequence_ref
from public.payment_outbox_attempts as a
left join public.payment_outbox_identities as i on a.outbox_id = i.outbox_id;
comment on view public.payment_outbox_history is
'Every attempt, with the payload of its item beside it.';

create view public.payment_outbox_in_doubt as
select
    p.outbox_id,
    p.tenant_id,
    p.instruction_id,
    p.participant_id,
    p.sequence_id,
    p.idempotency_key,
    p.rail_type,
    p.attempt_count + 1 as attempt_no,
    p.claimed_by as worker_id,
    p.leased_at,
    p.dispatch_started_at,
    p.lease_expires_at,
    coalesce(p.held_at, p.lease_expires_at) as in_doubt_since,
    late.late_results,
    late.late_result_id,
    late.rail_reference
from public.payment_outbox_pending as p
cross join
    lateral (
        select
            count(*) as late_results,
            (
                array_agg(l.late_result_id order by l.received_at)
                filter (where l.state = 'DISPATCHED')
            )[1] as late_result_id,
            (
                array_agg(l.rail_reference order by l.received_at)
                filter (where l.state = 'DISPATCHED')
            )[1] as rail_reference
        from public.payment_outbox_late_results as l
        where l.outbox_id = p.outbox_id and l.lease_token = p.lease_token
    ) as late
where
    p.hold = 'IN_DOUBT'
    or (
        p.hold is null
        and p.dispatch_started_at is not null
        and p.lease_expires_at <= statement_timestamp()
    );
comment on view public.payment_outbox_in_doubt is
'Items of which nobody knows whether the rail got them, for resolve_outbox_item.';
comment on column public.payment_outbox_in_doubt.late_result_id is
'The first late result under this lease that says DISPATCHED, with its rail_reference.';

create view public.payment_outbox_dead_letters as
select
    a.outbox_id,
    a.tenant_id,
    a.instruction_id,
    a.participant_id,
    a.sequence_id,
    a.idempotency_key,
    a.rail_type,
    a.attempt_no,
    a.redrive_no,
    a.error_code,
    a.error_message,
    a.rail_code,
    a.worker_id,
    a.closed_by,
    a.claimed_at,
    a.completed_at,
    late.disputed
from public.payment_outbox_attempts as a
cross join
    lateral (
        select count(*) > 0 as disputed
        from public.payment_outbox_late_results as l
        where l.outbox_id = a.outbox_id and l.state = 'DISPATCHED'
    ) as late
where
    a.state = 'FAILED'
    and not exists (
        select
        from public.payment_outbox_attempts as later
        where later.outbox_id = a.outbox_id and later.attempt_no > a.attempt_no
    )
    and not exists (
        select
        from public.payment_outbox_pending as p
        where p.outbox_id = a.outbox_id
    );
comment on view public.payment_outbox_dead_letters is
'Items that ended as FAILED, with their last attempt, for redrive_dead_letters.';
comment on column public.payment_outbox_dead_letters.disputed is
'A late result says that the item was sent after all.';

create view public.payment_outbox_blocked_heads as
select
    head.participant_id,
    head.outbox_id,
    head.sequence_id,
    head.tenant_id,
    head.instruction_id,
    head.rail_type,
    coalesce(head.hold, 'SCHEDULED') as reason,
    chosen.ordering,
    head.attempt_count,
    nullif(head.next_attempt_at, 'infinity') as next_attempt_at,
    coalesce(head.held_at, latest.completed_at, head.created_at) as blocked_since,
    behind.waiting,
    behind.oldest_waiting_at
from public.payment_outbox_pending as head
cross join
    lateral (
        select
            case
                when bool_and(c.ordering = 'FIFO_SKIP') then 'FIFO_SKIP' else 'FIFO_BLOCK'
            end as ordering
        from public.outbox_controls as c
        where
            c.ordering <> 'NONE'
            and (
                c.scope = 'QUEUE'
                or (c.scope = 'RAIL' and c.scope_key = head.rail_type)
                or (c.scope = 'TENANT' and c.scope_key = head.tenant_id::text)
            )
    ) as chosen
cross join
    lateral (
        select
            count(*) as waiting,
            min(p.created_at) as oldest_waiting_at
        from public.payment_outbox_pending as p
        where
            p.fifo
            and p.participant_id = head.participant_id
            and p.sequence_id > head.sequence_id
            and p.lease_token is null
    ) as behind
left join public.payment_outbox_attempts as latest
    on head.outbox_id = latest.outbox_id and head.attempt_count = latest.attempt_no
where
    head.fifo
    and not exists (
        select
        from public.payment_outbox_pending as earlier
        where
            earlier.fifo
            and earlier.participant_id = head.participant_id
            and earlier.sequence_id < head.sequence_id
    )
    and (
        head.hold in ('IN_DOUBT', 'PAYLOAD_MISMATCH', 'PAUSED')
        or (
            head.hold is null
            and head.lease_token is null
            and head.next_attempt_at > statement_timestamp()
        )
    )
    and behind.waiting > 0;
comment on view public.payment_outbox_blocked_heads is
'Ordered participants whose first item cannot go now while others are behind it.';
comment on column public.payment_outbox_blocked_heads.ordering is
'FIFO_BLOCK: the others wait. FIFO_SKIP: they pass, unless the reason is PAUSED.';

create view public.payment_outbox_late_evidence as
select
    l.late_result_id,
    l.outbox_id,
    i.tenant_id,
    i.instruction_id,
    i.participant_id,
    i.rail_type,
    l.worker_id,
    l.state,
    l.outcome,
    l.rail_reference,
    l.rail_code,
    l.error_code,
    l.error_message,
    l.latency_ms,
    l.received_at,
    ending.attempt_no,
    case
        when p.hold = 'IN_DOUBT' then 'IN_DOUBT'
        when p.outbox_id is not null then 'PENDING'
        else latest.state::text
    end as item_state,
    latest.rail_reference as item_rail_reference,
    (l.state = 'DISPATCHED' and coalesce(latest.state <> 'DISPATCHED', true)) as contradicts
from public.payment_outbox_late_results as l
left join public.payment_outbox_identities as i on l.outbox_id = i.outbox_id
left join public.payment_outbox_pending as p on l.outbox_id = p.outbox_id
left join public.payment_outbox_attempts as ending
    on l.outbox_id = ending.outbox_id and l.lease_token = ending.lease_token
left join lateral (
    select
        a.state,
        a.rail_reference
    from public.payment_outbox_attempts as a
    where a.outbox_id = l.outbox_id
    order by a.attempt_no desc
    limit 1
) as latest on true;
comment on view public.payment_outbox_late_evidence is
'Results that came too late, beside what became of their items.';
comment on column public.payment_outbox_late_evidence.contradicts is
'The result says DISPATCHED, the ledger does not (yet): somebody must look.';

create view public.payment_outbox_controls as
select
    c.scope,
    c.scope_key,
    c.paused,
    c.ordering,
    c.fair,
    c.notify_workers,
    c.updated_at,
    (
        select count(*) as held_items
        from public.payment_outbox_pending as p
        where
            p.hold = 'PAUSED'
            and (
                c.scope = 'QUEUE'
                or (c.scope = 'RAIL' and c.scope_key = p.rail_type)
                or (c.scope = 'TENANT' and c.scope_key = p.tenant_id::text)
            )
    ) as held_items
from public.outbox_controls as c;
comment on view public.payment_outbox_controls is
'What operators set for the queue, rails and tenants; held_items are on hold by some pause.';

create view public.payment_outbox_retry_policies as
select
    r.rail_type,
    r.strategy,
    r.base_seconds,
    r.factor,
    r.max_seconds,
    r.jitter,
    r.updated_at
from public.outbox_retry_policies as r;
comment on view public.payment_outbox_retry_policies is
'How long a RETRYABLE attempt waits, by rail; * is for the others.';

revoke all on
public.payment_outbox_queue,
public.payment_outbox_history,
public.payment_outbox_in_doubt,
public.payment_outbox_dead_letters,
public.payment_outbox_blocked_heads,
public.payment_outbox_late_evidence,
public.payment_outbox_controls,
public.payment_outbox_retry_policies
from public;
grant select on
public.payment_outbox_queue,
public.payment_outbox_history,
public.payment_outbox_in_doubt,
public.payment_outbox_dead_letters,
public.payment_outbox_blocked_heads,
public.payment_outbox_late_evidence,
public.payment_outbox_controls,
public.payment_outbox_retry_policies
to symphony_control, symphony_readonly, symphony_auditor;
