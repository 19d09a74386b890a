"""Medians, percentiles, trends."""

from __future__ import annotations

import math

from bench.figures import flatness, median, percentile, trend


def test_percentiles_are_values_that_were_seen() -> None:
    values = [float(n) for n in range(1, 101)]
    assert [percentile(values, p) for p in (50, 95, 99, 100)] == [50, 95, 99, 100]
    assert percentile([7.0], 99) == 7.0
    assert math.isnan(percentile([], 50))


def test_a_trend_is_one_where_nothing_rises() -> None:
    assert trend([3.0] * 10) == 1
    assert trend([1, 9, 1, 1, 1, 1, 2, 2, 2]) == 2
    assert trend([4.0]) == 1


def test_flatness_and_median() -> None:
    assert flatness([8.0, 10.0, 9.0]) == 0.8
    assert median([1, 2, 10]) == 2
