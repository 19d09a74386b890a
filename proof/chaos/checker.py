"""Judges a run by its histories and by what the database holds: what is broken, and what is lost.

Where replication was cut before a promotion, what was acknowledged in between may be gone: that is
a loss, and counted; everything else that a rule finds is a violation.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from proof.chaos.history import Event
from proof.chaos.rules import RULES
from proof.chaos.state import State
from proof.chaos.story import Story

__all__ = ["Verdict", "judge"]

KEPT: Final = 5  # examples of each kind


@dataclass(slots=True)
class Verdict:
    """Attributes:
    violations: of each invariant, how many.
    losses: what a rule would have called a violation, had it not been in a window.
    examples: the first violations of each, in words.
    """

    violations: Counter[str] = field(default_factory=Counter)
    losses: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)


def judge(
    events: Iterable[Event], state: State, codes: frozenset[str], *, only: Sequence[str] = ()
) -> Verdict:
    """Every rule, or those that are named.

    Args:
        events: of all processes.
        state: of the surviving database.
        codes: the published SQLSTATEs.
    """
    story = Story(events)
    verdict = Verdict()
    for name, rule in RULES.items():
        if only and name not in only:
            continue
        for broken in rule.find(story, state, codes):
            if rule.may_be_lost and broken.at is not None and story.lost_at(broken.at):
                verdict.losses[name] += 1
                continue
            verdict.violations[name] += 1
            if verdict.violations[name] <= KEPT:
                verdict.examples.append(f"{name} {rule.says}: {broken.what}")
    return verdict
