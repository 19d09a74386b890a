"""`ledgerdb upgrade`, `current` and `history`: the schema of a database."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from ledgerdb import migrate
from ledgerdb.cli.options import Url
from ledgerdb.migrate import StepInfo

__all__ = ["current", "history", "upgrade"]

_PIPE_COLUMNS = 250


def upgrade(
    revision: Annotated[str, typer.Argument(help="Where to stop.")] = "head",
    *,
    sql: Annotated[
        bool, typer.Option("--sql", help="Write a psql script to stdout; no database is asked.")
    ] = False,
    url: Url = None,
    plan: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            envvar="LEDGERDB_PLAN",
            help="Refuse unless schema, revision and files are as in this plan (ledgerdb plan).",
            show_default=False,
        ),
    ] = None,
    lock_timeout: Annotated[
        int,
        typer.Option(
            metavar="MS",
            min=1,
            max=10_000,
            envvar="LEDGERDB_LOCK_TIMEOUT_MS",
            help="How long one try waits for the locks of a step; callers wait no longer either.",
        ),
    ] = 200,
    lock_budget: Annotated[
        float,
        typer.Option(
            metavar="SECONDS",
            min=0,
            max=86_400,
            envvar="LEDGERDB_LOCK_BUDGET_SECONDS",
            help="How long a step goes on trying to get its locks.",
        ),
    ] = 60,
    as_json: Annotated[
        bool, typer.Option("--json", help="For machines: what was applied, and where it is now.")
    ] = False,
) -> None:
    """Migrate a database forward, one transaction per revision, and verify it."""
    if sql:
        if as_json:
            raise typer.BadParameter("--sql writes a script, which is no JSON")
        migrate.sql_script(revision)
        return
    budget = migrate.LockBudget(lock_timeout / 1000, lock_budget)
    with _Progress() as progress:
        verified = migrate.upgrade(url, revision, report=progress, budget=budget, plan=plan)
    if as_json:
        applied = [step.revision for step in progress.committed_steps]
        typer.echo(json.dumps({"revision": verified, "verified": True, "applied": applied}))
        return
    typer.echo(f"at {verified or 'base'} (verified)")


def current(
    *,
    url: Url = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Show the revision of a database and what is pending."""
    found = migrate.status(url)
    if as_json:
        typer.echo(json.dumps(asdict(found)))
        return
    typer.echo(f"revision {found.revision or 'base'}, head {found.head or 'base'}")
    if not found.pending:
        typer.echo("nothing is pending")
        return
    table = Table("pending", "summary", box=None, pad_edge=False)
    for step in found.pending:
        table.add_row(step.revision, step.summary)
    Console(soft_wrap=True).print(table)


def history(
    *,
    url: Url = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines, with all hashes.")] = False,
) -> None:
    """Show what was applied to a database: when, by whom, how, and whether it was verified."""
    rows = migrate.applied(url)
    if as_json:
        typer.echo(json.dumps([asdict(row) for row in rows], default=str))
        return
    table = Table(
        "revision", "applied", "by", "route", "release", "seconds", "verified", "summary",
        box=None, pad_edge=False,
    )  # fmt: skip
    for row in rows:
        table.add_row(
            row.revision,
            f"{row.applied_at:%Y-%m-%d %H:%M}",
            f"{row.applied_by} ({row.client})" if row.client else row.applied_by,
            row.route,
            row.release,
            "" if row.seconds is None else f"{row.seconds:.3f}",
            "FAILED" if row.verify_error else "" if row.verified_at is None else "yes",
            row.summary,
        )
    # a pipe has no width: rows stay on one line
    Console(width=None if sys.stdout.isatty() else _PIPE_COLUMNS).print(table)


class _Progress:
    """A bar over the steps on a terminal, one line per step elsewhere; all on stderr."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task("migrating", total=None, visible=False)
        self._part = self._task
        self._holders = ""
        self.committed_steps: list[StepInfo] = []

    def __enter__(self) -> _Progress:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def planned(self, steps: Sequence[StepInfo]) -> None:
        self._bar.update(self._task, total=len(steps), visible=bool(steps))

    def waiting(self, holder: str) -> None:
        self._console.print(f"waiting for another deployer: {holder}")

    def started(self, step: StepInfo) -> None:
        self._bar.update(self._task, description=step.revision)
        self._console.print(f"{step.revision} {step.summary}")

    def prepared(self, step: StepInfo, name: str, done: int, total: int | None) -> None:
        if done == 0:
            self._console.print(f"{step.revision} {name}")
            self._part = self._bar.add_task(name, total=total)
        self._bar.update(self._part, completed=done, total=total, visible=done != total)

    def blocked(self, step: StepInfo, holders: str) -> None:
        self._bar.update(self._task, description=f"{step.revision} waits for locks")
        if holders != self._holders:
            self._console.print(f"{step.revision} in the way, trying again: {holders}")
        self._holders = holders

    def committed(self, step: StepInfo) -> None:
        self.committed_steps.append(step)
        self._bar.advance(self._task)

    def warned(self, message: str) -> None:
        self._console.print(f"warning: {message}")

    def verified(self, revision: str | None) -> None:
        self._bar.update(self._task, description=f"verified at {revision or 'base'}")
