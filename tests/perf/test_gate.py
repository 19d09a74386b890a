"""The gate says which verb is slower and by how much; it fails only where it counts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledgerdb.errors import ConfigurationError
from ledgerdb.perf.gate import compare, judge
from ledgerdb.perf.promotion import State, made_of, standing
from tests.perf.histories import PROFILE, entry

RUNS = [entry(2.0 + wobble, 4.0, number=n) for n, wobble in enumerate((0.0, 0.1, -0.1, 0.05, 0))]
BASELINE = made_of(RUNS, PROFILE)
REQUIRED = standing(RUNS, BASELINE, PROFILE)


def test_a_verb_that_takes_twice_as_long_fails_and_is_named() -> None:
    gate = judge(entry(2.0, 8.0), BASELINE, REQUIRED, PROFILE)
    assert (gate.state, gate.holds) == (State.REQUIRED, False)
    assert gate.findings == (
        "v1: +100% against the baseline: 8.00 times the yardstick, was 4.00, at most 5.20",
    )


def test_what_is_as_fast_or_faster_passes() -> None:
    for ratios in ((2.0, 4.0), (0.5, 1.0), (2.5, 5.1)):
        gate = judge(entry(*ratios), BASELINE, REQUIRED, PROFILE)
        assert (gate.holds, gate.findings) == (True, ())
        assert len(gate.verdicts) == 2


def test_without_a_baseline_that_counts_nothing_fails() -> None:
    slow = entry(99.0, 99.0)
    without = judge(slow, None, standing(RUNS, None, PROFILE), PROFILE)
    assert (without.state, without.holds, without.verdicts) == (State.INFORMATIONAL, True, ())
    edited = BASELINE | {"verbs": {}}
    void = judge(slow, edited, standing(RUNS, edited, PROFILE), PROFILE)
    assert (void.state, void.holds) == (State.INFORMATIONAL, True)
    assert "void" in void.why


@pytest.mark.parametrize(
    ("run", "why"),
    [
        (replace(entry(99.0, 99.0), profile_checksum="0" * 64), "another profile"),
        (replace(entry(99.0, 99.0), clock="elapsed"), "another clock"),
    ],
)
def test_what_cannot_be_compared_is_shown_and_fails_nobody(run: object, why: str) -> None:
    gate = judge(run, BASELINE, REQUIRED, PROFILE)  # type: ignore[arg-type]
    assert (gate.state, gate.holds) == (State.INFORMATIONAL, True)
    assert why in gate.why
    assert len(gate.findings) == 2


def test_a_run_that_left_a_verb_out_is_not_judged() -> None:
    with pytest.raises(ConfigurationError, match="different verbs"):
        judge(entry(2.0), BASELINE, REQUIRED, PROFILE)


def test_a_verb_that_varied_may_vary() -> None:
    unsteady = [entry(ratio, number=n) for n, ratio in enumerate((2.0, 2.6, 2.0, 2.6, 2.2))]
    baseline = made_of(unsteady, PROFILE)
    was = baseline["verbs"]["v0"]
    assert 4 * was["cov"] > PROFILE.margin
    (verdict,) = compare(entry(2.0), baseline, PROFILE.margin)
    assert verdict.limit == pytest.approx(was["ratio_p95"] * (1 + 4 * was["cov"]), rel=1e-3)


@settings(deadline=None)
@given(st.floats(0.01, 100.0), st.floats(0.01, 100.0))
def test_slower_is_never_judged_better(one: float, other: float) -> None:
    low, high = sorted((one, other))
    gates = [judge(entry(ratio, 4.0), BASELINE, REQUIRED, PROFILE) for ratio in (low, high)]
    assert gates[0].holds >= gates[1].holds
    assert gates[0].verdicts[0].slower_by <= gates[1].verdicts[0].slower_by
