"""What is enqueued: items of so many bytes that do not compress to nothing."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from hashlib import shake_256
from typing import Final

__all__ = ["PAYLOAD_BYTES", "Item", "Spread", "items"]

PAYLOAD_BYTES: Final = 1_024
_PARTICIPANTS: Final = 1_000
_FILL_BYTES: Final = 131_072
_FILL: Final = shake_256(b"ledgerdb bench").hexdigest(_FILL_BYTES // 2)
# A step without a common factor with the length, so that neighbours do not share their filling.
_STEP: Final = 1_031


class Spread(StrEnum):
    """Whose the items are: of many participants, or all of one."""

    SPREAD = "spread"
    HOT = "hot"


@dataclass(frozen=True, slots=True)
class Item:
    """One item.

    Attributes:
        name: unique in the database; instruction and idempotency key are made of it.
        participant: whose sequence it takes a number of.
        payload: a JSON object, as text.
    """

    name: str
    participant: str
    payload: str


def items(
    prefix: str, *, spread: Spread = Spread.SPREAD, payload_bytes: int = PAYLOAD_BYTES
) -> Iterator[Item]:
    """Items without end.

    Args:
        prefix: of the names; unique among those who enqueue into one database.
        spread: whose they are.
        payload_bytes: of each payload, 64 to 65,536.
    """
    for number in itertools.count(1):
        name = f"{prefix}-{number}"
        head = f'{{"amount": "10.00", "name": "{name}", "fill": "'
        start = number * _STEP % (_FILL_BYTES - payload_bytes)
        fill = _FILL[start : start + payload_bytes - len(head) - 2]
        participant = "BANK-HOT" if spread is Spread.HOT else f"BANK-{number % _PARTICIPANTS}"
        yield Item(name, participant, f'{head}{fill}"}}')
