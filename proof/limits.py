"""The table of docs/limits.md, read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Clause", "Row", "rows"]

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "limits.md"


@dataclass(frozen=True, slots=True)
class Clause:
    """One limit of a parameter, and what happens outside: an SQLSTATE and the COLUMN of its error,
    or a word of the document.
    """

    limit: str
    each: bool
    outside: str
    column: str | None


@dataclass(frozen=True, slots=True)
class Row:
    """One parameter of one function."""

    function: str
    parameter: str
    type: str
    default: str
    clauses: tuple[Clause, ...]
    constant: str | None


def rows() -> tuple[Row, ...]:
    """The rows in the order of the document."""
    lines = DOCUMENT.read_text("utf-8").splitlines()
    return tuple(_row(line) for line in lines if line.startswith("| `") and "| `p_" in line)


def _row(line: str) -> Row:
    function, parameter, kind, default, limits, outside, constant = (
        cell.strip() for cell in line.strip("|").split("|")
    )
    parameter = parameter.strip("`")
    return Row(
        function.strip("`"),
        parameter,
        kind,
        default,
        tuple(
            _clause(limit, after, parameter)
            for limit, after in zip(limits.split("<br>"), outside.split("<br>"), strict=True)
        ),
        constant.strip("`") or None,
    )


def _clause(limit: str, outside: str, parameter: str) -> Clause:
    error = re.fullmatch(r"`(\w{5})`(?: `(\w+)`)?", outside)
    return Clause(
        limit.removeprefix("each "),
        limit.startswith("each "),
        error[1] if error else outside,
        (error[2] or parameter) if error else None,
    )
