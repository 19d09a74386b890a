"""What PostgreSQL refused, in few lines: step, file, line, SQLSTATE, and who was in the way."""

from __future__ import annotations

from typing import Final

import psycopg
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from ledgerdb.errors import MigrationError
from ledgerdb.migrate import locks
from ledgerdb.migrate.operations import ScriptFailed
from ledgerdb.migrate.report import StepInfo

__all__ = ["explain"]

_LOCK_NOT_AVAILABLE: Final = "55P03"
_CONTEXT_CHARS_MAX: Final = 300


def explain(
    error: SQLAlchemyError | psycopg.Error | ScriptFailed,
    step: StepInfo | None,
    witness: Connection,
) -> MigrationError:
    """The error to show for what a step raised.

    Args:
        error: as it came.
        step: the one that failed; None outside of any.
        witness: another connection, in autocommit, to look for blockers with.
    """
    file = error.file if isinstance(error, ScriptFailed) else None
    cause = error.error if isinstance(error, ScriptFailed) else error
    driver = cause.orig if isinstance(cause, DBAPIError) else cause
    where = f"revision {step.revision}" if step else "the migration"
    if not isinstance(driver, psycopg.Error):
        return MigrationError(f"{where} failed: {' '.join(str(driver).split())}")
    diagnostics = driver.diag
    if file is not None:
        where += f", {file.label}"
        if diagnostics.statement_position:
            before = file.text[: int(diagnostics.statement_position) - 1]
            where += f" line {before.count(chr(10)) + 1}"
    lines = [f"{where} failed: {_reason(driver)}"]
    for label, value in (
        ("detail", diagnostics.message_detail),
        ("hint", diagnostics.message_hint),
        ("context", diagnostics.context),
    ):
        if value:
            lines.append(f"  {label}: {' '.join(value.split())[:_CONTEXT_CHARS_MAX]}")
    if driver.sqlstate == _LOCK_NOT_AVAILABLE and isinstance(error, ScriptFailed):
        found = locks.holders(witness, dict.fromkeys(error.words(), locks.ANY_MODE), ())
        lines.append(f"  in the way: {found or 'a session that is gone by now'}")
    if driver.sqlstate is None:
        lines.append("  what was committed is kept: run it again to learn and to go on")
    else:
        lines.append("  nothing of this step was written; run it again when the cause is gone")
    return MigrationError("\n".join(lines))


def _reason(error: psycopg.Error) -> str:
    if error.sqlstate is None:
        return " ".join(str(error).split())
    return f"{error.sqlstate} {error.diag.message_primary}"
