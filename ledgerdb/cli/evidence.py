"""`ledgerdb evidence ...`: evidence packs, made from the database and examined without one."""

from __future__ import annotations

import json
import os
import sys
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Final
from uuid import UUID

import typer

from ledgerdb.cli.evidence_text import show_pack, show_report
from ledgerdb.cli.options import Url
from ledgerdb.errors import ConfigurationError, LedgerError
from ledgerdb.packs import (
    InvalidPack,
    KeptSeal,
    PackReport,
    check_pack,
    check_today,
    pack_document,
    read_pack,
)
from ledgerdb.rows import EvidencePack, Seal
from ledgerdb.sync import Ledger
from ledgerdb.url import database_url
from ledgerdb.verify.ledger_evidence import watermark_of
from ledgerdb.verify.pack_proof import LedgerSeal, PackRows, read_proof, read_seals

__all__ = ["evidence"]

evidence = typer.Typer(
    name="evidence",
    help="Evidence packs: all that the ledger holds about one instruction, in one file.",
    no_args_is_help=True,
)

_BROKEN: Final = 1
_UNKNOWN: Final = 2
_Kept = Annotated[
    list[Path] | None,
    typer.Option(
        "--seals",
        metavar="FILE",
        help="Evidence of `ledgerdb verify ledger` that was kept; again for more of it.",
        show_default=False,
        exists=True,
        dir_okay=False,
    ),
]


@evidence.command("export")
def export_command(
    instruction: Annotated[str, typer.Argument(help="The instruction's id.", show_default=False)],
    *,
    tenant: Annotated[UUID, typer.Option(help="The tenant's id.", show_default=False)],
    out: Annotated[
        Path | None,
        typer.Option(help="Where to; replaced in one step.", show_default="stdout", dir_okay=False),
    ] = None,
    proof: Annotated[
        bool,
        typer.Option(
            "--proof",
            help="Also the rows behind the hashes, and what is under the seals beside them. Takes a"
            " login that may read the ledger's tables.",
        ),
    ] = False,
    seals: _Kept = None,
    url: Url = None,
) -> None:
    """Write the pack of one instruction of a tenant.

    It only reads, and the same content gives the same bytes. With --seals, the seals between those
    of the pack and the ones that were kept come with it: they link the two.
    """
    where = database_url(url)
    with Ledger.connect(url) as ledger:
        pack = ledger.evidence_pack(tenant, instruction)
    if pack is None:
        raise ConfigurationError("this tenant has no such instruction")
    shown = None
    if proof:
        found = read_proof(where, _rows(pack))
        shown = found.proof
        pack = replace(pack, seals=tuple(map(_seal, found.seals)))
    if kept := _kept(seals):
        numbers = {*(seal.seal_no for seal in pack.seals), *(seal.seal_no for seal in kept)}
        linking = read_seals(where, min(numbers), max(numbers))
        pack = replace(pack, seals=tuple(map(_seal, linking)))
    _write(pack_document(pack, proof=shown), out)


@evidence.command("show")
def show_command(
    file: Annotated[Path, typer.Argument(help="A pack.", exists=True, dir_okay=False)],
) -> None:
    """Show a pack to a person: what became of an instruction."""
    data = file.read_bytes()
    try:
        report = check_pack(data)
        document = read_pack(data)
    except InvalidPack as error:
        raise InvalidPack(f"{file}: {error}") from error
    show_pack(document, report)
    if not report.ok:
        raise typer.Exit(_BROKEN)


@evidence.command("verify")
def verify_command(
    files: Annotated[list[Path], typer.Argument(help="Packs.", show_default=False)],
    *,
    payload: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The payload's own bytes, as they were sent; that of each pack here.",
            show_default=False,
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    seals: _Kept = None,
    against_database: Annotated[
        bool,
        typer.Option(
            "--against-database", help="Also ask the database whether it still says the same."
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
    url: Url = None,
) -> None:
    """Examine packs offline, with no database.

    Exit code 0: they hold. 1: one does not, and each finding is a line. 2: it could not be found
    out.
    """
    try:
        kept = _kept(seals)
        sent = None if payload is None else payload.read_bytes()
        asked = Ledger.connect(url) if against_database else nullcontext()
    except (LedgerError, OSError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(_UNKNOWN) from error
    with asked as ledger:
        results = [(file, _checked(file, sent, kept, ledger)) for file in files]
    if as_json:
        found = [_as_json(file, result) for file, result in results]
        typer.echo(json.dumps({"packs": found}, indent=2))
    else:
        for file, result in results:
            show_report(file, result)
    if any(isinstance(result, PackReport) and not result.ok for _, result in results):
        raise typer.Exit(_BROKEN)
    if any(isinstance(result, str) for _, result in results):
        raise typer.Exit(_UNKNOWN)


def _checked(
    file: Path, payload: bytes | None, kept: tuple[KeptSeal, ...], ledger: Ledger | None
) -> PackReport | str:
    """The report, or why there is none."""
    try:
        data = file.read_bytes()
        report = check_pack(data, payload=payload, kept=kept)
        if ledger is not None and report.digest is not None:
            document = read_pack(data)
            attestation = document["attestation"]
            found = ledger.evidence_pack(
                UUID(attestation["tenant_id"]), attestation["instruction_id"]
            )
            today = None if found is None else read_pack(pack_document(found))
            check_today(document, today, report)
    except LedgerError as error:
        return str(error)
    except OSError as error:  # its own text would name the file again
        return error.strerror or str(error)
    return report


def _as_json(file: Path, result: PackReport | str) -> dict[str, Any]:
    if isinstance(result, str):
        return {"file": str(file), "status": "UNKNOWN", "error": result}
    return {"file": str(file), "status": "HOLDS" if result.ok else "BROKEN", **result.as_dict()}


def _kept(files: list[Path] | None) -> tuple[KeptSeal, ...]:
    marks = [mark for file in files or () if (mark := watermark_of(file)) is not None]
    return tuple(KeptSeal(mark.seal_no, mark.seal_hash.hex()) for mark in marks)


def _rows(pack: EvidencePack) -> PackRows:
    return PackRows(
        attestation_id=pack.attestation.attestation_id,
        attempt_ids=[attempt.attempt_id for attempt in pack.attempts],
        outbox_id=None if pack.outbox is None else pack.outbox.outbox_id,
        seals=[seal.seal_no for seal in pack.seals],
    )


def _seal(seal: LedgerSeal) -> Seal:
    return Seal(**seal._asdict())


def _write(document: bytes, out: Path | None) -> None:
    if out is None:
        sys.stdout.buffer.write(document)
        return
    draft = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        draft.write_bytes(document)
        draft.replace(out)
    finally:
        draft.unlink(missing_ok=True)
