"""The few figures that everything is told in: medians, percentiles, ratios."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from ledgerdb.perf.figures import percentile as nearest_rank

__all__ = ["flatness", "median", "percentile", "trend"]


def median(values: Sequence[float]) -> float:
    """The middle of the values.

    Raises:
        statistics.StatisticsError: there are none.
    """
    return float(statistics.median(values))


def percentile(values: Sequence[float], percent: float) -> float:
    """The least value that so many percent of all do not exceed; NaN of none."""
    return float(nearest_rank(sorted(values), percent)) if values else math.nan


def trend(values: Sequence[float]) -> float:
    """The median of the last third beside that of the first: 1 where nothing rises.

    Raises:
        statistics.StatisticsError: there are none.
    """
    third = max(1, len(values) // 3)
    return median(values[-third:]) / median(values[:third])


def flatness(values: Sequence[float]) -> float:
    """The least beside the greatest: 1 where all are the same."""
    return min(values) / max(values)
