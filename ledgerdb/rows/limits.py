"""Limits that the SQL functions hold, and the words they use. Every unit is in the name.

`docs/limits.md` says which parameter has which limit; a test compares the two.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

__all__ = [
    "ACTIVITY_MINUTES_MAX",
    "BATCH_SIZE_MAX",
    "BUCKET_SECONDS_MAX",
    "CODE_CHARS_MAX",
    "EVIDENCE_BYTES_MAX",
    "IDENTIFIER_CHARS_MAX",
    "INGEST_ITEMS_MAX",
    "LEASE_SECONDS_MAX",
    "MESSAGE_CHARS_MAX",
    "PAYLOAD_BYTES_MAX",
    "RAIL_REFERENCE_CHARS_MAX",
    "REASON_CHARS_MAX",
    "REFERENCE_CHARS_MAX",
    "RETRY_DELAY_SECONDS_MAX",
    "AttemptState",
    "CompletionOutcome",
    "EnqueueOutcome",
    "TenantType",
]

IDENTIFIER_CHARS_MAX: Final = 200
REFERENCE_CHARS_MAX: Final = 500
PAYLOAD_BYTES_MAX: Final = 1_048_576
EVIDENCE_BYTES_MAX: Final = 65_536
BATCH_SIZE_MAX: Final = 10_000
INGEST_ITEMS_MAX: Final = 50_000
LEASE_SECONDS_MAX: Final = 86_400
RETRY_DELAY_SECONDS_MAX: Final = 604_800
RAIL_REFERENCE_CHARS_MAX: Final = 500
CODE_CHARS_MAX: Final = 100
MESSAGE_CHARS_MAX: Final = 2_000
REASON_CHARS_MAX: Final = 1_000
ACTIVITY_MINUTES_MAX: Final = 1_440
BUCKET_SECONDS_MAX: Final = 86_400


class AttemptState(StrEnum):
    """Type `outbox_attempt_state`; DISPATCHED and FAILED are terminal."""

    DISPATCHING = "DISPATCHING"
    DISPATCHED = "DISPATCHED"
    RETRYABLE = "RETRYABLE"
    FAILED = "FAILED"
    ZOMBIE_REQUEUE = "ZOMBIE_REQUEUE"

    @property
    def is_terminal(self) -> bool:
        """True where no further attempt follows."""
        return self in (AttemptState.DISPATCHED, AttemptState.FAILED)


class EnqueueOutcome(StrEnum):
    """What became of one item of a batch that was ingested or enqueued."""

    ACCEPTED = "ACCEPTED"
    REPLAYED = "REPLAYED"
    CONFLICT = "CONFLICT"


class CompletionOutcome(StrEnum):
    """What became of one result that a worker reported.

    RECORDED: the attempt is in the ledger now. REPLAYED: it was there before, by the same token.
    The others are late: kept as evidence, and not counted as attempts. EXPIRED: the lease ran out,
    and nobody else has the item. STOLEN: it ran out and another was issued, or it is another
    worker's. ALREADY_DONE: the attempt was completed with another result, or the item has ended.
    UNKNOWN: no such lease was ever issued here.
    """

    RECORDED = "RECORDED"
    REPLAYED = "REPLAYED"
    EXPIRED = "EXPIRED"
    STOLEN = "STOLEN"
    ALREADY_DONE = "ALREADY_DONE"
    UNKNOWN = "UNKNOWN"

    @property
    def is_recorded(self) -> bool:
        """True where the ledger holds the result as the attempt of this lease."""
        return self in (CompletionOutcome.RECORDED, CompletionOutcome.REPLAYED)


class TenantType(StrEnum):
    """Kinds of organisation that `tenants.tenant_type` allows."""

    NGO = "NGO"
    COOPERATIVE = "COOPERATIVE"
    GOVERNMENT = "GOVERNMENT"
    COMMERCIAL = "COMMERCIAL"
