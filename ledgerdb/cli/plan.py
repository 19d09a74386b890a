"""`ledgerdb plan`: what an upgrade would do to a database, measured on a shadow of it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ledgerdb.cli.options import Url
from ledgerdb.planning.make import make_plan
from ledgerdb.planning.text import plan_text

__all__ = ["plan"]


def plan(
    revision: Annotated[str, typer.Argument(help="Where the upgrade would stop.")] = "head",
    *,
    url: Url = None,
    shadow: Annotated[
        str | None,
        typer.Option(
            metavar="SERVER_URL",
            help="A server to make the shadow on, as superuser; as new as the database's.",
            show_default="an embedded PostgreSQL",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Write the plan here as JSON, for `ledgerdb upgrade --plan`.",
            show_default=False,
            dir_okay=False,
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """Show which locks, rewrites and scans an upgrade takes, statement by statement.

    The database is only read.

    Everything is measured on a shadow: a copy without rows, then dropped.

    Exit codes: 0 planned, 1 the upgrade or its plan would fail, 2 usage.
    """
    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    ) as bar:
        task = bar.add_task("planning", total=None)
        made = make_plan(
            url,
            revision,
            shadow=shadow,
            progress=lambda what, done, total: bar.update(
                task, description=what, completed=done, total=total
            ),
        )
    document = json.dumps(made.as_dict(), indent=2, ensure_ascii=False) + "\n"
    typer.echo(document if as_json else plan_text(made), nl=False)
    if out is not None:
        out.write_text(document, "utf-8", newline="\n")
        digest = hashlib.sha256(document.encode()).hexdigest()
        typer.echo(f"wrote {out} (sha256 {digest})", err=True)
