"""`ledgerdb steps`: how far the steps that run under traffic are."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Final

import typer
from rich.console import Console, RenderableType
from rich.live import Live
from rich.table import Table

from ledgerdb.cli.options import Url
from ledgerdb.migrate.online.progress import StepProgress
from ledgerdb.migrate.online.progress import steps as read_steps

__all__ = ["steps"]

_NOTHING: Final = "no step was prepared or run under traffic yet"


def steps(
    *,
    watch: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            min=0.1,
            max=3600,
            help="Look again and again until every step is done.",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="For machines: one line each time.")
    ] = False,
    url: Url = None,
) -> None:
    """Show how far concurrent indexes, backfills and other online steps are.

    RUNNING is also what a run that was killed leaves behind: `ledgerdb upgrade` goes on there.
    """
    found = read_steps(url)
    if as_json:
        typer.echo(_as_json(found))
        while watch is not None and _running(found):
            time.sleep(watch)
            found = read_steps(url)
            typer.echo(_as_json(found))
        return
    console = Console(soft_wrap=True)
    if watch is None:
        console.print(_table(found))
        return
    with Live(_table(found), console=console, auto_refresh=False) as live:
        while _running(found):
            time.sleep(watch)
            found = read_steps(url)
            live.update(_table(found), refresh=True)


def _running(found: Sequence[StepProgress]) -> bool:
    return any(step.state != "DONE" for step in found)


def _as_json(found: Sequence[StepProgress]) -> str:
    return json.dumps(
        [{**asdict(step), "share": step.share, "eta_seconds": step.eta_seconds} for step in found]
    )


def _table(found: Sequence[StepProgress]) -> RenderableType:
    if not found:
        return _NOTHING
    table = Table("step", "file", "state", box=None, pad_edge=False)
    for heading in ("rows", "of about", "done", "time", "left", "last heard of"):
        table.add_column(heading, justify="right")
    for step in found:
        is_backfill = step.rows_estimate is not None
        table.add_row(
            f"{step.revision}.{step.step_no}",
            step.name,
            step.state,
            f"{step.rows_done:,}" if is_backfill or step.rows_done else "",
            f"{step.rows_estimate:,}" if is_backfill else "",
            "" if step.share is None else f"{step.share:.0%}",
            _time(step.seconds),
            "" if step.state == "DONE" else _time(step.eta_seconds),
            "" if step.state == "DONE" else f"{_time(step.quiet_seconds)} ago",
        )
    return table


def _time(seconds: float | None) -> str:
    return "?" if seconds is None else str(timedelta(seconds=round(seconds)))
