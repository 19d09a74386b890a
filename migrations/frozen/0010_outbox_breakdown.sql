-- outbox_breakdown: the queue and the dead letters per tenant, participant or rail, the one whose
-- oldest due item has waited longest first. scope_key is null for items without a tenant; label is
-- the tenant's key.
-- Locks: none. Raises: P711G p_by, P7118 limit. Work: one pass over the pending items and one over
-- the FAILED attempts.
create or replace function public.outbox_breakdown(
    p_by text,
    p_limit integer default 100
)
returns table (
    scope_key text,
    label text,
    due bigint,
    delayed bigint,
    leased bigint,
    expired bigint,
    in_doubt bigint,
    held bigint,
    dead_letters bigint,
    oldest_due_at timestamptz
)
language plpgsql
stable
security definer
set search_path = pg_catalog, public, pg_temp
as $function$
begin
    if p_by is null or p_by not in ('TENANT', 'PARTICIPANT', 'RAIL') then
        raise exception 'p_by: must be TENANT, PARTICIPANT or RAIL'
            using
                errcode = 'P711G', column = 'p_by', constraint = 'TENANT, PARTICIPANT or RAIL';
    end if;
    if p_limit is null or p_limit not between 1 and 10000 then
        raise exception 'p_limit: must be between 1 and 10000'
            using errcode = 'P7118', column = 'p_limit', constraint = 'between 1 and 10000';
    end if;
    return query
    with items as (
        select
            case p_by
                when 'TENANT' then q.tenant_id::text
                when 'PARTICIPANT' then q.participant_id
                else q.rail_type
            end as item_scope,
            q.status as item_status,
            q.next_attempt_at as due_at
        from public.payment_outbox_queue as q
        union all
        select
            case p_by
                when 'TENANT' then a.tenant_id::text
                when 'PARTICIPANT' then a.participant_id
                else a.rail_type
            end as item_scope,
            'DEAD' as item_status,
            null as due_at
        from public.payment_outbox_attempts as a
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
            )
    ),

    counted as (
        select
            i.item_scope,
            count(*) filter (where i.item_status = 'READY') as due,
            count(*) filter (where i.item_status = 'SCHEDULED') as delayed,
            count(*) filter (where i.item_status = 'LEASED') as leased,
            count(*) filter (where i.item_status = 'EXPIRED') as expired,
            count(*) filter (where i.item_status = 'IN_DOUBT') as in_doubt,
            count(*) filter (
                where
                i.item_status not in (
                    'READY', 'SCHEDULED', 'LEASED', 'EXPIRED', 'IN_DOUBT', 'DEAD'
                )
            ) as held,
            count(*) filter (where i.item_status = 'DEAD') as dead_letters,
            min(i.due_at) filter (where i.item_status = 'READY') as oldest_due_at
        from items as i
        group by i.item_scope
    )

    select
        c.item_scope,
        t.tenant_key,
        c.due,
        c.delayed,
        c.leased,
        c.expired,
        c.in_doubt,
        c.held,
        c.dead_letters,
        c.oldest_due_at
    from counted as c
    left join public.tenants as t
        on p_by = 'TENANT' and c.item_scope = t.tenant_id::text
    order by
        c.oldest_due_at asc nulls last,
        c.due desc,
        c.dead_letters desc,
        c.item_scope asc
    limit p_limit;
end;
$function$;
comment on function public.outbox_breakdown(text, integer) is
'The queue and the dead letters per tenant, participant or rail, the longest wait first.';
revoke all on function public.outbox_breakdown(text, integer) from public;
grant execute on function public.outbox_breakdown(text, integer)
to symphony_control, symphony_readonly, symphony_auditor;
