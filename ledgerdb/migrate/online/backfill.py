"""Rows that are changed in batches, each in a transaction of its own, while the table is used.

The file creates two functions for the session. `pg_temp.ledgerdb_rows()` says about how many rows
there are. `pg_temp.ledgerdb_batch(p_after text, p_rows integer)` does the next batch and returns
`(last text, done bigint)`: where the next one begins, null after the last, and how many rows it has
looked at. The journal notes both in the transaction of the batch: whenever the run is killed, every
row has been done once or not yet.
"""

from __future__ import annotations

import time
from typing import Any, Final, LiteralString

import psycopg
from psycopg import sql
from sqlalchemy import Connection

from ledgerdb.errors import MigrationError
from ledgerdb.migrate import frozen
from ledgerdb.migrate.online.pace import ROWS_MIN, Pace
from ledgerdb.migrate.online.pressure import pressure
from ledgerdb.migrate.online.watch import Watch, driver

__all__ = ["Place", "run"]

_LOCK_TIMEOUT_MS: Final = 100
_STATEMENT_TIMEOUT_MS: Final = 5000
_FAILURES_MAX: Final = 50
_FAILURE_REST_SECONDS: Final = 0.2
_PAUSE_SECONDS: Final = 0.5
# Others were in the way: a smaller batch, a moment later, may pass.
_PASSING: Final = (
    psycopg.errors.LockNotAvailable,
    psycopg.errors.QueryCanceled,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.SerializationFailure,
)

_BATCH: Final[LiteralString] = """
    with batch as materialized (
        select b.last, b.done from pg_temp.ledgerdb_batch(%(after)s, %(rows)s) as b
    )
    update public.ledgerdb_migration_steps as s
    set
        last_key = batch.last,
        rows_done = s.rows_done + batch.done,
        state = case when batch.last is null then 'DONE' else s.state end,
        finished_at = case when batch.last is null then pg_catalog.clock_timestamp() end,
        updated_at = pg_catalog.clock_timestamp()
    from batch
    where s.revision = %(revision)s and s.step_no = %(step_no)s and s.state = 'RUNNING'
        and s.last_key is not distinct from %(after)s
    returning s.last_key, s.rows_done
"""
_ESTIMATE: Final[LiteralString] = """
    update public.ledgerdb_migration_steps as s
    set rows_estimate = greatest(pg_temp.ledgerdb_rows(), s.rows_done)
    where s.revision = %(revision)s and s.step_no = %(step_no)s
    returning s.last_key, s.rows_done, s.rows_estimate
"""


class Place:
    """The row of the journal that a backfill keeps: revision and step."""

    def __init__(self, revision: str, step_no: int) -> None:
        self.key: dict[str, Any] = {"revision": revision, "step_no": step_no}


def run(
    connection: Connection,
    file: frozen.SqlFile,
    place: Place,
    watch: Watch,
    pace: Pace | None = None,
) -> None:
    """Does what is left of a backfill.

    Args:
        connection: in autocommit; its lock and statement timeouts are set.
        file: creates the two functions.
        place: where the journal keeps it; the row is there and RUNNING.
        watch: told how far it is, and what it pauses for.
        pace: how fast it goes.

    Raises:
        MigrationError: it could make no progress; what was done is kept.
        psycopg.Error: a batch failed for good.
    """
    raw = driver(connection)
    pace = pace or Pace()
    raw.execute(file.text.encode())
    for setting, value in (
        ("lock_timeout", _LOCK_TIMEOUT_MS),
        ("statement_timeout", _STATEMENT_TIMEOUT_MS),
    ):
        raw.execute(sql.SQL("set {} = {}").format(sql.Identifier(setting), sql.Literal(value)))
    after, done, estimate = _one(raw, _ESTIMATE, place.key)
    failures = 0
    while True:
        _let_others_pass(raw, file, watch)
        started = time.monotonic()
        try:
            with raw.transaction():
                values = {**place.key, "after": after, "rows": pace.rows}
                after, done = _one(raw, _BATCH, values)
        except _PASSING as error:
            failures += 1
            if failures == _FAILURES_MAX:
                raise MigrationError(
                    f"{file.label}: {failures} batches in a row of {pace.rows} rows failed:"
                    f" {error.sqlstate} {error.diag.message_primary}; run it again to go on"
                ) from error
            pace.failed()
            time.sleep(_FAILURE_REST_SECONDS)
            continue
        failures = 0
        if after is None:
            return
        watch.on_progress(done, max(estimate, done + ROWS_MIN))
        time.sleep(pace.took(time.monotonic() - started))


def _let_others_pass(raw: psycopg.Connection[Any], file: frozen.SqlFile, watch: Watch) -> None:
    deadline = time.monotonic() + watch.seconds
    while reason := pressure(raw):
        watch.on_blocked(reason)
        if time.monotonic() > deadline:
            raise MigrationError(
                f"{file.label} paused for {watch.seconds:g} s, because {reason};"
                " run it again to go on"
            )
        time.sleep(_PAUSE_SECONDS)


def _one(
    raw: psycopg.Connection[Any], statement: LiteralString, values: dict[str, Any]
) -> tuple[Any, ...]:
    row: tuple[Any, ...] | None = raw.execute(statement, values).fetchone()
    if row is None:
        raise MigrationError(
            "the journal of this step has changed: another deployer is at work on it, or it is done"
        )
    return row
