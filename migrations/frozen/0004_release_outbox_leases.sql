-- release_outbox_leases: gives back leased items that were not started; they are due again at once
-- and no attempt is used. A pair whose lease is lost, or whose dispatch was declared begun, is
-- passed over: the returned ids say what was released.
-- Locks: the released rows, in the order of their ids. Raises: P7117 worker id, P7118 number of
-- items.
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
    perform public._require_leases(p_outbox_ids, p_lease_tokens, p_worker_id);

    return query
    update public.payment_outbox_pending as p
    set
        claimed_by = null,
        lease_token = null,
        leased_at = null,
        lease_expires_at = null,
        next_attempt_at = held.moment
    from public._lock_leases(p_outbox_ids, p_lease_tokens, p_worker_id) as held
    where p.outbox_id = held.outbox_id and held.dispatch_started_at is null
    returning p.outbox_id;
end;
$function$;
comment on function public.release_outbox_leases(uuid[], uuid[], text) is
'Gives back unstarted items of this worker; returns those that were still held.';
revoke all on function public.release_outbox_leases(uuid[], uuid[], text) from public;
grant execute on function public.release_outbox_leases(uuid[], uuid[], text) to symphony_control,
symphony_executor;
