"""Is a database still what its revision made of it? Reads only, also from a standby."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection
from sqlalchemy.exc import DBAPIError

from ledgerdb.catalog import Catalog, expected, fingerprint, read, without_guests
from ledgerdb.catalog.acceptance import Acceptance, split
from ledgerdb.catalog.compare import Difference, compare
from ledgerdb.errors import MigrationError
from ledgerdb.migrate import guard, history
from ledgerdb.migrate.config import VERSION_SCHEMA, VERSION_TABLE, alembic_config, migrations_dir
from ledgerdb.migrate.connection import connect, describe
from ledgerdb.migrate.lock import holder
from ledgerdb.url import database_url

__all__ = ["Drift", "drift"]

_UNBOUNDED: Final = (
    "the database carries no timeouts (a dump without --create leaves them behind): set them with"
    " `alter database ... set lock_timeout = '2s'`, statement_timeout = '30s' and"
    " idle_in_transaction_session_timeout = '60s'"
)


@dataclass(frozen=True, slots=True)
class Drift:
    """What was found.

    Attributes:
        database: which one.
        revision: where it is.
        objects: how many definitions were compared.
        fingerprint: of its structure.
        differences: those that nobody accepted.
        accepted: those that somebody did, and why.
        stale: acceptances of differences that are not there.
        notes: what is worth knowing and is no drift.
    """

    database: str
    revision: str
    objects: int
    fingerprint: str
    differences: Sequence[Difference]
    accepted: Sequence[tuple[Difference, Acceptance]]
    stale: Sequence[Acceptance]
    notes: Sequence[str]


def drift(url: str | URL | None = None, acceptances: Sequence[Acceptance] = ()) -> Drift:
    """Compares a database with what the migrations make; None takes the environment's URL.

    One read-only transaction that sees one moment. Any login that may read the version table will
    do (`pg_read_all_data`).

    Raises:
        ConfigurationError: the URL is missing or wrong.
        DatabaseUnavailable: the database cannot be reached.
        MigrationError: it could not be found out; the message says why.
    """
    target = url if isinstance(url, URL) else database_url(url)
    with connect(target) as connection:
        connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        _require_quiet(connection)
        revision, found, wanted = _compared(target, connection)
        connection.rollback()  # a new transaction sees who came meanwhile
        _require_quiet(connection)
    differences, notes = _without_lost_settings(found, wanted)
    drifted, accepted, stale = split(differences, acceptances)
    return Drift(
        database=describe(target),
        revision=revision,
        objects=len(wanted),
        fingerprint=fingerprint(found),
        differences=drifted,
        accepted=accepted,
        stale=stale,
        notes=notes,
    )


def _require_quiet(connection: Connection) -> None:
    """Nobody changes what is being compared."""
    deployer = holder(connection)
    if deployer is not None:
        raise MigrationError(
            f"a deployer is at work on this database: {deployer}; run it again when that has ended"
        )


def _compared(url: URL, connection: Connection) -> tuple[str, Catalog, Catalog]:
    """The revision, what is there and what must be there."""
    try:
        revision = _revision(url, connection)
        wanted = expected.at(migrations_dir(), revision)
        driver: Any = connection.connection.driver_connection
        found = read(driver, wanted.names)
    except (DBAPIError, psycopg.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        raise MigrationError(f"database {describe(url)} cannot be read: {_why(cause)}") from error
    return revision, without_guests(found, revision), wanted.catalog


def _why(cause: BaseException | None) -> str:
    if isinstance(cause, psycopg.errors.LockNotAvailable):
        return "one of its tables is locked (is a migration running?); run it again"
    if isinstance(cause, psycopg.Error) and cause.sqlstate is not None:
        return f"{cause.sqlstate} {cause.diag.message_primary}"
    return " ".join(str(cause).split())


def _revision(url: URL, connection: Connection) -> str:
    heads = guard.read_heads(connection)
    if not heads:
        raise MigrationError(
            f"database {describe(url)} is not at a revision of ledgerdb:"
            f" {VERSION_SCHEMA}.{VERSION_TABLE} is missing or empty"
        )
    script = ScriptDirectory.from_config(alembic_config())
    line = history.revisions(script, script.get_heads())
    guard.require_known(heads, [revision.revision for revision in line])
    return heads[0]


def _without_lost_settings(
    found: Catalog, wanted: Catalog
) -> tuple[Sequence[Difference], Sequence[str]]:
    """A plain dump carries objects and not settings of the database: a note, unless one is left."""
    differences = compare(wanted, found)
    bounds = {key for key in wanted if key.kind == "setting"}
    if not bounds or bounds & found.keys():
        return differences, ()
    return tuple(d for d in differences if d.key not in bounds), (_UNBOUNDED,)
