"""What a run found out: shown as a table, kept as evidence."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import psycopg
import typer
from rich.console import Console
from rich.table import Table

from ledgerdb.verify.evidence import Evidence, Status, checkout, git_sha, timestamp_utc
from ledgerdb.verify.fingerprint import schema_fingerprint

__all__ = ["FOLDER", "Report", "conclude"]

FOLDER: Final = "correctness"
_FAILED: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One run.

    Attributes:
        check_id: names the artefact.
        command: what reruns it, seed included.
        seed: of everything that was drawn.
        server_version: of PostgreSQL, as it says itself.
        schema_fingerprint: of the database at head.
        counts: what was done, by what it is.
        reference: the violations found on revision 0001, by invariant; the negative control.
        findings: the violations at head; none when it holds.
        required: the least that counts and reference must come to, by name: a run that did too
            little, or whose control found nothing, is no proof.
        seconds: that it took.
        further: what else is worth keeping, as JSON values.
    """

    check_id: str
    command: str
    seed: int
    server_version: str
    schema_fingerprint: str
    counts: Mapping[str, int]
    reference: Mapping[str, int]
    findings: Sequence[str] = ()
    required: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    further: Mapping[str, Any] = field(default_factory=dict)

    @property
    def shortfalls(self) -> list[str]:
        """What the run should have done or found and did not."""
        found = {**self.counts, **self.reference}
        return [
            f"{name}: {found.get(name, 0)}, at least {least} are needed"
            for name, least in self.required.items()
            if found.get(name, 0) < least
        ]

    @property
    def holds(self) -> bool:
        return not self.findings and not self.shortfalls

    def evidence(self) -> Evidence:
        return Evidence(
            check_id=self.check_id,
            timestamp_utc=timestamp_utc(),
            git_sha=git_sha(),
            status=Status.PASS if self.holds else Status.FAIL,
            schema_fingerprint=self.schema_fingerprint,
            details={
                "command": self.command,
                "seed": self.seed,
                "server_version": self.server_version,
                "counts": dict(self.counts),
                "reference": dict(self.reference),
                "findings": list(self.findings),
                "shortfalls": self.shortfalls,
                "seconds": round(self.seconds, 1),
                **self.further,
            },
        )

    @staticmethod
    def server_of(url: str) -> tuple[str, str]:
        """Version and schema fingerprint of a database."""
        with psycopg.connect(url, autocommit=True) as connection:
            version = connection.info.parameter_status("server_version") or "unknown"
            return version, schema_fingerprint(connection)


def conclude(report: Report, out: Path | None = None) -> None:
    """Shows a report and writes its artefact.

    Args:
        report: what was found.
        out: folder; evidence/correctness of the checkout by default.

    Raises:
        typer.Exit: with 1, where it does not hold.
    """
    folder = out or (checkout() or Path()) / "evidence" / FOLDER
    path = folder / f"{report.check_id}.json"
    evidence = report.evidence()
    evidence.write(path)
    table = Table(title=f"{report.check_id}: {evidence.status}", title_justify="left")
    table.add_column("")
    table.add_column("head", justify="right")
    table.add_column("reference", justify="right")
    for name, count in report.counts.items():
        table.add_row(name, f"{count:,}", "")
    for name, count in report.reference.items():
        table.add_row(name, "", f"{count:,}")
    console = Console(highlight=False)
    console.print(table)
    console.print(
        f"seed {report.seed} · PostgreSQL {report.server_version} · {evidence.git_sha[:12]} · "
        f"{report.seconds:.0f} s · {path}",
        markup=False,
    )
    for problem in (*report.findings, *report.shortfalls):
        print(f"{report.check_id}: {problem}", file=sys.stderr)
    if not report.holds:
        raise typer.Exit(_FAILED)
