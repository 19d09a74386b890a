"""The check of a revision: `migrations/verify/NNNN_slug.sql`, read-only, after it and at any time.

A file is one SELECT of findings, none where the revision holds. It holds right after the revision
and at every later one: what a later revision takes away is asked for only until then. The files are
not pinned: a check may become better.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import URL, Connection, text
from sqlalchemy.exc import DBAPIError

from ledgerdb.errors import MigrationError
from ledgerdb.migrate import frozen
from ledgerdb.migrate.config import VERSION_SCHEMA
from ledgerdb.migrate.connection import connect
from ledgerdb.migrate.ledger import LEDGER_TABLE

__all__ = ["FOLDER", "Check", "check", "check_of", "require_holds", "unverified"]

FOLDER: Final = "verify"
_SECONDS_MAX: Final = 60
_FINDINGS_SHOWN: Final = 10

_MARK = text(f"""
    update {VERSION_SCHEMA}.{LEDGER_TABLE}
    set
        verified_at = case
            when cast(:error as text) is null then pg_catalog.clock_timestamp() else verified_at
        end,
        verify_error = cast(:error as text)
    where revision = :revision
""")  # noqa: S608  our own name
# Steps of an earlier run whose check failed, or was never asked: it was killed, or was a script.
_UNVERIFIED = text(f"""
    select revision from {VERSION_SCHEMA}.{LEDGER_TABLE}
    where verify_error is not null or (verified_at is null and route in ('DIRECT', 'ONLINE'))
    order by revision
""")  # noqa: S608


@dataclass(frozen=True, slots=True)
class Check:
    """What the check of a revision found; `findings` is empty where it holds."""

    revision: str
    file: str
    findings: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return not self.findings


def check_of(migrations: Path, revision: str) -> frozen.SqlFile | None:
    """The file of a revision, or None where it has none.

    Raises:
        MigrationError: there are two.
    """
    paths = sorted((migrations / FOLDER).glob(f"{revision}_*.sql"))
    if len(paths) > 1:
        raise MigrationError(f"{FOLDER}: {len(paths)} checks of revision {revision}, not one")
    return frozen.read(paths[0]) if paths else None


def check(connection: Connection, revision: str, file: frozen.SqlFile) -> Check:
    """Runs a check in a READ ONLY transaction of its own. A query that fails is a finding."""
    with connection.begin() as transaction:
        connection.exec_driver_sql("set transaction read only")
        connection.exec_driver_sql(f"set local statement_timeout = '{_SECONDS_MAX}s'")
        plain = connection.execution_options(no_parameters=True)
        try:
            findings = tuple(str(finding) for (finding,) in plain.exec_driver_sql(file.text))
        except DBAPIError as error:
            findings = (f"could not be asked: {' '.join(str(error.orig).split())}",)
        transaction.rollback()
    return Check(revision, file.label, findings)


def unverified(connection: Connection) -> tuple[str, ...]:
    """Applied revisions whose check must hold before any other step."""
    return tuple(connection.scalars(_UNVERIFIED))


def require_holds(url: URL, revision: str, migrations: Path) -> None:
    """After the revision is committed: a fresh connection checks it, and the ledger says what came
    of it.

    Raises:
        MigrationError: it does not hold; the revision stays, the run ends.
        DatabaseUnavailable: it could not be asked.
    """
    file = check_of(migrations, revision)
    if file is None:
        return
    with connect(url) as connection:
        found = check(connection, revision, file)
        error = None if found.holds else "\n".join(found.findings)
        with connection.begin():
            connection.execute(_MARK, {"revision": revision, "error": error})
    if error is not None:
        more = len(found.findings) - _FINDINGS_SHOWN
        shown = [f"  {finding}" for finding in found.findings[:_FINDINGS_SHOWN]]
        raise MigrationError(
            f"revision {revision} is committed, and {found.file} does not hold: later revisions do"
            " not run; `ledgerdb verify migrations` asks again\n"
            + "\n".join(shown + ([f"  and {more} more"] if more > 0 else []))
        )
