"""`python -m proof interleavings`."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import Progress

from proof.ground import Ground, replacements
from proof.interleavings.check import Finding
from proof.interleavings.head import HEAD_WORLD
from proof.interleavings.reference import KNOWN_DEFECTS
from proof.interleavings.replay import play_again, save, shrink
from proof.interleavings.stage import Stage
from proof.interleavings.workers import Outcome, explore_head, explore_reference
from proof.report import Report, conclude

__all__ = ["interleavings"]

_PERMUTATIONS: Final = 10_000
_SCHEDULES: Final = 6_000
_JOBS: Final = 2
_SEED_MAX: Final = 2**31
_FAILED: Final = 1


def interleavings(
    *,
    seed: Annotated[int | None, typer.Option(help="Of the order; drawn where not given.")] = None,
    permutations: Annotated[
        int, typer.Option(min=1, help="Of whole statements, at least.")
    ] = _PERMUTATIONS,
    schedules: Annotated[
        int, typer.Option(min=1, help="Inside the functions, at least.")
    ] = _SCHEDULES,
    jobs: Annotated[int, typer.Option(min=1, max=16, help="Processes.")] = _JOBS,
    replay: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Play one schedule again.")
    ] = None,
    failures: Annotated[
        Path, typer.Option(file_okay=False, help="Where broken schedules are written.")
    ] = Path("failures"),
    out: Annotated[
        Path | None, typer.Option(file_okay=False, help="Where the report is written.")
    ] = None,
) -> None:
    """Sessions meet in every order, between statements and inside the functions.

    Every schedule must keep the promises of the SQL contract. Exits with 1 where one does not, or
    where the reference does not show its known defects.
    """
    with Ground() as ground:
        if replay is not None:
            _replay(ground, replay)
            return
        seed = random.randrange(_SEED_MAX) if seed is None else seed
        began = time.monotonic()
        with Progress(transient=True) as progress:
            bar = progress.add_task(f"seed {seed}", total=2 * jobs + 1)
            outcome = explore_head(
                ground,
                permutations=permutations,
                schedules=schedules,
                jobs=jobs,
                seed=seed,
                on_done=lambda: progress.advance(bar),
            )
            found, played = explore_reference(ground, seed)
            progress.advance(bar)
        findings = [*outcome.statements.findings, *outcome.inside.findings]
        with ground.database() as url:
            version, fingerprint = Report.server_of(url)
        report = Report(
            check_id="interleavings",
            command=f"python -m proof interleavings --seed {seed} --permutations {permutations}"
            f" --schedules {schedules} --jobs {jobs}",
            seed=seed,
            server_version=version,
            schema_fingerprint=fingerprint,
            counts=_counts(outcome),
            reference={**found, "schedules on the reference": played},
            findings=[str(finding) for finding in findings],
            required={
                "permutations of statements": permutations,
                "schedules inside functions": schedules,
                **dict.fromkeys(KNOWN_DEFECTS, 1),
            },
            seconds=time.monotonic() - began,
            further={
                "scenarios_by_preemptions_still_to_play": {
                    # JSON has text for names
                    name: {str(bound): count for bound, count in scenarios.items()}
                    for name, scenarios in (
                        ("statements", outcome.statements.bounds),
                        ("inside", outcome.inside.bounds),
                    )
                }
            },
        )
        _write(ground, findings, failures)
    conclude(report, out)


def _counts(outcome: Outcome) -> dict[str, int]:
    return {
        "scenarios": outcome.scenarios,
        "permutations of statements": outcome.statements.played,
        "infeasible permutations": outcome.statements.infeasible,
        "scenarios of statements, exhausted": outcome.statements.exhausted,
        "schedules inside functions": outcome.inside.played,
        "scenarios inside functions, exhausted": outcome.inside.exhausted,
    }


def _write(ground: Ground, findings: Sequence[Finding], folder: Path) -> None:
    """A file for each finding, as small as it gets."""
    if not findings:
        return
    with ground.database(replaced=replacements()) as url:
        HEAD_WORLD.prepare(url)
        with Stage(url, HEAD_WORLD) as stage:
            for number, finding in enumerate(findings, 1):
                path = folder / f"interleaving-{number}.json"
                save(shrink(stage, finding), path)
                typer.echo(f"python -m proof interleavings --replay {path}")


def _replay(ground: Ground, path: Path) -> None:
    console = Console(highlight=False)
    with ground.database(replaced=replacements()) as url:
        HEAD_WORLD.prepare(url)
        with Stage(url, HEAD_WORLD) as stage:
            trace, broken = play_again(stage, path)
    console.print(trace.scenario.name, markup=False)
    for choice in trace.choices:
        console.print(f"  session {choice.taken}: {choice.place}", markup=False)
    for event in trace.events:
        told = event.sqlstate or [dict(row) for row in event.rows]
        console.print(f"  session {event.actor} {event.call}: {told}", markup=False)
    for line in broken:
        console.print(line, markup=False)
    if broken:
        raise typer.Exit(_FAILED)
