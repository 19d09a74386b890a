"""How far the online steps of a database are. Reads only, also from a standby."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import URL, text

from ledgerdb.errors import MigrationError
from ledgerdb.migrate.config import VERSION_SCHEMA
from ledgerdb.migrate.connection import connect
from ledgerdb.migrate.ledger import JOURNAL_TABLE
from ledgerdb.url import database_url

__all__ = ["StepProgress", "steps"]

_TABLE: Final = f"{VERSION_SCHEMA}.{JOURNAL_TABLE}"
_READABLE = text(
    "select pg_catalog.has_table_privilege(pg_catalog.to_regclass(:table)::oid, 'select')"
)
_STEPS = text(f"""
    select
        s.revision, s.step_no, s.name, s.state, s.rows_done, s.rows_estimate,
        extract(epoch from s.updated_at - s.started_at)::float8 as seconds,
        extract(epoch from pg_catalog.clock_timestamp() - s.updated_at)::float8 as quiet_seconds
    from {_TABLE} as s
    order by s.revision, s.step_no
""")  # noqa: S608  our own name


@dataclass(frozen=True, slots=True)
class StepProgress:
    """One row of the journal.

    Attributes:
        revision: whose step it is.
        step_no: its place among the steps of the revision, from 1.
        name: its file.
        state: RUNNING or DONE; RUNNING too where the run that began it was killed.
        rows_done: rows that a backfill has looked at.
        rows_estimate: of about how many; None for a step that is no backfill.
        seconds: from its beginning to the last that was heard of it.
        quiet_seconds: since then.
    """

    revision: str
    step_no: int
    name: str
    state: str
    rows_done: int
    rows_estimate: int | None
    seconds: float
    quiet_seconds: float

    @property
    def share(self) -> float | None:
        """Which part of a backfill is done; None for other steps."""
        if self.rows_estimate is None:
            return None
        if self.state == "DONE":
            return 1.0
        return self.rows_done / max(self.rows_estimate, self.rows_done, 1)

    @property
    def eta_seconds(self) -> float | None:
        """How long it takes on, at its pace so far; None where nobody can say."""
        if self.state == "DONE":
            return 0.0
        if self.rows_estimate is None or not self.rows_done:
            return None
        return max(self.rows_estimate - self.rows_done, 0) * self.seconds / self.rows_done


def steps(url: str | URL | None = None) -> tuple[StepProgress, ...]:
    """The journal of a database; None takes LEDGERDB_URL, else DATABASE_URL.

    Raises:
        ConfigurationError: the URL is missing or wrong.
        DatabaseUnavailable: the database cannot be reached.
        MigrationError: the role may not read the journal.
    """
    with connect(url if isinstance(url, URL) else database_url(url)) as connection:
        readable = connection.scalar(_READABLE, {"table": _TABLE})
        if readable is None:
            return ()
        if not readable:
            raise MigrationError(
                f"this role may not read {_TABLE}: use symphony_readonly, or the role that migrates"
            )
        return tuple(StepProgress(**row) for row in connection.execute(_STEPS).mappings())
