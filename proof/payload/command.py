"""`python -m proof payload`: the bytes of a request, from the caller's buffer to the table."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Final

import psycopg
import typer

from ledgerdb import calls
from ledgerdb.aio import AsyncLedger
from ledgerdb.calls import Call
from ledgerdb.rows import TenantType
from ledgerdb.sync import Ledger
from proof.ground import HEAD, Ground, replacements
from proof.payload.corpus import CHOSEN, drawn, of_size
from proof.payload.cost import SIZES, Cost, Execute, beyond, measure, ratio
from proof.payload.parity import LOST, check, lost_by_the_reference
from proof.payload.ways import REFERENCE, RELEASED, TENANT, TODAY
from proof.report import Report, conclude

__all__ = ["payload"]

CHECK_ID: Final = "payload"
COLOURS: Final = ("blocking", "async")
# A meter that does not see the reference's copies would see none of ours.
_COPIES_MIN: Final = 3


def payload(
    *,
    documents: Annotated[int, typer.Option(min=0, help="Drawn beside the chosen ones.")] = 200,
    times: Annotated[int, typer.Option(min=1, help="Requests whose time is taken.")] = 30,
    seed: Annotated[int, typer.Option(help="Of the drawn documents.")] = 20261128,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the artefact.", file_okay=False)
    ] = None,
) -> None:
    """Send request bodies on the ways of the reference, of 0.1.0 and of today; count the bytes that
    are allocated, and compare the bytes that arrive.
    """
    began = time.monotonic()
    texts = [*CHOSEN, *drawn(documents, seed), of_size(SIZES[-1] - 1).decode()]
    with Ground(18) as ground, ground.database(HEAD, replaced=replacements()) as url:
        server_version, fingerprint = Report.server_of(url)
        findings, costs, counts = asyncio.run(_both(ground, texts, times))
    conclude(
        report(
            findings,
            costs,
            counts,
            command=f"python -m proof payload --documents {documents} --times {times}",
            seed=seed,
            server=(server_version, fingerprint),
            lost=lost_by_the_reference(texts),
            seconds=time.monotonic() - began,
        ),
        out,
    )


def report(
    findings: list[str],
    costs: list[Cost],
    counts: Counter[str],
    *,
    command: str,
    seed: int,
    server: tuple[str, str],
    lost: int,
    seconds: float,
) -> Report:
    """The report of a run."""
    largest = SIZES[-1]
    peaks = {(cost.way, cost.size): cost.peak_bytes for cost in costs if cost.colour == COLOURS[0]}
    return Report(
        check_id=CHECK_ID,
        command=f"{command} --seed {seed}",
        seed=seed,
        server_version=server[0],
        schema_fingerprint=server[1],
        counts={
            **counts,
            LOST: sum("other bytes" in finding for finding in findings),
            **{f"peak bytes of {size}": peaks[TODAY, size] for size in SIZES},
        },
        reference={
            LOST: lost,
            **{f"peak bytes of {size}": peaks[REFERENCE, size] for size in SIZES},
        },
        findings=[*findings, *beyond(costs)],
        required={
            "documents": len(CHOSEN),
            LOST: 1,
            f"peak bytes of {largest}": _COPIES_MIN * largest,
        },
        seconds=seconds,
        further={
            "costs": [
                asdict(cost) | {"milliseconds": round(cost.milliseconds, 3)} for cost in costs
            ],
            "times_as_much_before": {
                f"{colour}, {size} bytes, {before}": {
                    name: ratio(costs, colour, size, name, before)
                    for name in ("peak_bytes", "allocated_bytes", "milliseconds")
                }
                for colour in COLOURS
                for size in SIZES
                for before in (REFERENCE, RELEASED)
            },
        },
    )


async def _both(
    ground: Ground, texts: list[str], times: int
) -> tuple[list[str], list[Cost], Counter[str]]:
    findings: list[str] = []
    costs: list[Cost] = []
    counts: Counter[str] = Counter()
    for colour in COLOURS:
        with (
            ground.database(HEAD, replaced=replacements()) as url,
            psycopg.connect(url, autocommit=True) as connection,
        ):
            async with ledger(colour, url) as execute:
                await execute(calls.register_tenant(TENANT, "tenant", "A Bank", TenantType.NGO))
                found, seen = await check(texts, execute, connection)
                findings += [f"{colour}: {finding}" for finding in found]
                counts += seen
        with ground.database(HEAD) as url:
            async with ledger(colour, url) as execute:
                await execute(calls.register_tenant(TENANT, "tenant", "A Bank", TenantType.NGO))
                costs += await measure(colour, execute, times=times)
    return findings, costs, counts


@asynccontextmanager
async def ledger(colour: str, url: str) -> AsyncIterator[Execute]:
    """`execute` of a ledger of that colour."""
    if colour == COLOURS[0]:
        with Ledger.connect(url) as blocking:

            async def execute(call: Call[Any]) -> object:
                return blocking.execute(call)

            yield execute
    else:
        async with AsyncLedger.connect(url) as awaited:
            yield awaited.execute
