"""Pages of the long lists, read from the views that readers may read: none shows a payload or a
lease token. A page begins after the last row of the one before, so it is as quick as the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    Row,
    Select,
    TableClause,
    and_,
    column,
    func,
    or_,
    select,
    table,
    tuple_,
)

from ledgerdb.calls import Call
from ledgerdb.schema import payment_outbox_operator_actions as actions

__all__ = [
    "HOLDS",
    "STATUSES",
    "DeadLetterFilter",
    "Page",
    "QueueFilter",
    "changes_of_controls",
    "dead_letters",
    "doubts",
    "queue",
    "server_time",
]

HOLDS: Final = ("IN_DOUBT", "PAUSED", "FIFO", "PAYLOAD_MISMATCH")
STATUSES: Final = ("READY", "SCHEDULED", "LEASED", "EXPIRED", *HOLDS)
_CHANGES_MAX: Final = 20


def _view(name: str, columns: str) -> TableClause:
    return table(name, *(column(each) for each in columns.split()), schema="public")


_QUEUE: Final = _view(
    "payment_outbox_queue",
    "outbox_id tenant_id instruction_id participant_id sequence_id rail_type status attempt_count"
    " redrive_no created_at next_attempt_at claimed_by lease_expires_at held_at",
)
_DEAD: Final = _view(
    "payment_outbox_dead_letters",
    "outbox_id tenant_id instruction_id participant_id rail_type attempt_no redrive_no error_code"
    " error_message completed_at disputed",
)
_DOUBTS: Final = _view(
    "payment_outbox_in_doubt",
    "outbox_id tenant_id instruction_id participant_id rail_type attempt_no worker_id"
    " dispatch_started_at in_doubt_since late_results rail_reference",
)


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """Of several, all must hold; None lets everything pass."""

    status: str | None = None
    tenant: UUID | None = None
    participant: str | None = None
    rail: str | None = None


@dataclass(frozen=True, slots=True)
class DeadLetterFilter:
    """Of several, all must hold; None lets everything pass."""

    rail: str | None = None
    tenant: UUID | None = None
    error: str | None = None
    disputed: bool | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of a list, and whether more follow."""

    rows: tuple[Row[Any], ...]
    more: bool


def queue(where: QueueFilter, after: UUID | None, limit: int) -> Call[Page]:
    """Items that have not ended, in the order of acceptance, after `after`."""
    found = select(_QUEUE).order_by(_QUEUE.c.outbox_id)
    if after is not None:
        found = found.where(_QUEUE.c.outbox_id > after)
    for name, value in (
        ("status", where.status),
        ("tenant_id", where.tenant),
        ("participant_id", where.participant),
        ("rail_type", where.rail),
    ):
        if value is not None:
            found = found.where(_QUEUE.c[name] == value)
    return _page(found, limit)


def dead_letters(
    where: DeadLetterFilter, after: tuple[datetime | None, UUID] | None, limit: int
) -> Call[Page]:
    """Items that ended as FAILED, the latest first. Those without a time, which were written by
    hand, come before all others: that is the index read backwards.
    """
    ended, outbox_id = _DEAD.c.completed_at, _DEAD.c.outbox_id
    found = select(_DEAD).order_by(ended.desc(), outbox_id.desc())
    if after is not None:
        time, last = after
        found = found.where(
            tuple_(ended, outbox_id) < tuple_(time, last)
            if time is not None
            else or_(ended.is_not(None), and_(ended.is_(None), outbox_id < last))
        )
    for name, value in (
        ("rail_type", where.rail),
        ("tenant_id", where.tenant),
        ("error_code", where.error),
        ("disputed", where.disputed),
    ):
        if value is not None:
            found = found.where(_DEAD.c[name] == value)
    return _page(found, limit)


def doubts(limit: int) -> Call[Page]:
    """Items of which nobody knows whether the rail got them, the oldest doubt first."""
    return _page(select(_DOUBTS).order_by(_DOUBTS.c.in_doubt_since, _DOUBTS.c.outbox_id), limit)


def changes_of_controls() -> Call[tuple[Row[Any], ...]]:
    """Who changed a control last, and why; the latest first."""
    found = (
        select(
            actions.c.created_at,
            actions.c.action,
            actions.c.scope,
            actions.c.scope_key,
            actions.c.actor,
            actions.c.reason,
        )
        .where(actions.c.scope.is_not(None))
        .order_by(actions.c.action_id.desc())  # ids begin with the time
        .limit(_CHANGES_MAX)
    )
    return Call(actions.name, found, {}, tuple, writes=False)


def server_time() -> Call[datetime]:
    """By which ages are taken."""
    return Call(
        "statement_timestamp",
        select(func.statement_timestamp()),
        {},
        lambda rows: rows[0][0],
        writes=False,
    )


def _page(found: Select[Any], limit: int) -> Call[Page]:
    def shape(rows: Sequence[Any]) -> Page:
        return Page(tuple(rows[:limit]), more=len(rows) > limit)

    (view,) = found.get_final_froms()
    return Call(str(view), found.limit(limit + 1), {}, shape, writes=False)
