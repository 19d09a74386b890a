"""Programs for the machine: lists of numbers, so that Hypothesis can shrink and keep them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from hypothesis import strategies as st

__all__ = ["LENGTH", "Picks", "Program", "Step", "programs"]

T = TypeVar("T")
LENGTH: Final = 100
_DIGITS: Final = 2**24 - 1  # Hypothesis draws larger ones mostly small


@dataclass(frozen=True, slots=True)
class Step:
    """What to do, and numbers to choose the arguments with."""

    kind: int
    low: int
    high: int


Program = Sequence[Step]


class Picks:
    """Choices out of the numbers of a step. Zeros take the first of everything."""

    def __init__(self, step: Step) -> None:
        self._left = step.low | step.high << 24

    def below(self, limit: int) -> int:
        self._left, chosen = divmod(self._left, limit)
        return chosen

    def of(self, options: Sequence[T]) -> T:
        return options[self.below(len(options))]

    def rarely(self, one_in: int) -> bool:
        return self.below(one_in) == one_in - 1


def programs(kinds: int, length: int = LENGTH) -> st.SearchStrategy[list[Step]]:
    """Programs of one length: kind 0 does nothing, which is what others shrink to."""
    number = st.integers(0, _DIGITS)
    step = st.builds(Step, st.integers(0, kinds - 1), number, number)
    return st.lists(step, min_size=length, max_size=length)
