"""`check_ledger` on a database in use, as evidence; an earlier file of it makes it incremental."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import psycopg
from sqlalchemy import URL

from ledgerdb.errors import ConfigurationError, DatabaseError, DatabaseUnavailable
from ledgerdb.url import database_url
from ledgerdb.verify.evidence import (
    Evidence,
    InvalidEvidence,
    Status,
    git_sha,
    read,
    timestamp_utc,
)
from ledgerdb.verify.fingerprint import schema_fingerprint
from ledgerdb.verify.ledger import PAYLOADS_DEFAULT, Finding, Watermark, check_ledger
from ledgerdb.verify.scratch import connect

__all__ = ["ARTEFACT", "CHECK_ID", "verify_ledger", "watermark_of"]

CHECK_ID: Final = "ledger_integrity"
ARTEFACT: Final = "ledger/ledger_integrity.json"


def verify_ledger(
    url: str | URL | None = None,
    *,
    since: Watermark | None = None,
    ceiling: int | None = None,
    payloads: int = PAYLOADS_DEFAULT,
    rows: int | None = None,
    progress: Callable[[str], None] = lambda _step: None,
) -> Evidence:
    """Checks the seals and the invariants of a database in use, in one read-only snapshot.

    Args:
        url: the database; None takes LEDGERDB_URL, else DATABASE_URL.
        since: the watermark of earlier evidence; None checks everything.
        ceiling: the highest retry ceiling that ever was in force; None takes today's.
        payloads: how many of the newest payloads are compared with their fingerprints.
        rows: how many of the newest sealed rows are hashed again; None hashes all.
        progress: is told of each step.

    Raises:
        ConfigurationError: no database, or no commit to name in the evidence.
        DatabaseUnavailable: the database cannot be reached, or was lost.
        DatabaseError: it has no ledger with seals, or the login may not read it.
    """
    made_at, commit = timestamp_utc(), git_sha()
    try:
        with connect(url if isinstance(url, URL) else database_url(url)) as connection:
            report = check_ledger(
                connection,
                since=since,
                ceiling=ceiling,
                payloads=payloads,
                rows=rows,
                progress=lambda stage, done: progress(f"{stage}: {done:,}"),
            )
            fingerprint = schema_fingerprint(connection)
            database = connection.info.dbname
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(f"the witness lost the database: {_reason(error)}") from error
    except psycopg.Error as error:
        raise DatabaseError(
            f"the witness may not, or cannot, read a ledger there: {_reason(error)}",
            sqlstate=error.sqlstate,
        ) from error
    return Evidence(
        check_id=CHECK_ID,
        timestamp_utc=made_at,
        git_sha=commit,
        status=Status.PASS if report.ok else Status.FAIL,
        schema_fingerprint=fingerprint,
        details={
            "database": database,
            **report.to_details(),
            "findings": [_sentence(finding) for finding in report.findings],
        },
    )


def watermark_of(path: Path) -> Watermark | None:
    """The watermark of earlier evidence; None where there was nothing under a seal.

    Raises:
        ConfigurationError: the file is no evidence of this check.
        OSError: it cannot be read.
    """
    try:
        watermark = read(path).details["watermark"]
        return None if watermark is None else Watermark.from_details(watermark)
    except (ValueError, KeyError, TypeError, InvalidEvidence) as error:
        raise ConfigurationError(f"{path}: is no evidence of {CHECK_ID}: {error}") from error


def _sentence(finding: Finding) -> str:
    return f"{finding.invariant}: {finding.object}: {finding.consequence}"


def _reason(error: psycopg.Error) -> str:
    return error.diag.message_primary or " ".join(str(error).split())
