"""A queue whose history can be made old: the only way is past the trigger, as its owner."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from psycopg import sql

from tests.sql.queue import Queue

__all__ = ["DAYS", "History"]

DAYS = 100
_APPEND_ONLY = (
    ("payment_outbox_attempts", "trg_deny_outbox_attempts_mutation"),
    ("payment_outbox_late_results", "trg_deny_late_results_mutation"),
)
_WITHOUT_POSITIONS = """
alter table public.payment_outbox_attempts drop constraint ck_attempts_ledger_position
"""
_WITH_POSITIONS = """
alter table public.payment_outbox_attempts
add constraint ck_attempts_ledger_position check (ledger_position is not null) not valid
"""
_RETIRE = """
select * from public.retire_history(
    clock_timestamp() - make_interval(days => %s), %s, 'auditor', 'five years are over', %s)
"""
_PLAN = "select * from public.retention_plan(p_older_than => make_interval(days => %s))"


class History(Queue):
    """The outbox functions and those of retention."""

    def make_old(self, days: int = DAYS, *, seal: bool = True) -> None:
        """Everything that was ever completed, was completed so many days earlier, and is sealed."""
        with self.connection.transaction():
            # Rows from before there were positions cannot be written any more either.
            self.connection.execute(_WITHOUT_POSITIONS)
            for table, trigger in _APPEND_ONLY:
                self._alter(table, "disable", trigger)
            self.connection.execute(
                """update public.payment_outbox_attempts
                set completed_at = completed_at - make_interval(days => %s),
                    claimed_at = claimed_at - make_interval(days => %s),
                    created_at = created_at - make_interval(days => %s)""",
                [days] * 3,
            )
            self.connection.execute(
                """update public.payment_outbox_late_results
                set received_at = received_at - make_interval(days => %s)""",
                [days],
            )
            for table, trigger in _APPEND_ONLY:
                self._alter(table, "enable always", trigger)
            self.connection.execute(_WITH_POSITIONS)
        if seal:
            self.seal()

    def _alter(self, table: str, what: str, trigger: str) -> None:
        self.connection.execute(
            sql.SQL("alter table public.{} {} trigger {}").format(
                sql.Identifier(table),
                sql.SQL(what),
                sql.Identifier(trigger),
            )
        )

    def end(self, name: str, state: str = "DISPATCHED", payload: str = "{}") -> UUID:
        """Enqueues an item and ends it at its first attempt."""
        outbox_id = self.enqueue(name, payload=payload)
        (item,) = self.claim()
        self.complete([item], state, reference=f"R-{name}")
        return outbox_id

    def retire(self, limit: int = 1000, after: UUID | None = None, days: int = 91) -> Any:  # noqa: ANN401
        """One batch; its row."""
        (row,) = self.rows(_RETIRE, days, limit, after)
        return row

    def plan(self, days: int = 91) -> dict[str, int]:
        """Items by verdict, without those that have none."""
        return {row.verdict: row.items for row in self.rows(_PLAN, days) if row.items}

    def outcome(self, outbox_id: UUID) -> Any:  # noqa: ANN401
        """The outcome row, or None."""
        found = self.rows(
            "select * from public.payment_outbox_outcomes where outbox_id = %s", outbox_id
        )
        return found[0] if found else None

    def acknowledgement(self, name: str, payload: str = "{}") -> Any:  # noqa: ANN401
        """What a replay of the item gets."""
        (row,) = self.rows(
            "select * from public.enqueue_payment_outbox(%s, 'p', %s, 'RTGS', %s)",
            *(name, name, payload),
        )
        return row
