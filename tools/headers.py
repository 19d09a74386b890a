"""What the head of a function's file says: why it exists, which locks it takes, what it raises."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Header", "header_of", "sqlstates"]

_PARTS = re.compile(r"^(?P<name>\w+): (?P<why>.*?) Locks: (?P<locks>.*?) Raises: (?P<raises>.*)$")
_STATE = re.compile(r"^\| (`[^|]*`) \| ([^|]*) \| (.*) \|$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Header:
    """The three parts of a head, each on one line."""

    why: str
    locks: str
    raises: str


def header_of(text: str) -> Header:
    """The head of a file of sqlfunctions/.

    Raises:
        ValueError: it does not have the form that sqlfunctions/README.md asks for.
    """
    lines = []
    for line in text.splitlines():
        if not line.startswith("--"):
            break
        lines.append(line.removeprefix("--").strip())
    match = _PARTS.match(" ".join(lines))
    if match is None:
        raise ValueError(f"the head must say `name: why`, `Locks:` and `Raises:`: {lines[:1]}")
    return Header(match["why"], match["locks"], match["raises"])


def sqlstates(readme: str) -> list[tuple[str, str, str]]:
    """Code, Python class and meaning, as sqlfunctions/README.md publishes them."""
    section = readme.partition("## SQLSTATEs")[2].partition("\n## ")[0]
    return [(code, python, meaning) for code, python, meaning in _STATE.findall(section)]
