"""The rest between two claims."""

from __future__ import annotations

from ledgerdb.worker.pace import Pace


def test_a_find_is_followed_by_a_rest_of_twice_its_time() -> None:
    pace = Pace(1)
    assert [pace.after(took, found=True) for took in (0.001, 0.004, 0.001)] == [0.002, 0.008, 0.002]


def test_nothing_found_doubles_the_rest_until_something_is() -> None:
    pace = Pace(0.05)
    rests = [pace.after(0.001, found=False) for _ in range(7)]
    assert rests == [0.002, 0.004, 0.008, 0.016, 0.032, 0.05, 0.05]
    assert pace.after(0.001, found=True) == 0.002


def test_a_slow_claim_rests_no_longer_than_the_most() -> None:
    assert Pace(0.05).after(10, found=True) == 0.05
