"""Moves of those who bring work in."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from proof.model import ingress
from proof.model.calls import Call
from proof.model.ingress import Payment
from proof.model.program import Picks
from proof.model.state import State
from proof.model.world import (
    BAD_TEXTS,
    PARTICIPANTS,
    PAYLOADS,
    RAILS,
    TENANTS,
    Move,
    Row,
    World,
    few,
)

__all__ = ["enqueue", "enqueue_many", "ingest", "ingest_many", "register"]


def _payment(w: World, p: Picks, tenant: UUID | None) -> Payment:
    if p.rarely(4) and w.state.items:  # an earlier one again, often with one field changed
        known = p.of(list(w.state.items.values())[-12:])
        fields = [known.participant, known.rail, known.payload]
        change = p.below(6)
        if change < 3:
            fields[change] = p.of((PARTICIPANTS, RAILS, PAYLOADS)[change])
        return Payment(
            known.tenant if tenant is not None and known.tenant else tenant,
            known.instruction,
            fields[0],
            known.key,
            fields[1],
            fields[2],
        )
    made = [f"i{p.below(40)}", p.of(PARTICIPANTS), p.of(("k1", "k1", "k2")), p.of(RAILS)]
    if p.rarely(40):
        made[p.below(4)] = p.of(BAD_TEXTS)
    instruction, participant, key, rail = made
    return Payment(tenant, instruction, participant, key, rail, p.of(PAYLOADS))


def _arguments(payment: Payment) -> dict[str, Any]:
    return {
        "p_instruction_id": payment.instruction,
        "p_participant_id": payment.participant,
        "p_idempotency_key": payment.key,
        "p_rail_type": payment.rail,
        "p_payload": payment.payload,
    }


def _columns(payments: list[Payment]) -> dict[str, Any]:
    return {
        "p_instruction_ids": [q.instruction for q in payments],
        "p_participant_ids": [q.participant for q in payments],
        "p_idempotency_keys": [q.key for q in payments],
        "p_rail_types": [q.rail for q in payments],
        "p_payloads": [q.payload for q in payments],
    }


def _new_id(rows: list[Row], column: int) -> UUID:
    return rows[0][column] if rows else UUID(int=0)


def enqueue(w: World, p: Picks) -> Move:
    asked = _payment(w, p, None)
    stored = Payment(
        None,
        asked.instruction,
        asked.participant,
        asked.key,
        asked.rail,
        ingress.jsonb(asked.payload),
    )
    return Move(
        Call("enqueue_payment_outbox", _arguments(asked)),
        lambda state, rows: ingress.enqueue(state, stored, _new_id(rows, 0)),
    )


def enqueue_many(w: World, p: Picks) -> Move:
    payments = [_payment(w, p, None) for _ in range(few(p))]

    def apply(state: State, rows: list[Row]) -> list[Row]:
        fresh = {r[0] - 1: (r[1], r[3]) for r in rows if r[5] == "ACCEPTED"}
        return ingress.enqueue_many(state, payments, fresh)

    return Move(Call("enqueue_outbox_items", _columns(payments)), apply, raw_only=not payments)


def _tenant(w: World, p: Picks) -> UUID:
    known = list(w.state.tenants)
    return p.of(TENANTS) if p.rarely(10) or not known else p.of(known)


def ingest(w: World, p: Picks) -> Move:
    payment = _payment(w, p, _tenant(w, p))
    return Move(
        Call("ingest_instruction", {"p_tenant_id": payment.tenant, **_arguments(payment)}),
        lambda state, rows: ingress.ingest(state, payment, _new_id(rows, 1), _new_id(rows, 0)),
    )


def ingest_many(w: World, p: Picks) -> Move:
    payments = [_payment(w, p, _tenant(w, p)) for _ in range(p.of((1, 2, 3)))]

    def apply(state: State, rows: list[Row]) -> list[Row]:
        new = [r for r in rows if r[1] == "ACCEPTED"]
        return ingress.ingest_many(
            state,
            payments,
            {r[0] - 1: (r[3], r[5]) for r in new},
            {r[0] - 1: r[2] for r in new},
        )

    arguments = {"p_tenant_ids": [q.tenant for q in payments], **_columns(payments)}
    return Move(Call("ingest_instructions", arguments), apply)


def register(w: World, p: Picks) -> Move:
    number = p.below(len(TENANTS))
    key = f"t{p.below(3) if p.rarely(3) else number}"
    kind = "COMMERCIAL" if p.rarely(6) else "NGO"
    return Move(
        Call(
            "register_tenant",
            {
                "p_tenant_id": TENANTS[number],
                "p_tenant_key": key,
                "p_tenant_name": key,
                "p_tenant_type": kind,
            },
        ),
        lambda state, _: ingress.register(state, TENANTS[number], key, key, kind),
    )
