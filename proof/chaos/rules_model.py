"""What a rule is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from proof.chaos.state import State
from proof.chaos.story import Story

__all__ = ["TERMINAL", "Broken", "Rule"]

TERMINAL = frozenset({"DISPATCHED", "FAILED"})


@dataclass(frozen=True, slots=True)
class Broken:
    """What breaks a rule, and when that was promised which turned out not to be so."""

    what: str
    at: float | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """An invariant.

    Attributes:
        name: in the programme.
        says: the invariant in words.
        find: what breaks it, given history, tables and the published SQLSTATEs.
        may_be_lost: asynchronous replication may break it, for what it had not sent yet.
    """

    name: str
    says: str
    find: Callable[[Story, State, frozenset[str]], Iterator[Broken]]
    may_be_lost: bool = False
