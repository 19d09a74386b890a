-- instruction_status: where an instruction of a tenant stands. No row when this tenant has no such
-- instruction. next_attempt_at is null while the item is on hold, and after it ended. An item whose
-- attempts were retired is answered from its outcome.
-- Locks: none. Raises: nothing.
create or replace function public.instruction_status(
    p_tenant_id uuid,
    p_instruction_id text
)
returns table (
    instruction_id text,
    outbox_id uuid,
    participant_id text,
    rail_type text,
    state text,
    attempts bigint,
    rail_reference text,
    error_code text,
    accepted_at timestamptz,
    completed_at timestamptz,
    next_attempt_at timestamptz
)
language sql
stable
security definer
set search_path = pg_catalog, public, pg_temp
begin atomic
    select
        i.instruction_id,
        i.outbox_id,
        i.participant_id,
        i.rail_type,
        case
            when p.hold = 'IN_DOUBT' then 'IN_DOUBT'
            when p.outbox_id is not null then 'PENDING'
            else coalesce(latest.state, o.state)::text
        end as state,
        coalesce(latest.attempts, o.attempts, 0) as attempts,
        coalesce(latest.rail_reference, o.rail_reference) as rail_reference,
        coalesce(latest.error_code, o.error_code) as error_code,
        i.created_at as accepted_at,
        case
            when p.outbox_id is null then coalesce(latest.completed_at, o.completed_at)
        end as completed_at,
        nullif(p.next_attempt_at, 'infinity') as next_attempt_at
    from public.payment_outbox_identities as i
    left join public.payment_outbox_pending as p on i.outbox_id = p.outbox_id
    left join public.payment_outbox_outcomes as o on i.outbox_id = o.outbox_id
    left join lateral (
        select
            a.state,
            a.rail_reference,
            a.error_code,
            a.completed_at,
            a.attempt_no::bigint as attempts
        from public.payment_outbox_attempts as a
        where a.outbox_id = i.outbox_id
        order by a.attempt_no desc
        limit 1
    ) as latest on true
    where i.tenant_id = p_tenant_id and i.instruction_id = p_instruction_id;
end;
comment on function public.instruction_status(uuid, text) is
'State of an instruction: PENDING, IN_DOUBT, or the state of its last attempt.';
revoke all on function public.instruction_status(uuid, text) from public;
grant execute on function public.instruction_status(uuid, text)
to symphony_control, symphony_executor, symphony_ingest, symphony_readonly, symphony_auditor;
