-- list_outbox_items: a page of the queue without payloads and lease tokens, in the order of the
-- ids, which is that of acceptance; p_after_outbox_id is the last one of the page before. A filter
-- that is null lets everything pass.
-- Locks: none. Raises: P7118 limit. Work: the primary key, until the page is full.
create or replace function public.list_outbox_items(
    p_status text default null,
    p_tenant_id uuid default null,
    p_participant_id text default null,
    p_rail_type text default null,
    p_after_outbox_id uuid default null,
    p_limit integer default 100
)
returns table (
    outbox_id uuid,
    tenant_id uuid,
    instruction_id text,
    participant_id text,
    sequence_id bigint,
    idempotency_key text,
    rail_type text,
    status text,
    attempt_count integer,
    redrive_no integer,
    created_at timestamptz,
    next_attempt_at timestamptz,
    claimed_by text,
    leased_at timestamptz,
    lease_expires_at timestamptz,
    dispatch_started_at timestamptz,
    held_at timestamptz,
    correlation_id uuid
)
language plpgsql
stable
security definer
set search_path = pg_catalog, public, pg_temp
as $function$
begin
    if p_limit is null or p_limit not between 1 and 10000 then
        raise exception 'p_limit: must be between 1 and 10000'
            using errcode = 'P7118', column = 'p_limit', constraint = 'between 1 and 10000';
    end if;
    return query
    select
        q.outbox_id,
        q.tenant_id,
        q.instruction_id,
        q.participant_id,
        q.sequence_id,
        q.idempotency_key,
        q.rail_type,
        q.status,
        q.attempt_count,
        q.redrive_no,
        q.created_at,
        q.next_attempt_at,
        q.claimed_by,
        q.leased_at,
        q.lease_expires_at,
        q.dispatch_started_at,
        q.held_at,
        q.correlation_id
    from public.payment_outbox_queue as q
    where
        (p_after_outbox_id is null or q.outbox_id > p_after_outbox_id)
        and (p_status is null or q.status = p_status)
        and (p_tenant_id is null or q.tenant_id = p_tenant_id)
        and (p_participant_id is null or q.participant_id = p_participant_id)
        and (p_rail_type is null or q.rail_type = p_rail_type)
    order by q.outbox_id
    limit p_limit;
end;
$function$;
comment on function public.list_outbox_items(text, uuid, text, text, uuid, integer) is
'A page of the queue in the order of acceptance, without payloads and lease tokens.';
revoke all on function public.list_outbox_items(text, uuid, text, text, uuid, integer) from public;
grant execute on function public.list_outbox_items(text, uuid, text, text, uuid, integer)
to symphony_control, symphony_readonly, symphony_auditor;
