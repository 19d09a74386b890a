"""Adoption: brings what is missing, one short transaction at a time, and records revision 0001."""

from __future__ import annotations

import functools
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Final, Protocol

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection
from sqlalchemy.exc import DBAPIError

from ledgerdb.errors import MigrationError
from ledgerdb.migrate import guard
from ledgerdb.migrate.adopt.finding import Change, Effect, Finding
from ledgerdb.migrate.adopt.inspection import BASELINE, Inspection, inspect
from ledgerdb.migrate.adopt.reference import Reference, reference
from ledgerdb.migrate.budget import in_short_tries
from ledgerdb.migrate.config import (
    VERSION_SCHEMA,
    VERSION_TABLE,
    LockBudget,
    alembic_config,
    wait_seconds,
)
from ledgerdb.migrate.connection import connect
from ledgerdb.migrate.failure import explain
from ledgerdb.migrate.frozen import SqlFile
from ledgerdb.migrate.ledger import bookkeeping, entry_sql
from ledgerdb.migrate.lock import deployer
from ledgerdb.migrate.operations import ScriptFailed, send_file
from ledgerdb.migrate.plan import entry_of
from ledgerdb.migrate.report import StepInfo
from ledgerdb.migrate.route import Route
from ledgerdb.url import database_url

__all__ = ["AdoptionReport", "NotAdoptable", "adopt", "look_at"]

_SHOWN: Final = 5


class AdoptionReport(Protocol):
    """Hears of an adoption as it goes; must not raise."""

    def waiting(self, holder: str) -> None:
        """Another deployer has the lock."""

    def planned(self, changes: int) -> None:
        """That many changes are to be run."""

    def changing(self, finding: Finding) -> None:
        """The next change, for this difference."""

    def blocked(self, finding: Finding, by: str) -> None:
        """Its locks could not be had in this try; who is in the way."""


class NotAdoptable(MigrationError):
    """Something blocks or needs acceptance; `inspection` says what. Nothing was written."""

    def __init__(self, inspection: Inspection) -> None:
        named = ", ".join(f.key for f in inspection.open[:_SHOWN])
        more = len(inspection.open) - _SHOWN
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
    budget = LockBudget.from_environment()
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
            _bring(target, before, report, budget, witness)
            with connect(target) as connection:
                after = inspect(connection, facts, accept)
                left = {f.key for f, _ in after.changes} | {f.key for f in after.open}
                if left:
                    raise MigrationError(
                        "not adopted: the database has changed meanwhile; what was brought is kept,"
                        f" run it again (left: {', '.join(sorted(left)[:_SHOWN])})"
                    )
                _record(connection, before)
    return before


def _bring(
    url: URL,
    found: Inspection,
    report: AdoptionReport,
    budget: LockBudget,
    witness: Connection,
) -> None:
    with connect(url) as together, connect(url, autocommit=True) as alone:
        # It waits for older transactions and blocks nobody: its lock may take its time.
        alone.exec_driver_sql(f"set lock_timeout = {round(1000 * budget.total_seconds)}")
        for finding, change in found.changes:
            report.changing(finding)
            file = SqlFile(Path("adopt", finding.key), "\n".join(change.statements), "")
            try:
                if change.concurrently:
                    _send(alone, file, change)
                else:
                    with together.begin():
                        in_short_tries(
                            together,
                            functools.partial(_send, together, file, change),
                            wanted=change.locks,
                            budget=budget,
                            witness=witness,
                            on_blocked=functools.partial(report.blocked, finding),
                            what=finding.key,
                        )
            except ScriptFailed as error:
                raise explain(error, None, witness) from error


def _send(connection: Connection, file: SqlFile, change: Change) -> None:
    raw = connection.execution_options(no_parameters=True)
    try:
        for statement in change.statements:
            raw.exec_driver_sql(statement).close()
    except DBAPIError as error:
        raise ScriptFailed(file, error) from error


def _record(connection: Connection, found: Inspection) -> None:
    """Version table, ledger and journal, and in the ledger what was found."""
    script = ScriptDirectory.from_config(alembic_config())
    entry = entry_of(script.get_revision(BASELINE), (), Path(script.dir), Route.ADOPTED)
    counts = ", ".join(f"{count} {effect}" for effect, count in found.counts().items())
    signed = ", ".join(f.key for f in found.findings if f.effect is Effect.ACCEPTED)
    summary = f"state {found.state} of the earlier migrations: {counts}" + (
        f"; accepted: {signed}" if signed else ""
    )
    table = MigrationContext.configure(connection).impl.version_table_impl(
        version_table=VERSION_TABLE, version_table_schema=VERSION_SCHEMA, version_table_pk=True
    )
    with connection.begin():
        table.create(connection, checkfirst=True)
        send_file(connection, bookkeeping())
        connection.execute(table.insert().values(version_num=BASELINE))
        written = entry_sql(replace(entry, step=StepInfo(BASELINE, summary)))
        connection.execution_options(no_parameters=True).exec_driver_sql(written)
