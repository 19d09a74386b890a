-- list_dead_letters: items that ended as FAILED, in the order in which they ended, page by page:
-- p_after_completed_at and p_after_outbox_id are those of the last row of the page before. Rows
-- that were written by hand without a time come last. An item is disputed if a late result says
-- that it was sent.
-- Locks: none. Raises: P7118 limit.
create or replace function public.list_dead_letters(
    p_after_completed_at timestamptz default null,
    p_after_outbox_id uuid default null,
    p_limit integer default 100,
    p_rail_type text default null,
    p_tenant_id uuid default null,
    p_error_code text default null
)
returns table (
    outbox_id uuid,
    tenant_id uuid,
    instruction_id text,
    participant_id text,
    sequence_id bigint,
    idempotency_key text,
    rail_type text,
    attempt_no integer,
    redrive_no integer,
    error_code text,
    error_message text,
    rail_code text,
    worker_id text,
    closed_by text,
    claimed_at timestamptz,
    completed_at timestamptz,
    disputed boolean
)
language plpgsql
stable
security definer
set search_path = pg_catalog, public, pg_temp
as $function$
declare
    v_from timestamptz := coalesce(p_after_completed_at, '-infinity');
    v_after uuid := coalesce(
        p_after_outbox_id,
        case
            when p_after_completed_at is null then '00000000-0000-0000-0000-000000000000'
            else 'ffffffff-ffff-ffff-ffff-ffffffffffff'
        end::uuid
    );
    v_untimed boolean := p_after_completed_at is null and p_after_outbox_id is not null;
begin
    if p_limit is null or p_limit not between 1 and 10000 then
        raise exception 'p_limit: must be between 1 and 10000'
            using errcode = 'P7118', column = 'p_limit', constraint = 'between 1 and 10000';
    end if;

    return query
    select
        f.outbox_id,
        f.tenant_id,
        f.instruction_id,
        f.participant_id,
        f.sequence_id,
        f.idempotency_key,
        f.rail_type,
        f.attempt_no,
        f.redrive_no,
        f.error_code,
        f.error_message,
        f.rail_code,
        f.worker_id,
        f.closed_by,
        f.claimed_at,
        f.completed_at,
        f.disputed
    from (
        (
            select
                d.outbox_id,
                d.tenant_id,
                d.instruction_id,
                d.participant_id,
                d.sequence_id,
                d.idempotency_key,
                d.rail_type,
                d.attempt_no,
                d.redrive_no,
                d.error_code,
                d.error_message,
                d.rail_code,
                d.worker_id,
                d.closed_by,
                d.claimed_at,
                d.completed_at,
                d.disputed
            from public.payment_outbox_dead_letters as d
            where
                not v_untimed
                and (d.completed_at, d.outbox_id) > (v_from, v_after)
                and (p_rail_type is null or d.rail_type = p_rail_type)
                and (p_tenant_id is null or d.tenant_id = p_tenant_id)
                and (p_error_code is null or d.error_code = p_error_code)
            order by d.completed_at, d.outbox_id
            limit p_limit
        )
        union all
        (
            select
                d.outbox_id,
                d.tenant_id,
                d.instruction_id,
                d.participant_id,
                d.sequence_id,
                d.idempotency_key,
                d.rail_type,
                d.attempt_no,
                d.redrive_no,
                d.error_code,
                d.error_message,
                d.rail_code,
                d.worker_id,
                d.closed_by,
                d.claimed_at,
                d.completed_at,
                d.disputed
            from public.payment_outbox_dead_letters as d
            where
                d.completed_at is null
                and (not v_untimed or d.outbox_id > v_after)
                and (p_rail_type is null or d.rail_type = p_rail_type)
                and (p_tenant_id is null or d.tenant_id = p_tenant_id)
                and (p_error_code is null or d.error_code = p_error_code)
            order by d.completed_at, d.outbox_id
            limit p_limit
        )
    ) as f
    order by f.completed_at, f.outbox_id
    limit p_limit;
end;
$function$;
comment on function public.list_dead_letters(timestamptz, uuid, integer, text, uuid, text) is
'Items that ended as FAILED, page by page, the oldest first.';
revoke all on function public.list_dead_letters(timestamptz, uuid, integer, text, uuid, text)
from public;
grant execute on function public.list_dead_letters(timestamptz, uuid, integer, text, uuid, text)
to symphony_control;
