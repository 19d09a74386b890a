"""The few figures that everything is told in: medians, percentiles, ratios."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence

from ledgerdb.perf.figures import percentile as nearest_rank

__all__ = ["extrapolated", "flatness", "median", "percentile", "trend"]


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


def extrapolated(rates: Mapping[float, float], size: float) -> float:
    """The rate at a size that was not measured, by the line that fits the rates of the measured
    sizes best, over the logarithms of the sizes.

    Raises:
        statistics.StatisticsError: there are fewer than two sizes.
    """
    line = statistics.linear_regression([math.log10(at) for at in rates], list(rates.values()))
    return line.intercept + line.slope * math.log10(size)
