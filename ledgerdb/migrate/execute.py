"""The steps of a plan, run on a live database: prepared, in one transaction each, recorded."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from alembic import context
from alembic.runtime.migration import MigrationContext, RevisionStep
from psycopg.pq import TransactionStatus
from sqlalchemy import URL, Connection, text
from sqlalchemy.exc import SQLAlchemyError

from ledgerdb.errors import MigrationError
from ledgerdb.migrate import ledger, lock
from ledgerdb.migrate.budget import in_short_tries
from ledgerdb.migrate.checks import require_holds, unverified
from ledgerdb.migrate.config import VERSION_OPTIONS, VERSION_SCHEMA, VERSION_TABLE, LockBudget
from ledgerdb.migrate.connection import connect
from ledgerdb.migrate.contract import require_nobody_needs_it
from ledgerdb.migrate.failure import explain
from ledgerdb.migrate.operations import GUARDED, ScriptFailed, send_file, transaction_status
from ledgerdb.migrate.phases import phase_of
from ledgerdb.migrate.plan import Plan, Step
from ledgerdb.migrate.prepare import prepare
from ledgerdb.migrate.report import Report, StepInfo
from ledgerdb.migrate.surroundings import Surroundings

__all__ = ["Run", "execute", "require_clean", "settings", "wrap"]


_STILL_THERE = text("select pg_catalog.pg_backend_pid()")


@dataclass(frozen=True, slots=True)
class Run:
    """What the steps of a run share.

    Attributes:
        url: the database.
        witness: the connection of the deployment lock, in autocommit.
        budget: how long a step may wait for its locks.
        report: who is told.
    """

    url: URL
    witness: Connection
    budget: LockBudget
    report: Report

    def around(self, step: StepInfo) -> Surroundings:
        """The same, for the preparation of one step."""
        return Surroundings(
            url=self.url,
            witness=self.witness,
            budget=self.budget,
            on_progress=functools.partial(self.report.prepared, step),
            on_blocked=functools.partial(self.report.blocked, step),
        )


def settings(plan: Plan) -> dict[str, Any]:
    """What Alembic's context is told, in every run of a plan."""
    return VERSION_OPTIONS | {"transaction_per_migration": True, GUARDED: plan.replacements}


def execute(plan: Plan, entries: Mapping[str, Mapping[str, str]] | None, run: Run) -> None:
    """Runs the steps of a plan.

    Args:
        plan: with at least one step.
        entries: the ledger of checksums as it is; None where there is none.
        run: of which they are part.

    Raises:
        MigrationError: a step failed; what was committed before is kept.
    """
    running: list[StepInfo] = []

    def steps(_heads: Sequence[str], _context: MigrationContext) -> Iterator[RevisionStep]:
        # Alembic commits a step before it asks for the next one: in between, nothing is open.
        if plan.heads:
            for revision in unverified(run.witness):
                require_holds(run.url, revision, plan.migrations)
        for step in plan.steps:
            running[:] = [step.info]
            run.report.started(step.info)
            if step.preparation.steps:
                prepare(step, plan, run.around(step.info))
            yield step.alembic
            require_holds(run.url, step.info.revision, plan.migrations)
            run.report.committed(step.info)

    with connect(run.url, on_warning=run.report.warned, lock_key=lock.WORK_KEY) as connection:
        require_clean(connection)
        # with the second lock in hand: where the first one was lost, someone else may have begun
        run.witness.scalar(_STILL_THERE)
        books = functools.partial(_open_books, connection, plan)
        at_once = not plan.heads and not plan.steps[0].preparation.steps
        if not at_once and any(
            entry.step.revision not in (entries or {}) for entry in plan.applied
        ):
            with connection.begin():
                books()
        # dont_mutate: Alembic would create its table in a transaction of its own, and a first
        # step that fails would leave it behind. It is created with the first step instead.
        context.configure(
            connection=connection,
            fn=steps,
            dont_mutate=True,
            **settings(plan),
        )
        for step in plan.steps:
            before = books if at_once and step is plan.steps[0] else None
            wrap(step.alembic, functools.partial(_apply, connection, step, run, before))
        try:
            context.run_migrations()
        except (SQLAlchemyError, psycopg.Error, ScriptFailed) as error:
            raise explain(error, running[0] if running else None, run.witness) from error


def require_clean(connection: Connection) -> None:
    """No transaction is open: Alembic would take it for someone else's, and commit nothing."""
    idle = transaction_status(connection) is TransactionStatus.IDLE
    if connection.in_transaction() or not idle:
        raise MigrationError(
            "a transaction is already open on the migration connection: nothing would be"
            " committed; no statement may run on it before the steps"
        )


def wrap(step: RevisionStep, around: Callable[[Callable[[], None]], None]) -> None:
    """Makes Alembic call `around` with the step's own upgrade, instead of the upgrade."""
    upgrade = step.migration_fn

    @functools.wraps(upgrade)
    def wrapped(**arguments: object) -> None:
        around(functools.partial(upgrade, **arguments))

    step.migration_fn = wrapped


def _apply(
    connection: Connection,
    step: Step,
    run: Run,
    before: Callable[[], None] | None,
    upgrade: Callable[[], None],
) -> None:
    if before is not None:
        before()
    revision = step.info.revision
    phase = phase_of(Path(step.alembic.revision.path))
    require_nobody_needs_it(run.witness, revision, phase)

    def alone() -> None:
        # under the locks: who came since has not begun anything yet
        require_nobody_needs_it(connection, revision, phase)
        upgrade()

    in_short_tries(
        connection,
        alone,
        wanted=step.locks,
        budget=run.budget,
        witness=run.witness,
        on_blocked=functools.partial(run.report.blocked, step.info),
        what=f"revision {revision}",
    )
    connection.exec_driver_sql(ledger.entry_sql(step.entry))


def _open_books(connection: Connection, plan: Plan) -> None:
    """Version table, ledger and journal, and what the ledger should say by now."""
    table = context.get_context().impl.version_table_impl(
        version_table=VERSION_TABLE, version_table_schema=VERSION_SCHEMA, version_table_pk=True
    )
    table.create(connection, checkfirst=True)
    send_file(connection, ledger.bookkeeping())
    for entry in plan.applied:
        connection.exec_driver_sql(ledger.entry_sql(entry))
