"""A database with work in every state, and what fits its parameters."""

from __future__ import annotations

from typing import Any, Final, LiteralString

import psycopg

__all__ = ["Site"]

TENANT: Final = "0f000000-0000-4000-8000-000000000001"
OTHER: Final = "0f000000-0000-4000-8000-000000000002"
_ENQUEUE: Final = "select public.enqueue_payment_outbox(%s, 'p', %s, 'RTGS', '{\"amount\": 1}')"
_CLAIM: Final = "select outbox_id, lease_token from public.claim_outbox_batch(%s, 'w', 3600)"
_TENANTS: Final[LiteralString] = """
insert into public.tenants (tenant_id, tenant_key, tenant_name, tenant_type)
values (%s, %s, 'n', 'NGO')
"""
_FURNITURE: Final[tuple[LiteralString, ...]] = (
    """insert into public.tenant_clients (tenant_id, client_key, display_name)
    select tenant_id, 'c', 'c' from public.tenants""",
    """insert into public.tenant_members (tenant_id, member_ref, tpin_hash, msisdn_hash)
    select tenant_id, 'm', '\\x00', '\\x00' from public.tenants""",
)
_KNOWN: Final[LiteralString] = """
select 'p_tenant_id', tenant_id::text from public.tenants
union all select 'p_client_id', client_id::text from public.tenant_clients
union all select 'p_member_id', member_id::text from public.tenant_members
union all (select 'p_outbox_id', outbox_id::text from public.payment_outbox_pending
    order by outbox_id desc limit 8)
union all (select 'p_outbox_id', outbox_id::text from public.payment_outbox_attempts
    order by attempt_id desc limit 8)
union all (select 'p_lease_token', lease_token::text from public.payment_outbox_pending
    where lease_token is not null order by outbox_id desc limit 4)
union all (select 'p_instruction_id', instruction_id from public.payment_outbox_attempts
    order by attempt_id desc limit 4)
"""
_LATE: Final[LiteralString] = """
select 'p_late_result_id', late_result_id::text from public.payment_outbox_late_results
order by received_at desc limit 4
"""
# What the names mean, wherever it is called.
_ALWAYS: Final = {
    "p_worker_id": ["w", "reaper"],
    "p_actor": ["ann"],
    "p_reason": ["because"],
    "p_rail_type": ["RTGS", "*"],
    "p_scope": ["QUEUE", "RAIL", "TENANT"],
    "p_scope_key": ["*", "RTGS", TENANT],
    "p_ordering": ["NONE", "FIFO_BLOCK", "FIFO_SKIP"],
    "p_strategy": ["FIXED", "EXPONENTIAL"],
    "p_state": ["DISPATCHED", "FAILED", "RETRYABLE"],
    "p_resolution": ["DISPATCHED", "FAILED", "REQUEUE"],
    "p_instruction_id": ["i", "due", "dead"],
    "p_participant_id": ["p", "q"],
    "p_idempotency_key": ["k", "due", "dead"],
    "p_payload": ["{}", '{"amount": 1}'],
    "p_signatures": ["[]"],
    "p_evidence": ["{}"],
    "p_tenant_type": ["NGO"],
    "p_tenant_key": ["t", "t2"],
    "p_batch_size": ["1", "10"],
    "p_lease_seconds": ["1", "60"],
    "p_limit": ["1", "10"],
    "p_before": ["2000-01-01"],
    "p_latency_ms": ["0", "17"],
    "p_retry_delay_seconds": ["0", "1"],
    "p_factor": ["1", "2"],
    "p_jitter": ["0", "0.5"],
    "p_base_seconds": ["0", "1"],
    "p_max_seconds": ["1", "604800"],
}


class Site:
    """The superuser on it.

    Args:
        connection: in autocommit.
        is_head: whether it is at head, or the reference.
    """

    def __init__(self, connection: psycopg.Connection[Any], *, is_head: bool) -> None:
        self._connection = connection
        self._is_head = is_head
        self._number = 0
        for tenant, key in ((TENANT, "t"), (OTHER, "t2")):
            connection.execute(_TENANTS, [tenant, key])
        for statement in _FURNITURE:
            connection.execute(statement)

    def refresh(self) -> dict[str, list[str]]:
        """New work in every state, whatever became of the old; the values that mean something, by
        the name of a parameter.
        """
        execute = self._connection.execute
        for name in ("due", "dead", "doubt", "lost", "leased"):
            self._number += 1
            execute(_ENQUEUE, [f"{name}{self._number}", name])
        leased = execute(_CLAIM, [4]).fetchall()
        if self._is_head and leased:
            doubt = [[leased[0][0]], [leased[0][1]]]
            execute("select public.begin_outbox_dispatch(%s, %s, 'w')", doubt)
        for outbox_id, token in leased[1:2]:
            execute(
                "select public.complete_outbox_attempt(%s, %s, 'w', 'FAILED')", [outbox_id, token]
            )
        execute(
            """update public.payment_outbox_pending
            set lease_expires_at = clock_timestamp() - interval '1 second'
            where outbox_id = any (%s) and lease_token is not null""",
            [[row[0] for row in leased[:3]]],
        )
        if self._is_head and leased:
            execute(
                """select public.complete_outbox_attempts('w', %s, %s, '{DISPATCHED}', '{R}')""",
                [[leased[0][0]], [leased[0][1]]],
            )
        values = {name: list(found) for name, found in _ALWAYS.items()}
        known = execute(_KNOWN).fetchall() + (execute(_LATE).fetchall() if self._is_head else [])
        for name, value in known:
            values.setdefault(name, []).append(value)
        return values
