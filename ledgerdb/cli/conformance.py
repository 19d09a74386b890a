"""`ledgerdb verify conformance`: do the approvals of each role match the bytes that are here?

Exit codes as for the rest of the group: 0 it holds, 1 it does not, 2 it could not be found out.
"""

from __future__ import annotations

import json

import typer

from ledgerdb.cli.approve import Root, root_of
from ledgerdb.cli.verify import Json, Out, checking
from ledgerdb.verify.conformance import ARTEFACTS, verify_conformance
from ledgerdb.verify.evidence import Status

__all__ = ["conformance_command"]

_FAILED = 1


def conformance_command(*, root: Root = None, out: Out = None, as_json: Json = False) -> None:
    """Check that architect, implementer and policy guardian approved exactly these bytes.

    Reads files only: no database, no git. Writes one artefact for each role.
    """
    with checking("conformance"):
        checkout = root_of(root)
        found = verify_conformance(checkout)
        folder = out or checkout / "evidence"
        for role, evidence in found.items():
            evidence.write(folder / ARTEFACTS[role])
    if as_json:
        typer.echo(json.dumps([json.loads(evidence.text()) for evidence in found.values()]))
    else:
        told = dict.fromkeys(
            finding for evidence in found.values() for finding in evidence.details["findings"]
        )
        for finding in told:
            typer.echo(finding)
        for role, evidence in found.items():
            typer.echo(f"{evidence.check_id}: {evidence.status} ({folder / ARTEFACTS[role]})")
    if any(evidence.status is Status.FAIL for evidence in found.values()):
        raise typer.Exit(_FAILED)
