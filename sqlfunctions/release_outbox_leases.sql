-- release_outbox_leases: gives back leased items that were not started; they are due again at once
-- and no attempt is used. A stale pair (lease lost meanwhile) is passed over: the returned ids say
-- what was released.
-- Locks: the released rows, in the order of their ids. Raises: P7117 worker id, P7118 batch size.
create or replace function public.release_outbox_leases(
    p_outbox_ids uuid[],
    p_lease_tokens uuid[],
    p_worker_id text
)
returns table (outbox_id uuid)
language plpgsql
volatile
security definer
set search_path = pg_catalog, public, pg_temp
as $function$
begin
    if coalesce(cardinality(p_outbox_ids), 0) not between 1 and 10000
        or cardinality(p_outbox_ids) is distinct from cardinality(p_lease_tokens)
    then
        raise exception 'p_outbox_ids: must be 1 to 10000 ids, with as many tokens'
            using
                errcode = 'P7118',
                column = 'p_outbox_ids',
                constraint = '1 to 10000 ids, as many tokens';
    end if;
    if coalesce(length(p_worker_id), 0) not between 1 and 200 then
        raise exception 'p_worker_id: must be 1 to 200 characters'
            using
                errcode = 'P7117',
                column = 'p_worker_id',
                constraint = '1 to 200 characters';
    end if;

    return query
    with held as materialized (
        select p.outbox_id
        from public.payment_outbox_pending as p
        inner join unnest(p_outbox_ids, p_lease_tokens) as given (outbox_id, lease_token)
            on p.outbox_id = given.outbox_id and p.lease_token = given.lease_token
        where p.claimed_by = p_worker_id
        order by p.outbox_id
        for update of p
    )

    update public.payment_outbox_pending as p
    set claimed_by = null, lease_token = null, lease_expires_at = null
    from held
    where p.outbox_id = held.outbox_id
    returning p.outbox_id;
end;
$function$;
comment on function public.release_outbox_leases(uuid[], uuid[], text) is
'Gives back unstarted items of this worker; returns those that were still held.';
revoke all on function public.release_outbox_leases(uuid[], uuid[], text) from public;
grant execute on function public.release_outbox_leases(uuid[], uuid[], text) to symphony_control,
symphony_executor;
