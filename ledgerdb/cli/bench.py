"""`ledgerdb bench ...`: how fast the verbs are, and whether they have become slower.

Exit codes of `smoke`: 0 nothing that counts is slower, 1 a verb is, 2 it could not be found out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from ledgerdb.errors import ConfigurationError, LedgerError
from ledgerdb.perf import baseline, drivers, history
from ledgerdb.perf.gate import Gate, judge
from ledgerdb.perf.profile import PROFILE, load
from ledgerdb.perf.promotion import COV_MAX, STABLE_RUNS, made_of, standing
from ledgerdb.perf.runner import Run, run
from ledgerdb.verify.evidence import checkout, git_sha, timestamp_utc

__all__ = ["bench"]

bench = typer.Typer(
    name="bench",
    help="Measure the verbs beside a yardstick, and find out whether they have become slower.",
    no_args_is_help=True,
)

_SLOWER: Final = 1
_UNKNOWN: Final = 2
_QUICK_ROUNDS: Final = 2
_QUICK_TIMES: Final = 20
_TIMES: Final = 40

_Json = Annotated[bool, typer.Option("--json", help="For machines.")]
_Folder = Annotated[
    Path | None,
    typer.Option(
        "--folder",
        help="Where history.ndjson and baseline.json are.",
        show_default="evidence/perf/ of the checkout",
        file_okay=False,
    ),
]
_ProfileFile = Annotated[
    Path, typer.Option("--profile", help="Another profile.", show_default="that of the release")
]


@bench.command("smoke")
def smoke_command(
    *,
    record: Annotated[
        bool, typer.Option("--record", help="Append the run to the history.")
    ] = False,
    quick: Annotated[
        bool,
        typer.Option("--quick", help="Two rounds: another profile, which no baseline is about."),
    ] = False,
    times: Annotated[bool, typer.Option("--times", help="Print every time; with --json.")] = False,
    profile: _ProfileFile = PROFILE,
    folder: _Folder = None,
    as_json: _Json = False,
) -> None:
    """Run the perf-smoke profile on an embedded PostgreSQL and judge it by the baseline.

    Every verb is timed beside bare statements of the driver, and only the ratio of the two is
    judged. Without a valid baseline the result is information.

    Example: ledgerdb bench smoke --record
    """
    with _running("perf smoke") as step:
        chosen = load(profile)
        if quick:
            chosen = replace(chosen, rounds=_QUICK_ROUNDS, warm_rounds=1)
        place = _place(folder)
        before = history.read(place / "history.ndjson")
        agreed = baseline.read(place / "baseline.json")
        made_at, commit = timestamp_utc(), git_sha()
        found = run(chosen, step)
        entry = history.entry_of(found, made_at=made_at, git_sha=commit)
        gate = judge(entry, agreed, standing(before, agreed, chosen), chosen)
        if record:
            history.append(place / "history.ndjson", entry)
    if as_json:
        typer.echo(json.dumps(_document(found, gate, entry, times=times)))
    else:
        _show(found, gate)
        if record:
            typer.echo(f"recorded in {place / 'history.ndjson'}")
    if not gate.holds:
        raise typer.Exit(_SLOWER)


@bench.command("standing")
def standing_command(
    *, profile: _ProfileFile = PROFILE, folder: _Folder = None, as_json: _Json = False
) -> None:
    """Show whether the gate counts yet, and what is missing.

    Example: ledgerdb bench standing
    """
    chosen, place = load(profile), _place(folder)
    now = standing(
        history.read(place / "history.ndjson"), baseline.read(place / "baseline.json"), chosen
    )
    if as_json:
        typer.echo(json.dumps(asdict(now) | {"profile_checksum": chosen.checksum}))
        return
    typer.echo(f"{now.state}: {now.why}")
    for verb, cov in now.cov.items():
        typer.echo(f"  {verb}: varies by {cov} over the last {STABLE_RUNS} runs, at most {COV_MAX}")


@bench.command("promote")
def promote_command(
    *,
    again: Annotated[
        bool, typer.Option("--again", help="Replace a baseline that is still valid.")
    ] = False,
    profile: _ProfileFile = PROFILE,
    folder: _Folder = None,
    as_json: _Json = False,
) -> None:
    """Make the baseline of the last five recorded runs, if they are stable.

    From then on a slower verb fails `ledgerdb bench smoke`. Commit history and baseline together.

    Example: ledgerdb bench promote
    """
    chosen, place = load(profile), _place(folder)
    runs, old = history.read(place / "history.ndjson"), baseline.read(place / "baseline.json")
    made = made_of(runs, chosen)
    if old is not None and standing(runs, old, chosen).state == "REQUIRED" and not again:
        raise ConfigurationError("there is a valid baseline: --again replaces it")
    baseline.write(place / "baseline.json", made)
    if as_json:
        typer.echo(json.dumps(made))
        return
    for verb, one in made["verbs"].items():
        was = None if old is None else old.get("verbs", {}).get(verb, {}).get("ratio_p95")
        typer.echo(
            f"{verb}: {one['ratio_p95']} times the yardstick, varies by {one['cov']}"
            + ("" if was is None else f"; was {was}")
        )
    typer.echo(f"baseline: {place / 'baseline.json'}")


@bench.command("drivers")
def drivers_command(
    *,
    times: Annotated[
        int, typer.Option(min=1, max=1_000, help="Calls of each kind, in each of five repeats.")
    ] = _TIMES,
    quick: Annotated[bool, typer.Option("--quick", help="Fewer calls.")] = False,
    as_json: _Json = False,
) -> None:
    """Compare a pooled client with a psql process for each call, and what a payload costs.

    Ingress write, evidence read and worker, in turns on one embedded PostgreSQL; then the payload
    of an ingress write as it is now and as it was: serialized to hash it, and again to store it.

    Example: ledgerdb bench drivers
    """
    with _running("drivers") as step:
        found = drivers.run(_QUICK_TIMES if quick else times, step)
    if as_json:
        typer.echo(json.dumps(asdict(found)))
        return
    console = Console(highlight=False)
    for title, compared in (("fsync off", found.without_flush), ("fsync on", found.with_flush)):
        table = Table("path", "way", "p50", "p95 ms", title=title, title_justify="left")
        for path, ways in compared.paths.items():
            for way, one in ways.items():
                table.add_row(path, way, f"{one.p50_ms:.2f}", f"{one.p95_ms:.2f}")
        console.print(table)
        for path, below in compared.p95_below.items():
            console.print(f"{path}: p95 is {below:.1%} below that of a process for each call")
    for way, cost in found.payload.items():
        console.print(
            f"payload of {found.payload_bytes:,} bytes, {way}: {cost.allocated_bytes:,} bytes"
            f" allocated, {cost.p50_ms:.2f} ms"
        )


def _place(folder: Path | None) -> Path:
    """Where history and baseline are.

    Raises:
        ConfigurationError: nobody says where, and there is no checkout.
    """
    if folder is not None:
        return folder
    root = checkout()
    if root is None:
        raise ConfigurationError("no checkout with a history: give --folder")
    return root / "evidence" / "perf"


def _document(found: Run, gate: Gate, entry: history.Entry, *, times: bool) -> dict[str, Any]:
    document = asdict(found)
    if not times:
        del document["rounds"]
    return document | {
        "profile": found.profile.parameters,
        "profile_checksum": found.profile.checksum,
        "made_at": entry.made_at,
        "git_sha": entry.git_sha,
        "checksum": entry.checksum,
        "gate": asdict(gate) | {"findings": gate.findings},
    }


def _show(found: Run, gate: Gate) -> None:
    console = Console(highlight=False)
    table = Table(
        *(
            "verb",
            "p50",
            "p95",
            "p99 ms",
            "database",
            "items/s",
            "ratio",
            "was",
        ),
        title=f"PostgreSQL {found.postgresql}, {found.seconds:.0f} s",
        title_justify="left",
    )
    for column in table.columns[1:]:
        column.justify = "right"
    was = {verdict.verb: f"{verdict.baseline:.2f}" for verdict in gate.verdicts}
    for verb, one in found.figures.items():
        table.add_row(
            verb,
            *(f"{ms:.2f}" for ms in (one.p50_ms, one.p95_ms, one.p99_ms, one.database_ms)),
            f"{one.items_per_second:,.0f}",
            f"{one.ratio_p95:.2f}",
            was.get(verb, ""),
        )
    console.print(table)
    together = found.throughput
    console.print(
        f"{together.clients} clients at once enqueue {together.enqueued_per_second:,.0f} items/s,"
        f" {together.ratio:.2f} of the yardstick"
    )
    for finding in gate.findings:
        console.print(finding, markup=False)
    console.print(f"{gate.state}: {gate.why}", markup=False)


@contextmanager
def _running(title: str) -> Iterator[Callable[[str, int, int], None]]:
    """A bar on stderr; an error of ours ends the command with 2, "could not be found out"."""
    console = Console(stderr=True, highlight=False)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    task = bar.add_task(title, total=None)
    try:
        with bar:
            yield lambda step, done, of: bar.update(
                task, description=f"{title}: {step}", completed=done, total=of
            )
    except (LedgerError, OSError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(_UNKNOWN) from error
