"""The gate counts only with a baseline of five stable runs, and no longer than that is valid."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledgerdb.errors import ConfigurationError
from ledgerdb.perf.checksum import checksum
from ledgerdb.perf.history import Entry
from ledgerdb.perf.profile import Profile
from ledgerdb.perf.promotion import COV_MAX, STABLE_RUNS, State, made_of, standing
from tests.perf.histories import PROFILE, entry, history

STEADY = [2.0, 2.1, 1.9, 2.0, 2.05]
OTHER = replace(PROFILE, rounds=PROFILE.rounds + 1)


def test_nothing_is_known_before_there_are_five_runs() -> None:
    for count in range(STABLE_RUNS):
        now = standing(history(STEADY[:count]), None, PROFILE)
        assert (now.state, now.runs, now.cov, now.promotable) == (
            State.INFORMATIONAL,
            count,
            {},
            False,
        )
        assert f"{count} of 5" in now.why
        with pytest.raises(ConfigurationError, match="no baseline can be made"):
            made_of(history(STEADY[:count]), PROFILE)


def test_five_stable_runs_can_be_promoted_and_are_not_by_themselves() -> None:
    now = standing(history(STEADY), None, PROFILE)
    assert (now.state, now.promotable) == (State.INFORMATIONAL, True)
    made = made_of(history(STEADY), PROFILE)
    assert made["profile"] == PROFILE.parameters
    assert made["verbs"]["v0"]["ratio_p95"] == pytest.approx(statistics.fmean(STEADY))
    after = standing(history(STEADY), made, PROFILE)
    assert (after.state, after.why) == (State.REQUIRED, "the baseline is valid")


def test_one_verb_that_varies_is_enough() -> None:
    runs = [entry(2.0, unsteady, number=n) for n, unsteady in enumerate((1.0, 2.0, 1.0, 2.0, 1.0))]
    now = standing(runs, None, PROFILE)
    assert not now.promotable
    assert "v1 0.39" in now.why
    assert "v0" not in now.why
    with pytest.raises(ConfigurationError, match="v1"):
        made_of(runs, PROFILE)


@pytest.mark.parametrize(
    ("between", "runs"),
    [
        (entry(2.0, profile=OTHER.checksum), 2),
        (entry(2.0, clock="another clock"), 2),
        (entry(2.0, 3.0), 2),
    ],
    ids=["profile", "clock", "verbs"],
)
def test_the_five_are_consecutive_and_alike(between: Entry, runs: int) -> None:
    mixed = [*history(STEADY[:3]), between, *history(STEADY[:2])]
    now = standing(mixed, None, PROFILE)
    assert (now.runs, now.promotable) == (runs, False)
    assert standing(mixed, None, OTHER).runs == 0


def test_later_runs_leave_a_baseline_as_it_is() -> None:
    made = made_of(history(STEADY), PROFILE)
    later = [*history(STEADY), *(entry(9.0, number=n) for n in range(10, 13))]
    now = standing(later, made, PROFILE)
    assert (now.state, now.promotable) == (State.REQUIRED, False)


def _stamped(document: dict[str, Any]) -> dict[str, Any]:
    """As one does who computes the checksum anew."""
    return document | {"checksum": checksum(document)}


def _slacker(made: dict[str, Any]) -> dict[str, Any]:
    changed: dict[str, Any] = json.loads(json.dumps(made))
    changed["verbs"]["v0"]["ratio_p95"] = 9.0
    return changed


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (_slacker, "it was edited after it was made"),
        (lambda made: _stamped(_slacker(made)), "its runs say something else"),
        (lambda made: _stamped(made | {"runs": made["runs"][1:]}), "not made of 5 consecutive"),
        (lambda made: _stamped(made | {"runs": made["runs"][::-1]}), "not made of 5 consecutive"),
        (lambda made: _stamped(made | {"profile_checksum": "0" * 64}), "it is of another profile"),
        (lambda made: _stamped(made | {"profile": {}}), "its runs say something else"),
        (lambda _made: {}, "it was edited after it was made"),
    ],
)
def test_a_changed_baseline_is_void(
    change: Callable[[dict[str, Any]], dict[str, Any]], why: str
) -> None:
    runs = history(STEADY)
    now = standing(runs, change(made_of(runs, PROFILE)), PROFILE)
    assert now.state is State.INFORMATIONAL
    assert "void" in now.why
    assert why in now.why


@pytest.mark.parametrize(
    "changed",
    [
        replace(PROFILE, seed=1),
        replace(PROFILE, rounds=1),
        replace(PROFILE, clients=1),
        replace(PROFILE, payload_bytes=1),
        replace(PROFILE, margin=9.0),
        replace(PROFILE, calls={**PROFILE.calls, "drain": 1}),
        replace(PROFILE, settings={**PROFILE.settings, "fsync": "on"}),
    ],
)
def test_a_changed_profile_voids_it(changed: Profile) -> None:
    runs = history(STEADY)
    now = standing(runs, made_of(runs, PROFILE), changed)
    assert now.state is State.INFORMATIONAL
    assert now.why == "the baseline is void: it is of another profile"


def test_a_baseline_of_unstable_runs_is_void() -> None:
    runs = history([1.0, 3.0, 1.0, 3.0, 1.0])
    made = made_of(history(STEADY), PROFILE)
    forged = _stamped(made | {"runs": [run.checksum for run in runs]})
    assert "not stable" in standing(runs, forged, PROFILE).why


RATIOS = st.floats(min_value=0.1, max_value=50.0, allow_nan=False)
RUNS = st.lists(
    st.tuples(RATIOS, st.sampled_from([PROFILE.checksum, OTHER.checksum])), max_size=12
).map(
    lambda given: [
        entry(round(ratio, 4), number=number, profile=profile)
        for number, (ratio, profile) in enumerate(given)
    ]
)
STEADY_RUNS = st.lists(
    st.floats(min_value=1.9, max_value=2.1), min_size=STABLE_RUNS, max_size=STABLE_RUNS
).map(lambda ratios: history([round(ratio, 4) for ratio in ratios]))


@settings(deadline=None)
@given(RUNS)
def test_without_a_baseline_nothing_is_ever_required(runs: list[Entry]) -> None:
    now = standing(runs, None, PROFILE)
    assert now.state is State.INFORMATIONAL
    last = runs[-STABLE_RUNS:]
    ratios = [run.ratios["v0"] for run in last]
    stable = (
        len(last) == STABLE_RUNS
        and {run.profile_checksum for run in last} == {PROFILE.checksum}
        and round(statistics.stdev(ratios) / statistics.fmean(ratios), 4) <= COV_MAX
    )
    assert now.promotable is stable


@settings(deadline=None)
@given(RUNS, STEADY_RUNS, RUNS)
def test_what_is_promoted_is_required_from_then_on(
    before: list[Entry], steady: list[Entry], after: list[Entry]
) -> None:
    made = made_of([*before, *steady], PROFILE)
    whole = [*before, *steady, *after]
    assert standing(whole, made, PROFILE).state is State.REQUIRED
    assert standing(whole, made, OTHER).state is State.INFORMATIONAL
    assert standing(whole, json.loads(json.dumps(made)), PROFILE).state is State.REQUIRED


@settings(deadline=None)
@given(STEADY_RUNS, st.integers(0, STABLE_RUNS - 1))
def test_a_run_that_is_gone_voids_it(steady: list[Entry], gone: int) -> None:
    made = made_of(steady, PROFILE)
    left = [run for place, run in enumerate(steady) if place != gone]
    assert standing(left, made, PROFILE).state is State.INFORMATIONAL
