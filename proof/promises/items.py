"""Items as they should stand, and what brings them there."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from unittest.mock import ANY
from uuid import UUID, uuid4

from proof.promises.world import INFINITE, Moment, Row, World, dumped, same

__all__ = [
    "Item",
    "attempts",
    "claim",
    "complete",
    "enqueue",
    "expire",
    "fail",
    "item",
    "queue",
    "tenant",
]

_NUMBERS: Final = itertools.count(1)


@dataclass(slots=True, kw_only=True)
class Item:
    """One item, by what was asked for.

    Attributes:
        no: its sequence number, as it should be.
        payload: the bytes that came.
        token: of the last lease.
    """

    tenant_id: UUID | None = None
    instruction: str = field(default_factory=lambda: f"I-{next(_NUMBERS)}")
    participant: str = field(default_factory=lambda: f"P-{next(_NUMBERS)}")
    key: str = "K"
    rail: str = "SEPA"
    payload: str = '{"amount": "10.00",  "to": "Zoë"}'
    no: int = 1
    correlation_id: UUID | None = None
    upstream: str | None = None
    downstream: str | None = None
    nfs: str | None = None
    outbox_id: UUID = field(default_factory=uuid4)
    created_at: datetime | Moment = INFINITE
    token: UUID | None = None

    @property
    def fingerprint(self) -> bytes:
        parts = "".join(f"{len(part)}:{part}" for part in (self.participant, self.rail))
        return hashlib.sha256(f"{parts}{self.payload}".encode()).digest()

    @property
    def rail_key(self) -> str:
        text = f"{self.tenant_id or ''}:{len(self.instruction)}:{self.instruction}{self.key}"
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    @property
    def _common(self) -> Row:
        return {
            "outbox_id": self.outbox_id,
            "instruction_id": self.instruction,
            "participant_id": self.participant,
            "sequence_id": self.no,
            "idempotency_key": self.key,
            "rail_type": self.rail,
            "tenant_id": self.tenant_id,
            "correlation_id": self.correlation_id,
            "upstream_ref": self.upstream,
            "downstream_ref": self.downstream,
            "nfs_sequence_ref": self.nfs,
        }

    def identity(self) -> Row:
        """Its row of the registry."""
        return {
            "outbox_id": self.outbox_id,
            "tenant_id": self.tenant_id,
            "instruction_id": self.instruction,
            "idempotency_key": self.key,
            "participant_id": self.participant,
            "rail_type": self.rail,
            "fingerprint": self.fingerprint,
            "created_at": self.created_at,
            "payload": self.payload,
            "payload_sum": ANY,
        }

    def queued(self, **changes: object) -> Row:
        """Its row on the queue, when it is new but for the changes."""
        return {
            **self._common,
            "payload": None,
            "attempt_count": 0,
            "next_attempt_at": self.created_at,
            "created_at": self.created_at,
            "claimed_by": None,
            "lease_token": None,
            "lease_expires_at": None,
            "leased_at": None,
            "dispatch_started_at": None,
            "hold": None,
            "held_at": None,
            "redrive_no": 0,
            "budget_base": 0,
            "fifo": False,
            "trace_context": None,
            **changes,
        }

    def attempt(self, attempt_no: int, state: str, **changes: object) -> Row:
        """A row of its history."""
        return {
            **self._common,
            "attempt_id": ANY,
            "payload": None,
            "attempt_no": attempt_no,
            "state": state,
            "claimed_at": ANY,
            "completed_at": ANY,
            "rail_reference": None,
            "rail_code": None,
            "error_code": None,
            "error_message": None,
            "latency_ms": None,
            "worker_id": "w1",
            "created_at": ANY,
            "member_id": None,
            "lease_token": self.token,
            "dispatch_started_at": None,
            "closed_by": None,
            "redrive_no": 0,
            "ledger_position": ANY,
            **changes,
        }


def tenant(world: World, key: str = "acme") -> UUID:
    """A tenant of its own."""
    tenant_id = uuid4()
    world.call(
        "register_tenant",
        tenant_id=tenant_id,
        tenant_key=key,
        tenant_name=key.upper(),
        tenant_type="NGO",
    )
    return tenant_id


def item(world: World, **details: Any) -> Item:
    """An accepted instruction of a tenant, with everything that may come along."""
    new = Item(
        tenant_id=details.pop("tenant_id", None) or tenant(world, f"T-{next(_NUMBERS)}"),
        correlation_id=uuid4(),
        upstream="up-1",
        downstream="down-1",
        nfs="nfs-1",
        **details,
    )
    row = world.one("ingest_instruction", **ingestion(new))
    new.outbox_id, new.created_at = row["outbox_id"], row["received_at"]
    return new


def ingestion(new: Item, **changes: object) -> Row:
    """What `ingest_instruction` takes for an item."""
    return {
        "tenant_id": new.tenant_id,
        "instruction_id": new.instruction,
        "participant_id": new.participant,
        "idempotency_key": new.key,
        "rail_type": new.rail,
        "payload": new.payload,
        "correlation_id": new.correlation_id,
        "upstream_ref": new.upstream,
        "downstream_ref": new.downstream,
        "nfs_sequence_ref": new.nfs,
        **changes,
    }


def enqueue(world: World, **details: Any) -> Item:
    """An item without a tenant."""
    new = Item(payload=dumped({"amount": 10}).replace(":", ": "), **details)
    row = world.one("enqueue_payment_outbox", **enqueuing(new))
    new.outbox_id, new.created_at = row["outbox_id"], row["created_at"]
    return new


def enqueuing(new: Item, **changes: object) -> Row:
    """What `enqueue_payment_outbox` takes for an item."""
    return {
        "instruction_id": new.instruction,
        "participant_id": new.participant,
        "idempotency_key": new.key,
        "rail_type": new.rail,
        "payload": new.payload,
        **changes,
    }


def queue(world: World, of: Item) -> Row | None:
    """Its row on the queue."""
    rows = world.table("payment_outbox_pending", outbox_id=of.outbox_id)
    return rows[0] if rows else None


def attempts(world: World, of: Item) -> list[Row]:
    """Its history."""
    return world.table("payment_outbox_attempts", order="attempt_no", outbox_id=of.outbox_id)


def claim(
    world: World, *items: Item, worker: str = "w1", seconds: int = 60, begun: bool = False
) -> list[Row]:
    """Leases exactly these; `begun`: and declares the call of the rail."""
    rows = world.call(
        "claim_outbox_items",
        batch_size=max(len(items), 1),
        worker_id=worker,
        lease_seconds=seconds,
    )
    same("claimed", {row["outbox_id"] for row in rows}, {one.outbox_id for one in items})
    tokens = {row["outbox_id"]: row["lease_token"] for row in rows}
    for one in items:
        one.token = tokens[one.outbox_id]
    if begun:
        same(
            "begun",
            {
                row["outbox_id"]
                for row in world.call("begin_outbox_dispatch", **leases(items, worker))
            },
            set(tokens),
        )
    return rows


def leases(items: Sequence[Item], worker: str = "w1") -> Row:
    """What a worker names its leases by."""
    return {
        "outbox_ids": [one.outbox_id for one in items],
        "lease_tokens": [one.token for one in items],
        "worker_id": worker,
    }


def complete(world: World, one: Item, state: str, worker: str = "w1", **details: object) -> Row:
    """Ends the attempt of one item; details in the singular."""
    return world.one(
        "complete_outbox_attempts",
        worker_id=worker,
        outbox_ids=[one.outbox_id],
        lease_tokens=[one.token],
        states=[state],
        **{_PLURAL.get(name, name): [value] for name, value in details.items()},
    )


def fail(world: World, one: Item) -> None:
    """Claims it and ends it as FAILED."""
    claim(world, one)
    complete(world, one, "FAILED", error_code="E1", error_message="no")


def expire(world: World, one: Item, seconds: float = 5) -> None:
    """Moves its lease into the past, so that it ran out so many seconds ago."""
    world.run(
        """
        update public.payment_outbox_pending as p
        set leased_at = p.leased_at - gone.by, lease_expires_at = p.lease_expires_at - gone.by,
            next_attempt_at = p.next_attempt_at - gone.by
        from (
            select q.lease_expires_at - clock_timestamp() + make_interval(secs => %s) as by
            from public.payment_outbox_pending as q where q.outbox_id = %s
        ) as gone
        where p.outbox_id = %s
        """,
        seconds,
        one.outbox_id,
        one.outbox_id,
    )


def due(world: World, *items: Item) -> None:
    """Makes items due now that wait for a time."""
    for one in items:
        world.run(
            "update public.payment_outbox_pending set next_attempt_at = clock_timestamp()"
            " where outbox_id = %s",
            one.outbox_id,
        )


_PLURAL: Final = {
    "rail_reference": "rail_references",
    "rail_code": "rail_codes",
    "error_code": "error_codes",
    "error_message": "error_messages",
}


def action(kind: str, **changes: object) -> Row:
    """A row of what operators did."""
    return {
        "action_id": ANY,
        "action": kind,
        "outbox_id": None,
        "scope": None,
        "scope_key": None,
        "actor": "ann",
        "reason": "why",
        "detail": {},
        "session_role": "postgres",
        "created_at": ANY,
        **changes,
    }
