"""What a sealer gets back."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["SealOutcome", "SealedBatch"]


class SealOutcome(StrEnum):
    """What is left to seal.

    DONE: nothing. MORE: the limit was reached, call again. WAITING: transactions that took
    positions may still be running, call again later. BUSY: another sealer is at work.
    """

    DONE = "DONE"
    MORE = "MORE"
    WAITING = "WAITING"
    BUSY = "BUSY"


@dataclass(frozen=True, slots=True)
class SealedBatch:
    """Row of `seal_ledger`: what one call sealed.

    Attributes:
        attempts: rows of the attempts, as `attestations` of the attestations.
        last_seal_no: the number of the newest seal; None where there is none, or another sealer
            is at work.
    """

    outcome: SealOutcome
    seals: int
    attempts: int
    attestations: int
    last_seal_no: int | None
