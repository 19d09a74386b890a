-- evidence_pack: everything that the ledger holds about one instruction of a tenant, without the
-- payload itself: attestation, outbox identity (also after dispatch), every attempt, the results
-- that came too late, what operators did, and what retention left of retired attempts. The
-- attestation and each attempt have their place in the chain of hashes, and the seals over them are
-- there whole, so that they can be computed again. Null when this tenant has no such instruction.
-- Locks: none. Raises: nothing.
create or replace function public.evidence_pack(
    p_tenant_id uuid,
    p_instruction_id text
)
returns jsonb
language sql
stable
security definer
set search_path = pg_catalog, public, pg_temp
begin atomic
    select
        jsonb_build_object(
            'schema_version', (
                select string_agg(v.version_num, ',' order by v.version_num) as schema_version
                from public.ledgerdb_alembic_version as v
            ),
            'attestation', jsonb_build_object(
                'attestation_id', t.attestation_id,
                'tenant_id', t.tenant_id,
                'instruction_id', t.instruction_id,
                'participant_id', t.participant_id,
                'payload_hash', t.payload_hash,
                'signature_hash', t.signature_hash,
                'client_id', t.client_id,
                'member_id', t.member_id,
                'correlation_id', t.correlation_id,
                'received_at', t.received_at,
                'chain', jsonb_build_object(
                    'position', t.ledger_position,
                    'leaf', encode(public._attestation_leaf(t), 'hex'),
                    'seal_no', public._seal_over(
                        'ATTESTATIONS', t.ledger_position, t.attestation_id
                    )
                )
            ),
            'outbox', case
                when i.outbox_id is not null then jsonb_build_object(
                    'outbox_id', i.outbox_id,
                    'idempotency_key', i.idempotency_key,
                    'rail_type', i.rail_type,
                    'fingerprint', encode(i.fingerprint, 'hex'),
                    'state', case
                        when p.hold = 'IN_DOUBT' then 'IN_DOUBT'
                        when p.outbox_id is not null then 'PENDING'
                        else coalesce(history.state, retired.state::text)
                    end,
                    'sequence_id', coalesce(
                        p.sequence_id, history.sequence_id, retired.sequence_id
                    ),
                    'created_at', i.created_at
                )
            end,
            'attempts', coalesce(history.attempts, '[]'::jsonb),
            'retired', case
                when retired.outbox_id is not null then jsonb_build_object(
                    'run_id', retired.run_id,
                    'retired_at', retired.retired_at,
                    'state', retired.state,
                    'attempts', retired.attempts,
                    'first_claimed_at', retired.first_claimed_at,
                    'completed_at', retired.completed_at,
                    'rail_reference', retired.rail_reference,
                    'error_code', retired.error_code,
                    'digest', encode(retired.digest, 'hex')
                )
            end,
            'late_results', (
                select
                    coalesce(
                        jsonb_agg(
                            jsonb_build_object(
                                'late_result_id', l.late_result_id,
                                'state', l.state,
                                'outcome', l.outcome,
                                'received_at', l.received_at,
                                'worker_id', l.worker_id,
                                'rail_reference', l.rail_reference,
                                'rail_code', l.rail_code,
                                'error_code', l.error_code,
                                'error_message', l.error_message,
                                'latency_ms', l.latency_ms
                            )
                            order by l.received_at, l.late_result_id
                        ),
                        '[]'::jsonb
                    ) as late_results
                from public.payment_outbox_late_results as l
                where l.outbox_id = i.outbox_id
            ),
            'operator_actions', (
                select
                    coalesce(
                        jsonb_agg(
                            jsonb_build_object(
                                'action_id', o.action_id,
                                'action', o.action,
                                'actor', o.actor,
                                'reason', o.reason,
                                'created_at', o.created_at
                            )
                            order by o.created_at, o.action_id
                        ),
                        '[]'::jsonb
                    ) as operator_actions
                from public.payment_outbox_operator_actions as o
                where o.outbox_id = i.outbox_id
            ),
            'seals', (
                select
                    coalesce(
                        jsonb_agg(
                            jsonb_build_object(
                                'seal_no', s.seal_no,
                                'subject', s.subject,
                                'after_position', s.after_position,
                                'through_position', s.through_position,
                                'after_id', s.after_id,
                                'through_id', s.through_id,
                                'row_count', s.row_count,
                                'leaf_version', s.leaf_version,
                                'digest', encode(s.digest, 'hex'),
                                'previous_hash', encode(s.previous_hash, 'hex'),
                                'seal_hash', encode(s.seal_hash, 'hex'),
                                'sealed_at', s.sealed_at
                            )
                            order by s.seal_no
                        ),
                        '[]'::jsonb
                    ) as seals
                from public.ledger_seals as s
                where
                    s.seal_no in (
                        select
                            public._seal_over(
                                'ATTESTATIONS', t.ledger_position, t.attestation_id
                            ) as seal_no
                        union distinct
                        select unnest(history.seal_numbers) as seal_no
                    )
            )
        ) as pack
    from public.ingress_attestations as t
    -- An adopted instruction may have been queued under two keys: the first is the one attested.
    left join lateral (
        select
            d.outbox_id,
            d.idempotency_key,
            d.rail_type,
            d.fingerprint,
            d.created_at
        from public.payment_outbox_identities as d
        where d.tenant_id = t.tenant_id and d.instruction_id = t.instruction_id
        order by d.created_at, d.outbox_id
        limit 1
    ) as i on true
    left join public.payment_outbox_pending as p on i.outbox_id = p.outbox_id
    left join public.payment_outbox_outcomes as retired on i.outbox_id = retired.outbox_id
    left join lateral (
        select
            jsonb_agg(
                jsonb_build_object(
                    'attempt_id', a.attempt_id,
                    'attempt_no', a.attempt_no,
                    'state', a.state,
                    'claimed_at', a.claimed_at,
                    'dispatch_started_at', a.dispatch_started_at,
                    'completed_at', a.completed_at,
                    'worker_id', a.worker_id,
                    'closed_by', a.closed_by,
                    'redrive_no', a.redrive_no,
                    'rail_reference', a.rail_reference,
                    'rail_code', a.rail_code,
                    'error_code', a.error_code,
                    'error_message', a.error_message,
                    'latency_ms', a.latency_ms,
                    'chain', jsonb_build_object(
                        'position', a.ledger_position,
                        'leaf', encode(public._attempt_leaf(a), 'hex'),
                        'seal_no', public._seal_over('ATTEMPTS', a.ledger_position, a.attempt_id)
                    )
                )
                order by a.attempt_no
            ) as attempts,
            array_agg(
                public._seal_over('ATTEMPTS', a.ledger_position, a.attempt_id)
            ) as seal_numbers,
            (array_agg(a.state::text order by a.attempt_no desc))[1] as state,
            max(a.sequence_id) as sequence_id
        from public.payment_outbox_attempts as a
        where a.outbox_id = i.outbox_id
    ) as history on true
    where t.tenant_id = p_tenant_id and t.instruction_id = p_instruction_id;
end;
comment on function public.evidence_pack(uuid, text) is
'Attestation, outbox identity, attempts and evidence of one instruction of a tenant, as JSON.';
revoke all on function public.evidence_pack(uuid, text) from public;
grant execute on function public.evidence_pack(uuid, text)
to symphony_control, symphony_ingest, symphony_readonly, symphony_auditor;
