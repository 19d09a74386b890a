"""What a person should look at, from the figures of the first page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from ledgerdb.console.source import Overview
from ledgerdb.console.words import duration, number

__all__ = ["Concern", "concerns_of"]

# Those of the alert rules in examples/monitoring, where the docs explain them.
LATE: Final = timedelta(minutes=5)
UNSEALED: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Concern:
    """One thing, where to look, and whether money may be at stake."""

    text: str
    path: str
    is_grave: bool = False


def concerns_of(overview: Overview) -> tuple[Concern, ...]:
    """The grave ones first."""
    return tuple(sorted(_concerns(overview), key=lambda concern: not concern.is_grave))


def _concerns(overview: Overview) -> Iterator[Concern]:
    backlog, health = overview.backlog, overview.health
    if overview.drifted:
        yield Concern(
            f"{_count(overview.drifted, 'item')} whose counter and attempts disagree",
            "/queue",
            is_grave=True,
        )
    if health.disputed:
        yield Concern(
            f"{_count(health.disputed, 'dead letter')} of which a late result says: sent",
            "/dead-letters?disputed=yes",
            is_grave=True,
        )
    if backlog.in_doubt:
        yield Concern(f"{_count(backlog.in_doubt, 'item')} in doubt", "/doubts", is_grave=True)
    if backlog.oldest_due_at is not None:
        waited = health.server_time - backlog.oldest_due_at
        if waited > LATE:
            yield Concern(f"The oldest due item has waited {duration(waited)}", "/queue")
    if backlog.expired:
        yield Concern(
            f"{_count(backlog.expired, 'lease')} ran out and nobody repaired them",
            "/queue?status=EXPIRED",
        )
    if health.paused_scopes:
        yield Concern(f"{_count(health.paused_scopes, 'scope')} paused", "/controls")
    if health.dead_letters:
        yield Concern(_count(health.dead_letters, "dead letter"), "/dead-letters")
    if health.oldest_unsealed_at is not None:
        behind = health.server_time - health.oldest_unsealed_at
        if behind > UNSEALED:
            yield Concern(f"The seals are {duration(behind)} behind", "/#seals")


def _count(count: int, what: str) -> str:
    return f"{number(count)} {what}{'' if count == 1 else 's'}"
