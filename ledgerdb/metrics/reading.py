"""One reading of the ledger: every figure of the metrics, from one snapshot, in bounded time."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

from ledgerdb.errors import StatementTimeout
from ledgerdb.rows import ActivityBucket, Backlog, Breakdown, BreakdownBy, Health
from ledgerdb.sync import Ledger, LedgerTransaction

__all__ = ["WINDOW_MINUTES", "Reading", "read"]

WINDOW_MINUTES: Final = 5


@dataclass(frozen=True, slots=True)
class Reading:
    """What the ledger looked like.

    Attributes:
        activity: of the last whole minutes; the one under way is left out.
    """

    backlog: Backlog
    health: Health
    drifted: int
    activity: tuple[ActivityBucket, ...]
    breakdowns: dict[BreakdownBy, tuple[Breakdown, ...]]


def read(ledger: Ledger, *, top: int, seconds: float) -> Reading:
    """Reads everything in one transaction on one connection.

    Args:
        ledger: one of `connect_readonly`.
        top: tenants, participants and rails of each breakdown; 0 leaves them out.
        seconds: after which no further statement begins; the one under way has its own timeout.

    Raises:
        LedgerError: no connection, no answer in time, no right.
    """
    deadline = time.monotonic() + seconds

    def in_time(transaction: LedgerTransaction) -> LedgerTransaction:
        if time.monotonic() > deadline:
            raise StatementTimeout(f"the reading took longer than {seconds:g} s")
        return transaction

    with ledger.transaction() as now:
        return Reading(
            backlog=in_time(now).backlog(),
            health=in_time(now).health(),
            drifted=len(in_time(now).counter_drift()),
            activity=in_time(now).activity(WINDOW_MINUTES)[:-1][-WINDOW_MINUTES:],
            breakdowns={by: in_time(now).breakdown(by, top) for by in (BreakdownBy if top else ())},
        )
