"""What the model knows. Times are microseconds since 1970."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final, Self
from uuid import UUID

__all__ = [
    "NEVER",
    "SECOND",
    "Action",
    "Attempt",
    "Control",
    "Item",
    "Late",
    "Lease",
    "Policy",
    "Refused",
    "State",
    "Tenant",
]

SECOND: Final = 1_000_000
NEVER: Final = 2**63 - 1  # infinity
TERMINAL: Final = ("DISPATCHED", "FAILED")


class Refused(Exception):
    """The contract refuses a call: SQLSTATE, and where published the parameter and its rule."""

    def __init__(self, sqlstate: str, field: str | None = None, rule: str | None = None) -> None:
        super().__init__(sqlstate, field, rule)
        self.sqlstate = sqlstate
        self.field = field
        self.rule = rule


@dataclass(frozen=True, slots=True)
class Lease:
    token: UUID
    worker: str
    leased_at: int | None  # unknown for leases from before the upgrade
    expires_at: int
    dispatched_at: int | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    number: int
    state: str
    claimed_at: int
    completed_at: int
    worker: str | None
    closed_by: str | None
    token: UUID | None
    dispatched_at: int | None
    redrive_no: int
    rail_reference: str | None = None
    rail_code: str | None = None
    error_code: str | None = None
    error_message: str | None = None
    latency_ms: int | None = None


@dataclass(slots=True)
class Item:
    outbox_id: UUID
    tenant: UUID | None
    instruction: str
    key: str
    participant: str
    rail: str
    payload: str
    sequence: int
    created_at: int
    due_at: int
    fifo: bool
    by_value: bool = False  # bound to the JSON value: accepted before revision 0004
    payload_kept: bool = True  # in the registry; of items that ended before 0004 it is not
    queued: bool = True
    lease: Lease | None = None
    hold: str | None = None
    held_at: int | None = None
    budget_base: int = 0
    redrive_no: int = 0
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def last(self) -> Attempt | None:
        return self.attempts[-1] if self.attempts else None

    @property
    def state(self) -> str:
        if self.queued:
            return "IN_DOUBT" if self.hold == "IN_DOUBT" else "PENDING"
        return self.attempts[-1].state

    def by_token(self, token: UUID) -> Attempt | None:
        return next((a for a in self.attempts if a.token == token), None)

    def under(self, token: UUID, worker: str) -> Lease | None:
        """The lease, if this worker has it under this token, expired or not."""
        lease = self.lease
        if not self.queued or self.hold is not None or lease is None:
            return None
        return lease if (lease.token, lease.worker) == (token, worker) else None

    def put_on_hold(self, why: str, now: int) -> None:
        self.hold, self.held_at, self.due_at = why, now, NEVER

    def free(self, due_at: int) -> None:
        """Without lease and hold."""
        self.lease = self.hold = self.held_at = None
        self.due_at = due_at

    def end(self) -> None:
        self.free(NEVER)
        self.queued = False


@dataclass(frozen=True, slots=True)
class Late:
    outbox_id: UUID
    token: UUID
    worker: str
    state: str
    outcome: str
    rail_reference: str | None
    rail_code: str | None
    error_code: str | None
    error_message: str | None
    latency_ms: int | None


@dataclass(frozen=True, slots=True)
class Action:
    action: str
    actor: str
    reason: str
    outbox_id: UUID | None = None
    scope: tuple[str, str] | None = None
    attempt_no: int | None = None
    resolution: str | None = None


@dataclass(frozen=True, slots=True)
class Control:
    paused: bool = False
    ordering: str = "NONE"
    fair: bool = False
    notify: bool = True


@dataclass(frozen=True, slots=True)
class Policy:
    strategy: str = "EXPONENTIAL"
    base: int = 1 * SECOND
    factor: int = 2
    longest: int = 300 * SECOND


@dataclass(frozen=True, slots=True)
class Tenant:
    key: str
    name: str
    kind: str
    status: str = "ACTIVE"


@dataclass(slots=True)
class State:
    """Everything that a transaction may undo."""

    ceiling: int
    now: int
    items: dict[UUID, Item] = field(default_factory=dict)
    by_key: dict[tuple[UUID | None, str, str], UUID] = field(default_factory=dict)
    next_numbers: dict[str, int] = field(default_factory=dict)
    attestations: dict[tuple[UUID, str], tuple[UUID, int, str]] = field(default_factory=dict)
    late: list[Late] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    controls: dict[tuple[str, str], Control] = field(default_factory=dict)
    policies: dict[str, Policy] = field(default_factory=lambda: {"*": Policy()})
    tenants: dict[UUID, Tenant] = field(default_factory=dict)

    def copied(self) -> Self:
        twin = copy.copy(self)
        twin.items = {
            i: replace(item, attempts=list(item.attempts)) for i, item in self.items.items()
        }
        for name in ("by_key", "next_numbers", "attestations", "controls", "policies", "tenants"):
            setattr(twin, name, dict(getattr(self, name)))
        twin.late, twin.actions = list(self.late), list(self.actions)
        return twin

    def restore(self, earlier: State) -> None:
        """Takes back everything but the time."""
        now = self.now
        for name in self.__slots__:
            setattr(self, name, getattr(earlier, name))
        self.now = now

    def queue(self) -> Iterator[Item]:
        return (item for item in self.items.values() if item.queued)

    def is_last_try(self, item: Item) -> bool:
        return len(item.attempts) + 1 - item.budget_base >= self.ceiling

    def retry_delay(self, rail: str, tries: int, asked: int | None) -> int:
        if asked is not None:
            return min(max(asked, 0), 604_800) * SECOND
        policy = self.policies.get(rail, self.policies["*"])
        grown = policy.base
        if policy.strategy == "EXPONENTIAL":
            grown *= policy.factor ** min(tries - 1, 100)
        return min(grown, policy.longest)

    def append(self, item: Item, attempt: Attempt) -> None:
        item.attempts.append(attempt)
