"""`ledgerdb verify batching`: the sets that the driver sends, by its own metrics."""

from __future__ import annotations

from typing import Annotated

import typer

from ledgerdb.cli.verify import Json, Out, Scratch, checking, conclude, folder_of
from ledgerdb.verify import batching

__all__ = ["batching_command"]


def batching_command(
    *,
    url: Scratch = None,
    quick: Annotated[bool, typer.Option("--quick", help="Fewer items.")] = False,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Run a program with telemetry on, and compare its metrics with what the server counted:
    sets must have been sent, and as many as it says.
    """
    with checking("batching") as step:
        folder = folder_of(out)
        found = batching.verify_batching(url, quick=quick, progress=step)
        found.write(folder / batching.ARTEFACT)
    conclude(found, folder / batching.ARTEFACT, as_json=as_json)
