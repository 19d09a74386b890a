"""What each page reads: one snapshot of the database per page."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from ledgerdb.console import lists
from ledgerdb.console.lists import DeadLetterFilter, Page, QueueFilter
from ledgerdb.errors import DatabaseUnavailable
from ledgerdb.rows import (
    ActivityBucket,
    Backlog,
    Breakdown,
    BreakdownBy,
    EvidencePack,
    FoundItem,
    Health,
    InspectedItem,
    OutboxControl,
)
from ledgerdb.sync import Ledger

__all__ = ["Controls", "Item", "Overview", "Source"]

_KEPT_SECONDS: Final = 2.0
_WAIT_SECONDS_MAX: Final = 5.0


@dataclass(frozen=True, slots=True)
class Overview:
    """The first page: the queue, its parts, its last hour, and what somebody must look at."""

    backlog: Backlog
    health: Health
    drifted: int
    activity: tuple[ActivityBucket, ...]
    breakdowns: dict[BreakdownBy, tuple[Breakdown, ...]]
    paused: tuple[OutboxControl, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """One item, and the evidence pack of its instruction where there is one for this item."""

    found: InspectedItem
    pack: EvidencePack | None
    now: datetime

    @property
    def state(self) -> str:
        """Its status on the queue, or the state in which it ended."""
        found = self.found
        if found.queue is not None:
            return str(found.queue["status"])
        return str((found.attempts[-1] if found.attempts else found.retired or {}).get("state"))

    @property
    def attempts(self) -> int:
        """How many it has had, those that were retired included."""
        retired = self.found.retired
        return len(self.found.attempts) or (retired["attempts"] if retired else 0)


@dataclass(frozen=True, slots=True)
class Controls:
    """What is in force, and who changed it."""

    in_force: tuple[OutboxControl, ...]
    changes: tuple[Row[Any], ...]


class Source:
    """Reads pages from a ledger that cannot write.

    Every method may raise `LedgerError`: no connection, no answer in time, no right.
    """

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self._one_at_a_time = threading.Lock()
        self._kept: Overview | None = None
        self._kept_until = float("-inf")

    def overview(self, top: int, minutes: int) -> Overview:
        """Everything on the first page. It counts the whole queue, and people leave it open: all
        who ask within two seconds get one reading.

        Raises:
            DatabaseUnavailable: the one under way does not end.
        """
        if not self._one_at_a_time.acquire(timeout=_WAIT_SECONDS_MAX):
            raise DatabaseUnavailable("the reading before this one does not end")
        try:
            if self._kept is None or time.monotonic() >= self._kept_until:
                self._kept = self._read(top, minutes)
                self._kept_until = time.monotonic() + _KEPT_SECONDS
            return self._kept
        finally:
            self._one_at_a_time.release()

    def _read(self, top: int, minutes: int) -> Overview:
        with self.ledger.transaction() as now:
            return Overview(
                backlog=now.backlog(),
                health=now.health(),
                drifted=len(now.counter_drift()),
                activity=now.activity(minutes),
                breakdowns={by: now.breakdown(by, top) for by in BreakdownBy},
                paused=tuple(control for control in now.controls() if control.paused),
            )

    def queue(self, where: QueueFilter, after: UUID | None, limit: int) -> tuple[Page, datetime]:
        """A page of the queue, and the server's time."""
        with self.ledger.transaction() as now:
            return now.execute(lists.queue(where, after, limit)), now.execute(lists.server_time())

    def dead_letters(
        self, where: DeadLetterFilter, after: tuple[datetime | None, UUID] | None, limit: int
    ) -> Page:
        """A page of the dead letters."""
        with self.ledger.transaction() as now:
            return now.execute(lists.dead_letters(where, after, limit))

    def doubts(self, limit: int) -> tuple[Page, datetime]:
        """The oldest doubts, and the server's time."""
        with self.ledger.transaction() as now:
            return now.execute(lists.doubts(limit)), now.execute(lists.server_time())

    def controls(self) -> Controls:
        """How the queue runs."""
        with self.ledger.transaction() as now:
            return Controls(now.controls(), now.execute(lists.changes_of_controls()))

    def find(self, text: str) -> tuple[FoundItem, ...]:
        """Items of an instruction, of every tenant."""
        return self.ledger.find(text)

    def item(self, outbox_id: UUID) -> Item | None:
        """One item; None where there is no such."""
        with self.ledger.transaction() as now:
            found = now.inspect(outbox_id)
            if found is None:
                return None
            tenant = found.identity["tenant_id"]
            pack = (
                None
                if tenant is None
                else now.evidence_pack(UUID(tenant), found.identity["instruction_id"])
            )
            of_this_item = pack and pack.outbox and pack.outbox.outbox_id == outbox_id
            return Item(found, pack if of_this_item else None, now.execute(lists.server_time()))
