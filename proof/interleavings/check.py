"""Plays schedules of many scenarios on one database, the simplest of each first."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from proof.interleavings.chosen import chosen
from proof.interleavings.head import HEAD_WORLD
from proof.interleavings.judge import judge
from proof.interleavings.plan import Scenario
from proof.interleavings.replaced import functions_that_reach, replaced_functions
from proof.interleavings.scenarios import inside_functions, statements
from proof.interleavings.search import Search
from proof.interleavings.stage import Stage
from proof.interleavings.trace import Trace
from proof.interleavings.world import CEILING, World

__all__ = ["Finding", "Tally", "check_interleavings", "explore"]

_SECONDS: Final = 20.0
# How far a check looks into one scenario before it goes on to the next.
_DEPTH: Final = 2
_SHALLOW: Final = 40


@dataclass(frozen=True, slots=True)
class Finding:
    """A schedule that broke promises."""

    scenario: Scenario
    schedule: tuple[int, ...]
    places: tuple[str, ...]
    broken: tuple[str, ...]

    @classmethod
    def of(cls, trace: Trace, broken: Sequence[str]) -> Finding:
        places = tuple(f"{choice.taken} {choice.place}" for choice in trace.choices)
        return cls(trace.scenario, trace.schedule, places, tuple(broken))

    def __str__(self) -> str:
        return f"{self.scenario.name} [{' '.join(map(str, self.schedule))}] {self.broken[0]}"


@dataclass(slots=True)
class Tally:
    """What was played.

    Attributes:
        played: schedules.
        infeasible: orders of steps that no client could send: a session was blocked.
        exhausted: scenarios of which every schedule was played.
        bounds: for each scenario that was not exhausted, below how many preemptions it was.
        findings: at most one per scenario.
    """

    played: int = 0
    infeasible: int = 0
    exhausted: int = 0
    bounds: dict[int, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        self.played += other.played
        self.infeasible += other.infeasible
        self.exhausted += other.exhausted
        for bound, count in other.bounds.items():
            self.bounds[bound] = self.bounds.get(bound, 0) + count
        self.findings += other.findings


def explore(
    stage: Stage,
    scenarios: Iterable[Scenario],
    rng: random.Random,
    goes_on: Callable[[Tally], bool],
) -> Tally:
    """All schedules without a preemption of every scenario, then those with one, and so on.

    Args:
        stage: where they are played.
        scenarios: in the order in which they are begun.
        rng: chooses among the schedules of one scenario.
        goes_on: asked before each schedule.
    """
    tally = Tally()
    searches = [Search(partial(stage.play, scenario), rng) for scenario in scenarios]
    bound = 0
    while searches and goes_on(tally):
        for search in searches:
            while search.bound == bound and goes_on(tally):
                trace = search.step()
                tally.played += 1
                if broken := judge(trace, CEILING):
                    tally.findings.append(Finding.of(trace, broken))
                    search.abandon()
        for search in searches:
            if search.bound is None and not search.is_abandoned:
                tally.exhausted += 1
                tally.infeasible += search.infeasible
        searches = [search for search in searches if search.bound is not None]
        bound += 1
    for search in searches:
        reached = search.bound or 0
        tally.bounds[reached] = tally.bounds.get(reached, 0) + 1
    return tally


def check_interleavings(
    url: str, *, seconds: float = _SECONDS, seed: int = 1, world: World = HEAD_WORLD
) -> list[str]:
    """What interleavings of a database's functions break, up to the first finding.

    Args:
        url: of a database at head, perhaps with broken functions, as the superuser. It gets a
            clock and gates, and is of no other use afterwards.
        seconds: to look.
        seed: of the order beyond the chosen cases, which come first.
        world: of its revision.

    Returns:
        The finding with its scenario and schedule; nothing where everything held.
    """
    rng = random.Random(seed)
    scenarios = _telling_first(world, functions_that_reach(replaced_functions(url)), rng)
    world.prepare(url)
    deadline = time.monotonic() + seconds
    with Stage(url, world) as stage:
        for scenario in scenarios:
            search = Search(partial(stage.play, scenario), rng)
            while search.goes_on(bound=_DEPTH, played=_SHALLOW):
                if time.monotonic() > deadline:
                    return []
                trace = search.step()
                if broken := judge(trace, CEILING):
                    return [str(Finding.of(trace, broken))]
    return []


def _telling_first(world: World, reaching: frozenset[str], rng: random.Random) -> list[Scenario]:
    """Those first in which most sessions run into a replaced function; chosen cases before all."""

    def share(scenario: Scenario) -> float:
        hits = [
            any(world.calls[call].function in reaching for call in program.calls)
            for program in scenario.programs
        ]
        return sum(hits) / len(hits)

    cases = list(chosen())
    others = [*inside_functions(world), *statements(world)]
    rng.shuffle(others)
    telling = [case for case in cases if share(case) > 0]
    rest = sorted((*cases, *others), key=share, reverse=True)
    return [*dict.fromkeys((*telling, *rest))]
