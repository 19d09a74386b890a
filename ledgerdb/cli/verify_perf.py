"""`ledgerdb verify perf`: the perf-smoke profile, the drivers, and what the bench says of them."""

from __future__ import annotations

from typing import Annotated

import typer

from ledgerdb.cli.verify import Json, Out, checking, conclude, folder_of
from ledgerdb.verify import perf
from ledgerdb.verify.evidence import Status

__all__ = ["perf_command"]


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
    # the last word is that of the one that fails
    for path, evidence in sorted(found.items(), key=lambda one: one[1].status is Status.FAIL):
        conclude(evidence, folder / path, as_json=as_json)
