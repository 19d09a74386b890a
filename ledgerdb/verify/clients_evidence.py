"""What every released client sends still works: the gate of `verify clients`, as evidence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import psycopg
from sqlalchemy import URL

from ledgerdb.errors import DatabaseError, DatabaseUnavailable, MigrationError
from ledgerdb.migrate.config import migrations_dir
from ledgerdb.migrate.status import status
from ledgerdb.url import database_url
from ledgerdb.verify import clients
from ledgerdb.verify.clients_catalogue import load_all
from ledgerdb.verify.evidence import Evidence, Status, git_sha, timestamp_utc
from ledgerdb.verify.fingerprint import schema_fingerprint
from ledgerdb.verify.scratch import connect

__all__ = ["ARTEFACT", "CHECK_ID", "verify_clients"]

CHECK_ID: Final = "released_clients"
ARTEFACT: Final = "phase0/released_clients.json"


def verify_clients(
    url: str | URL | None = None,
    *,
    execute: bool = False,
    progress: Callable[[str], None] = lambda _step: None,
) -> Evidence:
    """Prepares what every released client sends, and compares types and rights with its release.

    Args:
        url: the database, and a login that may act as the clients' roles; None takes LEDGERDB_URL,
            else DATABASE_URL.
        execute: also run the scenarios, in transactions that are rolled back; they take locks and
            claim items meanwhile, so never where payments are made.
        progress: is told of each client.

    Raises:
        ConfigurationError: no database, no commit to name in the evidence, or a role that the login
            may not act as.
        DatabaseUnavailable: the database cannot be reached, or was lost.
        DatabaseError: the server refused a statement of the verifier's own.
        MigrationError: no client runs on this revision.
    """
    made_at, commit = timestamp_utc(), git_sha()
    target = url if isinstance(url, URL) else database_url(url)
    revision = status(target).revision
    released = clients.due(load_all(migrations_dir()), revision)
    if not released:
        raise MigrationError(f"no client runs on revision {revision or 'base'}")
    found = {}
    try:
        with connect(target) as connection:
            for client in released:
                progress(client.release)
                found[client.release] = clients.findings(connection, client, execute=execute)
            fingerprint = schema_fingerprint(connection)
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(f"the witness lost the database: {error}") from error
    except psycopg.Error as error:
        raise DatabaseError(f"the witness was refused: {error}", sqlstate=error.sqlstate) from error
    findings = [f"{name}: {finding}" for name, broken in found.items() for finding in broken]
    return Evidence(
        check_id=CHECK_ID,
        timestamp_utc=made_at,
        git_sha=commit,
        status=Status.FAIL if findings else Status.PASS,
        schema_fingerprint=fingerprint,
        details={
            "revision": revision,
            "executed": execute,
            "clients": {client.release: len(client.statements) for client in released},
            "findings": findings,
        },
    )
