"""What is wrong about two runs of the perf-smoke profile; every figure is made again from its
times, with arithmetic that the bench does not share.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import rfc8785

__all__ = ["REPEATED", "findings", "noise"]

# What is the same whenever the same profile is run.
REPEATED: Final = ("profile", "profile_checksum", "workload_sha256", "left_behind", "postgresql")
_REQUIRED: Final = "REQUIRED"
_VERBS: Final = ("drain", "enqueue", "enqueue_many", "evidence_pack", "ingest")
_SHARES: Final = {"p50_ms": 50, "p95_ms": 95, "p99_ms": 99}
_ROUNDED: Final = 1e-3
_DATABASE_SHARE_MAX: Final = 10
_PLACES: Final = 4


def findings(runs: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What is wrong, a sentence each.

    Args:
        runs: documents of `ledgerdb bench smoke --json --times`, one after the other.
    """
    for number, run in enumerate(runs, 1):
        yield from (f"run {number}: {finding}" for finding in _of(run))
    first = runs[0]
    for name in REPEATED:
        if any(run[name] != first[name] for run in runs):
            yield f"the same profile does not repeat: {name} differs"


def noise(runs: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Verb -> how far apart its ratios were in these runs: the highest over the lowest, less 1."""
    found = {}
    for verb in runs[0]["figures"]:
        ratios = [run["figures"][verb]["ratio_p95"] for run in runs]
        found[verb] = round(max(ratios) / min(ratios) - 1, _PLACES)
    return found


def _of(run: Mapping[str, Any]) -> Iterator[str]:
    profile = run["profile"]
    if hashlib.sha256(rfc8785.dumps(profile)).hexdigest() != run["profile_checksum"]:
        yield "its profile has another checksum"
    if sorted(run["figures"]) != [*_VERBS]:
        yield f"it is of {sorted(run['figures'])}"
    for verb, figures in run["figures"].items():
        yield from (f"{verb}: {what}" for what in _of_verb(figures, run["rounds"][verb], profile))
        if figures["calls"] != profile["rounds"] * profile["calls"][verb]:
            yield f"{verb}: {figures['calls']} calls are not what the profile says"
    gate = run["gate"]
    slower = [one["verb"] for one in gate["verdicts"] if one["ratio"] > one["limit"]]
    if gate["holds"] != (gate["state"] != _REQUIRED or not slower):
        yield "the gate does not say what its verdicts say"
    if gate["state"] == _REQUIRED:
        yield from gate["findings"]


def _of_verb(
    figures: Mapping[str, Any], rounds: Sequence[Mapping[str, Any]], profile: Mapping[str, Any]
) -> Iterator[str]:
    times = {
        name: [value for one in rounds for value in one[name]]
        for name in ("elapsed", "net", "yardstick_elapsed", "yardstick_net")
    }
    if len(rounds) != profile["rounds"] or {len(values) for values in times.values()} != {
        figures["calls"]
    }:
        yield "its times are not as many as its calls"
        return
    seen = {name: _at(times["elapsed"], share) * 1_000 for name, share in _SHARES.items()}
    bare = _calm([one["yardstick_net"] for one in rounds], 50)
    for name, share in (("ratio_p50", 50), ("ratio_p95", 95)):
        seen[name] = _calm([one["net"] for one in rounds], share) / bare
    for name, value in seen.items():
        if abs(value - figures[name]) > _ROUNDED:
            yield f"{name} is {figures[name]}, and its times say {value:.4f}"
    if any(net > elapsed for net, elapsed in zip(times["net"], times["elapsed"], strict=True)):
        yield "a call waited for less than no time"
    # The server's clock runs while a session waits for a processor, and counts what the calls of
    # before had not told yet: of a few calls on a busy machine that is more than themselves.
    slowest_ms = max(times["elapsed"]) * 1_000
    if not 0 < figures["database_ms"] < _DATABASE_SHARE_MAX * slowest_ms:
        yield f"the server worked {figures['database_ms']} ms for calls of {slowest_ms:.4f} ms"


def _at(values: Sequence[float], share: int) -> float:
    """The nearest rank: so many percent are not above it."""
    rank = -(-len(values) * share // 100)
    return sorted(values)[rank - 1]


def _calm(rounds: Sequence[Sequence[float]], share: int) -> float:
    """In a round than which a tenth of them is calmer."""
    return _at([_at(one, share) for one in rounds], 10)
