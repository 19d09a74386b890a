"""How a witness of the catalog looks: one read-only moment of a database, and what it found there.

A witness is a function of a connection. It is handed one in a transaction that sees one moment,
that cannot write and cannot wait for long, with nothing on its search_path but the system's own
schema: what is not qualified is PostgreSQL's, and whatever the server spells, it spells in full.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import psycopg
from psycopg.rows import dict_row
from sqlalchemy import URL

from ledgerdb.errors import DatabaseError, DatabaseUnavailable
from ledgerdb.url import database_url
from ledgerdb.verify.evidence import Evidence, Status, git_sha, timestamp_utc
from ledgerdb.verify.fingerprint import schema_fingerprint
from ledgerdb.verify.scratch import connect

__all__ = ["Rows", "Session", "Witness", "Witnessed", "conclude", "looking", "reading"]

Session: TypeAlias = psycopg.Connection[Any]
Rows: TypeAlias = list[dict[str, Any]]

_LOCK_WAIT: Final = "2s"
_STATEMENT: Final = "30s"


@dataclass(frozen=True, slots=True)
class Witnessed:
    """What was seen.

    Attributes:
        findings: one sentence for each thing that is wrong; none where all holds.
        details: what else belongs into the evidence; JSON values, the same for the same database.
    """

    findings: Sequence[str]
    details: Mapping[str, Any]


Witness: TypeAlias = Callable[[Session], Witnessed]


def conclude(check_id: str, url: str | URL | None, witness: Witness) -> Evidence:
    """Lets a witness look at a database, and makes evidence of what it says.

    Args:
        check_id: of the evidence.
        url: the database; None takes LEDGERDB_URL, else DATABASE_URL.
        witness: what looks.

    Raises:
        ConfigurationError: no database, or no commit to name in the evidence.
        DatabaseUnavailable: the database cannot be reached, or was lost.
        DatabaseError: the witness may not see what it must.
    """
    made_at, commit = timestamp_utc(), git_sha()
    with looking(url) as session:
        seen = witness(session)
        fingerprint = schema_fingerprint(session)
    return Evidence(
        check_id=check_id,
        timestamp_utc=made_at,
        git_sha=commit,
        status=Status.FAIL if seen.findings else Status.PASS,
        schema_fingerprint=fingerprint,
        details={**seen.details, "findings": list(seen.findings)},
    )


@contextmanager
def looking(url: str | URL | None) -> Iterator[Session]:
    """A connection in a read-only transaction, rolled back at the end.

    Raises:
        ConfigurationError: no database.
        DatabaseUnavailable: the database cannot be reached, or was lost.
        DatabaseError: the server refused a statement.
    """
    target = url if isinstance(url, URL) else database_url(url)
    try:
        with connect(target, autocommit=False) as session:
            session.execute("set transaction isolation level repeatable read, read only")
            session.execute("set local search_path = pg_catalog")
            session.execute(f"set local lock_timeout = '{_LOCK_WAIT}'")
            session.execute(f"set local statement_timeout = '{_STATEMENT}'")
            yield session
            session.rollback()
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(f"the witness lost the database: {_reason(error)}") from error
    except psycopg.Error as error:
        raise DatabaseError(
            f"the witness was refused: {_reason(error)}", sqlstate=error.sqlstate
        ) from error


def reading(session: Session, query: str, parameters: Mapping[str, Any] | None = None) -> Rows:
    """The rows of a query over the catalog, by column."""
    with session.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query.encode(), parameters).fetchall()


def _reason(error: psycopg.Error) -> str:
    return error.diag.message_primary or " ".join(str(error).split())
