"""`python -m proof million`: verifies a ledger of a million instructions, sound and corrupted."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Final

import psycopg
import typer
from rich.progress import Progress

from ledgerdb.verify.ledger import LedgerReport, Watermark, check_ledger
from proof.ground import FAST, HEAD, Ground
from proof.million.ledger import CORRUPTIONS, corrupt, fill
from proof.report import Report, conclude

__all__ = ["million"]

CHECK_ID: Final = "million"
# As a small server of its own would have it.
_SETTINGS: Final = {**FAST, "shared_buffers": "1GB", "max_wal_size": "8GB"}


def million(
    *,
    instructions: Annotated[int, typer.Option(min=1_000, help="How many.")] = 1_000_000,
    seed: Annotated[int, typer.Option(help="Of nothing: the ledger is always the same.")] = 0,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the artefact.", file_okay=False)
    ] = None,
) -> None:
    """Fill a ledger, verify it in full, without hashing every row, and from a watermark on; then
    corrupt it, and see every corruption named.
    """
    began = time.monotonic()
    times: dict[str, float] = {}
    with (
        Ground(18, _SETTINGS) as ground,
        ground.database(HEAD) as url,
        psycopg.connect(url, autocommit=True) as connection,
        Progress(transient=True) as progress,
    ):
        server_version, fingerprint = Report.server_of(url)
        task = progress.add_task("instructions", total=instructions)
        fill(connection, instructions, lambda more: progress.advance(task, more))
        times["fill"] = time.monotonic() - began

        def check(
            name: str, since: Watermark | None = None, rows: int | None = None
        ) -> LedgerReport:
            start = time.monotonic()
            report = check_ledger(connection, since=since, rows=rows)
            times[name] = time.monotonic() - start
            return report

        full = check("every row hashed")
        counted = check("rows counted", rows=0)
        incremental = check("incremental", since=full.watermark)
        corrupt(connection)
        broken = check("corrupted")
    sound = [f for report in (full, counted, incremental) for f in report.findings]
    conclude(
        Report(
            check_id=CHECK_ID,
            command=f"python -m proof million --instructions {instructions}",
            seed=seed,
            server_version=server_version,
            schema_fingerprint=fingerprint,
            counts={
                "instructions": instructions,
                "sealed rows": full.rows,
                "seals": full.seals,
                "invariants": len(full.invariants),
                **{f"ms: {name}": round(seconds * 1_000) for name, seconds in times.items()},
            },
            reference={f"named: {name}": broken.counts.get(name, 0) for name in CORRUPTIONS},
            findings=[f"{f.invariant}: {f.object}" for f in sound],
            required={"sealed rows": instructions * 2, **{f"named: {n}": 1 for n in CORRUPTIONS}},
            seconds=time.monotonic() - began,
        ),
        out,
    )
