"""A queue with a few items, looked at from outside."""

from __future__ import annotations

from typing import Any

import psycopg

from ledgerdb import calls
from ledgerdb.calls import Call
from ledgerdb.rows import AttemptState

DISPATCHED, FAILED, RETRYABLE = (
    AttemptState.DISPATCHED,
    AttemptState.FAILED,
    AttemptState.RETRYABLE,
)


def enqueue(number: int = 1, payload: str = '{"amount": 10.10}') -> Call[Any]:
    return calls.enqueue(f"i-{number}", "participant", f"k-{number}", "RTGS", payload)


def expire(connection: psycopg.Connection[Any]) -> None:
    connection.execute(
        """update public.payment_outbox_pending set lease_expires_at = now() - interval '1 s'
        where lease_token is not null"""
    )


def attempts(connection: psycopg.Connection[Any]) -> list[tuple[int, str, str | None]]:
    return connection.execute(
        """select attempt_no, state::text, error_code from public.payment_outbox_attempts
        order by outbox_id, attempt_no"""
    ).fetchall()


def evidence(connection: psycopg.Connection[Any]) -> list[tuple[str, str, str, str | None]]:
    """Late results: worker, state, outcome, reference."""
    return connection.execute(
        """select worker_id, state::text, outcome, rail_reference
        from public.payment_outbox_late_results order by late_result_id"""
    ).fetchall()
