"""What becomes of a payment that the simulated rail receives: pure functions of the seed, the key
and the attempt, the same on every machine.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

__all__ = ["TIMEOUT_EXTRA", "Fate", "Reply", "ReplyKind", "fate_of", "reference_of"]

# Seconds.
LATENCY_MIN: Final = 0.000_05
LATENCY_MAX: Final = 0.003
TIMEOUT_EXTRA: Final = 0.002

# Of the attempts that do not succeed: 60 % BUSY, 15 % REJECTED, 25 % TIMEOUT.
_BUSY_BELOW: Final = 0.60
_REJECTED_BELOW: Final = 0.75
_BOOKED_BEFORE_TIMEOUT: Final = 0.5

# ISO 20022 external status reason codes.
_REASONS: Final = (
    ("AC04", "account of the creditor is closed"),
    ("AC06", "account of the creditor is blocked"),
    ("AG01", "transaction is forbidden on this type of account"),
    ("AM04", "funds of the debtor are insufficient"),
    ("BE04", "address of the creditor is missing"),
    ("RR04", "regulatory reason"),
)


class ReplyKind(StrEnum):
    """How an attempt ended, as its sender sees it."""

    ACCEPTED = "ACCEPTED"
    BUSY = "BUSY"
    REJECTED = "REJECTED"
    TIMEOUT = "TIMEOUT"


@dataclass(frozen=True, slots=True)
class Reply:
    """The rail's answer to one request.

    Attributes:
        kind: BUSY asks to try again, REJECTED is final, TIMEOUT says nothing about the payment.
        code: ACSC for ACCEPTED, a reason code of ISO 20022 for REJECTED, else the kind.
        reference: the rail's name of the payment; only ACCEPTED has one.
    """

    kind: ReplyKind
    code: str
    message: str
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Fate:
    """What an attempt comes to, if its key is not in the books; `latency` in seconds."""

    reply: Reply
    latency: float
    books: bool = False


def fate_of(seed: int, fail_rate: float, key: str, attempt_no: int) -> Fate:
    """Rolls the dice for one attempt."""
    success, failure, detail, wait = _dice(seed, key, attempt_no)
    # Most replies are fast and a few are slow.
    latency = LATENCY_MIN + (LATENCY_MAX - LATENCY_MIN) * wait**40
    if success >= fail_rate:
        reply = Reply(ReplyKind.ACCEPTED, "ACSC", "settled", reference_of(key))
        return Fate(reply, latency, books=True)
    if failure < _BUSY_BELOW:
        return Fate(Reply(ReplyKind.BUSY, "BUSY", "try again later"), latency)
    if failure < _REJECTED_BELOW:
        code, message = _REASONS[int(detail * len(_REASONS))]
        return Fate(Reply(ReplyKind.REJECTED, code, message), latency)
    reply = Reply(ReplyKind.TIMEOUT, "TIMEOUT", "no reply in time")
    return Fate(reply, latency, books=detail < _BOOKED_BEFORE_TIMEOUT)


def _dice(seed: int, key: str, attempt_no: int) -> tuple[float, ...]:
    """Four numbers from 0 to below 1, the same for the same arguments on every machine."""
    digest = hashlib.sha256(f"{seed}/{attempt_no}/{key}".encode()).digest()
    return tuple((word >> 11) / 2**53 for word in struct.unpack(">4Q", digest))


def reference_of(key: str) -> str:
    """The rail's name of a payment."""
    return f"RAIL-{hashlib.sha256(key.encode()).hexdigest()[:24].upper()}"
