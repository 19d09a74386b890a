"""Histories as runs would leave them, without running anything."""

from __future__ import annotations

from collections.abc import Sequence

from ledgerdb.perf.history import Entry
from ledgerdb.perf.profile import load

__all__ = ["PROFILE", "entry", "history"]

PROFILE = load()


def entry(
    *ratios: float, number: int = 0, profile: str = PROFILE.checksum, clock: str = "a clock"
) -> Entry:
    """A run whose verbs, v0, v1 and so on, have these ratios."""
    return Entry(
        made_at=f"2026-11-29T00:00:{number % 60:02d}Z",
        git_sha="a" * 40,
        profile_checksum=profile,
        clock=clock,
        figures={f"v{place}": {"ratio_p95": ratio} for place, ratio in enumerate(ratios)},
        machine={"number": number},
    )


def history(ratios: Sequence[float]) -> list[Entry]:
    """Runs of one verb."""
    return [entry(ratio, number=number) for number, ratio in enumerate(ratios)]
