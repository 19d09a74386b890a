"""`python -m proof ...`: one command per kind of proof."""

from __future__ import annotations

import typer

from proof.chaos.command import chaos
from proof.ground import work_in_memory

app = typer.Typer(
    name="proof",
    help="Rerun the correctness of ledgerdb on an embedded PostgreSQL.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command()(chaos)


@app.callback()
def prepare() -> None:
    work_in_memory()


if __name__ == "__main__":
    app(prog_name="python -m proof")
