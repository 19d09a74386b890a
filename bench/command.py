"""`python -m bench run`, `report` and `targets`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from bench.ground import Ground
from bench.plan import FULL, LONG, QUICK
from bench.report import write_page
from bench.results import read, write
from bench.runner import run as measure
from bench.runner import steps
from bench.systems import SYSTEMS
from bench.targets import judge
from bench.workloads import WORKLOADS
from ledgerdb.embedded import SERVER_VERSIONS
from ledgerdb.errors import ConfigurationError

__all__ = ["report", "run", "targets"]

ROOT: Final = Path(__file__).resolve().parent.parent
_RESULTS: Final = Path("bench", "results")

_Results = Annotated[
    list[Path],
    typer.Argument(help="Files that `run` has written: the run, and others that go further."),
]


def run(
    *,
    quick: Annotated[bool, typer.Option("--quick", help="Small sizes, 3 repeats.")] = False,
    long: Annotated[
        bool, typer.Option("--long", help="400,000 items under a snapshot, a million in the queue.")
    ] = False,
    workloads: Annotated[
        str, typer.Option(help=f"Which, with commas between: {', '.join(WORKLOADS)}.")
    ] = "",
    systems: Annotated[
        str, typer.Option(help=f"Which, with commas between: {', '.join(SYSTEMS)}.")
    ] = "",
    postgres: Annotated[int, typer.Option(help="Major version of the server: 16 or 18.")] = 18,
    data_dir: Annotated[
        Path | None,
        typer.Option(help="Where the server keeps its data: on a disk.", file_okay=False),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The file of results.", dir_okay=False)] = None,
) -> None:
    """Measure every system in turns on one embedded PostgreSQL, and write down what was seen.

    Exit code: 0 everything was measured, 1 something failed (the rest is written), 2 it could not
    begin.
    """
    if quick and long:
        raise ConfigurationError("--quick and --long: one of them")
    if postgres not in SERVER_VERSIONS:
        raise ConfigurationError(f"--postgres: one of {SERVER_VERSIONS}, not {postgres}")
    profile = QUICK if quick else LONG if long else FULL
    names = _chosen("--workloads", workloads, WORKLOADS)
    taking_turns = _chosen("--systems", systems, SYSTEMS)
    chosen = [WORKLOADS[name].of(taking_turns) for name in names]
    if not steps(chosen, profile):
        raise ConfigurationError(
            f"--systems: {', '.join(taking_turns)} takes no part in {', '.join(names)}"
        )
    path = out or _RESULTS / f"{profile.name}.json"
    command = " ".join(
        (
            "python -m bench run",
            *(f"--{profile.name}" for _ in range(profile is not FULL)),
            *(f"--workloads {','.join(names)}" for _ in range(len(names) < len(WORKLOADS))),
            *(f"--systems '{','.join(taking_turns)}'" for _ in range(bool(systems))),
            *(f"--postgres {postgres}" for _ in range(postgres != max(SERVER_VERSIONS))),
        )
    )
    console = Console(highlight=False)
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Ground(postgres, data_dir=data_dir) as ground, Progress(*columns) as progress:
        task = progress.add_task("", total=steps(chosen, profile))

        def advance(what: str) -> None:
            progress.update(task, description=what)
            progress.advance(task)

        document = measure(ground, chosen, profile, command=command, advance=advance)
    write(path, document)
    for entry in document["failed"]:
        console.print(
            f"not measured: {entry['workload']}: {entry['variant']}: {entry['system']}:"
            f" {entry['reason']}",
            markup=False,
        )
    console.print(f"{document['seconds']:.0f} s · {path}", markup=False)
    if document["failed"]:
        raise typer.Exit(1)


def _chosen(option: str, given: str, known: Mapping[str, object]) -> list[str]:
    """The names that were given, or all of them."""
    names = [name.strip() for name in given.split(",") if name.strip()]
    for name in names:
        if name not in known:
            raise ConfigurationError(f"{option}: {name!r} is none of {', '.join(known)}")
    return names or list(known)


def report(
    results: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Files that `run` has written: the run, and others that go further; without them,"
            " a page without numbers."
        ),
    ] = None,
    *,
    docs: Annotated[
        Path, typer.Option(help="Folder of the page and its images.", file_okay=False)
    ] = ROOT / "docs",
) -> None:
    """Write docs/performance.md and its charts from files of results."""
    written = write_page([read(path) for path in results or ()], docs)
    Console(highlight=False).print("\n".join(str(path) for path in written), markup=False)


def targets(results: _Results) -> None:
    """Show which targets a run has met, with the numbers; further runs are asked about what it has
    not measured.

    Exit code: 0 all of them, 1 one is not met or was not measured.
    """
    verdicts = judge(*map(read, results))
    table = Table("", "target", "wanted", "found", "verdict", title="Targets")
    for verdict in verdicts:
        table.add_row(verdict.number, verdict.what, verdict.wanted, verdict.found, verdict.word)
    Console(highlight=False).print(table)
    if not all(verdict.is_met for verdict in verdicts):
        raise typer.Exit(1)
