"""How the outbox stands, and what of it needs a person: what `status` and `top` show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ledgerdb.cli.operations.layout import age, counted, seconds
from ledgerdb.rows import Backlog, Breakdown, BreakdownBy, Health, OutboxControl
from ledgerdb.sync import Ledger

__all__ = ["Finding", "Standing", "Thresholds", "findings", "look"]

_MISMATCHES_MAX: Final = 1_000  # counted


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Up to where nobody needs to look.

    Attributes:
        max_lag: age of the oldest item that is due.
        max_unsealed: age of the oldest row without a seal; None where nobody seals.
    """

    max_lag: timedelta = timedelta(minutes=5)
    max_dead_letters: int = 0
    max_in_doubt: int = 0
    max_unsealed: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What needs a person.

    Attributes:
        code: one word, the same in every release.
        text: for people.
        command: what shows more of it.
    """

    code: str
    text: str
    command: str


@dataclass(frozen=True, slots=True)
class Standing:
    """The outbox at one moment, put together from several functions.

    Attributes:
        counter_drift: items whose counter and attempts disagree; there must be none.
        payload_mismatches: items that are held because their payload is not what was accepted.
        paused: controls that stop something.
        parts: by tenant, participant or rail, if asked for.
    """

    health: Health
    backlog: Backlog
    counter_drift: int
    payload_mismatches: int
    paused: tuple[OutboxControl, ...]
    parts: tuple[Breakdown, ...] | None

    @property
    def now(self) -> datetime:
        """By the clock of the server."""
        return self.health.server_time

    @property
    def lag(self) -> timedelta | None:
        """For how long the oldest due item has waited; None where nothing is due."""
        since = self.backlog.oldest_due_at
        return None if since is None else max(self.now - since, timedelta())


def look(ledger: Ledger, by: BreakdownBy | None = None, limit: int = 20) -> Standing:
    """Reads how the outbox stands; each part is of its own moment, within a second or so."""
    held = ledger.backlog()
    return Standing(
        health=ledger.health(),
        backlog=held,
        counter_drift=len(ledger.counter_drift()),
        payload_mismatches=(
            len(ledger.items(status="PAYLOAD_MISMATCH", limit=_MISMATCHES_MAX)) if held.held else 0
        ),
        paused=tuple(control for control in ledger.controls() if control.paused),
        parts=None if by is None else ledger.breakdown(by, limit),
    )


def findings(found: Standing, bounds: Thresholds) -> tuple[Finding, ...]:
    """What needs a person, the worst first."""
    health, now = found.health, found.now
    tests = (
        (
            found.counter_drift > 0,
            "COUNTER_DRIFT",
            f"{counted(found.counter_drift, 'item')} whose counter and attempts disagree",
            "ledgerdb verify ledger",
        ),
        (
            found.payload_mismatches > 0,
            "PAYLOAD_MISMATCH",
            f"{counted(found.payload_mismatches, 'item')} held: not the payload that was accepted",
            "ledgerdb items --status PAYLOAD_MISMATCH",
        ),
        (
            health.disputed > 0,
            "DISPUTED",
            f"{counted(health.disputed, 'disputed dead letter')}: a late result says it was sent",
            "ledgerdb dead-letters --disputed",
        ),
        (
            found.backlog.in_doubt > bounds.max_in_doubt,
            "IN_DOUBT",
            f"{counted(found.backlog.in_doubt, 'item')} in doubt"
            + (
                f", the oldest for {age(health.oldest_in_doubt_at, now)}"
                if health.oldest_in_doubt_at
                else ""
            ),
            "ledgerdb doubts",
        ),
        (
            health.dead_letters > bounds.max_dead_letters,
            "DEAD_LETTERS",
            counted(health.dead_letters, "dead letter"),
            "ledgerdb dead-letters --by error",
        ),
        (
            found.lag is not None and found.lag > bounds.max_lag,
            "LAG",
            (
                f"the oldest due item has waited for {age(found.backlog.oldest_due_at, now)}"
                f" (more than {seconds(bounds.max_lag.total_seconds())})"
            ),
            "ledgerdb top",
        ),
        (
            bounds.max_unsealed is not None
            and health.oldest_unsealed_at is not None
            and now - health.oldest_unsealed_at > bounds.max_unsealed,
            "UNSEALED",
            f"rows without a seal, the oldest for {age(health.oldest_unsealed_at, now)}",
            "ledgerdb seal",
        ),
    )
    return tuple(Finding(code, text, command) for failed, code, text, command in tests if failed)
