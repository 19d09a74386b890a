"""`ledgerdb verify evidence|contract|all`: from each verifier to the closing statement."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Final

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from ledgerdb.cli.operations.layout import console
from ledgerdb.cli.verify import Out, checking, folder_of
from ledgerdb.verify.artefacts import Artefact, Soundness, artefacts, existing
from ledgerdb.verify.contract import CLOSEOUT, STATUS
from ledgerdb.verify.everything import Outcome, Result, verify_all, write_contract
from ledgerdb.verify.evidence import Status

__all__ = ["all_command", "contract_command", "evidence_command"]

_FAILED: Final = 1
_UNKNOWN: Final = 2
_COLOURS: Final = {
    "PASS": "green",
    "SOUND": "green",
    "SKIPPED": "dim",
    "UNKNOWN": "yellow",
    "ABSENT": "yellow",
}

_Json = Annotated[bool, typer.Option("--json", help="For machines.")]
_Dir = Annotated[
    Path | None,
    typer.Option(
        "--dir",
        help="The folder of evidence to look at.",
        show_default="evidence/ of the checkout",
        file_okay=False,
    ),
]


def evidence_command(*, directory: _Dir = None, as_json: _Json = False) -> None:
    """Check every artefact in a folder: schema, checksum, and whether it is still of today.

    Today means: of the newest revision, and made at a commit in the history of this one.
    """
    with checking("evidence"):
        folder = folder_of(directory)
        found = artefacts(folder)
    if as_json:
        typer.echo(json.dumps([_document(one) for one in found]))
    else:
        table = _table("artefact", "", "check")
        for one in found:
            status = "" if one.evidence is None else str(one.evidence.status)
            table.add_row(one.path, _coloured(one.soundness), _coloured(status))
        console().print(table)
        for one in found:
            for why in one.why:
                typer.echo(f"{one.path}: {why}")
    if any(one.soundness is not Soundness.SOUND for one in found):
        raise typer.Exit(_FAILED)


def contract_command(*, directory: _Dir = None, out: Out = None, as_json: _Json = False) -> None:
    """Judge every row of evidence/contract.yml by its evidence, and write the closing statement.

    Writes the two artefacts into the folder of the evidence, or into that of --out.
    """
    with checking("contract"):
        folder = existing(folder_of(directory))
        found = write_contract(folder, out)
    status, closing = found[STATUS], found[CLOSEOUT]
    if as_json:
        typer.echo(json.dumps([json.loads(evidence.text()) for evidence in found.values()]))
    else:
        table = _table("requirement", "", "evidence")
        for row in status.details["rows"]:
            required = "" if row["required"] else " (not required)"
            table.add_row(row["id"] + required, _coloured(row["found"]), row["evidence"])
        console().print(table)
        # what the closing statement finds beside that is what follows from it
        told = status if status.status is Status.FAIL else closing
        for finding in told.details["findings"]:
            typer.echo(finding)
        for path, evidence in found.items():
            typer.echo(f"{evidence.check_id}: {evidence.status} ({(out or folder) / path})")
    if Status.FAIL in {status.status, closing.status}:
        raise typer.Exit(_FAILED)


def all_command(
    *,
    url: Annotated[
        str | None,
        typer.Option(
            help="A database in use, to look at: it is only read. What torments a database does"
            " it on an embedded server.",
            show_default="a database on an embedded server",
        ),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Smaller sizes.")] = False,
    out: Out = None,
    as_json: _Json = False,
) -> None:
    """Run every verifier, judge the contract, and check every artefact.

    One that fails stops no other. Exit codes: 0 all hold, 1 one does not, 2 none fails and one
    could not be found out. LEDGERDB_URL is not asked.
    """
    with checking("all") as step:
        outcomes = [*verify_all(folder_of(out), url, quick=quick, progress=step)]
    worst = _worst(outcomes)
    if as_json:
        told = [asdict(outcome) for outcome in outcomes]
        typer.echo(json.dumps({"result": worst, "verifiers": told}))
    else:
        table = _table("verifier", "", "seconds", "evidence")
        for one in outcomes:
            table.add_row(
                one.verifier,
                _coloured(one.result),
                f"{one.seconds:.1f}",
                "\n".join(one.artefacts) or (one.said[0] if one.said else ""),
            )
        console().print(table)
        for one in outcomes:
            if one.result in {Result.FAIL, Result.UNKNOWN}:
                for line in one.said:
                    typer.echo(f"{one.verifier}: {line}")
    if worst is not Result.PASS:
        raise typer.Exit(_FAILED if worst is Result.FAIL else _UNKNOWN)


def _worst(outcomes: list[Outcome]) -> Result:
    results = {outcome.result for outcome in outcomes}
    return next((bad for bad in (Result.FAIL, Result.UNKNOWN) if bad in results), Result.PASS)


def _document(one: Artefact) -> dict[str, object]:
    return {
        "path": one.path,
        "soundness": one.soundness,
        "status": None if one.evidence is None else one.evidence.status,
        "why": list(one.why),
        "sha256": one.sha256,
    }


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _coloured(word: str) -> Text:
    return Text(word, style=_COLOURS.get(word, "red"))
