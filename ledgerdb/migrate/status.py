"""Where a database is, and what is pending. Reads only, also from a standby."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from alembic.script import ScriptDirectory
from sqlalchemy import URL, text

from ledgerdb.migrate import guard, history, ledger
from ledgerdb.migrate.config import VERSION_SCHEMA, alembic_config
from ledgerdb.migrate.connection import connect
from ledgerdb.migrate.report import StepInfo
from ledgerdb.url import database_url

__all__ = ["Applied", "Status", "applied", "status"]

_APPLIED = text(f"""
    select revision, summary, route, release, client, applied_by::text as applied_by, applied_at,
        seconds::float8 as seconds, files, verified_at, verify_error
    from {VERSION_SCHEMA}.{ledger.LEDGER_TABLE} order by revision
""")  # noqa: S608  our own name


@dataclass(frozen=True, slots=True)
class Status:
    """The revision of a database (None: base), the newest one known, and those in between."""

    revision: str | None
    head: str | None
    pending: tuple[StepInfo, ...]


@dataclass(frozen=True, slots=True)
class Applied:
    """One row of the ledger of checksums: a revision, and how it came into the database.

    Attributes:
        revision: its identifier.
        summary: the first paragraph of its docstring.
        route: DIRECT, ONLINE, ADOPTED or RECORDED (see the table's comment).
        release: of ledgerdb, that applied it.
        client: application name of the session.
        applied_by: role that had logged in.
        applied_at: when it was committed, about.
        seconds: how long its transaction took; None where it was recorded later.
        files: SHA-256 by folder and name.
        verified_at: when its check last held; None where it never ran.
        verify_error: what its check found; None while it holds.
    """

    revision: str
    summary: str
    route: str
    release: str
    client: str
    applied_by: str
    applied_at: datetime
    seconds: float | None
    files: Mapping[str, str]
    verified_at: datetime | None
    verify_error: str | None


def applied(url: str | URL | None = None) -> tuple[Applied, ...]:
    """What was applied to a database, oldest first; None takes LEDGERDB_URL, else DATABASE_URL.

    Raises:
        ConfigurationError: the URL is missing or wrong.
        DatabaseUnavailable: the database cannot be reached.
        MigrationError: the role may not read the ledger.
    """
    with connect(url if isinstance(url, URL) else database_url(url)) as connection:
        if ledger.read_entries(connection) is None:
            return ()
        return tuple(Applied(**row) for row in connection.execute(_APPLIED).mappings())


def status(url: str | URL | None = None) -> Status:
    """Reads the revision of a database; None takes LEDGERDB_URL, else DATABASE_URL.

    Raises:
        ConfigurationError: the URL is missing or wrong.
        DatabaseUnavailable: the database cannot be reached.
        MigrationError: the revision is unknown to this release.
    """
    script = ScriptDirectory.from_config(alembic_config())
    line = history.revisions(script, script.get_heads())
    with connect(url if isinstance(url, URL) else database_url(url)) as connection:
        heads = guard.read_heads(connection)
    known = [revision.revision for revision in line]
    guard.require_known(heads, known)
    done = known.index(heads[0]) + 1 if heads else 0
    return Status(
        revision=heads[0] if heads else None,
        head=known[-1] if known else None,
        pending=tuple(history.info(revision) for revision in line[done:]),
    )
