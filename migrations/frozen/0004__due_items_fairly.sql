-- _due_items_fairly: locks due items in equal shares of the tenants that have some, those without a
-- tenant counting as one more. The tenants come from a walk over the index that jumps from tenant
-- to tenant; where they are more than the limit, chance decides whose turn it is. No counter is
-- kept.
-- Locks: the rows (for update skip locked). Raises: nothing.
create or replace function public._due_items_fairly(
    p_limit integer,
    p_now timestamptz,
    out ids uuid[],
    out abandoned boolean,
    out ordered boolean
)
returns record
language plpgsql
volatile
set search_path = pg_catalog, public, pg_temp
as $function$
declare
    v_tenants uuid[];
    v_share integer;
begin
    with recursive walk as (
        (
            select p.tenant_id
            from public.payment_outbox_pending as p
            where p.tenant_id is not null
            order by p.tenant_id
            limit 1
        )
        union all
        select (
            select p.tenant_id
            from public.payment_outbox_pending as p
            where p.tenant_id > w.tenant_id
            order by p.tenant_id
            limit 1
        )
        from walk as w
        where w.tenant_id is not null
    )

    select array_agg(w.tenant_id) into v_tenants
    from walk as w
    where
        w.tenant_id is not null
        and exists (
            select
            from public.payment_outbox_pending as p
            where
                p.tenant_id = w.tenant_id
                and p.next_attempt_at <= p_now
                and (p.lease_expires_at is null or p.lease_expires_at <= p_now)
        );
    v_share := greatest(p_limit / (coalesce(cardinality(v_tenants), 0) + 1), 1);

    with turn as materialized (
        select t.tenant_id
        from unnest(v_tenants) as t (tenant_id)
        order by random()
        limit p_limit
    ),

    due as (
        select d.outbox_id, d.next_attempt_at, d.lease_token, d.fifo
        from turn
        inner join lateral (
            select p.outbox_id, p.next_attempt_at, p.lease_token, p.fifo
            from public.payment_outbox_pending as p
            where
                p.tenant_id = turn.tenant_id
                and p.next_attempt_at <= p_now
                and (p.lease_expires_at is null or p.lease_expires_at <= p_now)
                and p.hold is null
            order by p.next_attempt_at
            limit v_share
            for update skip locked
        ) as d on true
    ),

    due_without_tenant as (
        select p.outbox_id, p.next_attempt_at, p.lease_token, p.fifo
        from public.payment_outbox_pending as p
        where
            p.tenant_id is null
            and p.next_attempt_at <= p_now
            and (p.lease_expires_at is null or p.lease_expires_at <= p_now)
            and p.hold is null
        order by p.next_attempt_at, p.created_at
        limit v_share
        for update skip locked
    ),

    all_due as (
        select d.outbox_id, d.next_attempt_at, d.lease_token, d.fifo from due as d
        union all
        select n.outbox_id, n.next_attempt_at, n.lease_token, n.fifo from due_without_tenant as n
    ),

    picked as (
        select a.outbox_id, a.next_attempt_at, a.lease_token, a.fifo
        from all_due as a
        order by random()
        limit p_limit
    )

    select
        array_agg(picked.outbox_id order by picked.next_attempt_at),
        bool_or(picked.lease_token is not null),
        bool_or(picked.fifo)
    into ids, abandoned, ordered
    from picked;
end;
$function$;
comment on function public._due_items_fairly(integer, timestamptz) is
'Private: locks due items, the same share of every tenant.';
revoke all on function public._due_items_fairly(integer, timestamptz) from public;
