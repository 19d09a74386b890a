"""`ledgerdb verify packs`: evidence packs against the tables, and against those who forge them."""

from __future__ import annotations

from typing import Annotated

import typer

from ledgerdb.cli.verify import Json, Out, Scratch, checking, conclude, folder_of
from ledgerdb.verify import packs

__all__ = ["packs_command"]


def packs_command(
    *,
    url: Scratch = None,
    quick: Annotated[bool, typer.Option("--quick", help="Fewer forgeries.")] = False,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Export a pack of every life an instruction can have, compare it with the tables, examine it
    offline, and forge it value by value.
    """
    with checking("evidence packs") as step:
        folder = folder_of(out)
        found = packs.verify_packs(url, quick=quick, progress=step)
        found.write(folder / packs.ARTEFACT)
    conclude(found, folder / packs.ARTEFACT, as_json=as_json)
