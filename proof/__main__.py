"""`python -m proof ...`: one command per kind of proof."""

from __future__ import annotations

import sys

import typer

from ledgerdb.errors import LedgerError
from proof.attacks.command import attacks
from proof.chaos.command import chaos
from proof.deployers.command import deployers
from proof.fuzz.command import fuzz
from proof.ground import work_in_memory
from proof.interleavings.command import interleavings
from proof.million.command import million
from proof.model.command import model
from proof.mutants.command import mutants
from proof.payload.command import payload
from proof.promises.command import promises
from proof.stall.command import stall

app = typer.Typer(
    name="proof",
    help="Rerun the correctness of ledgerdb on an embedded PostgreSQL.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def prepare() -> None:
    """Rerun the correctness of ledgerdb on an embedded PostgreSQL."""
    work_in_memory()


for command in (
    attacks,
    chaos,
    deployers,
    fuzz,
    interleavings,
    million,
    model,
    mutants,
    payload,
    promises,
    stall,
):
    app.command()(command)


def main() -> None:
    """Runs a command; one that could not begin or end says why in a line, and exits with 2."""
    try:
        app(prog_name="python -m proof")
    except LedgerError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
