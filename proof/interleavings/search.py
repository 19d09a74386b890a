"""Which schedules of a scenario are played, and in which order.

Stateless search with iterative context bounding (Musuvathi and Qadeer, PLDI 2007): every schedule
without a preemption first, then every one with a single preemption, and so on. So a violation is
first met in one of its simplest schedules, and a search that had to stop early has still seen all
schedules of the fewer preemptions. Each schedule is played once.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Callable, Sequence

from proof.interleavings.trace import Choice, Trace

__all__ = ["Search", "infeasible"]

Prefix = tuple[int, ...]


class Search:
    """The schedules of one scenario that are still to be played.

    Args:
        play: plays one schedule: a prefix, and what follows without preemption.
        rng: chooses among those of equally many preemptions.
    """

    def __init__(self, play: Callable[[Prefix], Trace], rng: random.Random) -> None:
        self._play = play
        self._rng = rng
        self._to_play: defaultdict[int, list[Prefix]] = defaultdict(list, {0: [()]})
        self.played = 0
        self.infeasible = 0
        self.is_abandoned = False

    @property
    def bound(self) -> int | None:
        """The fewest preemptions of a schedule that is not played yet; None when all are."""
        return min((cost for cost, prefixes in self._to_play.items() if prefixes), default=None)

    def goes_on(self, *, bound: int, played: int) -> bool:
        """Schedules of so many preemptions are left, and fewer than so many were played."""
        return self.bound is not None and self.bound <= bound and self.played < played

    def abandon(self) -> None:
        """Plays no more of it."""
        self.is_abandoned = True
        self._to_play.clear()

    def step(self) -> Trace:
        """Plays the next schedule."""
        bound = self.bound
        if bound is None:
            raise StopIteration
        prefixes = self._to_play[bound]
        at = self._rng.randrange(len(prefixes))
        prefixes[at], prefixes[-1] = prefixes[-1], prefixes[at]
        prefix = prefixes.pop()
        trace = self._play(prefix)
        self.played += 1
        taken = trace.schedule
        cost = 0
        for at, choice in enumerate(trace.choices):
            last = taken[at - 1] if at else 0
            if at >= len(prefix):
                self.infeasible += infeasible(choice)
                for other in choice.able:
                    if other != choice.taken:
                        more = last in choice.able and other != last
                        self._to_play[cost + more].append((*taken[:at], other))
            cost += last in choice.able and choice.taken != last
        return trace


def infeasible(choice: Choice) -> int:
    """How many orders of the steps begin here with the next step of a session that is blocked.

    isolationtester calls them invalid permutations: no client could send them.
    """
    return sum(
        _orders([left - (actor == blocked) for actor, left in enumerate(choice.left, 1)])
        for blocked in choice.blocked
    )


def _orders(steps: Sequence[int]) -> int:
    return math.factorial(sum(steps)) // math.prod(math.factorial(count) for count in steps)
