"""From times to figures: percentiles of a verb, and its ratio to the yardstick beside it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

__all__ = ["Figures", "Round", "figures", "percentile"]

_P95: Final = 95
_CALM: Final = 10  # of a hundred rounds this many are calmer
_PLACES: Final = 4


@dataclass(frozen=True, slots=True)
class Round:
    """What was timed of one verb in one round, in seconds.

    Attributes:
        elapsed: of each call.
        net: the same without the waiting for a processor; see `Clock`.
        yardstick_elapsed: of the bare statements that were sent just before each call.
        yardstick_net: the same without the waiting.
        database: that the server says it worked for all calls together.
    """

    elapsed: list[float]
    net: list[float]
    yardstick_elapsed: list[float]
    yardstick_net: list[float]
    database: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Of one verb in one run.

    Attributes:
        calls: that were timed.
        items: that one call moves.
        p50_ms: of a call, and so on.
        database_ms: that the server works for a call, on average, by its own clock.
        items_per_second: of one client that does nothing else.
        yardstick_p50_ms: of the bare statements beside it, and so on.
        ratio_p50: of a calm round, net, over the median of the yardstick in a calm round; and so
            on. `ratio_p95` is what the gate compares.
    """

    calls: int
    items: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    database_ms: float
    items_per_second: float
    yardstick_p50_ms: float
    yardstick_p95_ms: float
    ratio_p50: float
    ratio_p95: float


def figures(rounds: Sequence[Round], items: int) -> Figures:
    """The figures of a verb whose calls move so many items each."""
    verb = sorted(chain.from_iterable(one.elapsed for one in rounds))
    yardstick = sorted(chain.from_iterable(one.yardstick_elapsed for one in rounds))
    return Figures(
        calls=len(verb),
        items=items,
        p50_ms=_milliseconds(percentile(verb, 50)),
        p95_ms=_milliseconds(percentile(verb, _P95)),
        p99_ms=_milliseconds(percentile(verb, 99)),
        database_ms=_milliseconds(sum(one.database for one in rounds) / len(verb)),
        items_per_second=round(items * len(verb) / sum(verb), 1),
        yardstick_p50_ms=_milliseconds(percentile(yardstick, 50)),
        yardstick_p95_ms=_milliseconds(percentile(yardstick, _P95)),
        ratio_p50=_ratio(rounds, 50),
        ratio_p95=_ratio(rounds, _P95),
    )


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that so many percent of the sorted values do not exceed."""
    return values[max(math.ceil(len(values) * percent / 100), 1) - 1]


def _ratio(rounds: Sequence[Round], percent: int) -> float:
    verb = _calm([one.net for one in rounds], percent)
    return round(verb / _calm([one.yardstick_net for one in rounds], 50), _PLACES)


def _calm(rounds: Sequence[Sequence[float]], percent: int) -> float:
    """A percentile in a calm round: other work on the machine only ever adds to a time."""
    return percentile(sorted(percentile(sorted(one), percent) for one in rounds), _CALM)


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1_000, _PLACES)
