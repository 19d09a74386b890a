"""The gate: is a verb slower than its baseline allows? It compares ratios, and never times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ledgerdb.errors import ConfigurationError
from ledgerdb.perf.history import Entry
from ledgerdb.perf.profile import Profile
from ledgerdb.perf.promotion import Standing, State

__all__ = ["Gate", "Verdict", "compare", "judge"]

_DEVIATIONS: Final = 4
_PLACES: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Of one verb.

    Attributes:
        ratio: of this run.
        baseline: the mean of the baseline's runs.
        limit: the largest ratio that is allowed.
        slower_by: than the baseline: 1.0 is twice as slow, less than 0 is faster.
        holds: it is within the limit.
    """

    verb: str
    ratio: float
    baseline: float
    limit: float
    slower_by: float
    holds: bool

    def __str__(self) -> str:
        return (
            f"{self.verb}: {self.slower_by:+.0%} against the baseline: {self.ratio:.2f} times the"
            f" yardstick, was {self.baseline:.2f}, at most {self.limit:.2f}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What a run comes to.

    Attributes:
        state: REQUIRED where it counts.
        why: it counts, or does not.
        verdicts: on each verb; empty without a baseline that counts.
        holds: nothing that counts is too slow.
    """

    state: State
    why: str
    verdicts: tuple[Verdict, ...]
    holds: bool

    @property
    def findings(self) -> tuple[str, ...]:
        """What is too slow, and by how much."""
        return tuple(str(verdict) for verdict in self.verdicts if not verdict.holds)


def judge(run: Entry, baseline: Mapping[str, Any] | None, now: Standing, profile: Profile) -> Gate:
    """Judges a run by a baseline.

    Args:
        run: of the same code that is to be judged.
        baseline: None where there is none.
        now: where the profile stood before the run.
        profile: of today.

    Raises:
        ConfigurationError: as `compare`.
    """
    state, why = now.state, now.why
    if baseline is None or state is not State.REQUIRED:
        return Gate(state=State.INFORMATIONAL, why=why, verdicts=(), holds=True)
    if run.profile_checksum != profile.checksum:
        state, why = State.INFORMATIONAL, "the run is of another profile"
    elif run.clock != baseline["clock"]:
        state, why = State.INFORMATIONAL, "the run is by another clock than the baseline"
    verdicts = compare(run, baseline, profile.margin)
    holds = state is State.INFORMATIONAL or all(verdict.holds for verdict in verdicts)
    return Gate(state=state, why=why, verdicts=verdicts, holds=holds)


def compare(run: Entry, baseline: Mapping[str, Any], margin: float) -> tuple[Verdict, ...]:
    """Each verb of the baseline: it may be slower by the margin, or by four standard deviations of
    the baseline's runs, whichever is more.

    Raises:
        ConfigurationError: the run is of other verbs than the baseline.
    """
    if run.ratios.keys() != baseline["verbs"].keys():
        raise ConfigurationError("the run and the baseline are of different verbs")
    found = []
    for verb, was in baseline["verbs"].items():
        ratio = run.ratios[verb]
        limit = was["ratio_p95"] * (1 + max(margin, _DEVIATIONS * was["cov"]))
        found.append(
            Verdict(
                verb=verb,
                ratio=ratio,
                baseline=was["ratio_p95"],
                limit=round(limit, _PLACES),
                slower_by=round(ratio / was["ratio_p95"] - 1, _PLACES),
                holds=ratio <= limit,
            )
        )
    return tuple(found)
