"""The geometry of the charts: numbers that the templates draw as SVG.

A drawing is stretched to the width it gets, so its text is beside it and not in it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ledgerdb.rows import ActivityBucket

__all__ = ["Bar", "Chart", "Column", "Line", "ceiling_of", "latency", "throughput"]

HEIGHT: Final = 100.0
_GAP: Final = 0.12
_STEPS: Final = (1, 2, 4, 5, 10)
_STACK: Final = ("dispatched", "retried", "crashed", "failed")


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle of a column."""

    series: str
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Column:
    """What is drawn for one bucket, and what it says when it is pointed at."""

    x: float
    bars: tuple[Bar, ...]
    bucket: ActivityBucket


@dataclass(frozen=True, slots=True)
class Line:
    """A series as the data of an SVG path, with a gap where nothing is known."""

    series: str
    path: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart `width` buckets wide and 100 high; `ceiling` is the value of its upper edge."""

    width: int
    ceiling: float
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    times: tuple[datetime, ...]
    is_empty: bool


def throughput(activity: Sequence[ActivityBucket]) -> Chart:
    """Ended attempts as stacked columns, accepted instructions as a line over them."""
    most = max((max(b.accepted, _ended(b)) for b in activity), default=0)
    ceiling = ceiling_of(most)
    return Chart(
        width=len(activity),
        ceiling=ceiling,
        columns=tuple(
            Column(i + _GAP / 2, _stack(bucket, ceiling), bucket)
            for i, bucket in enumerate(activity)
        ),
        lines=(Line("accepted", _path([b.accepted for b in activity], ceiling)),),
        times=_times(activity),
        is_empty=most == 0,
    )


def latency(activity: Sequence[ActivityBucket]) -> Chart:
    """The rail's latency in milliseconds: the middle one, and the one of 95 in 100."""
    p50 = [bucket.latency_p50_ms for bucket in activity]
    p95 = [bucket.latency_p95_ms for bucket in activity]
    known = [value for value in (*p50, *p95) if value is not None]
    ceiling = ceiling_of(max(known, default=0))
    return Chart(
        width=len(activity),
        ceiling=ceiling,
        columns=tuple(Column(i + _GAP / 2, (), bucket) for i, bucket in enumerate(activity)),
        lines=(Line("p95", _path(p95, ceiling)), Line("p50", _path(p50, ceiling))),
        times=_times(activity),
        is_empty=not known,
    )


def ceiling_of(most: float) -> float:
    """The upper edge of a chart: a round number that is at least `most`, and never 0."""
    if most <= 1:
        return 1
    scale = 10 ** math.floor(math.log10(most))
    return float(next(step * scale for step in _STEPS if step * scale >= most))


def _ended(bucket: ActivityBucket) -> int:
    return sum(getattr(bucket, series) for series in _STACK)


def _stack(bucket: ActivityBucket, ceiling: float) -> tuple[Bar, ...]:
    bars, y = [], HEIGHT
    for series in _STACK:
        height = getattr(bucket, series) / ceiling * HEIGHT
        if height:
            y -= height
            bars.append(Bar(series, round(y, 3), round(height, 3)))
    return tuple(bars)


def _path(values: Sequence[float | None], ceiling: float) -> str:
    steps, connected = [], False
    for i, value in enumerate(values):
        if value is None:
            connected = False
            continue
        x, y = i + 0.5, round(HEIGHT - value / ceiling * HEIGHT, 3)
        # the line of no length is a dot, for a value between two gaps
        steps.append(f"L{x} {y}" if connected else f"M{x} {y}h0")
        connected = True
    return "".join(steps)


def _times(activity: Sequence[ActivityBucket]) -> tuple[datetime, ...]:
    """The first, the middle and the last bucket's."""
    if not activity:
        return ()
    return tuple(activity[i].bucket_start for i in (0, len(activity) // 2, -1))
