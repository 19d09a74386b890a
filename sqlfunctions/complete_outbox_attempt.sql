-- complete_outbox_attempt: ends the leased attempt of one outbox item: the contract of older
-- workers; see complete_outbox_attempts. The same token again returns the same row. A late result
-- is an error here, and an error undoes its own evidence: complete_outbox_attempts keeps it.
-- Locks: the pending row (for update). Raises: P7002 lease lost, P7003 invalid state, P7117 worker
-- id, P711B rail reference, 40001 above READ COMMITTED.
create or replace function public.complete_outbox_attempt(
    p_outbox_id uuid,
    p_lease_token uuid,
    p_worker_id text,
    p_state public.outbox_attempt_state,
    p_rail_reference text default null,
    p_rail_code text default null,
    p_error_code text default null,
    p_error_message text default null,
    p_latency_ms integer default null,
    p_retry_delay_seconds integer default 1
)
returns table (attempt_no integer, state public.outbox_attempt_state)
language plpgsql
volatile
security definer
set search_path = pg_catalog, public, pg_temp
as $function$
declare
    v_result record;
begin
    select c.outcome, c.attempt_no, c.state
    into v_result
    from public.complete_outbox_attempts(
        p_worker_id => p_worker_id,
        p_outbox_ids => array[p_outbox_id],
        p_lease_tokens => array[p_lease_token],
        p_states => array[p_state],
        p_rail_references => array[p_rail_reference],
        p_rail_codes => array[p_rail_code],
        p_error_codes => array[p_error_code],
        p_error_messages => array[p_error_message],
        p_latency_ms => array[p_latency_ms],
        p_retry_delay_seconds => array[coalesce(p_retry_delay_seconds, 1)]
    ) as c;
    if v_result.outcome not in ('RECORDED', 'REPLAYED') then
        raise exception 'lease lost for outbox item %', p_outbox_id
            using
                errcode = 'P7002',
                detail = v_result.outcome,
                hint = 'complete_outbox_attempts keeps a late result as evidence.';
    end if;

    return query
    select v_result.attempt_no, v_result.state;
end;
$function$;
comment on function public.complete_outbox_attempt(
    uuid, uuid, text, public.outbox_attempt_state, text, text, text, text, integer, integer
) is
'Ends a leased attempt: appends its row under the next number, and ends or requeues the item.';
revoke all on function public.complete_outbox_attempt(
    uuid, uuid, text, public.outbox_attempt_state, text, text, text, text, integer, integer
) from public;
grant execute on function public.complete_outbox_attempt(
    uuid, uuid, text, public.outbox_attempt_state, text, text, text, text, integer, integer
) to symphony_control, symphony_executor;
