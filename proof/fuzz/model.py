"""What a call may answer: docs/limits.md, and the SQLSTATEs of sqlfunctions/README.md.

A limit is judged from the text of the document and the value alone. Where neither decides (is this
item known?), both answers are right.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from proof.fuzz.pools import Value
from proof.limits import Clause, rows
from proof.published import published_codes

__all__ = ["Model"]

# One session in its own transactions meets nobody, may call what it calls, and edits no history.
_IMPOSSIBLE: Final = {"40001", "40P01", "42501", "55P03", "57014", "P0001"}
_SQLSTATE: Final = re.compile(r"[0-9A-Z]{5}")
_TRIMMED: Final = {"p_actor", "p_reason"}
_ASCII_END: Final = 0x7F


class Model:
    """Judges answers.

    Raises:
        ValueError: the tables of the documents cannot be read.
    """

    def __init__(self) -> None:
        self.limits = {(row.function, row.parameter): row.clauses for row in rows()}
        self.published = published_codes() - _IMPOSSIBLE

    def undocumented(self, function: str, parameters: list[str]) -> list[str]:
        """Parameters that docs/limits.md does not have."""
        return [name for name in parameters if (function, name) not in self.limits]

    def wrong(
        self, function: str, given: Mapping[str, Value], code: str, column: str | None
    ) -> str | None:
        """What is wrong with an answer, `ok` or an SQLSTATE; None where nothing is."""
        broken = {
            (clause.outside, clause.column): name
            for name, value in given.items()
            for clause in self.limits.get((function, name), ())
            if _SQLSTATE.fullmatch(clause.outside) and _holds(clause, name, value) is False
        }
        if code == "ok":
            return f"accepts {', '.join(sorted(set(broken.values())))}" if broken else None
        if code not in self.published:
            return f"ends with {code}, which is not published"
        decided = [
            _holds(clause, name, given[name])
            for name in given
            for clause in self.limits.get((function, name), ())
            if (clause.outside, clause.column) == (code, column)
        ]
        if decided and all(decided):
            return f"refuses {column} with {code}, which is within its limits"
        return None


def _holds(clause: Clause, name: str, value: Value) -> bool | None:
    """Whether a value is within a limit; None where it cannot be told."""
    counted = re.match(r"1 to (\d+) (?:ids|items)", clause.limit)
    if counted:  # how the lists must match is not told by one of them
        wrong = value.elements is not None and len(value.elements) > int(counted[1])
        return False if wrong else None
    for pattern, rule in _RULES.items():
        if match := re.fullmatch(pattern, clause.limit):
            if not clause.each:
                return rule(match, name, value.text)
            found = [rule(match, name, element) for element in value.elements or ()]
            return False if False in found else None
    return None


def _characters(match: re.Match[str], name: str, text: str | None) -> bool | None:
    least, most, rest = int(match[1]), int(match[2]), match[3]
    if text is None:
        return False
    shown = text.strip(" ") if name in _TRIMMED else text
    if not least <= len(shown) <= most:
        return False
    if "control" in rest and any(ord(c) < ord(" ") or ord(c) == _ASCII_END for c in shown):
        return False
    if "end blanks" in rest and shown != shown.strip(" "):
        return False
    # what is a blank or a control character beyond ASCII is for the server to say
    return True if shown.isascii() and shown.strip() == shown else None


def _at_most(match: re.Match[str], _name: str, text: str | None) -> bool:
    return text is None or len(text) <= int(match[1])


def _between(match: re.Match[str], _name: str, text: str | None) -> bool | None:
    if text is None:
        return False
    try:
        return float(match[1]) <= float(text) <= float(match[2])
    except ValueError:
        return None


def _one_of(match: re.Match[str], name: str, text: str | None) -> bool | None:
    if text is None:
        return None if name == "p_ordering" else False
    return text in re.split(r", | or ", match[1])


def _document(match: re.Match[str], _name: str, text: str | None) -> bool | None:
    if text is None:
        return None
    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return None if isinstance(found, dict if match[1] == "object" else list) else False


_RULES: Final[dict[str, Callable[[re.Match[str], str, str | None], bool | None]]] = {
    r"(\d+) to (\d+) characters(|, no end blanks, no control characters|, no control characters)": (
        _characters
    ),
    r"at most (\d+) characters": _at_most,
    r"between ([\d.]+) and ([\d.]+)": _between,
    r"((?:[A-Z_]+, )*[A-Z_]+ or [A-Z_]+)": _one_of,
    r"a JSON (object|array).*": _document,
}
