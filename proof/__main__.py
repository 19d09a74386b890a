"""`python -m proof ...`: one command per kind of proof."""

from __future__ import annotations

import typer

from proof.model.command import model

app = typer.Typer(
    name="proof",
    help="Rerun the correctness of ledgerdb on an embedded PostgreSQL.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.callback()
def _proofs() -> None:
    """Keeps the name of a command, also where there is only one."""


app.command()(model)

if __name__ == "__main__":
    app(prog_name="python -m proof")
