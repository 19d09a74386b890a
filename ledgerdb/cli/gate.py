"""`ledgerdb verify migrations` and `ledgerdb verify clients`: of a database in use, reading only.

Exit codes as for the rest of the group: 0 it holds, 1 it does not, 2 it could not be found out.
With --out they also leave evidence, which may see more: its findings count then.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from ledgerdb.cli.verify import checking
from ledgerdb.errors import MigrationError
from ledgerdb.migrate.check_all import check_all
from ledgerdb.migrate.config import migrations_dir
from ledgerdb.migrate.status import status
from ledgerdb.url import database_url
from ledgerdb.verify import clients, clients_evidence, migrations
from ledgerdb.verify.clients_catalogue import load_all
from ledgerdb.verify.evidence import Evidence, Status
from ledgerdb.verify.scratch import connect

__all__ = ["clients_command", "migrations_command"]

_FAILED = 1

_Url = Annotated[
    str | None,
    typer.Option(help="The database.", show_default="LEDGERDB_URL, else DATABASE_URL"),
]
_Json = Annotated[bool, typer.Option("--json", help="For machines.")]
_Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        help="Also write evidence into this folder.",
        show_default=False,
        file_okay=False,
    ),
]


def migrations_command(
    revision: Annotated[
        str | None, typer.Argument(help="Only this one.", show_default="all that are applied")
    ] = None,
    *,
    url: _Url = None,
    out: _Out = None,
    as_json: _Json = False,
) -> None:
    """Ask each revision's own check whether what it did still holds.

    The evidence of --out (INV-001, INV-003, INV-004) is about all of them, the ledger of checksums
    and the whole catalog.
    """
    if revision is not None and out is not None:
        raise typer.BadParameter("evidence is about every revision: leave REVISION out")
    kept = None
    with checking("migrations") as step:
        found = check_all(url, revision, progress=step)
        if out is not None:
            kept = migrations.verify_migrations(url, progress=step)
            kept.write(out / migrations.ARTEFACT)
    if as_json:
        typer.echo(json.dumps([asdict(check) for check in found]))
    else:
        for check in found:
            typer.echo(f"{check.revision}: {'holds' if check.holds else 'does not hold'}")
            for finding in check.findings:
                typer.echo(f"  {finding}")
    _keep(kept, out, migrations.ARTEFACT, as_json=as_json)
    if not all(check.holds for check in found):
        raise typer.Exit(_FAILED)


def clients_command(
    *,
    url: _Url = None,
    execute: Annotated[
        bool,
        typer.Option(
            "--execute",
            help="Also run each client's scenarios, in transactions that are rolled back: they"
            " take locks and claim items meanwhile, so never where payments are made.",
        ),
    ] = False,
    out: _Out = None,
    as_json: _Json = False,
) -> None:
    """Prepare what every released client sends, and compare types and rights with its release."""
    with checking("clients") as step:
        address = database_url(url)
        revision = status(address).revision
        released = clients.due(load_all(migrations_dir()), revision)
        if not released:
            raise MigrationError(f"no client runs on revision {revision or 'base'}")
        found = {}
        with connect(address) as connection:
            for client in released:
                step(client.release)
                found[client.release] = clients.findings(connection, client, execute=execute)
        kept = None
        if out is not None:
            kept = clients_evidence.verify_clients(url, execute=execute, progress=step)
            kept.write(out / clients_evidence.ARTEFACT)
    if as_json:
        typer.echo(json.dumps(found))
    else:
        for release, findings in found.items():
            typer.echo(f"client {release}: {'broken' if findings else 'works'} at {revision}")
            for finding in findings:
                typer.echo(f"  {finding}")
    _keep(kept, out, clients_evidence.ARTEFACT, as_json=as_json)
    if any(found.values()):
        raise typer.Exit(_FAILED)


def _keep(kept: Evidence | None, out: Path | None, artefact: str, *, as_json: bool) -> None:
    """Says where the evidence is; what it found fails the command."""
    if kept is None or out is None:
        return
    if not as_json:
        for finding in kept.details["findings"]:
            typer.echo(f"{kept.check_id}: {finding}")
        typer.echo(f"{kept.check_id}: {kept.status} ({out / artefact})")
    if kept.status is Status.FAIL:
        raise typer.Exit(_FAILED)
