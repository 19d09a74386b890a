"""One run of the verifier: every life in a scratch database, its packs, and forgeries of them."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import psycopg
from sqlalchemy import URL

from ledgerdb.errors import DatabaseError, DatabaseUnavailable
from ledgerdb.verify.evidence import Evidence, Status, git_sha, timestamp_utc
from ledgerdb.verify.fingerprint import schema_fingerprint
from ledgerdb.verify.ledger_evidence import verify_ledger
from ledgerdb.verify.packs import commands
from ledgerdb.verify.packs.forger import bare, canonical
from ledgerdb.verify.packs.lives import LIVES, PAYLOAD, TENANT, Life, live
from ledgerdb.verify.packs.sweep import missed, sweep
from ledgerdb.verify.packs.told import differences
from ledgerdb.verify.retry_semantics.session import Session, is_lost
from ledgerdb.verify.scratch import scratch_database

__all__ = ["ARTEFACT", "CHECK_ID", "verify_packs"]

CHECK_ID: Final = "evidence_packs"
ARTEFACT: Final = "phase1/evidence_packs.json"
_NOBODY: Final = UUID("00000000-0000-4000-8000-000000000000")
# Each has what others do not: every kind of row; rows that are gone; rows without positions; rows
# without a seal.
_SWEPT: Final = ("eventful", "retired", "without position", "unsealed")
_SWEPT_QUICKLY: Final = ("late",)
_EVERY_QUICKLY: Final = 7

Progress = Callable[[str], None]


def verify_packs(
    url: str | None = None,
    *,
    quick: bool = False,
    progress: Progress = lambda _step: None,
) -> Evidence:
    """Makes instructions of every life, exports them, examines the packs offline, and forges them.

    Args:
        url: where the scratch database is made; None starts an embedded PostgreSQL.
        quick: forges less; the evidence says so.
        progress: is told of each step.

    Raises:
        ConfigurationError: no commit to name, no superuser, or no embedded server.
        DatabaseUnavailable: the server was lost.
        DatabaseError: it refused something.
        LedgerError: a command broke.
    """
    made_at, commit = timestamp_utc(), git_sha()
    progress("making the scratch database")
    try:
        with (
            scratch_database(url) as scratch,
            Session(scratch) as session,
            tempfile.TemporaryDirectory(prefix="ledgerdb-packs-") as folder,
        ):
            # before the lives, some of which need a database that is damaged
            fingerprint = schema_fingerprint(session.connection)
            progress("living")
            live(session)
            server = session.value("select current_setting('server_version')").split()[0]
            findings, seen = _examined(scratch, session, Path(folder), progress, quick=quick)
    except psycopg.Error as error:
        reason = error.diag.message_primary or " ".join(str(error).split())
        if is_lost(error):
            raise DatabaseUnavailable(f"the verifier lost the database: {reason}") from error
        raise DatabaseError(
            f"the verifier was refused: {reason}", sqlstate=error.sqlstate
        ) from error
    return Evidence(
        check_id=CHECK_ID,
        timestamp_utc=made_at,
        git_sha=commit,
        status=Status.FAIL if findings else Status.PASS,
        schema_fingerprint=fingerprint,
        details={"postgresql": server, "quick": quick, "findings": findings, **seen},
    )


def _examined(
    url: URL, session: Session, folder: Path, progress: Progress, *, quick: bool
) -> tuple[list[str], dict[str, Any]]:
    kept, payload = folder / "kept", folder / "payload"
    verify_ledger(url.render_as_string(hide_password=False)).write(kept)
    payload.write_text(PAYLOAD, "utf-8", newline="")
    beside = ("--seals", kept, "--payload", payload)

    progress("exporting")
    packs, findings = _exported(url, folder, kept)
    files = {}
    for life in LIVES:
        if (pack := packs.get(life)) is not None:
            findings += differences(session, life, pack)
            files[life] = folder / life.name
            files[life].write_bytes(canonical(pack))

    progress("examining")
    proven = {}
    for life, said in zip(files, commands.examine([*files.values()], *beside), strict=True):
        proven[life.name] = len(said["proven"])
        findings += [f"{life.name}: {one['field']}: {one['text']}" for one in said["findings"]]

    swept = _SWEPT_QUICKLY if quick else _SWEPT
    chosen = {life.name: pack for life, pack in packs.items() if life.name in swept}
    every = _EVERY_QUICKLY if quick else 1
    table = sweep(chosen, folder, beside, progress, every=every)
    findings += missed(table)
    return findings, {"proven": proven, "swept": list(chosen), "every": every, "forgeries": table}


def _exported(url: URL, folder: Path, kept: Path) -> tuple[dict[Life, dict[str, Any]], list[str]]:
    """The pack of each life, with its proof; what is wrong about the bytes."""
    proof = ("--tenant", str(TENANT), "--proof", "--seals", str(kept))
    first = LIVES[0].instruction_id
    *exported, alone, of_nobody = commands.export(
        url,
        folder,
        [
            *([*proof, life.instruction_id] for life in LIVES),
            ["--tenant", str(TENANT), first],
            ["--tenant", str(_NOBODY), first],
        ],
    )
    packs, findings = {}, []
    for life, data in zip(LIVES, exported, strict=True):
        if data is None:
            findings.append(f"{life.name}: there is no pack")
            continue
        packs[life] = json.loads(data)
        if canonical(packs[life]) != data:
            findings.append(f"{life.name}: the pack is not in canonical form")
    if LIVES[0] in packs and canonical(bare(packs[LIVES[0]])) != alone:
        findings.append("without --proof and --seals a pack is another")
    if of_nobody is not None:
        findings.append("another tenant gets the pack")
    return packs, findings
