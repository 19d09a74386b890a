"""`python -m proof chaos`: the phases one after the other, and what they prove."""

from __future__ import annotations

import random
import statistics
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from proof.chaos import phases
from proof.chaos.rules import RULES
from proof.chaos.stage import Outcome
from proof.ground import Ground
from proof.report import Report, conclude

__all__ = ["chaos"]

CHECK_ID: Final = "chaos"
WAIT: Final = "synchronous wait cancelled"
# Of all faults: so many are promotions with and without confirmation; a promotion in five goes with
# cancelled waits, some at a time.
SHARE_SYNCHRONOUS: Final = 1 / 8
SHARE_ASYNCHRONOUS: Final = 1 / 30
SHARE_WAITS: Final = 1 / 12
SHARE_REFERENCE: Final = 1 / 6
WIDTH: Final = 110
_HOUR_SECONDS: Final = 3_600


@dataclass(slots=True)
class Tally:
    """The sum of the runs of one promise."""

    faults: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    violations: Counter[str] = field(default_factory=Counter)
    losses: Counter[str] = field(default_factory=Counter)
    recovery: dict[str, list[float]] = field(default_factory=dict)
    drain_seconds: list[float] = field(default_factory=list)
    awaits: dict[str, int] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)

    def add(self, outcome: Outcome, where: str) -> None:
        self.faults += outcome.faults
        self.counts += outcome.counts
        self.violations += outcome.verdict.violations
        self.losses += outcome.verdict.losses
        for kind, seconds in outcome.recovery.items():
            self.recovery.setdefault(kind, []).extend(seconds)
        self.drain_seconds.append(outcome.drain_seconds)
        for verb, at in outcome.awaits.items():
            self.awaits[verb] = max(at, self.awaits.get(verb, 0))
        self.findings += [f"{where}: {example}" for example in outcome.verdict.examples]
        self.findings += [f"{where}: ledgerdb verify ledger: {said}" for said in outcome.findings]


@dataclass(slots=True)
class Run:
    """All that a run of the command found: (a) one node, (b) confirmed failovers, (c) unconfirmed
    ones, and the reference.
    """

    one_node: Tally = field(default_factory=Tally)
    synchronous: Tally = field(default_factory=Tally)
    asynchronous: Tally = field(default_factory=Tally)
    reference: Tally = field(default_factory=Tally)

    @property
    def head(self) -> dict[str, Tally]:
        return {
            "one node": self.one_node,
            "confirmed failovers": self.synchronous,
            "unconfirmed failovers": self.asynchronous,
        }


def chaos(
    faults: Annotated[int, typer.Option(min=30, help="Least number of faults of a round.")] = 120,
    hours: Annotated[
        float, typer.Option(min=0, help="Rounds for so long; 0 for a single one.")
    ] = 0,
    seed: Annotated[int | None, typer.Option(help="Of everything that is drawn.")] = None,
    version: Annotated[int, typer.Option(help="Major version of PostgreSQL.")] = 18,
    out: Annotated[Path | None, typer.Option(help="Folder of the artefact.")] = None,
) -> None:
    """Real faults under a real load, judged by histories: S1 to S15 and L1 of every promise.

    What is drawn depends on the seed; when it hits depends on the machine.
    """
    seed = random.randrange(2**31) if seed is None else seed
    print(f"seed {seed}")
    started = time.monotonic()
    run = Run()
    rounds = 0
    with phases.small_disk() as (disk, skipped):
        while not rounds or time.monotonic() - started < hours * _HOUR_SECONDS:
            _round(run, version, seed + rounds, faults, disk)
            rounds += 1
    _show(run)
    report = _report(
        run, seed=seed, version=version, faults=faults * rounds,
        command=f"python -m proof chaos --faults {faults} --hours {hours:g} --seed {seed}"
        f" --version {version}",
        seconds=time.monotonic() - started,
        skipped={"disk full": skipped} if skipped else {},
    )  # fmt: skip
    conclude(report, out)


def _round(run: Run, version: int, seed: int, faults: int, disk: Path | None) -> None:
    synchronous = _share(faults, SHARE_SYNCHRONOUS)
    asynchronous = _share(faults, SHARE_ASYNCHRONOUS)
    on_one_node = faults - synchronous - asynchronous - _share(faults, SHARE_WAITS)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
               TimeElapsedColumn())  # fmt: skip
    with Progress(*columns, console=Console(stderr=True)) as bars:

        def bar(what: str, total: int) -> phases.Progress:
            task = bars.add_task(what, total=total)
            return lambda: bars.advance(task)

        controls = _share(faults, SHARE_REFERENCE)
        run.reference.add(
            phases.reference(version, seed, controls, bar("reference 0001", controls)), "0001"
        )
        run.one_node.add(
            phases.upgraded(version, seed, bar("upgrade under load", 5)), "upgrade under load"
        )
        run.one_node.add(
            phases.one_node(version, seed, on_one_node, disk, bar("one node", on_one_node)),
            "one node",
        )
        run.synchronous.add(
            phases.synchronous_failovers(
                version, seed, synchronous, bar("confirmed failovers", synchronous)
            ),
            "confirmed failovers",
        )
        run.asynchronous.add(
            phases.asynchronous_failovers(
                version, seed, asynchronous, bar("unconfirmed failovers", asynchronous)
            ),
            "unconfirmed failovers",
        )


def _report(
    run: Run,
    *,
    seed: int,
    version: int,
    faults: int,
    command: str,
    seconds: float,
    skipped: dict[str, str],
) -> Report:
    with Ground(version) as ground, ground.database() as url:
        server_version, fingerprint = Report.server_of(url)
    head = run.head.values()
    kinds = _sum(tally.faults for tally in head)
    counts = {
        "faults": kinds.total(),
        "promotions": run.synchronous.faults.total()
        - kinds[WAIT]
        + run.asynchronous.faults.total(),
        "of these unconfirmed": run.asynchronous.faults.total(),
        "cancelled synchronous waits": kinds[WAIT],
        **_sum(tally.counts for tally in head),
        **{f"lost unconfirmed, {name}": n for name, n in sorted(run.asynchronous.losses.items())},
    }
    return Report(
        check_id=CHECK_ID,
        command=command,
        seed=seed,
        server_version=server_version,
        schema_fingerprint=fingerprint,
        counts=counts,
        reference={f"{name} {RULES[name].says}": n for name, n in run.reference.violations.items()},
        findings=[finding for tally in head for finding in tally.findings],
        required={
            "faults": faults,
            "promotions": _share(faults, SHARE_SYNCHRONOUS),
            "cancelled synchronous waits": _share(faults, SHARE_WAITS),
            f"S9 {RULES['S9'].says}": 1,
        },
        seconds=seconds,
        further={
            "faults_by_kind": dict(kinds.most_common()),
            "recovery_seconds_median": _medians(head),
            "drain_seconds_max": round(max(s for t in head for s in t.drain_seconds), 1),
            "cancelled_at_each_await_up_to": run.one_node.awaits,
            "losses": dict(run.asynchronous.losses),
            "skipped": skipped,
        },
    )


def _show(run: Run) -> None:
    """Faults and recovery by kind."""
    medians = _medians(run.head.values())
    table = Table(title="faults", title_justify="left")
    for column in ("", *run.head, "recovery, median s"):
        table.add_column(column, justify="left" if not column else "right")
    for kind in _sum(tally.faults for tally in run.head.values()):
        table.add_row(
            kind,
            *(f"{tally.faults[kind] or ''}" for tally in run.head.values()),
            f"{medians.get(kind, float('nan')):.2f}",
        )
    Console(highlight=False, width=WIDTH).print(table)


def _medians(tallies: Iterable[Tally]) -> dict[str, Any]:
    merged: dict[str, list[float]] = {}
    for tally in tallies:
        for kind, seconds in tally.recovery.items():
            merged.setdefault(kind, []).extend(seconds)
    return {kind: round(statistics.median(seconds), 3) for kind, seconds in merged.items()}


def _sum(counters: Iterable[Counter[str]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for counter in counters:
        total += counter
    return total


def _share(faults: int, share: float) -> int:
    return max(round(faults * share), 1)
