"""`ledgerdb demo`: the main job, end to end, with a table and a report at its end."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from ledgerdb.errors import ConfigurationError

if TYPE_CHECKING:
    from ledgerdb.demo.results import DemoResult, Event, Moment

__all__ = ["demo"]

_REFUSED_SHOWN = 20
_KEPT = Path("demo-data")


def demo(
    *,
    instructions: Annotated[
        Path | None,
        typer.Option(help="NDJSON file of payment instructions.", show_default="the sample"),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, max=32, help="Worker processes.")] = 3,
    fail_rate: Annotated[
        float, typer.Option(min=0, max=1, help="Share of attempts that the rail does not accept.")
    ] = 0.15,
    seed: Annotated[int, typer.Option(help="Decides which attempts those are.")] = 1,
    url: Annotated[
        str | None,
        typer.Option(
            help="Run in this empty database; it stays as the demo leaves it.",
            show_default="an embedded PostgreSQL 18",
        ),
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help=f"Keep the embedded database below {_KEPT}/.")
    ] = False,
    report: Annotated[Path, typer.Option(help="Where to write the HTML report.")] = Path(
        "demo-report.html"
    ),
) -> None:
    """Ingest instructions, dispatch them with worker processes, kill one, check every invariant.

    The rail is simulated: it accepts, asks for a retry, rejects or times out. Everything else is
    real. Each line of the input is a JSON object: `{"tenant": {...}}` registers a tenant,
    `{"tenant_id": ..., "instruction_id": ..., "payload": {...}}` is an instruction; docs/demo.md
    has the fields. Exit code 1 if an invariant is broken.
    """
    try:
        from ledgerdb.demo.options import SAMPLE, DemoOptions  # noqa: PLC0415
        from ledgerdb.demo.report import write_report  # noqa: PLC0415
        from ledgerdb.demo.run import run_demo  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"the demo needs {error.name}: pip install 'ledgerdb[demo]'"
        ) from None
    kept = _KEPT / datetime.now(UTC).strftime("%Y%m%d-%H%M%S") if keep and url is None else None
    options = DemoOptions(
        instructions=instructions or SAMPLE,
        workers=workers,
        fail_rate=fail_rate,
        seed=seed,
        url=url,
        data_dir=kept,
    )
    if report.is_dir() or not os.access(report.parent, os.W_OK):
        raise ConfigurationError(f"report {report}: cannot be written")
    console = Console(highlight=False)
    with _Screen() as screen:
        result = run_demo(options, screen)
    _show(console, result)
    write_report(result, report)
    console.print(f"report: {report}")
    if kept is not None:
        console.print(f"database kept: ledgerdb server {kept}")
    if not result.acknowledged:
        raise ConfigurationError("no line of the input was accepted")
    if not result.holds:
        raise typer.Exit(1)


class _Screen:
    """Live progress on a terminal, one line per phase and event elsewhere; all on stderr."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._in = self._bar.add_task("acknowledged", total=None, visible=False)
        self._out = self._bar.add_task("finished", total=None, visible=False)

    def __enter__(self) -> _Screen:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def phase(self, text: str) -> None:
        self._console.print(f"[bold]{escape(text)}[/bold] ...")

    def reading(self, moment: Moment, *, intake_done: bool) -> None:
        total = moment.acknowledged if intake_done else None
        self._bar.update(self._in, completed=moment.acknowledged, total=total, visible=True)
        self._bar.update(
            self._out, completed=moment.finished, total=moment.acknowledged, visible=True
        )

    def happened(self, event: Event) -> None:
        self._console.print(f"  {event.at_seconds:5.1f} s  {escape(event.text)}")


def _show(console: Console, result: DemoResult) -> None:
    table = Table("outcome", "instructions", title="Outcomes", title_justify="left")
    table.columns[1].justify = "right"
    for outcome, count in result.outcomes.items():
        table.add_row(outcome, f"{count:,}")
    console.print(table)

    table = Table("attempts", "instructions", "", title="Attempts", title_justify="left")
    table.columns[0].justify = table.columns[1].justify = "right"
    most = max(result.attempts_histogram.values(), default=1)
    for attempts, count in result.attempts_histogram.items():
        table.add_row(str(attempts), f"{count:,}", "█" * max(round(30 * count / most), 1))
    console.print(table)

    if result.refused:
        table = Table("line", "reason", title="Refused lines", title_justify="left")
        table.columns[0].justify = "right"
        for problem in result.refused[:_REFUSED_SHOWN]:
            table.add_row(str(problem.line), escape(problem.reason))
        console.print(table)
        if len(result.refused) > _REFUSED_SHOWN:
            console.print(f"and {len(result.refused) - _REFUSED_SHOWN} more, in the report")

    table = Table("", "invariant", "checked", title="Invariants", title_justify="left")
    table.columns[2].justify = "right"
    for check in result.checks:
        mark = "[green]holds[/green]" if check.holds else "[red]BROKEN[/red]"
        lines = [check.name, *check.violations]
        table.add_row(mark, escape("\n".join(lines)), f"{check.checked:,}")
    console.print(table)
    rate = sum(result.outcomes.values()) / result.seconds if result.seconds else 0.0
    console.print(
        f"{result.acknowledged:,} instructions acknowledged from {result.lines:,} lines"
        f" ({result.replayed:,} replays, {len(result.refused):,} refused)"
    )
    console.print(
        f"done in {result.seconds:.1f} s, {rate:,.0f} a second, on PostgreSQL"
        f" {result.server_version}"
    )
    console.print(
        f"the rail got {result.rail_requests:,} requests and made {result.rail_payments:,} payments"
    )
