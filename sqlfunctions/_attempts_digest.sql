-- _attempts_digest: SHA-256 over all attempts of an item, one JSON line each, in the order of their
-- numbers. Times are seconds since 1970 and keys are in the order of jsonb, so that settings of the
-- session do not matter and an export can be compared years later.
-- Locks: none. Raises: nothing.
create or replace function public._attempts_digest(p_outbox_id uuid)
returns bytea
language sql
stable
begin atomic
    select
        sha256(
            convert_to(
                string_agg(
                    jsonb_build_object(
                        'attempt_id', a.attempt_id,
                        'outbox_id', a.outbox_id,
                        'instruction_id', a.instruction_id,
                        'participant_id', a.participant_id,
                        'sequence_id', a.sequence_id,
                        'idempotency_key', a.idempotency_key,
                        'rail_type', a.rail_type,
                        'payload', a.payload,
                        'attempt_no', a.attempt_no,
                        'state', a.state,
                        'claimed_at', extract(epoch from a.claimed_at)::text,
                        'completed_at', extract(epoch from a.completed_at)::text,
                        'dispatch_started_at', extract(epoch from a.dispatch_started_at)::text,
                        'created_at', extract(epoch from a.created_at)::text,
                        'rail_reference', a.rail_reference,
                        'rail_code', a.rail_code,
                        'error_code', a.error_code,
                        'error_message', a.error_message,
                        'latency_ms', a.latency_ms,
                        'worker_id', a.worker_id,
                        'closed_by', a.closed_by,
                        'lease_token', a.lease_token,
                        'redrive_no', a.redrive_no,
                        'tenant_id', a.tenant_id,
                        'member_id', a.member_id,
                        'correlation_id', a.correlation_id,
                        'upstream_ref', a.upstream_ref,
                        'downstream_ref', a.downstream_ref,
                        'nfs_sequence_ref', a.nfs_sequence_ref
                    )::text,
                    e'\n' order by a.attempt_no
                ),
                'UTF8'
            )
        ) as digest
    from public.payment_outbox_attempts as a
    where a.outbox_id = p_outbox_id;
end;
comment on function public._attempts_digest(uuid) is
'Private: SHA-256 over the attempts of an item; null where it has none.';
revoke all on function public._attempts_digest(uuid) from public;
