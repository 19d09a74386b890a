"""The `ledgerdb` command. One file per group of commands; `commands` says where each is."""

from __future__ import annotations

import io
import sys
from typing import Annotated

import typer

from ledgerdb import __version__
from ledgerdb.cli.commands import Commands
from ledgerdb.errors import LedgerError

__all__ = ["app", "main"]

app = typer.Typer(
    cls=Commands,
    help="The database layer of a payments ledger.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - the signature of a typer callback
    if wanted:
        typer.echo(f"ledgerdb {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_print_version, is_eager=True),
    ] = False,
) -> None:
    """The database layer of a payments ledger."""


def main() -> None:
    """Runs the command line: exit code 1 for an error, with its message on stderr; 2 for usage."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # what its encoding lacks is spelled out
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except (LedgerError, OSError) as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(1)
