-- _attempt_leaf: SHA-256 over a whole row of the attempts, as one JSON object with its columns in
-- this order. Times are seconds since 1970, so that no setting of the session matters and an export
-- can be compared years later. This is leaf version 1 for ever: a column that comes later goes into
-- a leaf function of its own. The body is bound to its names when it is created, so it needs no
-- search_path and the planner can inline it.
-- Locks: none. Raises: nothing.
create or replace function public._attempt_leaf(p_attempt public.payment_outbox_attempts)
returns bytea
language sql
stable
begin atomic
    select sha256(
        convert_to(
            json_build_object(
                'attempt_id', (p_attempt).attempt_id,
                'outbox_id', (p_attempt).outbox_id,
                'instruction_id', (p_attempt).instruction_id,
                'participant_id', (p_attempt).participant_id,
                'sequence_id', (p_attempt).sequence_id,
                'idempotency_key', (p_attempt).idempotency_key,
                'rail_type', (p_attempt).rail_type,
                'payload', (p_attempt).payload,
                'attempt_no', (p_attempt).attempt_no,
                'state', (p_attempt).state,
                'claimed_at', extract(epoch from (p_attempt).claimed_at)::text,
                'completed_at', extract(epoch from (p_attempt).completed_at)::text,
                'dispatch_started_at', extract(epoch from (p_attempt).dispatch_started_at)::text,
                'created_at', extract(epoch from (p_attempt).created_at)::text,
                'rail_reference', (p_attempt).rail_reference,
                'rail_code', (p_attempt).rail_code,
                'error_code', (p_attempt).error_code,
                'error_message', (p_attempt).error_message,
                'latency_ms', (p_attempt).latency_ms,
                'worker_id', (p_attempt).worker_id,
                'closed_by', (p_attempt).closed_by,
                'lease_token', (p_attempt).lease_token,
                'redrive_no', (p_attempt).redrive_no,
                'tenant_id', (p_attempt).tenant_id,
                'member_id', (p_attempt).member_id,
                'correlation_id', (p_attempt).correlation_id,
                'upstream_ref', (p_attempt).upstream_ref,
                'downstream_ref', (p_attempt).downstream_ref,
                'nfs_sequence_ref', (p_attempt).nfs_sequence_ref,
                'ledger_position', (p_attempt).ledger_position
            )::text,
            'UTF8'
        )
    ) as leaf;
end;
comment on function public._attempt_leaf(public.payment_outbox_attempts) is
'Private: SHA-256 of an attempt, as the seals cover it.';
revoke all on function public._attempt_leaf(public.payment_outbox_attempts) from public;
