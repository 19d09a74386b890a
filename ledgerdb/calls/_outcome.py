"""From the outcome of one completion to its typed error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ledgerdb.errors import (
    AttemptAlreadyDone,
    LeaseExpired,
    LeaseLost,
    LeaseStolen,
    LeaseUnknown,
)
from ledgerdb.rows import CompletedAttempt

__all__ = ["recorded"]

_LOST: Final[Mapping[type[LeaseLost], str]] = {
    LeaseExpired: "the lease ran out",
    LeaseStolen: "another lease was issued, or it is another worker's",
    AttemptAlreadyDone: "it has another result, or has ended",
    LeaseUnknown: "no such lease was ever issued here",
}


def recorded(attempt: CompletedAttempt) -> CompletedAttempt:
    """The attempt, if the ledger holds the result.

    Raises:
        LeaseLost: the subclass for the outcome; the result is kept as evidence.
    """
    if attempt.outcome.is_recorded:
        return attempt
    kind = next(kind for kind in _LOST if kind.outcome == attempt.outcome)
    raise kind(f"lease lost for outbox item {attempt.outbox_id}: {_LOST[kind]}", sqlstate="P7002")
