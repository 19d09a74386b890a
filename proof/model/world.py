"""What a move is, and what callers know who make one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from proof.model.calls import Call
from proof.model.program import Picks
from proof.model.state import State

__all__ = [
    "BAD_TEXTS",
    "PARTICIPANTS",
    "PAYLOADS",
    "RAILS",
    "STRANGER",
    "TENANTS",
    "WORKERS",
    "Apply",
    "Move",
    "Row",
    "World",
    "few",
    "some_worker",
]

Row = tuple[Any, ...]
Apply = Callable[[State, list[Row]], list[Row]]

TENANTS: Final = tuple(UUID(int=0x7E0000 + n) for n in range(3))
STRANGER: Final = UUID(int=0x57A)
PARTICIPANTS: Final = ("alice", "bob", "carol")
RAILS: Final = ("ACH", "SEPA")
PAYLOADS: Final = ('{"amount": 10}', '{"amount": 11}', '{"amount":10}')
WORKERS: Final = ("w1", "w2", "w3")
BAD_TEXTS: Final = ("", " x", "a\tb", "x" * 201)


@dataclass(frozen=True, slots=True)
class Move:
    """A call, what the model makes of it, and how far the order of its rows is promised."""

    call: Call
    apply: Apply
    ordered: bool = True
    raw_only: bool = False


@dataclass(slots=True)
class World:
    """What callers know: every token ever seen, also of transactions that were rolled back."""

    state: State
    tokens: list[tuple[UUID, UUID, str]] = field(default_factory=list)
    late_ids: Callable[[], list[tuple[UUID, UUID, UUID, str, str | None]]] = list


def few(p: Picks, most: int = 3) -> int:
    return 0 if p.rarely(30) else p.of((1, 2, most))


def some_worker(p: Picks) -> str:
    return p.of(BAD_TEXTS) if p.rarely(40) else p.of(WORKERS)
