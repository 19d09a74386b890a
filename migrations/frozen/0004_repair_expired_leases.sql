-- repair_expired_leases: closes leases that ran out (see _close_expired_leases) and requeues their
-- items after a second; returns those whose attempt was recorded, not those in doubt. Then it
-- releases what is on hold for no reason any more.
-- Locks: the expired rows (for update skip locked). Raises: P7117 worker id, P7118 batch size.
create or replace function public.repair_expired_leases(
    p_batch_size integer,
    p_worker_id text
)
returns table (outbox_id uuid, attempt_no integer)
language plpgsql
volatile
security definer
set search_path = pg_catalog, public, pg_temp
as $function$
declare
    v_now timestamptz := clock_timestamp();
    v_ids uuid[];
    v_tokens uuid[];
begin
    if p_batch_size is null or p_batch_size not between 1 and 10000 then
        raise exception 'p_batch_size: must be between 1 and 10000'
            using
                errcode = 'P7118',
                column = 'p_batch_size',
                constraint = 'between 1 and 10000';
    end if;
    perform public._require_text('p_worker_id', p_worker_id, 'P7117');

    select array_agg(expired.outbox_id), array_agg(expired.lease_token)
    into v_ids, v_tokens
    from (
        select p.outbox_id, p.lease_token
        from public.payment_outbox_pending as p
        where
            p.next_attempt_at <= v_now
            and p.lease_expires_at <= v_now
            and p.lease_token is not null
            and p.hold is null
        order by p.next_attempt_at
        limit p_batch_size
        for update skip locked
    ) as expired;

    if v_ids is not null then
        perform public._close_expired_leases(v_ids, p_worker_id, v_now, interval '1 second');
        return query
        select a.outbox_id, a.attempt_no
        from unnest(v_ids, v_tokens) with ordinality as e (outbox_id, lease_token, place)
        inner join public.payment_outbox_attempts as a
            on e.outbox_id = a.outbox_id and e.lease_token = a.lease_token
        order by e.place;
    end if;
    perform public._release_stale_holds(p_batch_size);
end;
$function$;
comment on function public.repair_expired_leases(integer, text) is
'Requeues items whose lease expired, one attempt each; ends them at the retry ceiling.';
revoke all on function public.repair_expired_leases(integer, text) from public;
grant execute on function public.repair_expired_leases(integer, text) to symphony_control,
symphony_executor;
