"""How fast a backfill goes: the size of the next batch, and the rest after it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["ROWS_MAX", "ROWS_MIN", "Pace"]

ROWS_MIN: Final = 10
ROWS_MAX: Final = 20_000
_ROWS_AT_FIRST: Final = 200
_GROWTH_MAX: Final = 2.0
_TARGET_SECONDS: Final = 0.05
_REST_SHARE: Final = 0.5


@dataclass(slots=True)
class Pace:
    """Aims at batches that take `target_seconds`, and rests for `rest_share` of the time.

    Whoever meets a row of the batch waits for it no longer than that.
    """

    target_seconds: float = _TARGET_SECONDS
    rest_share: float = _REST_SHARE
    rows: int = _ROWS_AT_FIRST

    def took(self, seconds: float) -> float:
        """Learns from a batch; how long to rest now."""
        growth = min(self.target_seconds / max(seconds, 1e-6), _GROWTH_MAX)
        self.rows = min(max(int(self.rows * growth), ROWS_MIN), ROWS_MAX)
        return seconds * self.rest_share / (1 - self.rest_share)

    def failed(self) -> None:
        """Learns from a batch that waited for too long."""
        self.rows = max(self.rows // 2, ROWS_MIN)
