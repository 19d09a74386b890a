"""INV-001, INV-003, INV-004: what was applied is what is here, and has made what is there.

Four looks at one database: the ledger of checksums against the bytes of this installation, the pins
of each revision against that ledger, the check of each revision, and the whole catalog against the
snapshot that travels with the migrations.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL

from ledgerdb.errors import MigrationError
from ledgerdb.migrate.check_all import check_all
from ledgerdb.migrate.config import migrations_dir
from ledgerdb.migrate.drift import drift
from ledgerdb.url import database_url
from ledgerdb.verify.evidence import Evidence
from ledgerdb.verify.witness import Session, Witnessed, conclude, reading

__all__ = ["ARTEFACT", "CHECK_ID", "verify_migrations"]

CHECK_ID: Final = "migration_integrity"
ARTEFACT: Final = "phase0/migration_integrity.json"

_LEDGER: Final = "select revision, files, route from public.ledgerdb_migrations order by revision"
_VERSION: Final = "select version_num as revision from public.ledgerdb_alembic_version"
_VERSIONS: Final = "versions"
_SNAPSHOT: Final = "schema.sql"
_PIN: Final = re.compile(r'"(\d{4}_\w+\.sql)",\s*sha256="([0-9a-f]{64})"')
_SHOWN: Final = 12


def verify_migrations(
    url: str | URL | None = None, *, progress: Callable[[str], None] = lambda _step: None
) -> Evidence:
    """Compares a database with the migrations of this installation; writes nothing.

    A login that may read `ledgerdb_migrations` and `ledgerdb_alembic_version`, as the readers do.

    Args:
        url: the database; None takes LEDGERDB_URL, else DATABASE_URL.
        progress: is told of each step.

    Raises:
        ConfigurationError: no database, or no commit to name in the evidence.
        DatabaseUnavailable: the database cannot be reached, or was lost.
        DatabaseError: the login may not read what it must.
        MigrationError: the database is none of ledgerdb's, or a deployer is at work on it.
    """
    target = url if isinstance(url, URL) else database_url(url)
    checks = check_all(target, progress=progress)
    progress("catalog")
    drifted = drift(target)
    found = [f"{check.revision}: {finding}" for check in checks for finding in check.findings]
    for difference in drifted.differences:
        meaning = f": {difference.consequence}" if difference.consequence else ""
        found.append(f"the catalog has drifted: {' '.join(difference.key)}{meaning}")

    def witness(session: Session) -> Witnessed:
        ledger = reading(session, _LEDGER)
        current = [row["revision"] for row in reading(session, _VERSION)]
        return Witnessed(
            [*_immutable(migrations_dir(), current, ledger), *found],
            {
                "revision": ", ".join(current),
                "revisions": {row["revision"]: row["route"] for row in ledger},
                "files": sum(len(row["files"]) for row in ledger),
                "checks": {check.revision: check.holds for check in checks},
                "objects": drifted.objects,
                "notes": list(drifted.notes),
            },
        )

    return conclude(CHECK_ID, target, witness)


def _immutable(
    migrations: Path, current: Sequence[str], ledger: Sequence[Mapping[str, Any]]
) -> Iterator[str]:
    """Where the ledger of checksums, the revisions and the bytes that are here disagree."""
    scripts = {path.name[:4]: path for path in sorted((migrations / _VERSIONS).glob("[0-9]*.py"))}
    if not scripts:
        raise MigrationError(f"no revisions in {migrations}: the installation is incomplete")
    recorded = {row["revision"]: row["files"] for row in ledger}
    applied = [revision for revision in scripts if any(revision <= head for head in current)]
    yield from (
        f"{revision}: applied, and not in the ledger"
        for revision in applied
        if revision not in recorded
    )
    yield from (
        f"{revision}: in the ledger, and not applied"
        for revision in recorded
        if revision not in applied
    )
    for revision, files in recorded.items():
        for label, sha256 in sorted(files.items()):
            if wrong := _changed(migrations / label, sha256):
                yield f"{revision}: {label} {wrong}"
        script = scripts.get(revision)
        if script is not None:
            yield from (
                f"{revision}: the ledger has no {name} as {script.name} pins it"
                for name in _unrecorded(script, files)
            )
    yield from _snapshot(migrations / _SNAPSHOT, max(scripts))


def _changed(path: Path, applied: str) -> str:
    if not path.is_file():
        return "was applied, and is missing here"
    here = hashlib.sha256(path.read_bytes()).hexdigest()
    if here == applied:
        return ""
    return f"was applied as {applied[:_SHOWN]}, and is {here[:_SHOWN]} here"


def _unrecorded(script: Path, files: Mapping[str, str]) -> Iterator[str]:
    """Files that a revision runs and the ledger has not, or has in other bytes."""
    by_name = {label.rpartition("/")[2]: sha256 for label, sha256 in files.items()}
    if script.name not in by_name:
        yield script.name
    for name, sha256 in _PIN.findall(script.read_text("utf-8")):
        if by_name.get(name) != sha256:
            yield name


def _snapshot(path: Path, head: str) -> Iterator[str]:
    first = path.read_text("utf-8").partition("\n")[0] if path.is_file() else ""
    if f"at revision {head}:" not in first:
        yield f"{path.name} is not the snapshot of revision {head}: {first or 'it is missing'}"
