"""What operators read from views that have no verb: doubts, and dead letters with more filters.

A verb lists dead letters for `symphony_control` alone; the views are for readers too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import text

from ledgerdb.calls import Call
from ledgerdb.calls._shape import many
from ledgerdb.rows import DeadLetter

__all__ = [
    "DeadFilter",
    "DeadGroup",
    "Doubt",
    "GroupBy",
    "dead_groups",
    "dead_letters",
    "doubts",
]


@dataclass(frozen=True, slots=True)
class Doubt:
    """An item of `payment_outbox_in_doubt`: nobody knows whether the money moved.

    Attributes:
        attempt_no: the number of the attempt in doubt; `ledgerdb resolve` wants it.
        rail_key: under which the rail knows the payment, if it does.
        late_results: how many came for this attempt after its lease was over.
        late_result_id: the first of them that says DISPATCHED, with its rail reference.
    """

    outbox_id: UUID
    tenant_id: UUID | None
    instruction_id: str
    participant_id: str
    rail_type: str
    attempt_no: int
    rail_key: str
    worker_id: str | None
    dispatch_started_at: datetime | None
    in_doubt_since: datetime
    late_results: int
    late_result_id: UUID | None
    rail_reference: str | None


class GroupBy(StrEnum):
    """What dead letters are counted by."""

    ERROR = "error"
    RAIL = "rail"
    TENANT = "tenant"
    PARTICIPANT = "participant"


@dataclass(frozen=True, slots=True)
class DeadGroup:
    """Dead letters that have one error, rail, tenant or participant in common."""

    key: str | None
    dead_letters: int
    disputed: int
    oldest_at: datetime | None
    newest_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadFilter:
    """Which dead letters are meant: all that are named must hold.

    Attributes:
        disputed: True or False for those that are, or are not; None for both.
    """

    rail_type: str | None = None
    tenant_id: UUID | None = None
    participant_id: str | None = None
    error_code: str | None = None
    disputed: bool | None = None
    outbox_id: UUID | None = None

    @property
    def parameters(self) -> dict[str, object]:
        """For the conditions below."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @property
    def names_nothing(self) -> bool:
        """True where every dead letter is meant."""
        return all(value is None for value in self.parameters.values())


_DOUBTS: Final = text(
    """
    select
        d.outbox_id, d.tenant_id, d.instruction_id, d.participant_id, d.rail_type, d.attempt_no,
        public.inspect_outbox_item(d.outbox_id) #>> '{identity,rail_key}' as rail_key,
        d.worker_id, d.dispatch_started_at, d.in_doubt_since, d.late_results, d.late_result_id,
        d.rail_reference
    from (
        select *
        from public.payment_outbox_in_doubt as q
        where
            (cast(:rail_type as text) is null or q.rail_type = :rail_type)
            and (cast(:tenant_id as uuid) is null or q.tenant_id = :tenant_id)
        order by q.in_doubt_since, q.outbox_id
        limit :limit
    ) as d
    order by d.in_doubt_since, d.outbox_id
    """
)

_WHERE: Final = """
    from public.payment_outbox_dead_letters as d
    where
        (cast(:rail_type as text) is null or d.rail_type = :rail_type)
        and (cast(:tenant_id as uuid) is null or d.tenant_id = :tenant_id)
        and (cast(:participant_id as text) is null or d.participant_id = :participant_id)
        and (cast(:error_code as text) is null or d.error_code = :error_code)
        and (cast(:disputed as boolean) is null or d.disputed = :disputed)
        and (cast(:outbox_id as uuid) is null or d.outbox_id = :outbox_id)
"""
_LETTERS: Final = text(
    f"select {', '.join(f'd.{field.name}' for field in fields(DeadLetter))} {_WHERE}"
    """
        and (
            cast(:after as uuid) is null
            or (coalesce(d.completed_at, 'infinity'), d.outbox_id)
                > (coalesce(cast(:after_at as timestamptz), 'infinity'), :after)
        )
    order by coalesce(d.completed_at, 'infinity'), d.outbox_id
    limit :limit
    """
)
_GROUPED: Final[Mapping[GroupBy, str]] = {
    GroupBy.ERROR: "d.error_code",
    GroupBy.RAIL: "d.rail_type",
    GroupBy.TENANT: "cast(d.tenant_id as text)",
    GroupBy.PARTICIPANT: "d.participant_id",
}


def doubts(
    *, rail_type: str | None = None, tenant_id: UUID | None = None, limit: int
) -> Call[tuple[Doubt, ...]]:
    """Items in doubt, the oldest doubt first."""
    return Call(
        "payment_outbox_in_doubt",
        _DOUBTS,
        {"rail_type": rail_type, "tenant_id": tenant_id, "limit": limit},
        many(Doubt),
        writes=False,
    )


def dead_letters(
    which: DeadFilter, *, after: DeadLetter | None = None, limit: int
) -> Call[tuple[DeadLetter, ...]]:
    """Items that ended as FAILED, the oldest first; `after` is the last one of the page before."""
    return Call(
        "payment_outbox_dead_letters",
        _LETTERS,
        {
            **which.parameters,
            "after": None if after is None else after.outbox_id,
            "after_at": None if after is None else after.completed_at,
            "limit": limit,
        },
        many(DeadLetter),
        writes=False,
    )


def dead_groups(which: DeadFilter, by: GroupBy, *, limit: int) -> Call[tuple[DeadGroup, ...]]:
    """How many have which error, rail, tenant or participant, the most first."""
    statement = text(
        f"select {_GROUPED[by]}, count(*), count(*) filter (where d.disputed),"
        f" min(d.completed_at), max(d.completed_at) {_WHERE}"
        " group by 1 order by 2 desc, 1 limit :limit"
    )

    return Call(
        "payment_outbox_dead_letters",
        statement,
        {**which.parameters, "limit": limit},
        many(DeadGroup),
        writes=False,
    )
