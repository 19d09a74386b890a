"""Events that are far apart are all measured; of a crowd every n-th, whatever each one takes."""

from __future__ import annotations

from itertools import pairwise

import pytest

from ledgerdb.telemetry import share
from ledgerdb.telemetry.share import Share

MILLISECOND = 1_000_000


class Clock:
    """A clock that somebody moves."""

    def __init__(self) -> None:
        self.now = 10**12

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(share, "perf_counter_ns", clock)
    return clock


def measured(share: Share, clock: Clock, events: int, apart: int) -> list[int]:
    """The numbers of those that were measured."""
    taken = []
    for number in range(events):
        clock.now += apart
        if share.takes():
            taken.append(number)
    return taken


def test_events_that_are_far_apart_are_all_measured(clock: Clock) -> None:
    assert len(measured(Share(), clock, 100, 90 * MILLISECOND)) == 100


@pytest.mark.parametrize("apart", [MILLISECOND, MILLISECOND // 50])
def test_of_a_crowd_a_share_is_measured(clock: Clock, apart: int) -> None:
    one = Share()
    measured(one, clock, 10_000, apart)  # until it knows the crowd
    taken = measured(one, clock, 50_000, apart)
    seconds = 50_000 * apart / 1e9
    assert 12 <= len(taken) / seconds <= 50
    steps = {later - former for former, later in pairwise(taken)}
    assert len(steps) == 1  # every n-th, by their number and not by the clock


def test_after_a_crowd_all_are_measured_again(clock: Clock) -> None:
    one = Share()
    measured(one, clock, 10_000, MILLISECOND // 50)
    measured(one, clock, 2_000, 100 * MILLISECOND)
    assert len(measured(one, clock, 50, 100 * MILLISECOND)) == 50
