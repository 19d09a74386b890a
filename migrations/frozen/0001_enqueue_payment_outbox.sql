-- enqueue_payment_outbox: puts an instruction on the outbox, once per (instruction, idempotency
-- key).
-- Locks: an advisory lock per key and the participant's counter row, until commit. Raises: nothing
-- of its own.
create or replace function public.enqueue_payment_outbox(
    p_instruction_id text,
    p_participant_id text,
    p_idempotency_key text,
    p_rail_type text,
    p_payload jsonb
)
returns table (outbox_id uuid, sequence_id bigint, created_at timestamptz, state text)
language plpgsql
volatile
security definer
set search_path = pg_catalog, public
as $function$
begin
    perform pg_advisory_xact_lock(
        hashtextextended(p_instruction_id || chr(31) || p_idempotency_key, 1)
    );

    return query
    select p.outbox_id, p.sequence_id, p.created_at, 'PENDING'::text
    from payment_outbox_pending as p
    where p.instruction_id = p_instruction_id and p.idempotency_key = p_idempotency_key;
    if found then
        return;
    end if;

    return query
    select a.outbox_id, a.sequence_id, a.created_at, a.state::text
    from payment_outbox_attempts as a
    where a.instruction_id = p_instruction_id and a.idempotency_key = p_idempotency_key
    order by a.claimed_at desc
    limit 1;
    if found then
        return;
    end if;

    begin
        return query
        insert into payment_outbox_pending as p (
            instruction_id, participant_id, sequence_id, idempotency_key, rail_type, payload
        )
        values (
            p_instruction_id,
            p_participant_id,
            bump_participant_outbox_seq(p_participant_id),
            p_idempotency_key,
            p_rail_type,
            p_payload
        )
        returning p.outbox_id, p.sequence_id, p.created_at, 'PENDING'::text;
        perform pg_notify('symphony_outbox', '');
    exception
        when unique_violation then
            return query
            select p.outbox_id, p.sequence_id, p.created_at, 'PENDING'::text
            from payment_outbox_pending as p
            where p.instruction_id = p_instruction_id and p.idempotency_key = p_idempotency_key;
            if not found then
                raise;
            end if;
    end;
end;
$function$;
comment on function public.enqueue_payment_outbox(text, text, text, text, jsonb) is
'Enqueues an instruction; the same instruction and idempotency key return the first row again.';
