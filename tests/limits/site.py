"""A database with an item in every state, and a valid call of every function."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import psycopg

from proof.limits import Row
from tests.sql.operations import Operator, dead_letter, in_doubt
from tests.sql.queue import Queue

__all__ = ["Site"]

_REGISTER = "select * from public.register_tenant(%s, %s, %s, 'NGO')"
_CLIENT = """insert into public.tenant_clients (tenant_id, client_key, display_name)
values (%s, 'c', 'c') returning client_id"""
_MEMBER = """insert into public.tenant_members (tenant_id, member_ref, tpin_hash, msisdn_hash)
values (%s, 'm', '\\x00', '\\x00') returning member_id"""


class Site:
    """Where the calls are made. Nothing that a call does is kept, unless it should not have been
    allowed.
    """

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        queue = Queue(connection)
        self.queue = queue
        self.connection = connection
        self.tenant_id, self.other_tenant_id = uuid4(), uuid4()
        queue.rows(_REGISTER, self.tenant_id, "t1", "t1")
        queue.rows(_REGISTER, self.other_tenant_id, "t2", "t2")
        self.client_id: UUID = queue.value(_CLIENT, self.tenant_id)
        self.member_id: UUID = queue.value(_MEMBER, self.tenant_id)
        self.other_member_id: UUID = queue.value(_MEMBER, self.other_tenant_id)
        self.dead_id = dead_letter(queue, "dead")
        self.doubt_id, doubt = in_doubt(queue, "doubt")
        queue.complete([doubt], "DISPATCHED", reference="R")  # too late: evidence
        self.late_result_id: UUID = queue.value(
            "select late_result_id from public.payment_outbox_late_results"
        )
        self.leased_id = queue.enqueue("leased")
        (self.leased,) = queue.claim(lease_seconds=3600)
        self.due_id = queue.enqueue("due")
        self.operator = Operator(queue)
        self.calls = self._calls()

    def value(self, row: Row, given: object) -> object:
        """What a valid call of the row's function gives, with another value for the parameter."""
        return {**self.calls[row.function], row.parameter: given}

    def _calls(self) -> dict[str, dict[str, Any]]:
        who = {"p_actor": "ann", "p_reason": "because"}
        item = {
            "p_instruction_id": "i",
            "p_participant_id": "p",
            "p_idempotency_key": "k",
            "p_rail_type": "RTGS",
            "p_payload": "{}",
        }
        items = {
            **{name + "s": [value] for name, value in item.items() if name != "p_idempotency_key"},
            "p_idempotency_keys": ["k"],
        }
        claim = {"p_batch_size": 1, "p_worker_id": "w", "p_lease_seconds": 60}
        leases = {
            "p_outbox_ids": [self.leased_id],
            "p_lease_tokens": [self.leased.lease_token],
            "p_worker_id": "w",
        }
        scope = {"p_scope": "RAIL", "p_scope_key": "RTGS"}
        return {
            "register_tenant": {
                "p_tenant_id": uuid4(),
                "p_tenant_key": "k",
                "p_tenant_name": "n",
                "p_tenant_type": "NGO",
            },
            "ingest_instruction": {"p_tenant_id": self.tenant_id, **item},
            "ingest_traced_instruction": {"p_tenant_id": self.tenant_id, **item},
            "ingest_instructions": {"p_tenant_ids": [self.tenant_id], **items},
            "enqueue_outbox_items": items,
            "enqueue_payment_outbox": item,
            "instruction_status": {"p_tenant_id": self.tenant_id, "p_instruction_id": "i"},
            "evidence_pack": {"p_tenant_id": self.tenant_id, "p_instruction_id": "i"},
            "claim_outbox_items": claim,
            "claim_traced_items": claim,
            "claim_outbox_batch": claim,
            "begin_outbox_dispatch": leases,
            "extend_outbox_leases": {**leases, "p_lease_seconds": 60},
            "release_outbox_leases": leases,
            "complete_outbox_attempts": {**leases, "p_states": ["RETRYABLE"]},
            "complete_outbox_attempt": {
                "p_outbox_id": self.leased_id,
                "p_lease_token": self.leased.lease_token,
                "p_worker_id": "w",
                "p_state": "RETRYABLE",
            },
            "repair_expired_leases": {"p_batch_size": 1, "p_worker_id": "w"},
            "set_outbox_control": {
                **scope,
                "p_paused": None,
                "p_ordering": None,
                "p_fair": None,
                "p_notify_workers": None,
                **who,
            },
            "pause_outbox": {**scope, **who},
            "resume_outbox": {**scope, **who},
            "set_retry_policy": {
                "p_rail_type": "RTGS",
                "p_strategy": "EXPONENTIAL",
                "p_base_seconds": 1,
                "p_factor": 2,
                "p_max_seconds": 604_800,
                "p_jitter": 0,
                **who,
            },
            "number_participant_monotonically": {"p_participant_id": "p", **who},
            "record_manual_attempt": {
                "p_outbox_id": self.due_id,
                "p_state": "RETRYABLE",
                "p_rail_reference": None,
                "p_rail_code": None,
                "p_error_code": None,
                "p_error_message": None,
                **who,
            },
            "cancel_outbox_item": {"p_outbox_id": self.due_id, **who},
            "resolve_outbox_item": {
                "p_outbox_id": self.doubt_id,
                "p_resolution": "DISPATCHED",
                "p_rail_reference": "R",
                **who,
            },
            "list_dead_letters": {},
            "redrive_dead_letters": {"p_outbox_ids": [self.dead_id], **who},
            "inspect_outbox_item": {"p_outbox_id": self.due_id},
            "outbox_breakdown": {"p_by": "RAIL"},
            "outbox_activity": {"p_minutes": 60, "p_bucket_seconds": 60},
            "list_outbox_items": {},
            "find_outbox_items": {"p_instruction_id": "due"},
            "bump_participant_outbox_seq": {"p_participant_id": "p"},
            "retention_plan": {"p_before": "2000-01-01"},
            "retire_history": {"p_before": "2000-01-01", "p_limit": 1, **who},
            "seal_ledger": {"p_limit": 1},
        }
