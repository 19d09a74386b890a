"""The queue per tenant, participant or rail, as rows of a table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.text import Text

from ledgerdb.cli.operations.layout import Cell, age, number
from ledgerdb.rows import Breakdown, BreakdownBy

__all__ = ["part_rows"]

_COUNTS = ("due", "delayed", "in flight", "expired", "in doubt", "held", "dead")


def part_rows(
    parts: Sequence[Breakdown], by: BreakdownBy, now: datetime
) -> tuple[list[str], list[list[Cell]], list[str]]:
    """Headings, rows, and the headings of what is flush right; ages by the server's `now`."""
    by_tenant = by is BreakdownBy.TENANT
    named = ["tenant", "id"] if by_tenant else [by.value.lower()]
    counted = [*_COUNTS, "oldest due for"]
    rows: list[list[Cell]] = []
    for part in parts:
        name = part.scope_key or "(none)"
        counts = (
            (part.due, "cyan"),
            (part.delayed, ""),
            (part.leased, "blue"),
            (part.expired, "yellow"),
            (part.in_doubt, "bold red"),
            (part.held, "yellow"),
            (part.dead_letters, "red"),
        )
        rows.append(
            [
                *([part.label or "", name] if by_tenant else [name]),
                *(Text(number(count), style=style if count else "dim") for count, style in counts),
                age(part.oldest_due_at, now),
            ]
        )
    return named + counted, rows, counted
