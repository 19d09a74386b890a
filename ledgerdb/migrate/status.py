"""Where a database is, and what is pending. Reads only, also from a standby."""

from __future__ import annotations

from dataclasses import dataclass

from alembic.script import ScriptDirectory
from sqlalchemy import URL

from ledgerdb.migrate import guard, history
from ledgerdb.migrate.config import alembic_config
from ledgerdb.migrate.connection import connect
from ledgerdb.migrate.report import StepInfo
from ledgerdb.url import database_url

__all__ = ["Status", "status"]


@dataclass(frozen=True, slots=True)
class Status:
    """The revision of a database (None: base), the newest one known, and those in between."""

    revision: str | None
    head: str | None
    pending: tuple[StepInfo, ...]


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
