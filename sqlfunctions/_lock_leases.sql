-- _lock_leases: locks those of the given leases that this worker holds, whether they ran out or
-- not, and says when each was had: the end of a lease is judged by the clock after the lock. It
-- goes from the list to the row, one by one: no plan of the caller's join can turn that round.
-- Locks: the rows, in the order of their ids. Raises: nothing.
create or replace function public._lock_leases(
    p_outbox_ids uuid[],
    p_lease_tokens uuid[],
    p_worker_id text
)
returns table (
    outbox_id uuid,
    lease_expires_at timestamptz,
    dispatch_started_at timestamptz,
    moment timestamptz
)
language sql
volatile
set search_path = pg_catalog, public, pg_temp
begin atomic
    select
        held.outbox_id,
        held.lease_expires_at,
        held.dispatch_started_at,
        clock_timestamp() as moment
    from (
        select distinct
            g.outbox_id,
            g.lease_token
        from unnest(p_outbox_ids, p_lease_tokens) as g (outbox_id, lease_token)
        order by g.outbox_id
    ) as given
    cross join
        lateral (
            select
                p.outbox_id,
                p.lease_expires_at,
                p.dispatch_started_at
            from public.payment_outbox_pending as p
            where
                p.outbox_id = given.outbox_id
                and p.lease_token = given.lease_token
                and p.claimed_by = p_worker_id
                and p.hold is null
            order by p.outbox_id
            limit 1
            for update
        ) as held;
end;
comment on function public._lock_leases(uuid[], uuid[], text) is
'Private: locks the leases of a worker, each with the moment at which it was had.';
revoke all on function public._lock_leases(uuid[], uuid[], text) from public;
