"""A function with one small mistake in it."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["FUNCTIONS", "Mutant", "replaced"]

FUNCTIONS: Final = Path(__file__).parents[2] / "sqlfunctions"


@dataclass(frozen=True, slots=True)
class Mutant:
    """One mutant.

    Attributes:
        name: says what is wrong.
        function: name of the function.
        text: its file with the mistake.
        why: what the mistake would do; empty where it was generated.
    """

    name: str
    function: str
    text: str
    why: str = ""

    @property
    def diff(self) -> str:
        """From the live file to the mutant, without context."""
        live = (FUNCTIONS / f"{self.function}.sql").read_text("utf-8").splitlines()
        lines = difflib.unified_diff(live, self.text.splitlines(), lineterm="", n=0)
        return "\n".join(line for line in lines if not line.startswith(("---", "+++")))

    @property
    def change(self) -> str:
        """The changed lines alone, by which a known mutant is recognised wherever it stands."""
        lines = self.diff.splitlines()
        return "\n".join(line[0] + line[1:].strip() for line in lines if not line.startswith("@@"))


def replaced(function: str, old: str, new: str) -> str:
    """The live file of a function with one part of it replaced.

    Raises:
        LookupError: the part is not there, or more than once.
    """
    text = (FUNCTIONS / f"{function}.sql").read_text("utf-8")
    if (count := text.count(old)) != 1:
        raise LookupError(f"{function}.sql has {count} times what a mutant replaces: {old!r}")
    return text.replace(old, new)
