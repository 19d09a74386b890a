"""`ledgerdb functions ...`: which functions there are, and what a revision changes in them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.text import Text

from ledgerdb.errors import LedgerError
from ledgerdb.migrate.function_diff import (
    FunctionDiff,
    diff,
    diff_live,
    functions_at,
    revision_names,
)

__all__ = ["functions"]

functions = typer.Typer(
    name="functions", help="The SQL functions, revision by revision.", no_args_is_help=True
)

_DIFFERENT: Final = 1
_TROUBLE: Final = 2
_STYLES: Final = {"+": "green", "-": "red", "@": "cyan"}

_Json = Annotated[bool, typer.Option("--json", help="For machines.")]


@functions.command("list")
def list_command(
    revision: Annotated[
        str | None, typer.Argument(help="As of this one.", show_default="head")
    ] = None,
    *,
    as_json: _Json = False,
) -> None:
    """List the functions and the file that each was last installed from."""
    found = functions_at(revision or revision_names()[-1])
    files = {name: found[name].label for name in sorted(found)}
    if as_json:
        typer.echo(json.dumps(files, indent=2))
        return
    width = max(map(len, files))
    for name, label in files.items():
        typer.echo(f"{name:<{width}}  {label}")


@functions.command("diff")
def diff_command(
    what: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[REVISION | FROM:TO] [NAME...]",
            help="What a revision changes, or what lies between two; only these functions.",
            show_default="head",
        ),
    ] = None,
    *,
    live: Annotated[
        bool, typer.Option("--live", help="Compare a database with the revision it is at.")
    ] = False,
    url: Annotated[
        str | None,
        typer.Option(
            help="The database of --live; without it LEDGERDB_URL, else DATABASE_URL.",
            show_default=False,
        ),
    ] = None,
    stat: Annotated[bool, typer.Option("--stat", help="Only how many lines differ.")] = False,
    as_json: _Json = False,
) -> None:
    """Show the difference of functions, as a reviewer reads it.

    Exit codes, as of diff: 0 nothing differs, 1 something does, 2 it could not be found out.
    """
    given = what or []
    try:
        found = diff_live(url, given) if live else _between(given)
    except LedgerError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(_TROUBLE) from error
    if as_json:
        typer.echo(json.dumps([asdict(item) for item in found], indent=2))
    else:
        _show(found, stat=stat)
    raise typer.Exit(_DIFFERENT if found else 0)


def _between(given: Sequence[str]) -> list[FunctionDiff]:
    revisions = ["base", *revision_names()]
    first, names = (given[0], given[1:]) if given else ("head", [])
    start, colon, stop = first.partition(":")
    if not colon and first not in {"head", *revisions}:
        start, names = "head", given
    last = revisions[-1]
    start, stop = (last if name in {"head", ""} else name for name in (start, stop))
    if not colon and start in revisions[1:]:
        start, stop = revisions[revisions.index(start) - 1], start
    return diff(start, stop, names)


def _show(found: Sequence[FunctionDiff], *, stat: bool) -> None:
    console = Console(soft_wrap=True, highlight=False)
    for item in found:
        if stat:
            console.print(Text(f"{item.name}  +{item.added} -{item.removed}"))
            continue
        for line in item.lines:
            header = line.startswith(("+++ ", "--- "))
            console.print(Text(line, style="bold" if header else _STYLES.get(line[:1], "")))
