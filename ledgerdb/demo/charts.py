"""What the report draws: outcomes, attempts, progress and throughput.

No text of the data goes into a drawing, apart from the names of states: events are numbered, and
the page lists them. A chart of nothing is None, and the page says so in words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from ledgerdb.demo._drawing import (
    AXIS_PX,
    FINISHED,
    INK,
    MUTED,
    OUTCOMES,
    PAPER,
    PENDING,
    Chart,
    Size,
    axes_in,
    draw,
    finish,
    number,
    number_px,
)
from ledgerdb.demo.results import DemoResult, Event, Moment

__all__ = [
    "EVENTS_MARKED_MAX",
    "Chart",
    "Rate",
    "attempts_chart",
    "is_skewed",
    "number",
    "outcomes_chart",
    "progress_chart",
    "rates",
    "share",
    "thinned",
    "throughput_chart",
]

EVENTS_MARKED_MAX: Final = 20
FLAG_ROWS_MAX: Final = 3
READINGS_DRAWN_MAX: Final = 400
RATE_INTERVALS_MAX: Final = 48
STATE_CHARS_MAX: Final = 16
SKEWED_FROM_RATIO: Final = 20  # a bar this much smaller than the highest needs a log scale

_FLAG_PX: Final = 20


@dataclass(frozen=True, slots=True)
class Rate:
    """Instructions per second, between two readings."""

    from_seconds: float
    to_seconds: float
    acknowledged: float
    finished: float


def share(part: float, whole: float) -> str:
    """A percentage that says 0 or 100 only where it is exactly that."""
    if whole <= 0:
        return "–"  # noqa: RUF001 - a dash for "no value"
    percent = 100 * part / whole
    if 0 < percent < 0.1:  # noqa: PLR2004 - the last digit shown
        return "<0.1%"
    if 99.9 < percent < 100:  # noqa: PLR2004 - the last digit shown
        return ">99.9%"
    return f"{percent:.1f}%" if percent % 100 else f"{percent:.0f}%"


def is_skewed(result: DemoResult) -> bool:
    """True where the histogram needs a log scale."""
    counts = [count for count in result.attempts_histogram.values() if count > 0]
    return bool(counts) and max(counts) >= SKEWED_FROM_RATIO * min(counts)


def rates(timeline: Sequence[Moment]) -> tuple[Rate, ...]:
    """The slope between readings, thinned to at most `RATE_INTERVALS_MAX` intervals."""
    rising: list[Moment] = []
    for moment in timeline:
        if not rising or moment.at_seconds > rising[-1].at_seconds:
            rising.append(moment)
    return tuple(
        Rate(
            one.at_seconds,
            two.at_seconds,
            (two.acknowledged - one.acknowledged) / (two.at_seconds - one.at_seconds),
            (two.finished - one.finished) / (two.at_seconds - one.at_seconds),
        )
        for one, two in pairwise(thinned(rising, RATE_INTERVALS_MAX + 1))
    )


def thinned(moments: Sequence[Moment], at_most: int) -> Sequence[Moment]:
    """Evenly chosen readings, the first and the last among them."""
    if len(moments) <= at_most:
        return moments
    step = (len(moments) - 1) / (at_most - 1)
    return [moments[round(index * step)] for index in range(at_most)]


def outcomes_chart(result: DemoResult) -> Chart | None:
    """One bar for each outcome."""
    outcomes = {state[:STATE_CHARS_MAX]: count for state, count in result.outcomes.items()}
    total = sum(outcomes.values())
    if total <= 0:
        return None

    def paint(figure: Figure, size: Size) -> None:
        left = 10 + 8.5 * max(len(state) for state in outcomes)
        right = 116 if size.is_narrow else 150
        axes = axes_in(figure, size, left=left, right=right, top=0, bottom=0)
        for row, (state, count) in enumerate(outcomes.items()):
            axes.barh(row, count, height=0.62, color=OUTCOMES.get(state, PENDING))
            axes.annotate(
                f"{number(count)}  ({share(count, total)})",
                (count, row),
                xytext=(6, 0),
                textcoords="offset points",
                va="center_baseline",
            )
        axes.set(xlim=(0, max(outcomes.values())), ylim=(len(outcomes) - 0.5, -0.5), xticks=[])
        axes.set_yticks(range(len(outcomes)), list(outcomes))

    said = ", ".join(f"{number(count)} {state}" for state, count in outcomes.items())
    height = 36 * len(outcomes)
    label = f"Bars: outcomes of the instructions. {said}."
    return draw("outcomes", label, paint, wide=height, narrow=height)


def attempts_chart(result: DemoResult) -> Chart | None:
    """Instructions by the number of attempts that they took."""
    bars = {tries: count for tries, count in sorted(result.attempts_histogram.items()) if count > 0}
    if not bars:
        return None
    skewed = is_skewed(result)
    highest = max(bars.values())

    def paint(figure: Figure, size: Size) -> None:
        left = number_px(highest)
        axes = axes_in(figure, size, left=left, right=4, top=20, bottom=AXIS_PX)
        axes.bar(list(bars), list(bars.values()), width=0.72, color=FINISHED)
        axes.set_xlim(min(bars) - 0.6, max(bars) + 0.6)
        if skewed:
            axes.set_yscale("log")
            axes.set_ylim(0.7, 1.6 * highest)
            axes.yaxis.set_major_locator(LogLocator(numticks=6))
            axes.yaxis.set_minor_locator(NullLocator())
        else:
            axes.set_ylim(0, 1.08 * highest)
            axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
        axes.xaxis.set_major_locator(MaxNLocator(8 if size.is_narrow else 20, integer=True))
        finish(axes, "attempts per instruction")
        slot_px = (size.width - left) / (max(bars) - min(bars) + 1.2)
        if slot_px >= number_px(highest) - 8:
            for tries, count in bars.items():
                axes.annotate(
                    number(count),
                    (tries, count),
                    xytext=(0, 4),
                    textcoords="offset points",
                    ha="center",
                )

    said = ", ".join(f"{number(count)} took {tries}" for tries, count in bars.items())
    scale = "logarithmic" if skewed else "linear"
    label = f"Bars: instructions by number of attempts, {scale} scale. {said}."
    return draw("attempts", label, paint, wide=260, narrow=240)


def progress_chart(result: DemoResult) -> Chart | None:
    """Acknowledged and finished instructions over time."""
    moments = thinned(result.timeline, READINGS_DRAWN_MAX)
    if not moments:
        return None
    seconds = [moment.at_seconds for moment in moments]

    def paint(figure: Figure, size: Size) -> None:
        axes = _time_axes(figure, size, result, highest=_highest(moments), flags=True)
        acknowledged = [moment.acknowledged for moment in moments]
        finished = [moment.finished for moment in moments]
        dots = "o" if len(moments) == 1 else ""
        axes.fill_between(seconds, finished, color=FINISHED, alpha=0.14, linewidth=0)
        axes.plot(seconds, finished, color=FINISHED, linewidth=2.4, marker=dots)
        axes.plot(seconds, acknowledged, "--", color=INK, linewidth=1.6, marker=dots)

    last = moments[-1]
    label = (
        f"Lines over time. After {last.at_seconds:.1f} seconds {number(last.acknowledged)} "
        f"instructions were acknowledged and {number(last.finished)} finished. "
        f"Events: {len(result.events)}, listed below the chart."
    )
    return draw("progress", label, paint, wide=320, narrow=280)


def throughput_chart(result: DemoResult) -> Chart | None:
    """Acknowledged and finished per second; it takes two readings to know."""
    intervals = rates(result.timeline)
    if not intervals:
        return None
    highest = max(1.0, *(max(rate.acknowledged, rate.finished) for rate in intervals))

    def paint(figure: Figure, size: Size) -> None:
        axes = _time_axes(figure, size, result, highest=highest, flags=False)
        edges = [rate.from_seconds for rate in intervals] + [intervals[-1].to_seconds]
        finished = [rate.finished for rate in intervals]
        acknowledged = [rate.acknowledged for rate in intervals]
        axes.stairs(finished, edges, fill=True, color=FINISHED, alpha=0.14, linewidth=0)
        axes.stairs(finished, edges, color=FINISHED, linewidth=2, baseline=None)
        axes.stairs(acknowledged, edges, color=INK, linewidth=1.4, linestyle="--", baseline=None)

    best = max(rate.finished for rate in intervals)
    label = (
        f"Steps: instructions per second over time; at most {number(round(best))} finished "
        "in a second."
    )
    return draw("throughput", label, paint, wide=240, narrow=220)


def _highest(moments: Sequence[Moment]) -> float:
    return max(1, *(max(moment.acknowledged, moment.finished) for moment in moments))


def _time_axes(
    figure: Figure, size: Size, result: DemoResult, *, highest: float, flags: bool
) -> Axes:
    """Axes over the time of the run, the same in every chart, with the events as dotted lines."""
    events = result.events[:EVENTS_MARKED_MAX]
    times = [moment.at_seconds for moment in result.timeline]
    times += [event.at_seconds for event in events]
    first, last = min(0.0, *times), max(0.0, *times)
    last = last if last > first else first + 1
    left = number_px(_highest(result.timeline))
    rows = _flag_rows(events, (size.width - left - 14) / (last - first) if flags else 0)
    top = 8 + _FLAG_PX * (1 + max((row for row in rows if row is not None), default=-1))
    axes = axes_in(figure, size, left=left, right=14, top=top if flags else 8, bottom=AXIS_PX)
    axes.set_xlim(first, last)
    axes.set_ylim(0, 1.06 * highest)
    axes.xaxis.set_major_locator(MaxNLocator(6 if size.is_narrow else 12))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    finish(axes, "seconds since the first worker started")
    inside_px = size.height - top - AXIS_PX
    for index, (event, row) in enumerate(zip(events, rows, strict=True), start=1):
        up = 1 if row is None or not flags else 1 + _FLAG_PX * (row + 0.5) / inside_px
        _mark(axes, event.at_seconds, up, str(index) if flags and row is not None else "")
    return axes


def _mark(axes: Axes, x: float, up: float, flag: str) -> None:
    """A dotted line up to `up`, in parts of the height, and a numbered disc on top of it."""
    across = axes.get_xaxis_transform()
    axes.plot([x, x], [0, up], ":", color=MUTED, linewidth=1.2, transform=across, clip_on=False)
    if not flag:
        return
    axes.plot(
        [x], [up], "o", markersize=16, color=INK, markeredgewidth=0, transform=across, clip_on=False
    )
    axes.annotate(
        flag,
        (x, up),
        xycoords=across,
        color=PAPER,
        size=11 if len(flag) == 1 else 9,
        weight="bold",
        ha="center",
        va="center_baseline",
        annotation_clip=False,
    )


def _flag_rows(events: Sequence[Event], px_per_second: float) -> list[int | None]:
    """A row for each flag, the lowest in which it covers no other; None where all are taken."""
    ends = [float("-inf")] * FLAG_ROWS_MAX
    rows: list[int | None] = []
    for event in events:
        x = event.at_seconds * px_per_second
        free = (row for row, end in enumerate(ends) if abs(x - end) >= _FLAG_PX)
        found = next(free, None)
        if found is not None:
            ends[found] = x
        rows.append(found)
    return rows
