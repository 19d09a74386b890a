"""What a run of the demo found out: plain values, from which the table and the report are drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

__all__ = [
    "Check",
    "DemoResult",
    "Event",
    "LineProblem",
    "Moment",
    "TenantTotals",
    "WorkerTotals",
]


@dataclass(frozen=True, slots=True)
class LineProblem:
    """A line of the input that was not accepted, and why; the other lines went on."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Moment:
    """One reading of the progress, `at_seconds` after the first worker started."""

    at_seconds: float
    acknowledged: int
    finished: int


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened on the way, such as the SIGKILL of a worker."""

    at_seconds: float
    text: str


@dataclass(frozen=True, slots=True)
class Check:
    """An invariant, read back from the database by plain SQL after the run.

    Attributes:
        name: the invariant, as a sentence.
        checked: how many things were looked at.
        violations: what breaks it; empty when it holds. A long list is cut.
    """

    name: str
    checked: int
    violations: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """True where nothing breaks it."""
        return not self.violations


@dataclass(frozen=True, slots=True)
class TenantTotals:
    """Outcomes of one tenant's instructions."""

    tenant: str
    dispatched: int
    failed: int
    pending: int


@dataclass(frozen=True, slots=True)
class WorkerTotals:
    """Attempts that one worker process completed; `killed` if it was ended by SIGKILL."""

    worker_id: str
    attempts: int
    killed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoResult:
    """Everything about one run.

    Attributes:
        started_at: wall clock at the beginning, aware.
        instructions_file: name of the input.
        seconds: from the first acknowledgement to the last terminal attempt.
        lines: lines read from the input; blank ones and tenant registrations aside.
        acknowledged: distinct instructions that got an acknowledgement.
        replayed: lines that repeated an instruction exactly and got its first acknowledgement.
        refused: lines that were not accepted.
        outcomes: instructions by where they ended: DISPATCHED, FAILED, PENDING.
        attempts_by_state: rows of the attempts ledger by state.
        attempts_histogram: number of attempts -> number of instructions that took so many.
        error_codes: attempts by error code, where they have one.
        rail_requests: requests that the simulated rail received.
        rail_payments: distinct payments in the books of the rail.
        timeline: progress readings, in order.
        events: kills and repairs, in order.
        checks: the invariants.
    """

    started_at: datetime
    server_version: str
    revision: str
    instructions_file: str
    seed: int
    fail_rate: float
    seconds: float
    lines: int
    acknowledged: int
    replayed: int
    refused: tuple[LineProblem, ...]
    outcomes: Mapping[str, int]
    attempts_by_state: Mapping[str, int]
    attempts_histogram: Mapping[int, int]
    error_codes: Mapping[str, int]
    rail_requests: int
    rail_payments: int
    tenants: tuple[TenantTotals, ...]
    workers: tuple[WorkerTotals, ...]
    timeline: tuple[Moment, ...]
    events: tuple[Event, ...]
    checks: tuple[Check, ...]

    @property
    def holds(self) -> bool:
        """True where every invariant holds."""
        return all(check.holds for check in self.checks)
