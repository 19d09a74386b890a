-- begin_outbox_dispatch: a worker declares, just before it calls the rail, that from here on nobody
-- can tell from the lease whether the money moved. A lease that dies before this is requeued; one
-- that dies after it puts the item IN_DOUBT. Call it only for what is returned: the lease of the
-- others is lost, and the rail must not be called.
-- Locks: the rows, in the order of their ids. Raises: P7117 worker id, P7118 number of items.
create or replace function public.begin_outbox_dispatch(
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
    perform public._require_leases(p_outbox_ids, p_lease_tokens, p_worker_id);

    return query
    update public.payment_outbox_pending as p
    set dispatch_started_at = coalesce(p.dispatch_started_at, held.moment)
    from public._lock_leases(p_outbox_ids, p_lease_tokens, p_worker_id) as held
    where p.outbox_id = held.outbox_id and held.lease_expires_at > held.moment
    returning p.outbox_id;
end;
$function$;
comment on function public.begin_outbox_dispatch(uuid[], uuid[], text) is
'Declares that the rail is about to be called; returns the items that may be sent.';
revoke all on function public.begin_outbox_dispatch(uuid[], uuid[], text) from public;
grant execute on function public.begin_outbox_dispatch(uuid[], uuid[], text)
to symphony_control, symphony_executor;
