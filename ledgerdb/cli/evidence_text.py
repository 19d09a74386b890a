"""A pack and the report of its check, as a person reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ledgerdb.packs import PackReport, timeline_of

__all__ = ["show_pack", "show_report"]

_Row = Mapping[str, Any]
_EVENTS: Final = {
    "ACCEPTED": "accepted",
    "QUEUED": "queued",
    "CLAIMED": "claimed",
    "DISPATCH_STARTED": "dispatch started",
    "DISPATCHING": "dispatching",
    "RETRYABLE": "failed, to be retried",
    "ZOMBIE_REQUEUE": "crashed: the lease ran out",
    "FAILED": "failed for good",
    "DISPATCHED": "dispatched",
    "LATE_RESULT": "late result",
    "OPERATOR_ACTION": "operator",
    "SEALED": "sealed",
    "RETIRED": "history retired",
}
_TOLD: Final = {
    "ACCEPTED": "attestation {attestation_id}",
    "QUEUED": "item {outbox_id}",
    "SEALED": "seal {seal_no} over {subject}",
    "OPERATOR_ACTION": "{action} by {actor}: {reason}",
    "RETIRED": "{attempts} attempts, run {run_id}",
}
_STYLES: Final = {
    "ZOMBIE_REQUEUE": "yellow",
    "RETRYABLE": "yellow",
    "FAILED": "red",
    "DISPATCHED": "green",
    "LATE_RESULT": "magenta",
    "SEALED": "dim",
}


def show_pack(document: _Row, report: PackReport) -> None:
    """What was accepted, the timeline of the times in it, and whether the file holds; of one that
    has not the shape of a pack only that.
    """
    console = Console(highlight=False, soft_wrap=True)
    if report.digest is not None:
        console.print(_head(document))
        console.print(_timeline(document))
    if report.ok:
        console.print(f"holds: {len(report.proven)} proven, {len(report.unproven)} not")
    else:
        console.print(f"[red]does not hold[/]: {_counted(report.findings)}")
    console.print("ledgerdb evidence verify says which", style="dim")


def show_report(file: Path, result: PackReport | str) -> None:
    """Every finding, what is proven and what is not; an error goes to stderr."""
    if isinstance(result, str):
        Console(stderr=True, highlight=False, soft_wrap=True).print(
            f"error: {file}: {result}", markup=False
        )
        return
    console = Console(highlight=False, soft_wrap=True)
    for word, style, statements in (
        ("wrong", "red", result.findings),
        ("proven", "green", result.proven),
        ("not proven", "yellow", result.unproven),
    ):
        for statement in statements:
            console.print(f"{escape(str(file))}: [{style}]{word}[/]: {_plain(statement)}")
    verdict = "holds" if result.ok else f"does not hold, {_counted(result.findings)}"
    console.print(f"{escape(str(file))}: {verdict}")


def _head(document: _Row) -> Table:
    attestation, outbox = document["attestation"], document["outbox"] or {}
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in (
        ("instruction", attestation["instruction_id"]),
        ("tenant", attestation["tenant_id"]),
        ("participant", attestation["participant_id"]),
        ("rail", outbox.get("rail_type")),
        ("idempotency key", outbox.get("idempotency_key")),
        ("outbox item", outbox.get("outbox_id")),
        ("sequence number", outbox.get("sequence_id")),
        ("state", outbox.get("state")),
        ("payload hash", attestation["payload_hash"]),
        ("digest", document["digest"]),
    ):
        if value is not None:
            table.add_row(name, _plain(value))
    return table


def _timeline(document: _Row) -> Table:
    table = Table("time (UTC)", "event", box=None, padding=(0, 2, 0, 0))
    table.add_column("what", overflow="fold")  # nothing of evidence is cut
    for event in timeline_of(document):
        name, source = event["event"], event["source"].split("/")[1:-1]
        row: Any = document
        for step in source:
            row = row[int(step)] if isinstance(row, list) else row[step]
        table.add_row(
            event["at"].replace("T", " ").removesuffix("Z"),
            _EVENTS[name],
            _plain(_told(name, row)),
            style=_STYLES.get(name),
        )
    return table


def _told(event: str, row: _Row) -> str:
    """The rest of an event in a few words."""
    if event in _TOLD:
        return _TOLD[event].format_map(row)
    words: list[str | None] = [f"attempt {row['attempt_no']}" if "attempt_no" in row else ""]
    if event in {"CLAIMED", "DISPATCH_STARTED"}:
        words.append(f"by {row['worker_id']}" if "worker_id" in row else "")
    else:
        words += [
            f"{row['state']}, {row['outcome']}, by {row['worker_id']}" if "outcome" in row else "",
            f"closed by {row['closed_by']}" if row.get("closed_by") else "",
            f"reference {row['rail_reference']}" if row["rail_reference"] else "",
            row["error_code"],
            row.get("error_message"),
        ]
    return "  ".join(filter(None, words))


def _plain(value: object) -> str:
    """Texts of others cannot style, nor move the cursor of a terminal."""
    return escape("".join(one if one.isprintable() else "\ufffd" for one in str(value)))


def _counted(findings: Sequence[object]) -> str:
    return f"{len(findings)} finding{'' if len(findings) == 1 else 's'}"
