"""Latency: from the enqueue of an item to its handler, in a worker that waits."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from bench.figures import percentile
from bench.ground import Ground
from bench.plan import Case, Measurement, Profile, Workload
from bench.systems import SYSTEMS
from bench.waking import WAITERS, wake_ups

__all__ = ["WAKE_UP"]

_VARIANT: Final = "idle worker"


def _cases(profile: Profile) -> Iterator[Case]:
    for system in WAITERS:
        yield Case(WAKE_UP.name, _VARIANT, system, partial(_measure, system, profile))


def _measure(system: str, profile: Profile, ground: Ground) -> Measurement:
    with ground.database(SYSTEMS[system].layout) as url:
        milliseconds = [seconds * 1_000 for seconds in wake_ups(url, profile.wake_ups, system)]
    return Measurement(
        {"p50_ms": percentile(milliseconds, 50), "p99_ms": percentile(milliseconds, 99)},
        {"wake_up_ms": milliseconds},
    )


WAKE_UP: Final = Workload(
    "wake-up", "enqueue to handler, through a worker that is told by NOTIFY, or polls", _cases
)
