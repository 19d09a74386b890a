"""The rest between two claims."""

from __future__ import annotations

import pytest

from ledgerdb.worker.pace import Pace


def test_a_find_is_followed_by_a_rest_of_twice_its_time() -> None:
    pace = Pace(1)
    rests = [pace.after(took, found=True, woken=True) for took in (0.001, 0.004, 0.001)]
    assert rests == [0.002, 0.008, 0.002]


def test_woken_in_vain_the_rest_doubles_until_something_is_found() -> None:
    pace = Pace(0.05)
    rests = [pace.after(0.001, found=False, woken=True) for _ in range(7)]
    assert rests == [0.002, 0.004, 0.008, 0.016, 0.032, 0.05, 0.05]
    assert pace.after(0.001, found=True, woken=False) == 0.002
    assert pace.after(0.001, found=False, woken=True) == 0.002


def test_polls_of_an_idle_queue_do_not_grow_the_rest() -> None:
    pace = Pace(0.05)
    assert {pace.after(0.001, found=False, woken=False) for _ in range(50)} == {0.002}


def test_polls_do_not_calm_those_who_are_woken_in_vain() -> None:
    pace = Pace(0.05)
    rests = [pace.after(0.001, found=False, woken=woken) for woken in (True, True, False, True)]
    assert rests == [0.002, 0.004, 0.002, 0.008]


@pytest.mark.parametrize("found", [True, False])
@pytest.mark.parametrize("woken", [True, False])
def test_a_slow_claim_rests_no_longer_than_the_most(found: bool, woken: bool) -> None:  # noqa: FBT001
    assert Pace(0.05).after(10, found=found, woken=woken) == 0.05
