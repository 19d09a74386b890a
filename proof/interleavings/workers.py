"""Shares the scenarios among processes, each with a database of its own."""

from __future__ import annotations

import multiprocessing
import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from proof.ground import BASELINE, Ground, replacements
from proof.interleavings.check import Tally, explore
from proof.interleavings.head import HEAD_WORLD
from proof.interleavings.judge import judge
from proof.interleavings.plan import Scenario
from proof.interleavings.reference import REFERENCE_WORLD, known_defect, reference_scenarios
from proof.interleavings.scenarios import inside_functions, statements
from proof.interleavings.search import Search
from proof.interleavings.stage import Stage
from proof.interleavings.world import CEILING

__all__ = ["Outcome", "explore_head", "explore_reference"]

_FINDINGS_MAX: Final = 5
_REFERENCE_SCHEDULES_MAX: Final = 120


@dataclass(slots=True)
class Outcome:
    """Of all processes together."""

    statements: Tally = field(default_factory=Tally)
    inside: Tally = field(default_factory=Tally)
    scenarios: int = 0


@dataclass(frozen=True, slots=True)
class _Share:
    url: str
    scenarios: tuple[Scenario, ...]
    least: int
    seed: int


def explore_head(
    ground: Ground,
    *,
    permutations: int,
    schedules: int,
    jobs: int,
    seed: int,
    on_done: Callable[[], None] = lambda: None,
) -> Outcome:
    """Explores head, in processes of equal shares.

    Args:
        ground: where the databases are.
        permutations: of statements, at least.
        schedules: inside the functions, at least.
        jobs: processes.
        seed: of the order.
        on_done: called at the end of each share.
    """
    outcome = Outcome()
    levels = (
        (statements(HEAD_WORLD), permutations, outcome.statements),
        (inside_functions(HEAD_WORLD), schedules, outcome.inside),
    )
    with ExitStack() as stack:
        urls = [stack.enter_context(ground.database(replaced=replacements())) for _ in range(jobs)]
        for url in urls:
            HEAD_WORLD.prepare(url)
        context = multiprocessing.get_context("spawn")
        pool = stack.enter_context(ProcessPoolExecutor(jobs, mp_context=context))
        for scenarios, least, total in levels:
            random.Random(seed).shuffle(scenarios)
            outcome.scenarios += len(scenarios)
            shares = [
                _Share(url, tuple(scenarios[at::jobs]), -(-least // jobs), seed + at)
                for at, url in enumerate(urls)
            ]
            for tally in pool.map(_explore_share, shares):
                total.add(tally)
                on_done()
    return outcome


def _explore_share(share: _Share) -> Tally:
    with Stage(share.url, HEAD_WORLD) as stage:
        return explore(
            stage,
            share.scenarios,
            random.Random(share.seed),
            lambda tally: tally.played < share.least and len(tally.findings) < _FINDINGS_MAX,
        )


def explore_reference(ground: Ground, seed: int) -> tuple[Counter[str], int]:
    """Explores revision 0001.

    Returns:
        How many schedules met each of its known defects; how many were played.
    """
    found: Counter[str] = Counter()
    played = 0
    with ground.database(BASELINE) as url:
        REFERENCE_WORLD.prepare(url)
        with Stage(url, REFERENCE_WORLD) as stage:
            for scenario in reference_scenarios():
                search = Search(partial(stage.play, scenario), random.Random(seed))
                while search.bound is not None and search.played < _REFERENCE_SCHEDULES_MAX:
                    found.update(known_defect(judge(search.step(), CEILING)))
                played += search.played
    return found, played
