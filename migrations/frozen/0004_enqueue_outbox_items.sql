-- enqueue_outbox_items: puts many instructions without a tenant on the outbox, in one statement
-- (see _enqueue_outbox_items). The places of the result are those of the lists, from 1.
-- Locks: the identities' keys, then the participants' counter rows, in their order, until commit.
-- Raises: P7112 to P7116 invalid argument, P7118 number of items, 40001 above READ COMMITTED.
create or replace function public.enqueue_outbox_items(
    p_instruction_ids text[],
    p_participant_ids text[],
    p_idempotency_keys text[],
    p_rail_types text[],
    p_payloads text[]
)
returns table (
    place bigint,
    outbox_id uuid,
    sequence_id bigint,
    created_at timestamptz,
    state text,
    outcome text
)
language plpgsql
volatile
security definer
set search_path = pg_catalog, public, pg_temp
as $function$
begin
    return query
    select i.place, i.outbox_id, i.sequence_id, i.created_at, i.state, i.outcome
    from public._enqueue_outbox_items(
        p_tenant_ids => null,
        p_instruction_ids => p_instruction_ids,
        p_participant_ids => p_participant_ids,
        p_idempotency_keys => p_idempotency_keys,
        p_rail_types => p_rail_types,
        p_payloads => p_payloads,
        p_correlation_ids => null,
        p_one_key_per_instruction => false
    ) as i;
end;
$function$;
comment on function public.enqueue_outbox_items(text[], text[], text[], text[], text[]) is
'Enqueues many instructions at once; replays and conflicts are outcomes.';
revoke all on function public.enqueue_outbox_items(text[], text[], text[], text[], text[])
from public;
grant execute on function public.enqueue_outbox_items(text[], text[], text[], text[], text[])
to symphony_control, symphony_ingest;
