"""Whether the gate counts: informational until a baseline of stable runs exists, then required.

    INFORMATIONAL ──promote: the last five runs are stable──> REQUIRED
         ^                                                       │
         └── profile, clock or baseline changed: it is void <────┘

Everything here is a function of the history, the baseline and the profile; no clock, no files.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from ledgerdb.errors import ConfigurationError
from ledgerdb.perf.checksum import checksum
from ledgerdb.perf.history import Entry
from ledgerdb.perf.profile import Profile

__all__ = ["COV_MAX", "STABLE_RUNS", "Standing", "State", "made_of", "standing"]

STABLE_RUNS: Final = 5
COV_MAX: Final = 0.15
_PLACES: Final = 4


class State(StrEnum):
    """What a slower verb means."""

    INFORMATIONAL = "INFORMATIONAL"
    REQUIRED = "REQUIRED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a profile stands.

    Attributes:
        state: REQUIRED where the baseline is valid.
        why: it is so, in a sentence.
        runs: consecutive runs of this profile at the end of the history.
        cov: verb -> coefficient of variation of the ratio over the last five; empty before there
            are five.
        promotable: a baseline can be made of the last five.
    """

    state: State
    why: str
    runs: int
    cov: Mapping[str, float]
    promotable: bool


def standing(
    history: Sequence[Entry], baseline: Mapping[str, Any] | None, profile: Profile
) -> Standing:
    """Where a profile stands after a history.

    Args:
        history: the oldest run first.
        baseline: as `made_of` makes it; None where there is none.
        profile: of today.
    """
    last = _last(history, profile)
    cov = _cov(last[-STABLE_RUNS:]) if len(last) >= STABLE_RUNS else {}
    promotable = bool(cov) and all(value <= COV_MAX for value in cov.values())
    if baseline is not None:
        void = _void(history, baseline, profile)
        state = State.INFORMATIONAL if void else State.REQUIRED
        why = f"the baseline is void: {void}" if void else "the baseline is valid"
    else:
        state = State.INFORMATIONAL
        why = "there is no baseline: " + _missing(len(last), cov, promotable=promotable)
    return Standing(state=state, why=why, runs=len(last), cov=cov, promotable=promotable)


def made_of(history: Sequence[Entry], profile: Profile) -> dict[str, Any]:
    """The baseline of the last five runs, with its checksum and the profile.

    Raises:
        ConfigurationError: they are fewer than five, of another profile, or not stable.
    """
    last = _last(history, profile)
    now = standing(history, None, profile)
    if not now.promotable:
        raise ConfigurationError(
            "no baseline can be made: " + _missing(len(last), now.cov, promotable=False)
        )
    return _document(last[-STABLE_RUNS:], profile)


def _document(runs: Sequence[Entry], profile: Profile) -> dict[str, Any]:
    cov = _cov(runs)
    content = {
        "profile": profile.parameters,
        "profile_checksum": profile.checksum,
        "clock": runs[-1].clock,
        "runs": [run.checksum for run in runs],
        "verbs": {
            verb: {
                "ratio_p95": round(statistics.fmean(run.ratios[verb] for run in runs), _PLACES),
                "cov": cov[verb],
            }
            for verb in runs[-1].ratios
        },
    }
    return content | {"checksum": checksum(content)}


def _last(history: Sequence[Entry], profile: Profile) -> list[Entry]:
    """The runs at the end of the history that are of this profile, all by one clock."""
    found: list[Entry] = []
    for entry in reversed(history):
        is_alike = not found or (
            entry.clock == found[0].clock and entry.ratios.keys() == found[0].ratios.keys()
        )
        if entry.profile_checksum != profile.checksum or not is_alike:
            break
        found.append(entry)
    return found[::-1]


def _cov(runs: Sequence[Entry]) -> dict[str, float]:
    """Of the sample: standard deviation over mean."""
    found = {}
    for verb in runs[-1].ratios:
        ratios = [run.ratios[verb] for run in runs]
        found[verb] = round(statistics.stdev(ratios) / statistics.fmean(ratios), _PLACES)
    return found


def _missing(runs: int, cov: Mapping[str, float], *, promotable: bool) -> str:
    if promotable:
        return f"the last {STABLE_RUNS} runs are stable, `ledgerdb bench promote` makes one of them"
    if not cov:
        return (
            f"{runs} of {STABLE_RUNS} consecutive runs of this profile are recorded;"
            " `ledgerdb bench smoke --record` adds one"
        )
    unsteady = ", ".join(f"{verb} {value}" for verb, value in cov.items() if value > COV_MAX)
    return f"the last {STABLE_RUNS} runs vary by more than {COV_MAX}: {unsteady}"


def _void(history: Sequence[Entry], baseline: Mapping[str, Any], profile: Profile) -> str:
    """Why a baseline does not count; empty where it does."""
    if baseline.get("checksum") != checksum(baseline):
        return "it was edited after it was made"
    if baseline.get("profile_checksum") != profile.checksum:
        return "it is of another profile"
    named = baseline.get("runs")
    places = range(len(history) - STABLE_RUNS + 1)
    for place in places:
        runs = history[place : place + STABLE_RUNS]
        if [run.checksum for run in runs] == named:
            break
    else:
        return f"it is not made of {STABLE_RUNS} consecutive runs of the history"
    if len(_last(runs, profile)) < STABLE_RUNS or max(_cov(runs).values()) > COV_MAX:
        return "its runs are not stable"
    return "" if _document(runs, profile) == dict(baseline) else "its runs say something else"
