"""A broken schedule as a file: made as small as it gets, and played again from it."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from proof.interleavings.check import Finding
from proof.interleavings.judge import judge
from proof.interleavings.plan import Isolation, Program, Scenario
from proof.interleavings.search import Search
from proof.interleavings.stage import Stage
from proof.interleavings.trace import Trace
from proof.interleavings.world import CEILING

__all__ = ["load", "play_again", "save", "shrink"]

_TRIES: Final = 60


def save(finding: Finding, path: Path) -> None:
    """Writes what replays it, and for the reader where each step stood and what it broke."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(finding), indent=2) + "\n", "utf-8")


def load(path: Path) -> tuple[Scenario, tuple[int, ...]]:
    """The scenario and the schedule of a file."""
    held = json.loads(path.read_text("utf-8"))
    return _scenario(held["scenario"]), tuple(held["schedule"])


def play_again(stage: Stage, path: Path) -> tuple[Trace, list[str]]:
    """Plays the schedule of a file; what happened, and the promises that it breaks now."""
    trace = stage.play(*load(path))
    return trace, judge(trace, CEILING)


def shrink(stage: Stage, finding: Finding) -> Finding:
    """A finding of the same promise with fewer sessions, calls, ticks and switches, if there is.

    The search looks at schedules with fewer switches first, so only the scenario is cut here.
    """
    promise = _promise(finding.broken)
    for smaller in _smaller(finding.scenario):
        search = Search(partial(stage.play, smaller), random.Random(0))
        while search.goes_on(bound=len(finding.schedule), played=_TRIES):
            trace = search.step()
            broken = judge(trace, CEILING)
            if promise in map(_promise, ([line] for line in broken)):
                return shrink(stage, Finding.of(trace, broken))
    return finding


def _promise(broken: tuple[str, ...] | list[str]) -> str:
    return broken[0].partition(":")[0]


def _smaller(scenario: Scenario) -> Iterator[Scenario]:
    programs = scenario.programs
    for at, program in enumerate(programs):
        rest = (*programs[:at], *programs[at + 1 :])
        if rest:
            yield replace(scenario, programs=rest)
        for number in range(len(program.calls) if len(program.calls) > 1 else 0):
            calls = (*program.calls[:number], *program.calls[number + 1 :])
            shorter = replace(program, calls=calls)
            yield replace(scenario, programs=(*programs[:at], shorter, *programs[at + 1 :]))
    for at in range(len(scenario.ticks)):
        yield replace(scenario, ticks=(*scenario.ticks[:at], *scenario.ticks[at + 1 :]))


def _scenario(held: dict[str, Any]) -> Scenario:
    programs = tuple(
        Program(
            calls=tuple(program["calls"]),
            isolation=Isolation(program["isolation"]) if program["isolation"] else None,
            ending=program["ending"],
        )
        for program in held["programs"]
    )
    return Scenario(held["situation"], programs, tuple(held["ticks"]), held["at_gates"])
