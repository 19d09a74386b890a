"""Work for a worker, and what became of it."""

from __future__ import annotations

from typing import Any

import psycopg

from ledgerdb import Ledger

__all__ = ["enqueue", "states"]


def enqueue(ledger: Ledger, count: int) -> None:
    for number in range(count):
        ledger.enqueue(f"i-{number}", f"p-{number % 3}", "k", "RTGS", '{"amount": "1"}')


def states(connection: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    return connection.execute(
        """select instruction_id, attempt_no, state::text, error_code
        from public.payment_outbox_attempts order by 1, 2"""
    ).fetchall()
