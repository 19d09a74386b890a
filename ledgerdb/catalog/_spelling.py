"""One spelling for what PostgreSQL spells in two ways.

`x between a and b and c` is kept as `((x >= a) AND (x <= b)) AND c` when it was parsed, and as a
flat list when that text was parsed again, which is what a dump and restore do. Both mean the same:
the inner parentheses go, where AND stands in AND, or OR in OR.
"""

from __future__ import annotations

import re
from typing import Final

from ledgerdb.catalog.model import Json

__all__ = ["one_spelling"]

_TOKEN: Final = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|[()]|[^()'"]+""")
_CONNECTIVE: Final = re.compile(r"\b(AND|OR)\b")
_BEFORE: Final = re.compile(r"(?:^|\b(?:AND|OR))\s*$")
_AFTER: Final = re.compile(r"^\s*(?:$|(?:AND|OR)\b)")

Group = list["str | Group"]


def one_spelling(value: Json) -> Json:
    """A definition, with every text in it in the one spelling."""
    match value:
        case str() if "AND" in value or "OR" in value:
            return _text(_flat(_parsed(value)))
        case dict():
            return {field: one_spelling(part) for field, part in value.items()}
        case _:
            return value


def _parsed(text: str) -> Group:
    """Texts, and for each pair of parentheses the same again; quoted texts stand alone."""
    stack: list[Group] = [[]]
    for token in _TOKEN.findall(text):
        if token == "(":  # noqa: S105 - no password
            stack.append([])
        elif token == ")" and len(stack) > 1:  # noqa: S105
            group = stack.pop()
            stack[-1].append(group)
        else:
            stack[-1].append(token)
    return stack[0]


def _flat(group: Group) -> Group:
    parts = [part if isinstance(part, str) else _flat(part) for part in group]
    found: Group = []
    for place, part in enumerate(parts):
        inner = isinstance(part, list) and _connectives(part)
        if inner and inner == _connectives(parts) and _is_operand(parts, place):
            found.extend(part)
        else:
            found.append(part)
    return found


def _connectives(group: Group) -> set[str]:
    return {
        word
        for part in group
        if isinstance(part, str) and part[0] not in "'\""
        for word in _CONNECTIVE.findall(part)
    }


def _is_operand(parts: Group, place: int) -> bool:
    """Whether the connectives stand right beside it: it is no argument, and no part of a term."""
    before = parts[place - 1] if place else ""
    after = parts[place + 1] if place + 1 < len(parts) else ""
    return (
        isinstance(before, str)
        and isinstance(after, str)
        and bool(_BEFORE.search(before) and _AFTER.search(after))
    )


def _text(group: Group) -> str:
    return "".join(part if isinstance(part, str) else f"({_text(part)})" for part in group)
