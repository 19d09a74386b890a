"""`python -m bench ...`: measure, report, judge."""

from __future__ import annotations

import sys

import typer

from bench.command import report, run, targets
from ledgerdb.errors import LedgerError

app = typer.Typer(
    name="bench",
    help="How fast ledgerdb is, beside other ways to do the same, in one interleaved run.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

for command in (run, report, targets):
    app.command()(command)


def main() -> None:
    """Runs a command; one that could not begin or end says why in a line, and exits with 2."""
    try:
        app(prog_name="python -m bench")
    except LedgerError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
