"""`python -m proof promises`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from proof.ground import Ground, replacements
from proof.promises.registry import PROMISES
from proof.promises.run import check_promises
from proof.report import Report, conclude

__all__ = ["promises", "reference"]

_FROZEN = Path(__file__).parents[2] / "migrations" / "frozen"
_OF_THE_REFERENCE = (
    "claim_outbox_batch",
    "complete_outbox_attempt",
    "enqueue_payment_outbox",
    "repair_expired_leases",
    "uuid_strategy",
    "uuid_v7_or_random",
)
_LEAST_OF_THE_REFERENCE = 20


def reference() -> tuple[str, ...]:
    """The functions of revision 0001, as deployed databases have them."""
    return tuple((_FROZEN / f"0001_{name}.sql").read_text("utf-8") for name in _OF_THE_REFERENCE)


def promises(
    version: Annotated[int, typer.Option(help="PostgreSQL, 16 or 18.")] = 18,
    out: Annotated[Path | None, typer.Option(help="Folder of the artefact.")] = None,
) -> None:
    """Every promise of every public function, each tried alone, on the functions of today and on
    those of revision 0001."""
    began = time.monotonic()
    with Ground(version) as ground:
        with ground.database(replaced=replacements()) as url:
            server_version, fingerprint = Report.server_of(url)
        findings = [str(finding) for finding in check_promises(ground, replaced=replacements())]
        broken = [finding.place for finding in check_promises(ground, replaced=reference())]
    conclude(
        Report(
            check_id="promises",
            command=f"python -m proof promises --version {version}",
            seed=0,
            server_version=server_version,
            schema_fingerprint=fingerprint,
            counts={"promises": len(PROMISES)},
            reference={"promises broken": len(broken)},
            findings=findings,
            required={"promises broken": _LEAST_OF_THE_REFERENCE},
            seconds=time.monotonic() - began,
            further={"broken by the reference": broken},
        ),
        out,
    )
