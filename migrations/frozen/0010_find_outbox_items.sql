-- find_outbox_items: the items of an instruction, of one tenant or of all, and where they stand:
-- for operators, who have an instruction and need its outbox ids. At most 1,000.
-- Locks: none. Raises: nothing.
create or replace function public.find_outbox_items(
    p_instruction_id text,
    p_tenant_id uuid default null
)
returns table (
    outbox_id uuid,
    tenant_id uuid,
    instruction_id text,
    idempotency_key text,
    participant_id text,
    rail_type text,
    state text,
    attempts bigint,
    created_at timestamptz
)
language sql
stable
security definer
set search_path = pg_catalog, public, pg_temp
begin atomic
    select
        i.outbox_id,
        i.tenant_id,
        i.instruction_id,
        i.idempotency_key,
        i.participant_id,
        i.rail_type,
        case
            when p.hold = 'IN_DOUBT' then 'IN_DOUBT'
            when p.outbox_id is not null then 'PENDING'
            else coalesce(latest.state, o.state)::text
        end as state,
        coalesce(latest.attempts, o.attempts, 0)::bigint as attempts,
        i.created_at
    from public.payment_outbox_identities as i
    left join public.payment_outbox_pending as p on i.outbox_id = p.outbox_id
    left join public.payment_outbox_outcomes as o on i.outbox_id = o.outbox_id
    left join lateral (
        select
            a.state,
            a.attempt_no::bigint as attempts
        from public.payment_outbox_attempts as a
        where a.outbox_id = i.outbox_id
        order by a.attempt_no desc
        limit 1
    ) as latest on true
    where
        i.instruction_id = p_instruction_id
        and (p_tenant_id is null or i.tenant_id = p_tenant_id)
    order by i.created_at, i.outbox_id
    limit 1000;
end;
comment on function public.find_outbox_items(text, uuid) is
'The items of an instruction, of one tenant or of all, and where they stand.';
revoke all on function public.find_outbox_items(text, uuid) from public;
grant execute on function public.find_outbox_items(text, uuid)
to symphony_control, symphony_readonly, symphony_auditor;
