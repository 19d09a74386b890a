"""The journal of steps that run outside of a revision's transaction: begun, and done, or not.

A step that is killed stays RUNNING; the next run begins it again, and it finds its own leftovers. A
script is DONE in its own transaction, so it runs once. A backfill writes `last_key` and `rows_done`
with each batch.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text

from ledgerdb.errors import MigrationError
from ledgerdb.migrate.config import VERSION_SCHEMA
from ledgerdb.migrate.ledger import JOURNAL_TABLE
from ledgerdb.migrate.pins import Pin

__all__ = ["JournalRow", "begin", "finish", "rows"]

_TABLE = f"{VERSION_SCHEMA}.{JOURNAL_TABLE}"
_BEGIN = text(f"""
    insert into {_TABLE} (revision, step_no, name, sha256)
    values (:revision, :step_no, :name, :sha256)
    on conflict (revision, step_no) do nothing
""")  # noqa: S608  our own name
_FINISH = text(f"""
    update {_TABLE}
    set state = 'DONE', finished_at = pg_catalog.clock_timestamp(),
        updated_at = pg_catalog.clock_timestamp()
    where revision = :revision and step_no = :step_no
""")  # noqa: S608
_ROWS = text(f"""
    select revision, step_no, name, sha256, state, last_key, rows_done, rows_estimate
    from {_TABLE} where revision = :revision order by step_no
""")  # noqa: S608


@dataclass(frozen=True, slots=True)
class JournalRow:
    """One step, as the journal has it; `state` is RUNNING or DONE."""

    revision: str
    step_no: int
    name: str
    sha256: str
    state: str
    last_key: str | None
    rows_done: int
    rows_estimate: int | None

    @property
    def done(self) -> bool:
        return self.state == "DONE"


def rows(connection: Connection, revision: str) -> dict[int, JournalRow]:
    """The steps of a revision that were begun, by number."""
    found = connection.execute(_ROWS, {"revision": revision}).mappings()
    return {row["step_no"]: JournalRow(**row) for row in found}


def begin(connection: Connection, revision: str, step_no: int, pin: Pin) -> JournalRow:
    """Notes that a step begins, or finds that it began before.

    Raises:
        MigrationError: another step began under this number.
    """
    key = {"revision": revision, "step_no": step_no}
    connection.execute(_BEGIN, {**key, "name": pin.file_name, "sha256": pin.sha256})
    row = rows(connection, revision)[step_no]
    if (row.name, row.sha256) != (pin.file_name, pin.sha256):
        raise MigrationError(
            f"revision {revision}, step {step_no} began as {row.name} (sha256 {row.sha256}) and is"
            f" {pin.file_name} (sha256 {pin.sha256}) here: go on with the release that began it"
        )
    return row


def finish(connection: Connection, revision: str, step_no: int) -> None:
    """Notes that a step is done."""
    connection.execute(_FINISH, {"revision": revision, "step_no": step_no})
