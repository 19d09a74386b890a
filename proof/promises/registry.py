"""The list of promises; a module adds to it with a decorator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from proof.promises.world import World

__all__ = ["PROMISES", "Promise", "promise"]

_Attempt: TypeAlias = Callable[[World], None]


@dataclass(frozen=True, slots=True)
class Promise:
    """One promise.

    Attributes:
        text: what is promised.
        attempt: tries it; raises `Broken`.
        alone: it commits, so it has a database of its own; the others are undone.
    """

    text: str
    attempt: _Attempt
    alone: bool

    @property
    def place(self) -> str:
        """Where it is written."""
        return f"{self.attempt.__module__.rpartition('.')[2]}.{self.attempt.__name__}"


PROMISES: Final[list[Promise]] = []


def promise(text: str, *, alone: bool = False) -> Callable[[_Attempt], _Attempt]:
    """Adds a function to the list."""

    def add(attempt: _Attempt) -> _Attempt:
        PROMISES.append(Promise(text, attempt, alone))
        return attempt

    return add
