"""How much is tried: fixed sizes and a fixed seed, so that two runs try the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["FULL", "QUICK", "Sizes"]


@dataclass(frozen=True, slots=True)
class Sizes:
    """Of one run.

    Attributes:
        items: of the collision test.
        workers: connections that claim and complete them at once.
        repairers: connections that close leases meanwhile.
        rounds: that measure the cost; one before them is thrown away, one after them counts pages.
        completions: prior attempts of an item -> completions that one round measures there.
    """

    seed: int
    items: int
    workers: int
    repairers: int
    rounds: int
    completions: Mapping[int, int]


FULL: Final = Sizes(
    seed=20_260_101,
    items=600,
    workers=6,
    repairers=2,
    rounds=51,
    completions={1: 30, 10: 30, 100: 30, 1_000: 10, 10_000: 5},
)
QUICK: Final = Sizes(
    seed=20_260_101,
    items=60,
    workers=4,
    repairers=2,
    rounds=3,
    completions={1: 10, 10: 10, 100: 10, 1_000: 2, 10_000: 1},
)
