"""One run of the verifier: the bench as a user runs it, and what is wrong about what it says."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from ledgerdb.errors import LedgerError
from ledgerdb.verify.evidence import Evidence, Status, git_sha, timestamp_utc
from ledgerdb.verify.fingerprint import head_fingerprint
from ledgerdb.verify.perf import drivers, smoke
from ledgerdb.verify.program import last_line, python

__all__ = ["ARTEFACTS", "DRIVERS", "SMOKE", "verify_drivers", "verify_smoke"]

SMOKE: Final = "phase1/perf_smoke_profile.json"
DRIVERS: Final = "phase1/perf_db_driver_bench.json"
ARTEFACTS: Final = (SMOKE, DRIVERS)
_DONE: Final = (0, 1)  # as it should be, or slower
_RUNS: Final = 2

Progress = Callable[[str], None]


def verify_smoke(*, quick: bool = False, progress: Progress = lambda _step: None) -> Evidence:
    """Runs the perf-smoke profile twice: what it says is true, repeats, and is no regression.

    Args:
        quick: fewer rounds, which no baseline is about; the evidence says so.
        progress: is told of each step.

    Raises:
        ConfigurationError: no commit to name.
        LedgerError: the bench could not measure.
    """
    made_at, commit = timestamp_utc(), git_sha()
    runs = []
    for number in range(1, _RUNS + 1):
        progress(f"perf smoke, run {number} of {_RUNS}")
        runs.append(_bench("smoke", "--times", *(["--quick"] if quick else [])))
    progress("standing")
    now = _bench("standing")
    return _evidence(
        "perf_smoke_profile",
        made_at,
        commit,
        findings=[*smoke.findings(runs)],
        seen={
            "quick": quick,
            "standing": now,
            "noise": smoke.noise(runs),
            **{name: runs[0][name] for name in smoke.REPEATED},
            "runs": [
                {
                    name: run[name]
                    for name in ("clock", "figures", "gate", "machine", "seconds", "throughput")
                }
                for run in runs
            ],
        },
    )


def verify_drivers(*, quick: bool = False, progress: Progress = lambda _step: None) -> Evidence:
    """Compares the pooled client with a process for each call, and what a payload costs.

    Args:
        quick: fewer calls; the evidence says so.
        progress: is told of each step.

    Raises:
        ConfigurationError: no commit to name.
        LedgerError: the bench could not measure.
    """
    made_at, commit = timestamp_utc(), git_sha()
    progress("drivers")
    found = _bench("drivers", *(["--quick"] if quick else []))
    return _evidence(
        "perf_db_driver_bench",
        made_at,
        commit,
        findings=[*drivers.findings(found)],
        seen={"quick": quick, "p95_below_min": drivers.BELOW_MIN, **found},
    )


def _bench(name: str, *arguments: str) -> dict[str, Any]:
    done = python("-m", "ledgerdb", "bench", name, "--json", *arguments)
    try:
        document: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        document = {}
    if done.returncode not in _DONE or not document:
        raise LedgerError(f"bench {name} could not measure: {last_line(done)}")
    return document


def _evidence(
    check_id: str, made_at: str, commit: str, *, findings: list[str], seen: Mapping[str, Any]
) -> Evidence:
    return Evidence(
        check_id=check_id,
        timestamp_utc=made_at,
        git_sha=commit,
        status=Status.FAIL if findings else Status.PASS,
        schema_fingerprint=head_fingerprint(),
        details={"findings": findings, **seen},
    )
