-- extend_outbox_leases: moves the end of live leases to p_lease_seconds from now; never to before
-- where it stands. A lease that is lost is passed over: the returned rows say what was extended.
-- Locks: the rows, in the order of their ids. Raises: P7117 worker id, P7118 number of items, P7119
-- lease.
create or replace function public.extend_outbox_leases(
    p_outbox_ids uuid[],
    p_lease_tokens uuid[],
    p_worker_id text,
    p_lease_seconds integer
)
returns table (outbox_id uuid, lease_expires_at timestamptz)
language plpgsql
volatile
security definer
set search_path = pg_catalog, public, pg_temp
as $function$
begin
    perform public._require_leases(p_outbox_ids, p_lease_tokens, p_worker_id);
    if p_lease_seconds is null or p_lease_seconds not between 1 and 86400 then
        raise exception 'p_lease_seconds: must be between 1 and 86400'
            using
                errcode = 'P7119',
                column = 'p_lease_seconds',
                constraint = 'between 1 and 86400';
    end if;

    return query
    update public.payment_outbox_pending as p
    set
        lease_expires_at = greatest(
            p.lease_expires_at, held.moment + make_interval(secs => p_lease_seconds)
        ),
        next_attempt_at = greatest(
            p.lease_expires_at, held.moment + make_interval(secs => p_lease_seconds)
        )
    from public._lock_leases(p_outbox_ids, p_lease_tokens, p_worker_id) as held
    where p.outbox_id = held.outbox_id and held.lease_expires_at > held.moment
    returning p.outbox_id, p.lease_expires_at;
end;
$function$;
comment on function public.extend_outbox_leases(uuid[], uuid[], text, integer) is
'Extends live leases of this worker; returns those that it still held.';
revoke all on function public.extend_outbox_leases(uuid[], uuid[], text, integer) from public;
grant execute on function public.extend_outbox_leases(uuid[], uuid[], text, integer)
to symphony_control, symphony_executor;
