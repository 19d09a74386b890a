# Written by `make verbs` from verbs/reading.py, which is the one to change.
"""The async verbs of people and dashboards, which only read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TypeVar
from uuid import UUID

from ledgerdb import calls
from ledgerdb.calls import Call
from ledgerdb.rows import (
    ActivityBucket,
    Breakdown,
    BreakdownBy,
    FoundItem,
    Health,
    OutboxControl,
    QueuedItem,
)

__all__ = ["AsyncReadingVerbs"]

T = TypeVar("T")


class AsyncReadingVerbs(ABC):
    """A method per call of dashboards and operators that writes nothing. They are for
    `symphony_control`, `symphony_readonly` and `symphony_auditor`; others get `PermissionDenied`.
    """

    @abstractmethod
    async def execute(self, call: Call[T]) -> T:
        """Execute any call of `ledgerdb.calls`."""

    async def breakdown(self, by: BreakdownBy, limit: int = 100) -> tuple[Breakdown, ...]:
        """The queue and the dead letters per tenant, participant or rail, the one whose oldest due
        item has waited longest first (`outbox_breakdown`).

        Raises:
            InvalidArgument: a bound is broken.
        """
        return await self.execute(calls.breakdown(by, limit))

    async def activity(
        self, minutes: int = 60, *, bucket_seconds: int = 60
    ) -> tuple[ActivityBucket, ...]:
        """What was accepted and what became of attempts in the last minutes, bucket by bucket, the
        oldest first (`outbox_activity`).

        Raises:
            InvalidArgument: a bound is broken.
        """
        return await self.execute(calls.activity(minutes, bucket_seconds=bucket_seconds))

    async def health(self) -> Health:
        """What somebody must look at: dead letters, doubts, pauses, seals (`outbox_health`)."""
        return await self.execute(calls.health())

    async def items(
        self,
        after: QueuedItem | None = None,
        *,
        limit: int = 100,
        status: str | None = None,
        tenant_id: UUID | None = None,
        participant_id: str | None = None,
        rail_type: str | None = None,
    ) -> tuple[QueuedItem, ...]:
        """A page of the queue in the order of acceptance, without payloads (`list_outbox_items`);
        `after` is the last one of the page before. Of several filters all must hold.

        Raises:
            InvalidArgument: a bound is broken.
        """
        return await self.execute(
            calls.items(
                after,
                limit=limit,
                status=status,
                tenant_id=tenant_id,
                participant_id=participant_id,
                rail_type=rail_type,
            )
        )

    async def find(
        self, instruction_id: str, tenant_id: UUID | None = None
    ) -> tuple[FoundItem, ...]:
        """The items of an instruction, of one tenant or of all, and where they stand
        (`find_outbox_items`).
        """
        return await self.execute(calls.find(instruction_id, tenant_id))

    async def controls(self) -> tuple[OutboxControl, ...]:
        """Every scope that has a control, and how it runs (`list_outbox_controls`)."""
        return await self.execute(calls.controls())
