"""`ledgerdb verify perf`: the perf-smoke profile, the drivers, and what the bench says of them."""

from __future__ import annotations

import json
from typing import Annotated, Final

import typer

from ledgerdb.cli.verify import Json, Out, checking, folder_of
from ledgerdb.verify import perf
from ledgerdb.verify.evidence import Status

__all__ = ["perf_command"]

_FAILED: Final = 1


def perf_command(
    *,
    quick: Annotated[
        bool, typer.Option("--quick", help="Fewer rounds, which no baseline is about.")
    ] = False,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Run the perf-smoke profile twice and compare the drivers, on embedded servers; make every
    figure again from its times.

    Two minutes on a small machine; the quieter it is, the more the times mean.
    """
    with checking("perf") as step:
        folder = folder_of(out)
        found = {
            perf.SMOKE: perf.verify_smoke(quick=quick, progress=step),
            perf.DRIVERS: perf.verify_drivers(quick=quick, progress=step),
        }
        for path, evidence in found.items():
            evidence.write(folder / path)
    if as_json:
        typer.echo(json.dumps([json.loads(evidence.text()) for evidence in found.values()]))
    else:
        for path, evidence in found.items():
            for finding in evidence.details["findings"]:
                typer.echo(f"{evidence.check_id}: {finding}")
            typer.echo(f"{evidence.check_id}: {evidence.status} ({folder / path})")
    if any(evidence.status is Status.FAIL for evidence in found.values()):
        raise typer.Exit(_FAILED)
