"""Adoption: brings what is missing, one short transaction at a time, and records revision 0001."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Final, Protocol

import psycopg
from alembic.runtime.migration import MigrationContext
from sqlalchemy import URL, Connection
from sqlalchemy.exc import DBAPIError
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random

from ledgerdb.errors import MigrationError
from ledgerdb.migrate import guard
from ledgerdb.migrate.adopt.finding import Change, Finding
from ledgerdb.migrate.adopt.inspection import BASELINE, Inspection, inspect
from ledgerdb.migrate.adopt.reference import Reference, reference
from ledgerdb.migrate.config import VERSION_SCHEMA, VERSION_TABLE, wait_seconds
from ledgerdb.migrate.connection import connect
from ledgerdb.migrate.failure import explain
from ledgerdb.migrate.frozen import SqlFile
from ledgerdb.migrate.lock import deployer
from ledgerdb.migrate.operations import ScriptFailed
from ledgerdb.url import database_url

__all__ = ["AdoptionReport", "NotAdoptable", "adopt", "look_at"]

_LOCK_MILLISECONDS: Final = 200
_BUDGET_SECONDS: Final = 60.0
_PAUSE_SECONDS: Final = (0.05, 0.3)
_LOCK_NOT_AVAILABLE: Final = "55P03"


class AdoptionReport(Protocol):
    """Hears of an adoption as it goes; must not raise."""

    def waiting(self, holder: str) -> None:
        """Another deployer has the lock."""

    def planned(self, changes: int) -> None:
        """That many changes are to be run."""

    def changing(self, finding: Finding) -> None:
        """The next change, for this difference."""


class NotAdoptable(MigrationError):
    """Something blocks or needs acceptance; `inspection` says what. Nothing was written."""

    def __init__(self, inspection: Inspection) -> None:
        named = ", ".join(f.key for f in inspection.open[:5])
        more = len(inspection.open) - 5
        super().__init__(
            f"not adopted, nothing was written: {len(inspection.open)} differences block or need"
            f" acceptance ({named}{f' and {more} more' if more > 0 else ''})"
        )
        self.inspection = inspection


def look_at(
    url: str | URL | None = None, *, accept: Collection[str] = (), facts: Reference | None = None
) -> Inspection:
    """Inspects a database; reads only.

    Raises:
        ConfigurationError: the URL is missing or wrong.
        DatabaseUnavailable: the database cannot be reached.
        MigrationError: not a database of the reference, or the role may not read it.
    """
    with connect(url if isinstance(url, URL) else database_url(url)) as connection:
        return inspect(connection, facts or reference(), accept)


def adopt(
    url: str | URL | None,
    report: AdoptionReport,
    *,
    accept: Collection[str] = (),
    facts: Reference | None = None,
) -> Inspection:
    """Inspects again, brings the differences that adoption mends, and records revision 0001.

    What was committed stays when it is interrupted; the next run finds less to do.

    Returns:
        What was found before the first change; of an adopted database, where it is.

    Raises:
        NotAdoptable: something blocks or needs acceptance; nothing was written.
        MigrationError: a change failed, or the locks could not be had within the budget.
    """
    target = url if isinstance(url, URL) else database_url(url)
    facts = facts or reference()
    with connect(target, autocommit=True) as witness:
        guard.require_server(guard.read_facts(witness))
        with deployer(witness, wait_seconds(), report.waiting):
            with connect(target) as connection:
                before = inspect(connection, facts, accept)
            if before.revision is not None:
                return before
            if before.open:
                raise NotAdoptable(before)
            report.planned(len(before.changes))
            _bring(target, before, report, witness)
            with connect(target) as connection:
                after = inspect(connection, facts, accept)
                left = {f.key for f, _ in after.changes} | {f.key for f in after.open}
                if left:
                    raise MigrationError(
                        "not adopted: the database has changed meanwhile; what was brought is kept,"
                        f" run it again (left: {', '.join(sorted(left)[:5])})"
                    )
                _record(connection)
    return before


def _bring(url: URL, found: Inspection, report: AdoptionReport, witness: Connection) -> None:
    attempts = Retrying(
        stop=stop_after_delay(_BUDGET_SECONDS),
        wait=wait_random(*_PAUSE_SECONDS),
        retry=retry_if_exception(_is_lock),
        reraise=True,
    )
    with connect(url) as together, connect(url, autocommit=True) as alone:
        # It waits for older transactions and blocks nobody: its lock may take its time.
        alone.exec_driver_sql(f"set lock_timeout = '{_BUDGET_SECONDS:.0f}s'")
        for finding, change in found.changes:
            report.changing(finding)
            try:
                if change.concurrently:
                    attempts(_send, alone, change)
                else:
                    attempts(_in_transaction, together, change)
            except DBAPIError as error:
                text = "\n".join(change.statements)
                file = SqlFile(Path("adopt", finding.key), text, "")
                raise explain(ScriptFailed(file, error), None, witness) from error


def _in_transaction(connection: Connection, change: Change) -> None:
    with connection.begin():
        connection.exec_driver_sql(f"set local lock_timeout = '{_LOCK_MILLISECONDS}ms'")
        _send(connection, change)


def _send(connection: Connection, change: Change) -> None:
    raw = connection.execution_options(no_parameters=True)
    for statement in change.statements:
        raw.exec_driver_sql(statement).close()


def _is_lock(error: BaseException) -> bool:
    return (
        isinstance(error, DBAPIError)
        and isinstance(error.orig, psycopg.Error)
        and error.orig.sqlstate == _LOCK_NOT_AVAILABLE
    )


def _record(connection: Connection) -> None:
    context = MigrationContext.configure(connection)
    table = context.impl.version_table_impl(
        version_table=VERSION_TABLE, version_table_schema=VERSION_SCHEMA, version_table_pk=True
    )
    with connection.begin():
        table.create(connection, checkfirst=True)
        connection.execute(table.insert().values(version_num=BASELINE))
