"""Runs the cases of workloads, in turns, and gathers what they find."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict
from threading import BrokenBarrierError
from typing import Any, Final

import psycopg

from bench.ground import Ground
from bench.machine import machine, server
from bench.plan import Case, Measurement, Profile, Workload
from bench.results import FORMAT
from bench.systems import SYSTEMS
from ledgerdb.errors import LedgerError
from ledgerdb.verify.evidence import git_sha, has_uncommitted_changes, timestamp_utc

__all__ = ["run", "steps"]

# What a system may fail with; the others are measured all the same, and the failure is told.
_FAILURES: Final = (
    LedgerError,
    psycopg.Error,
    OSError,
    EOFError,
    BrokenBarrierError,
    BrokenProcessPool,
    NotImplementedError,
)


def steps(workloads: Sequence[Workload], profile: Profile) -> int:
    """How many measurements a run makes."""
    return sum(workload.repeats(profile) for workload in workloads for _ in workload.cases(profile))


def run(
    ground: Ground,
    workloads: Sequence[Workload],
    profile: Profile,
    *,
    command: str,
    advance: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Measures everything.

    Args:
        ground: the server.
        workloads: what to measure.
        profile: how much of it.
        command: what runs this again; it is written down.
        advance: is told what is measured now.

    Returns:
        A document of `results.schema.json`.
    """
    began = time.monotonic()
    facts = machine(ground)
    results: list[dict[str, Any]] = []
    failed: list[dict[str, str]] = []
    for workload in workloads:
        cases = list(workload.cases(profile))
        found: dict[Case, list[Measurement]] = {case: [] for case in cases}
        for case in _in_turns(cases, workload.repeats(profile)):
            advance(f"{case.workload}: {case.variant}: {case.system}")
            if case not in found:
                continue
            try:
                found[case].append(case.measure(ground))
            except _FAILURES as error:
                reason = f"{type(error).__name__}: {error}".splitlines()[0]
                failed.append(_names(case) | {"reason": reason})
                del found[case]  # with a repeat missing, its ratios would compare different times
        results += [_entry(case, seen) for case, seen in found.items()]
    return {
        "format": FORMAT,
        "made_at": timestamp_utc(),
        "git_sha": git_sha(),
        "has_uncommitted_changes": has_uncommitted_changes(),
        "command": command,
        "profile": {name: _plain(value) for name, value in asdict(profile).items()},
        "seconds": round(time.monotonic() - began, 1),
        "machine": facts,
        "server": server(ground),
        "systems": {
            system.name: {"kind": str(system.kind), "about": system.about}
            for system in SYSTEMS.values()
        },
        "results": results,
        "failed": failed,
    }


def _in_turns(cases: Sequence[Case], repeats: int) -> Iterator[Case]:
    """Every case once, and then again. Every second time backwards: who comes after whom must not
    matter.
    """
    for repeat in range(repeats):
        yield from cases[:: -1 if repeat % 2 else 1]


def _entry(case: Case, seen: Sequence[Measurement]) -> dict[str, Any]:
    return _names(case) | {
        "numbers": {
            name: [_rounded(each.numbers[name]) for each in seen] for name in seen[0].numbers
        },
        "series": {
            name: [[_rounded(value) for value in each.series[name]] for each in seen]
            for name in seen[0].series
        },
    }


def _names(case: Case) -> dict[str, str]:
    return {"workload": case.workload, "variant": case.variant, "system": case.system}


def _rounded(value: float) -> float:
    """To five digits: no more of it means anything."""
    return float(f"{value:.5g}") if math.isfinite(value) else 0.0


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
