"""The `ledgerdb-raised-by` directive: which functions raise a SQLSTATE, and for which limits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from docutils import nodes  # type: ignore[import-untyped]  # it has no types
from sphinx.util.docutils import SphinxDirective

from proof.limits import rows
from tools.headers import header_of
from tools.site.repository import ROOT

__all__ = ["RaisedByDirective", "raised_by"]

_CODE: Final = re.compile(r"\b(?:P[0-9A-Z]{4}|\d{2}[0-9A-Z]{3})\b")
_RANGE: Final = re.compile(r"\b(P711[0-9A-Z]) to (P711[0-9A-Z])\b")
_LAST: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"  # of a code, in their order


@cache
def raised_by() -> dict[str, list[str]]:
    """SQLSTATE -> the functions whose heads say that they raise it; private ones left out."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "sqlfunctions").glob("[!_]*.sql")):
        for code in _codes(header_of(path.read_text("utf-8")).raises):
            found.setdefault(code, []).append(path.stem)
    return found


def _codes(raises: str) -> set[str]:
    ranges = [
        f"P711{digit}"
        for first, last in _RANGE.findall(raises)
        for digit in _LAST[_LAST.index(first[-1]) : _LAST.index(last[-1]) + 1]
    ]
    return {*_CODE.findall(raises), *ranges}


def _limits(code: str) -> Iterator[str]:
    for row in rows():
        for clause in row.clauses:
            if clause.outside == code:
                each = "each " if clause.each else ""
                yield f"| `{row.function}` | `{row.parameter}` | {each}{clause.limit} |"


class RaisedByDirective(SphinxDirective):
    """A section with the functions, each with a link, and the limits of their parameters."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """What the heads of the files and docs/limits.md say; nothing where neither names it."""
        code = self.arguments[0]
        functions = raised_by().get(code, [])
        limits = list(_limits(code))
        lines = ["## Where it comes from", ""] if functions or limits else []
        if functions:
            links = (f"[`{name}`](/reference.md#{name})" for name in functions)
            lines += [f"Raised by {', '.join(links)}.", ""]
        if limits:
            lines += ["| function | parameter | limit |", "|---|---|---|", *limits]
        return self.parse_text_to_nodes("\n".join(lines), allow_section_headings=True)
