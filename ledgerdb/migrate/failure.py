"""What PostgreSQL refused, in few lines: step, file, line, SQLSTATE, and who was in the way."""

from __future__ import annotations

import re
from typing import Final

import psycopg
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from ledgerdb.errors import MigrationError
from ledgerdb.migrate.connection import LOCK_TIMEOUT
from ledgerdb.migrate.operations import ScriptFailed
from ledgerdb.migrate.report import StepInfo

__all__ = ["explain"]

_LOCK_NOT_AVAILABLE: Final = "55P03"
_LOCKERS_SHOWN: Final = 5
_CONTEXT_CHARS_MAX: Final = 300

# Best effort: the wait is over, so this shows who holds locks on the tables of the file now.
_LOCKERS = text("""
    select pg_catalog.format(
        'pid %s%s (%s, %s) holds %s on %s',
        a.pid,
        coalesce(' of ' || nullif(a.application_name, ''), ''),
        coalesce(a.usename, 'unknown user'),
        coalesce(a.state, 'unknown state'),
        pg_catalog.string_agg(distinct l.mode, ' and '),
        pg_catalog.string_agg(distinct c.relname, ', ')
    )
    from pg_catalog.pg_locks as l
    join pg_catalog.pg_class as c on c.oid = l.relation
    join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    join pg_catalog.pg_stat_activity as a on a.pid = l.pid
    join pg_catalog.pg_database as d on d.oid = l.database
    where l.granted and d.datname = pg_catalog.current_database() and n.nspname = 'public'
        and c.relkind in ('r', 'p') and c.relname = any (cast(:words as text[]))
        and l.pid <> pg_catalog.pg_backend_pid()
    group by a.pid, a.application_name, a.usename, a.state
    order by a.pid
""")


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
    if driver.sqlstate == _LOCK_NOT_AVAILABLE:
        blockers = _blockers(witness, file.text if file else "")
        lines.append(f"  in the way for more than {LOCK_TIMEOUT}: {blockers}")
    if driver.sqlstate is None:
        lines.append("  what was committed is kept: run it again to learn and to go on")
    else:
        lines.append("  nothing of this step was written; run it again when the cause is gone")
    return MigrationError("\n".join(lines))


def _reason(error: psycopg.Error) -> str:
    if error.sqlstate is None:
        return " ".join(str(error).split())
    return f"{error.sqlstate} {error.diag.message_primary}"


def _blockers(witness: Connection, script: str) -> str:
    try:
        words = sorted(set(re.findall(r"\w+", script)))
        found = list(witness.scalars(_LOCKERS, {"words": words}))
    except SQLAlchemyError:
        found = []
    more = len(found) - _LOCKERS_SHOWN
    listed = "; ".join(found[:_LOCKERS_SHOWN]) + (f"; and {more} more" if more > 0 else "")
    return listed or "a session that is gone by now"
