"""A payment rail that knows a payment by its key and writes down every request.

Its answer depends on nothing but the key and the number of the attempt, and its books are the log
of what was sent: the first request that it booked under a key is the payment, later ones are told
the same reference. So it needs no lock that a killed worker could hold.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from proof.chaos.history import Journal

__all__ = ["Answer", "Rail", "Reply", "reference_of"]

REFUSED: Final = 0.04
BUSY: Final = 0.10
SILENT: Final = 0.06
LATENCY_SECONDS_MAX: Final = 0.02


class Answer(StrEnum):
    """ACCEPTED: booked. REFUSED: never will be. BUSY: not booked, try again. SILENT: booked, and
    the reply was lost.
    """

    ACCEPTED = "ACCEPTED"
    REFUSED = "REFUSED"
    BUSY = "BUSY"
    SILENT = "SILENT"


@dataclass(frozen=True, slots=True)
class Reply:
    """What the worker hears, after `seconds`; the reference only where it was accepted."""

    answer: Answer
    reference: str | None
    seconds: float


class Rail:
    """The rail, as one worker process reaches it."""

    def __init__(self, folder: Path, who: str) -> None:
        self._log = Journal(folder, f"{who}.rail")

    def pay(self, *, rail_key: str, outbox: str, token: str, number: int, payload: str) -> Reply:
        """Takes a request; who waits for the reply waits outside of it."""
        dice = random.Random(rail_key)
        refused = dice.random() < REFUSED
        dice = random.Random(f"{rail_key}/{number}")
        drawn, seconds = dice.random(), dice.uniform(0, LATENCY_SECONDS_MAX)
        answer = Answer.ACCEPTED
        if refused:
            answer = Answer.REFUSED
        elif drawn < BUSY:
            answer = Answer.BUSY
        elif drawn < BUSY + SILENT:
            answer = Answer.SILENT
        self._log.log(
            "sent",
            token=token,
            outbox=outbox,
            rail_key=rail_key,
            payload=payload,
            booked=answer in (Answer.ACCEPTED, Answer.SILENT),
        )
        accepted = answer is Answer.ACCEPTED
        return Reply(answer, reference_of(rail_key) if accepted else None, seconds)


def reference_of(rail_key: str) -> str:
    """The rail's own name for the payment under a key."""
    return hashlib.sha256(rail_key.encode()).hexdigest()[:16]
