"""`python -m proof ...`: one command per kind of proof."""

from __future__ import annotations

import typer

from proof.attacks.command import attacks
from proof.fuzz.command import fuzz
from proof.million.command import million

app = typer.Typer(
    name="proof",
    help="Rerun the correctness of ledgerdb on an embedded PostgreSQL.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command()(attacks)
app.command()(fuzz)
app.command()(million)


if __name__ == "__main__":
    app(prog_name="python -m proof")
