-- _due_items_fairly: locks due items in equal shares of the tenants that have some, those without a
-- tenant counting as one more. What a tenant leaves of its share goes to those that have more. The
-- tenants come from a walk over the index that jumps from tenant to tenant; where they are more
-- than the limit, chance decides whose turn it is. No counter is kept. A bitmap would have to be
-- sorted: all that is due to a tenant, for a few rows.
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
set enable_bitmapscan = off
as $function$
declare
    v_tenants uuid[];
    v_without_tenant boolean := true;
    v_groups integer;
    v_left integer := p_limit;
    v_share integer;
    v_met uuid[];
    v_abandoned boolean;
    v_ordered boolean;
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
    ),

    turn as (
        select w.tenant_id
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
            )
        order by random()
        limit p_limit
    )

    select array_agg(turn.tenant_id) into v_tenants
    from turn;
    ids := '{}';
    abandoned := false;
    ordered := false;

    loop
        v_groups := coalesce(cardinality(v_tenants), 0) + v_without_tenant::integer;
        exit when v_groups = 0 or v_left = 0;
        v_share := greatest(v_left / v_groups, 1);

        with turn as (
            select given.tenant_id
            from unnest(v_tenants) as given (tenant_id)
        ),

        of_tenants as (
            select turn.tenant_id, d.outbox_id, d.next_attempt_at, d.lease_token, d.fifo
            from turn
            cross join
                lateral (
                    select p.outbox_id, p.next_attempt_at, p.lease_token, p.fifo
                    from public.payment_outbox_pending as p
                    where
                        p.tenant_id = turn.tenant_id
                        and p.next_attempt_at <= p_now
                        and (p.lease_expires_at is null or p.lease_expires_at <= p_now)
                        and p.hold is null
                        and p.outbox_id <> all(ids)
                    order by p.next_attempt_at
                    limit v_share
                    for update skip locked
                ) as d
        ),

        of_none as (
            select p.outbox_id, p.next_attempt_at, p.lease_token, p.fifo
            from public.payment_outbox_pending as p
            where
                v_without_tenant
                and p.tenant_id is null
                and p.next_attempt_at <= p_now
                and (p.lease_expires_at is null or p.lease_expires_at <= p_now)
                and p.hold is null
                and p.outbox_id <> all(ids)
            order by p.next_attempt_at, p.created_at
            limit v_share
            for update skip locked
        ),

        due as (
            select t.tenant_id, t.outbox_id, t.next_attempt_at, t.lease_token, t.fifo
            from of_tenants as t
            union all
            select null as tenant_id, n.outbox_id, n.next_attempt_at, n.lease_token, n.fifo
            from of_none as n
        ),

        full_shares as (
            select due.tenant_id
            from due
            group by due.tenant_id
            having count(*) = v_share
        ),

        having_more as (
            select
                array_agg(f.tenant_id) filter (where f.tenant_id is not null) as tenants,
                coalesce(bool_or(f.tenant_id is null), false) as without_tenant
            from full_shares as f
        ),

        picked as (
            select due.outbox_id, due.next_attempt_at, due.lease_token, due.fifo
            from due
            order by random()
            limit v_left
        ),

        met as (
            select
                array_agg(picked.outbox_id order by picked.next_attempt_at) as outbox_ids,
                bool_or(picked.lease_token is not null) as abandoned,
                bool_or(picked.fifo) as ordered
            from picked
        )

        select met.outbox_ids, met.abandoned, met.ordered, more.tenants, more.without_tenant
        into v_met, v_abandoned, v_ordered, v_tenants, v_without_tenant
        from met
        cross join having_more as more;

        ids := ids || coalesce(v_met, '{}');
        abandoned := abandoned or coalesce(v_abandoned, false);
        ordered := ordered or coalesce(v_ordered, false);
        v_left := p_limit - cardinality(ids);
    end loop;
end;
$function$;
comment on function public._due_items_fairly(integer, timestamptz) is
'Private: locks due items, the same share of every tenant.';
revoke all on function public._due_items_fairly(integer, timestamptz) from public;
