"""How items get onto the queue: once per (tenant, instruction, key), with everything bound."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from proof.model.order import is_ordered
from proof.model.state import Item, Refused, State, Tenant

__all__ = ["Payment", "enqueue", "enqueue_many", "ingest", "ingest_many", "jsonb", "register"]

TEXT_RULE: Final = "1 to 200 characters, no end blanks, no control characters"
_TENANT: Final = "an active tenant"
Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Payment:
    """What a caller wants done."""

    tenant: UUID | None
    instruction: str
    participant: str
    key: str
    rail: str
    payload: str

    @property
    def identity(self) -> tuple[UUID | None, str, str]:
        return self.tenant, self.instruction, self.key


def jsonb(payload: str) -> str:
    """The text of a document after a cast to jsonb; those of the machine have one short key."""
    return json.dumps(json.loads(payload))


def require_text(field: str, value: str, sqlstate: str) -> None:
    blank = value != value.strip(" ") or any(ord(c) < 32 or ord(c) == 127 for c in value)
    if blank or not 1 <= len(value) <= 200:
        raise Refused(sqlstate, field, TEXT_RULE)


def _require_payment(payment: Payment) -> None:
    require_text("p_instruction_id", payment.instruction, "P7112")
    require_text("p_participant_id", payment.participant, "P7113")
    require_text("p_idempotency_key", payment.key, "P7114")
    require_text("p_rail_type", payment.rail, "P7115")


def _is_same(item: Item, payment: Payment) -> bool:
    same = item.payload == payment.payload or (
        item.by_value and jsonb(item.payload) == jsonb(payment.payload)
    )
    return same and (item.participant, item.rail) == (payment.participant, payment.rail)


def _accept(state: State, payment: Payment, outbox_id: UUID, created_at: int) -> Item:
    number = state.next_numbers.get(payment.participant, 1)
    state.next_numbers[payment.participant] = number + 1
    item = Item(
        outbox_id,
        payment.tenant,
        payment.instruction,
        payment.key,
        payment.participant,
        payment.rail,
        payment.payload,
        number,
        created_at,
        due_at=created_at,
        fifo=False,
    )
    item.fifo = is_ordered(state, item)
    state.items[outbox_id] = item
    state.by_key[payment.identity] = outbox_id
    return item


def _enqueue_one(state: State, payment: Payment, new_id: UUID) -> tuple[Item, bool]:
    _require_payment(payment)
    known = state.by_key.get(payment.identity)
    if known is None:
        return _accept(state, payment, new_id, state.now), False
    if not _is_same(state.items[known], payment):
        raise Refused("P7101", "p_idempotency_key", "one key, one payment")
    return state.items[known], True


def enqueue(state: State, payment: Payment, new_id: UUID) -> list[Row]:
    """The payload arrives as jsonb: its bytes are those of the cast."""
    item, _ = _enqueue_one(state, payment, new_id)
    shown = "PENDING" if item.state == "IN_DOUBT" else item.state
    return [(item.outbox_id, item.sequence, item.created_at, shown)]


def _batch(
    state: State, payments: Sequence[Payment], fresh: dict[int, tuple[UUID, int]], one_key: bool
) -> list[tuple[str, Item | None]]:
    """Outcome and item of each. `fresh` has id and time that the server gave, by place."""
    new: list[int] = []
    for place, payment in enumerate(payments):
        if payment.identity in state.by_key or any(
            payments[p].identity == payment.identity for p in range(place)
        ):
            continue
        keys = {k for t, i, k in state.by_key if (t, i) == (payment.tenant, payment.instruction)}
        first = next(
            p.key
            for p in payments
            if (p.tenant, p.instruction) == (payment.tenant, payment.instruction)
        )
        if not (one_key and (first != payment.key or keys)):
            new.append(place)
    for place in new:
        outbox_id, created_at = fresh.get(place, (UUID(int=0), state.now))
        _accept(state, payments[place], outbox_id, created_at)
    outcomes: list[tuple[str, Item | None]] = []
    for place, payment in enumerate(payments):
        known = state.by_key.get(payment.identity)
        item = None if known is None else state.items[known]
        if place in new:
            outcomes.append(("ACCEPTED", item))
        elif item is not None and _is_same(item, payment):
            outcomes.append(("REPLAYED", item))
        else:
            outcomes.append(("CONFLICT", None))
    return outcomes


def _require_batch(payments: Sequence[Payment]) -> None:
    if not payments:
        rule = "1 to 50000 items, all lists as long"
        raise Refused("P7118", "p_instruction_ids", rule)
    for field, sqlstate, value in (
        ("p_instruction_ids", "P7112", "instruction"),
        ("p_participant_ids", "P7113", "participant"),
        ("p_idempotency_keys", "P7114", "key"),
        ("p_rail_types", "P7115", "rail"),
    ):
        for payment in payments:
            require_text(field, getattr(payment, value), sqlstate)


def enqueue_many(
    state: State, payments: Sequence[Payment], fresh: dict[int, tuple[UUID, int]]
) -> list[Row]:
    _require_batch(payments)
    rows: list[Row] = []
    for place, (outcome, item) in enumerate(_batch(state, payments, fresh, False), 1):
        if item is None:
            rows.append((place, None, None, None, None, outcome))
        else:
            known = (item.outbox_id, item.sequence, item.created_at, item.state)
            rows.append((place, *known, outcome))
    return rows


def _require_tenant(state: State, tenant: UUID | None, field: str) -> None:
    known = None if tenant is None else state.tenants.get(tenant)
    if known is None or known.status != "ACTIVE":
        raise Refused("P7102", field, _TENANT)


def _hash(payload: str) -> str:
    return hashlib.sha256(payload.encode()).hexdigest()


def ingest(state: State, payment: Payment, new_id: UUID, attestation_id: UUID) -> list[Row]:
    _require_tenant(state, payment.tenant, "p_tenant_id")
    assert payment.tenant is not None
    item, replayed = _enqueue_one(state, payment, new_id)
    place = (payment.tenant, payment.instruction)
    if not replayed:
        if place in state.attestations:
            raise Refused("P7101", "p_instruction_id", "one instruction, one key")
        state.attestations[place] = (attestation_id, state.now, _hash(payment.payload))
    attestation, received_at, digest = state.attestations[place]
    known = (attestation, item.outbox_id, item.sequence, received_at, digest, item.state)
    return [(*known, replayed)]


def ingest_many(
    state: State,
    payments: Sequence[Payment],
    fresh: dict[int, tuple[UUID, int]],
    attestation_ids: dict[int, UUID],
) -> list[Row]:
    for payment in payments:
        _require_tenant(state, payment.tenant, "p_tenant_ids")
    _require_batch(payments)
    rows: list[Row] = []
    for index, (outcome, item) in enumerate(_batch(state, payments, fresh, True)):
        if item is None or item.tenant is None:
            rows.append((index + 1, outcome, None, None, None, None, None, None))
            continue
        place = (item.tenant, item.instruction)
        if outcome == "ACCEPTED":
            attestation = attestation_ids.get(index, UUID(int=0))
            state.attestations[place] = (attestation, item.created_at, _hash(item.payload))
        known, received_at, digest = state.attestations[place]
        shown = (known, item.outbox_id, item.sequence, received_at, digest, item.state)
        rows.append((index + 1, outcome, *shown))
    return rows


def register(state: State, tenant_id: UUID, key: str, name: str, kind: str) -> list[Row]:
    require_text("p_tenant_key", key, "P7111")
    known = state.tenants.get(tenant_id)
    if known is None and all(t.key != key for t in state.tenants.values()):
        state.tenants[tenant_id] = Tenant(key, name, kind)
        return [(tenant_id, key, "ACTIVE", True)]
    if known is None or (known.key, known.name, known.kind) != (key, name, kind):
        raise Refused("P7101", "p_tenant_key", "one key, one tenant")
    return [(tenant_id, key, known.status, False)]
