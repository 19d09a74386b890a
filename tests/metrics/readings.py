"""Readings made by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ledgerdb.metrics.reading import Reading
from ledgerdb.rows import ActivityBucket, Backlog, Breakdown, BreakdownBy, Health

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


def breakdown(
    key: str | None, label: str | None = None, *, due: int = 0, dead: int = 0
) -> Breakdown:
    """A row of one of the breakdowns."""
    return Breakdown(key, label, due, 0, 0, 0, 0, 0, dead, NOW - timedelta(seconds=30))


def reading(rows: tuple[Breakdown, ...] = ()) -> Reading:
    """Eight items due, five minutes of activity, and the same rows in every breakdown."""
    return Reading(
        backlog=Backlog(8, 1, 2, 0, 1, 0, NOW - timedelta(seconds=90)),
        health=Health("0010", NOW, 20, 5, 1, NOW - timedelta(hours=1), 1, None, 3, None),
        drifted=0,
        activity=tuple(
            ActivityBucket(NOW - timedelta(minutes=5 - i), 60, 30, 6, 3, 0, 100.0 + i, 250.0)
            for i in range(5)
        ),
        breakdowns=dict.fromkeys(BreakdownBy, rows),
    )
