"""Retention: what of the history may retire, and retiring it, one batch a transaction.

`plan` only reads. `retire` is a generator over batches, each durable when it is yielded: stop
whenever you like, begin anew whenever you like. See docs/adr/0009-retention.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from ledgerdb._translate import connecting
from ledgerdb.calls import Call
from ledgerdb.calls import _check as check
from ledgerdb.calls._build import columns_of, statement
from ledgerdb.calls._shape import many, one
from ledgerdb.sync import Ledger, run

__all__ = [
    "BATCH_SIZE_DEFAULT",
    "RetentionGroup",
    "RetentionPlan",
    "RetiredBatch",
    "plan",
    "retention_plan",
    "retire",
    "retire_history",
]

BATCH_SIZE_DEFAULT: Final = 1_000
_RETIRE: Final = "RETIRE"


@dataclass(frozen=True, slots=True)
class RetentionGroup:
    """A row of `retention_plan`: the items with one verdict.

    Attributes:
        verdict: RETIRE, or why the items keep their attempts: TOO_YOUNG, ON_QUEUE, LATE_RESULT,
            DISPUTED, UNSEALED, NOT_ENDED, REAPPEARED, UNREGISTERED.
        bytes: size of their attempts in the table, without indexes.
        oldest: when the first of their attempts was completed.
    """

    horizon: datetime
    verdict: str
    items: int
    attempts: int
    bytes: int
    oldest: datetime | None
    newest: datetime | None


@dataclass(frozen=True, slots=True)
class RetiredBatch:
    """The row of `retire_history`.

    Attributes:
        run_id: the row of `ledger_retention_runs`; None where nothing was retired.
        examined: ended items that were looked at.
        last_outbox_id: where the next batch begins; None where nothing was left.
    """

    run_id: UUID | None
    examined: int
    items: int
    attempts: int
    bytes: int
    last_outbox_id: UUID | None


@dataclass(frozen=True, slots=True)
class RetentionPlan:
    """What retiring would do: `groups` has a row for each verdict, `RETIRE` first."""

    groups: tuple[RetentionGroup, ...]

    @property
    def horizon(self) -> datetime:
        """Attempts that were complete before this time may retire."""
        return self.groups[0].horizon

    @property
    def retired(self) -> RetentionGroup:
        """What would be retired."""
        return next(group for group in self.groups if group.verdict == _RETIRE)


_PLAN: Final = statement(
    "retention_plan",
    {"p_before": "timestamptz", "p_older_than": "interval"},
    columns_of(RetentionGroup),
)
_RETIRE_HISTORY: Final = statement(
    "retire_history",
    {
        "p_before": "timestamptz",
        "p_limit": "integer",
        "p_actor": "text",
        "p_reason": "text",
        "p_after": "uuid",
    },
    columns_of(RetiredBatch),
)


def retention_plan(
    before: datetime | None = None, older_than: timedelta | None = None
) -> Call[tuple[RetentionGroup, ...]]:
    """`retention_plan`: what may retire and what may not, and why; exactly one of the two."""
    return Call(
        "retention_plan",
        _PLAN,
        {
            "p_before": check.optional_aware("before", before),
            "p_older_than": check.optional_interval("older_than", older_than),
        },
        many(RetentionGroup),
        writes=False,
    )


def retire_history(
    before: datetime, limit: int, actor: str, reason: str, after: UUID | None = None
) -> Call[RetiredBatch]:
    """`retire_history`: looks at the next `limit` ended items and retires those that may."""
    return Call(
        "retire_history",
        _RETIRE_HISTORY,
        {
            "p_before": check.aware("before", before),
            "p_limit": check.integer("limit", limit),
            "p_actor": check.text("actor", actor),
            "p_reason": check.text("reason", reason),
            "p_after": check.optional_uuid("after", after),
        },
        one(RetiredBatch),
        writes=True,
    )


def plan(
    ledger: Ledger, *, before: datetime | None = None, older_than: timedelta | None = None
) -> RetentionPlan:
    """What retiring history from before a time would do. It passes once over the whole history and
    may take minutes, so the timeout of a statement is an hour here.

    Raises:
        InvalidArgument: not exactly one of the two, or a time younger than the database allows.
    """
    with connecting():
        connection = ledger.engine.connect()
    with connection:
        connection.exec_driver_sql("set local statement_timeout = '1h'")
        return RetentionPlan(run(connection, retention_plan(before, older_than)))


def retire(
    ledger: Ledger,
    *,
    before: datetime,
    actor: str,
    reason: str,
    limit: int | None = None,
    batch_size: int = BATCH_SIZE_DEFAULT,
) -> Iterator[RetiredBatch]:
    """Retire history from before a time, batch by batch, each in a transaction of its own.

    Args:
        ledger: whose history.
        before: every attempt of an item must have been complete by then.
        actor: who asks for it; kept in `ledger_retention_runs`, as is the reason.
        reason: why.
        limit: stop after so many items; None for all.
        batch_size: how many ended items a transaction looks at, 1 to 10000.

    Raises:
        InvalidArgument: a parameter breaks a rule, or the time is too young for the database.
    """
    after: UUID | None = None
    retired = 0
    while limit is None or retired < limit:
        size = batch_size if limit is None else min(batch_size, limit - retired)
        batch = ledger.execute(retire_history(before, size, actor, reason, after))
        if batch.last_outbox_id is None:
            return
        retired += batch.items
        after = batch.last_outbox_id
        yield batch
