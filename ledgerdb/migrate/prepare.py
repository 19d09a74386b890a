"""What a revision does before its transaction: each step on its own, journaled, resumable."""

from __future__ import annotations

from ledgerdb.errors import MigrationError
from ledgerdb.migrate import frozen, journal, pins
from ledgerdb.migrate.budget import in_short_tries
from ledgerdb.migrate.connection import connect
from ledgerdb.migrate.online import perform
from ledgerdb.migrate.operations import send_file
from ledgerdb.migrate.plan import Plan, Step
from ledgerdb.migrate.surroundings import Surroundings

__all__ = ["prepare"]


def prepare(step: Step, plan: Plan, around: Surroundings) -> None:
    """Does what is left to do of a revision's preparation.

    Raises:
        MigrationError: a step failed, or its locks could not be had.
    """
    begun = journal.rows(around.witness, step.info.revision)
    for number, pin in enumerate(step.preparation.steps, 1):
        if number in begun:
            journal.begin(around.witness, step.info.revision, number, pin)  # is it the same one?
            if begun[number].done and pin.operation not in pins.CONVERGING:
                continue
        file = pins.load(pin, plan.migrations)
        around.on_progress(pin.file_name, 0, None)
        if pin.operation in pins.ONLINE:
            row = journal.begin(around.witness, step.info.revision, number, pin)
            perform.OPERATIONS[pin.operation](file, row, around)
            journal.finish(around.witness, step.info.revision, number)
        else:
            _run_script(file, step.info.revision, number, pin, around)
        around.on_progress(pin.file_name, 1, 1)


def _run_script(
    file: frozen.SqlFile, revision: str, number: int, pin: pins.Pin, around: Surroundings
) -> None:
    with connect(around.url) as connection, connection.begin():
        row = journal.begin(connection, revision, number, pin)
        if row.done:
            raise MigrationError(f"revision {revision}, step {number} was done meanwhile")
        in_short_tries(
            connection,
            lambda: send_file(connection, file),
            wanted=(),
            budget=around.budget,
            witness=around.witness,
            on_blocked=around.on_blocked,
            what=f"revision {revision}, {file.label}",
        )
        journal.finish(connection, revision, number)
