"""`python -m proof ...`: one command per kind of proof."""

from __future__ import annotations

import typer

from proof.interleavings.command import interleavings
from proof.mutants.command import mutants
from proof.promises.command import promises

app = typer.Typer(
    name="proof",
    help="Rerun the correctness of ledgerdb on an embedded PostgreSQL.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.callback()
def proof() -> None:
    """Rerun the correctness of ledgerdb on an embedded PostgreSQL."""


app.command()(interleavings)
app.command()(mutants)
app.command()(promises)

if __name__ == "__main__":
    app(prog_name="python -m proof")
