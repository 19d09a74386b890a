"""Many programs on one machine: Hypothesis draws, shrinks; what failed is kept and tried first."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import HypothesisException

from proof.model.machine import COMMANDS, Disagreement, Machine
from proof.model.program import LENGTH, Program, Step, programs

__all__ = ["SAVED", "Campaign", "check_model", "load", "save"]

# Failing programs, replayed first by every run. A file names its steps, so that it outlives changes
# of the weights.
SAVED: Final = Path(__file__).parent / "saved"


def check_model(url: str, *, steps: int, seed: int, shrink: bool = False) -> list[str]:
    """Holds a database at head against the model, in this process.

    It takes the database over: the clock is replaced, and every program begins with empty tables.

    Args:
        url: the database, as its superuser.
        steps: at least so many; it stops at the first finding.
        seed: of the programs.
        shrink: whether a failing program is made short first.

    Returns:
        The findings; none where the database agrees with the model.
    """
    with Machine(url) as machine:
        campaign = Campaign(machine, steps=steps, seed=seed, shrink=shrink)
        campaign.run()
        return campaign.findings


@dataclass(slots=True)
class Campaign:
    """Programs of one seed on one machine, until they come to so many steps or one fails."""

    machine: Machine
    steps: int
    seed: int
    shrink: bool = True
    saved: Path | None = SAVED
    progress: Callable[[int], None] = lambda _: None
    findings: list[str] = field(default_factory=list)

    def run(self) -> None:
        for program in self._kept():
            self._try(program)
        rounds = 0
        while not self.findings and self.machine.counts["steps"] < self.steps:
            self._draw(self.seed * 1000 + rounds)
            rounds += 1

    def _kept(self) -> Iterator[Program]:
        if self.saved is not None and not self.machine.oldest:
            for path in sorted(self.saved.glob("*.json")):
                yield load(path, self.machine)

    def _try(self, program: Program) -> None:
        before = self.machine.counts["steps"]
        try:
            self.machine.run(program)
        except Disagreement as difference:
            self.findings = [self._told(difference)]
        finally:
            self.progress(self.machine.counts["steps"] - before)

    def _draw(self, with_seed: int) -> None:
        left = self.steps - self.machine.counts["steps"]
        failing: list[Program] = []

        def check(program: Program) -> None:
            before = self.machine.counts["steps"]
            try:
                self.machine.run(program)
            except Disagreement:
                failing.append(program)
                raise
            self.progress(self.machine.counts["steps"] - before)

        phases = (Phase.generate, Phase.shrink) if self.shrink else (Phase.generate,)
        configured = settings(
            max_examples=max(1, -(-left // LENGTH)),
            phases=phases,
            database=None,
            deadline=None,
            derandomize=False,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        )
        try:
            configured(seed(with_seed)(given(programs(self.machine.kinds))(check)))()
        except (Disagreement, HypothesisException, BaseExceptionGroup):
            # The last one that failed is the shortest.
            self._try(failing[-1])
            if not self.findings:
                self.findings = ["a program fails now and then: the database is not deterministic"]
            if self.shrink and self.saved is not None:
                self.findings.append(f"kept as {save(failing[-1], self.machine, self.saved)}")

    def _told(self, difference: Disagreement) -> str:
        return "\n".join([str(difference), "after:", *self.machine.script])


def _names(machine: Machine) -> list[str]:
    return [*COMMANDS, *(draw.__name__ for draw in machine.moves)]


def load(path: Path, machine: Machine) -> Program:
    """A program that was kept."""
    names = _names(machine)
    return [Step(names.index(n), low, high) for n, low, high in json.loads(path.read_text("utf-8"))]


def save(program: Program, machine: Machine, folder: Path) -> Path:
    """Keeps a program, without the steps that do nothing."""
    names = _names(machine)
    steps = [[names[s.kind], s.low, s.high] for s in program if s.kind]
    text = "[\n" + ",\n".join(json.dumps(step) for step in steps) + "\n]\n"
    path = folder / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.json"
    folder.mkdir(exist_ok=True)
    path.write_text(text, "utf-8")
    return path
