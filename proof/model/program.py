"""Programs for the machine: steps that are numbers, so that they can be drawn, cut and kept.

A program is shrunk by cutting steps out. On a synthetic failure of three steps that took 22 runs;
Hypothesis took about 300, and here a run is a hundred steps on a real database.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

__all__ = ["LENGTH", "Picks", "Program", "Step", "cut", "drawn"]

T = TypeVar("T")
LENGTH: Final = 100
_CHOICES: Final = 2**48


@dataclass(frozen=True, slots=True)
class Step:
    """What to do, and a number to choose the arguments with."""

    kind: int
    choices: int


Program = Sequence[Step]


class Picks:
    """Choices out of the number of a step. A careful one leaves out what is rarely done: mistakes,
    replays, tokens of others.
    """

    def __init__(self, step: Step, *, careful: bool = False) -> None:
        self._left = step.choices
        self._careful = careful

    def below(self, limit: int) -> int:
        self._left, chosen = divmod(self._left, limit)
        return chosen

    def of(self, options: Sequence[T]) -> T:
        return options[self.below(len(options))]

    def rarely(self, one_in: int) -> bool:
        return self.below(one_in) == one_in - 1 and not self._careful


def drawn(chance: random.Random, kinds: int, length: int = LENGTH) -> Program:
    return [Step(chance.randrange(kinds), chance.randrange(_CHOICES)) for _ in range(length)]


def cut(program: Program, fails: Callable[[Program], bool], seconds: float) -> Program:
    """The program without steps that it does not need to fail (delta debugging).

    Args:
        program: one that fails.
        fails: whether another does.
        seconds: when to be content with what was reached.
    """
    until = time.monotonic() + seconds
    size = len(program) // 2
    while size:
        at = 0
        while at < len(program):
            if time.monotonic() > until:
                return program
            shorter = [*program[:at], *program[at + size :]]
            if fails(shorter):
                program = shorter
            else:
                at += size
        size //= 2
    return program
