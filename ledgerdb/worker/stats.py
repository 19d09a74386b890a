"""What a worker counts, and how it names an item in its log."""

from __future__ import annotations

from dataclasses import dataclass

from ledgerdb.rows import ClaimedItem

__all__ = ["WorkerStats", "describe"]


@dataclass(slots=True)
class WorkerStats:
    """What a worker did so far.

    Attributes:
        claimed: leases taken.
        dispatched: attempts completed as DISPATCHED.
        retried: attempts completed as RETRYABLE.
        failed: attempts completed as FAILED, by the handler or at the retry ceiling.
        late: results that came after the lease was over; the database keeps them as evidence.
        lost: results that the database refused, or that were not recorded before the worker had to
            end; each one is logged with what the rail said.
        skipped: items whose lease was over before their dispatch could be declared.
        unknown: items of which nobody knows whether the rail took them; left to their leases.
        released: items given back unstarted.
        extended: how often a lease was extended.
        repaired: abandoned leases of any worker that this one closed.
        sealed: attempts and attestations that it sealed.
    """

    claimed: int = 0
    dispatched: int = 0
    retried: int = 0
    failed: int = 0
    late: int = 0
    lost: int = 0
    skipped: int = 0
    unknown: int = 0
    released: int = 0
    extended: int = 0
    repaired: int = 0
    sealed: int = 0


def describe(item: ClaimedItem) -> str:
    """An item in a log line: names for people and for queries, never the payload or the token."""
    return f"instruction {item.instruction_id} (outbox item {item.outbox_id})"
