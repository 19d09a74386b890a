-- Every object of ledgerdb belongs to symphony_owner; what other applications have stays theirs. A
-- later revision that creates an object hands it over in a script like this; `create or replace`
-- keeps the owner. A test compares the list with the catalog.
-- Locks: ACCESS EXCLUSIVE on every table of ledgerdb, taken at once and first, for changes of the
-- catalog only.
set local lock_timeout = '2s';
lock table
public.payment_outbox_pending,
public.payment_outbox_attempts,
public.payment_outbox_identities,
public.ingress_attestations,
public.ledger_retention_runs,
public.ledger_retired_leaves,
public.ledger_seal_horizon,
public.ledger_seals,
public.ledgerdb_alembic_version,
public.outbox_controls,
public.outbox_counter_drift_report,
public.outbox_retry_policies,
public.participant_outbox_sequences,
public.payment_outbox_late_results,
public.payment_outbox_operator_actions,
public.payment_outbox_outcomes,
public.policy_versions,
public.revoked_client_certs,
public.revoked_tokens,
public.tenant_clients,
public.tenant_members,
public.tenants
in access exclusive mode;

-- The new owner must be able to create in the schema for as long as it is made the owner.
grant create on schema public to symphony_owner;

alter table public.payment_outbox_pending owner to symphony_owner;
alter table public.payment_outbox_attempts owner to symphony_owner;
alter table public.payment_outbox_identities owner to symphony_owner;
alter table public.ingress_attestations owner to symphony_owner;
alter table public.ledger_retention_runs owner to symphony_owner;
alter table public.ledger_retired_leaves owner to symphony_owner;
alter table public.ledger_seal_horizon owner to symphony_owner;
alter table public.ledger_seals owner to symphony_owner;
alter table public.ledgerdb_alembic_version owner to symphony_owner;
alter table public.outbox_controls owner to symphony_owner;
alter table public.outbox_counter_drift_report owner to symphony_owner;
alter table public.outbox_retry_policies owner to symphony_owner;
alter table public.participant_outbox_sequences owner to symphony_owner;
alter table public.payment_outbox_late_results owner to symphony_owner;
alter table public.payment_outbox_operator_actions owner to symphony_owner;
alter table public.payment_outbox_outcomes owner to symphony_owner;
alter table public.policy_versions owner to symphony_owner;
alter table public.revoked_client_certs owner to symphony_owner;
alter table public.revoked_tokens owner to symphony_owner;
alter table public.tenant_clients owner to symphony_owner;
alter table public.tenant_members owner to symphony_owner;
alter table public.tenants owner to symphony_owner;

alter sequence public.ledger_positions owner to symphony_owner;
alter sequence public.outbox_due_mark owner to symphony_owner;
alter sequence public.outbox_due_sweep owner to symphony_owner;
alter sequence public.outbox_notify_clock owner to symphony_owner;

alter view public.ledger_leaves owner to symphony_owner;
alter view public.payment_outbox_blocked_heads owner to symphony_owner;
alter view public.payment_outbox_controls owner to symphony_owner;
alter view public.payment_outbox_dead_letters owner to symphony_owner;
alter view public.payment_outbox_history owner to symphony_owner;
alter view public.payment_outbox_in_doubt owner to symphony_owner;
alter view public.payment_outbox_late_evidence owner to symphony_owner;
alter view public.payment_outbox_queue owner to symphony_owner;
alter view public.payment_outbox_retry_policies owner to symphony_owner;

alter type public.outbox_attempt_state owner to symphony_owner;
alter type public.policy_version_status owner to symphony_owner;

alter function public._advance_participants owner to symphony_owner;
alter function public._append_seal owner to symphony_owner;
alter function public._attempt_leaf owner to symphony_owner;
alter function public._attempts_digest owner to symphony_owner;
alter function public._attempts_sealed owner to symphony_owner;
alter function public._attestation_leaf owner to symphony_owner;
alter function public._change_outbox_control owner to symphony_owner;
alter function public._close_expired_leases owner to symphony_owner;
alter function public._database_setting owner to symphony_owner;
alter function public._due_items owner to symphony_owner;
alter function public._due_items_fairly owner to symphony_owner;
alter function public._enqueue_outbox_item owner to symphony_owner;
alter function public._enqueue_outbox_items owner to symphony_owner;
alter function public._hold_items_behind owner to symphony_owner;
alter function public._hold_paused_items owner to symphony_owner;
alter function public._in_scope owner to symphony_owner;
alter function public._is_bound_to owner to symphony_owner;
alter function public._is_identifier owner to symphony_owner;
alter function public._judge_late_results owner to symphony_owner;
alter function public._judge_redrive owner to symphony_owner;
alter function public._lock_item_for_operator owner to symphony_owner;
alter function public._lock_leases owner to symphony_owner;
alter function public._may_be_passed owner to symphony_owner;
alter function public._ordered_by_participant owner to symphony_owner;
alter function public._outbox_fingerprint owner to symphony_owner;
alter function public._outcome_of owner to symphony_owner;
alter function public._payment_fingerprint owner to symphony_owner;
alter function public._rail_key owner to symphony_owner;
alter function public._record_by_operator owner to symphony_owner;
alter function public._release_paused_items owner to symphony_owner;
alter function public._release_stale_holds owner to symphony_owner;
alter function public._require_horizon owner to symphony_owner;
alter function public._require_leases owner to symphony_owner;
alter function public._require_operator owner to symphony_owner;
alter function public._require_scope owner to symphony_owner;
alter function public._require_text owner to symphony_owner;
alter function public._require_texts owner to symphony_owner;
alter function public._retention_days_min owner to symphony_owner;
alter function public._retention_verdicts owner to symphony_owner;
alter function public._retry_delay owner to symphony_owner;
alter function public.adopt_queued_item owner to symphony_owner;
alter function public.adopt_recorded_attempt owner to symphony_owner;
alter function public.begin_outbox_dispatch owner to symphony_owner;
alter function public.bump_participant_outbox_seq owner to symphony_owner;
alter function public.cancel_outbox_item owner to symphony_owner;
alter function public.claim_outbox_batch owner to symphony_owner;
alter function public.claim_outbox_items owner to symphony_owner;
alter function public.complete_outbox_attempt owner to symphony_owner;
alter function public.complete_outbox_attempts owner to symphony_owner;
alter function public.deny_ingress_attestations_mutation owner to symphony_owner;
alter function public.deny_late_results_mutation owner to symphony_owner;
alter function public.deny_operator_actions_mutation owner to symphony_owner;
alter function public.deny_outbox_attempts_mutation owner to symphony_owner;
alter function public.deny_outbox_identities_mutation owner to symphony_owner;
alter function public.deny_retention_mutation owner to symphony_owner;
alter function public.deny_revocation_mutation owner to symphony_owner;
alter function public.deny_seal_mutation owner to symphony_owner;
alter function public.enforce_member_tenant_match owner to symphony_owner;
alter function public.enqueue_outbox_items owner to symphony_owner;
alter function public.enqueue_payment_outbox owner to symphony_owner;
alter function public.evidence_pack owner to symphony_owner;
alter function public.extend_outbox_leases owner to symphony_owner;
alter function public.follow_edited_item owner to symphony_owner;
alter function public.ingest_instruction owner to symphony_owner;
alter function public.ingest_instructions owner to symphony_owner;
alter function public.inspect_outbox_item owner to symphony_owner;
alter function public.instruction_status owner to symphony_owner;
alter function public.list_dead_letters owner to symphony_owner;
alter function public.notify_outbox owner to symphony_owner;
alter function public.outbox_backlog owner to symphony_owner;
alter function public.outbox_counter_drift owner to symphony_owner;
alter function public.outbox_retry_ceiling owner to symphony_owner;
alter function public.pause_outbox owner to symphony_owner;
alter function public.record_manual_attempt owner to symphony_owner;
alter function public.redrive_dead_letters owner to symphony_owner;
alter function public.register_tenant owner to symphony_owner;
alter function public.release_outbox_leases owner to symphony_owner;
alter function public.repair_expired_leases owner to symphony_owner;
alter function public.resolve_outbox_item owner to symphony_owner;
alter function public.resume_outbox owner to symphony_owner;
alter function public.retention_plan owner to symphony_owner;
alter function public.retire_history owner to symphony_owner;
alter function public.seal_ledger owner to symphony_owner;
alter function public.set_outbox_control owner to symphony_owner;
alter function public.set_retry_policy owner to symphony_owner;
alter function public.uuid_strategy owner to symphony_owner;
alter function public.uuid_v7_or_random owner to symphony_owner;

revoke create on schema public from symphony_owner;
