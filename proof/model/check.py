"""Many programs on one machine; what failed is cut short, told as a script, and kept."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from proof.model.machine import COMMANDS, Disagreement, Machine
from proof.model.program import Program, Step, cut, drawn

__all__ = ["SAVED", "Campaign", "check_model", "load", "save"]

# Failing programs, replayed first by every run. A file names its steps, so that it outlives changes
# of the weights.
SAVED: Final = Path(__file__).parent / "saved"
_CUT_SECONDS: Final = 60.0


def check_model(url: str, *, steps: int, seed: int, shrink: bool = False) -> list[str]:
    """Holds a database at head against the model, in this process.

    It takes the database over: the clock is replaced, and every program begins with empty tables.

    Args:
        url: the database, as its superuser.
        steps: at least so many; it stops at the first finding.
        seed: of the programs.
        shrink: whether a failing program is cut short and kept.

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
    saved: Path = SAVED
    progress: Callable[[int], None] = lambda _: None
    findings: list[str] = field(default_factory=list)

    def run(self) -> None:
        for path in sorted(self.saved.glob("*.json")):
            self.machine.counts["programs that failed once"] += 1
            self._try(load(path, self.machine))
        chance = random.Random(self.seed)
        done = self.machine.counts["steps"]
        while not self.findings and self.machine.counts["steps"] - done < self.steps:
            self._try(drawn(chance, self.machine.kinds))

    def _try(self, program: Program) -> None:
        before = self.machine.counts["steps"]
        difference = self._difference(program)
        self.progress(self.machine.counts["steps"] - before)
        if difference is None:
            return
        kept = ""
        if self.shrink:
            program = cut(program, lambda p: self._difference(p) is not None, _CUT_SECONDS)
            kept = f"kept as {save(program, self.machine, self.saved)}"
            difference = self._difference(program) or difference
        script = "\n".join(self.machine.script)
        self.findings.append(f"{difference}\nafter:\n{script}\n{kept}".strip())

    def _difference(self, program: Program) -> Disagreement | None:
        try:
            self.machine.run(program)
        except Disagreement as difference:
            return difference
        return None


def _names(machine: Machine) -> list[str]:
    return [*COMMANDS, *(draw.__name__ for draw in machine.moves)]


def load(path: Path, machine: Machine) -> Program:
    """A program that was kept."""
    names = _names(machine)
    return [Step(names.index(n), choices) for n, choices in json.loads(path.read_text("utf-8"))]


def save(program: Program, machine: Machine, folder: Path) -> Path:
    """Keeps a program."""
    names = _names(machine)
    lines = ",\n".join(json.dumps([names[step.kind], step.choices]) for step in program)
    text = f"[\n{lines}\n]\n"
    path = folder / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.json"
    folder.mkdir(exist_ok=True)
    path.write_text(text, "utf-8")
    return path
