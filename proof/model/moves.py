"""The moves of the machine: each picks a call and says what the model makes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from proof.model import ingress, leases, operators
from proof.model.calls import Call
from proof.model.ingress import Payment
from proof.model.leases import Result
from proof.model.program import Picks
from proof.model.state import SECOND, State

__all__ = ["KINDS", "Move", "World"]

Row = tuple[Any, ...]
Apply = Callable[[State, list[Row]], list[Row]]

TENANTS: Final = tuple(UUID(int=0x7E0000 + n) for n in range(3))
STRANGER: Final = UUID(int=0x57A)
PARTICIPANTS: Final = ("alice", "bob", "carol")
RAILS: Final = ("ACH", "SEPA")
PAYLOADS: Final = ('{"amount": 10}', '{"amount": 11}', '{"amount":10}')
WORKERS: Final = ("w1", "w2", "w3")
BAD_TEXTS: Final = ("", " x", "a\tb", "x" * 201)
OPERATOR: Final = {"p_actor": "olga", "p_reason": "because"}


@dataclass(frozen=True, slots=True)
class Move:
    """A call, what the model makes of it, and how far the order of its rows is promised."""

    call: Call
    apply: Apply
    ordered: bool = True
    raw_only: bool = False


@dataclass(slots=True)
class World:
    """What callers know: every token ever seen, also of transactions that were rolled back."""

    state: State
    tokens: list[tuple[UUID, UUID, str]] = field(default_factory=list)
    late_ids: Callable[[], list[tuple[UUID, UUID, UUID, str, str | None]]] = lambda: []


def _few(p: Picks, most: int = 3) -> int:
    return 0 if p.rarely(30) else p.of((1, 2, most))


def _worker(p: Picks) -> str:
    return p.of(BAD_TEXTS) if p.rarely(40) else p.of(WORKERS)


def _payment(w: World, p: Picks, tenant: UUID | None) -> Payment:
    if p.rarely(4) and w.state.items:  # an earlier one again, often with one field changed
        known = p.of([i for i in w.state.items.values()][-12:])
        fields = [known.participant, known.rail, known.payload]
        change = p.below(6)
        if change < 3:
            fields[change] = p.of((PARTICIPANTS, RAILS, PAYLOADS)[change])
        return Payment(
            known.tenant if tenant is not None and known.tenant else tenant,
            known.instruction, fields[0], known.key, fields[1], fields[2],
        )
    made = [f"i{p.below(40)}", p.of(PARTICIPANTS), p.of(("k1", "k1", "k2")), p.of(RAILS)]
    if p.rarely(40):
        made[p.below(4)] = p.of(BAD_TEXTS)
    return Payment(tenant, *made, p.of(PAYLOADS))


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
        None, asked.instruction, asked.participant, asked.key, asked.rail,
        ingress.jsonb(asked.payload),
    )
    return Move(
        Call("enqueue_payment_outbox", _arguments(asked)),
        lambda state, rows: ingress.enqueue(state, stored, _new_id(rows, 0)),
    )


def enqueue_many(w: World, p: Picks) -> Move:
    payments = [_payment(w, p, None) for _ in range(_few(p))]

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


def _claim(w: World, p: Picks) -> tuple[int, str, int]:
    limit = p.of((1, 2, 3, 10))
    seconds = p.of((5, 30, 60, 86_400))
    if p.rarely(40):
        limit = p.of((0, -1, 10_001))
    elif p.rarely(40):
        seconds = p.of((0, -1, 86_401))
    return limit, _worker(p), seconds


def claim(w: World, p: Picks) -> Move:
    limit, worker, seconds = _claim(w, p)
    fair = any(c.fair for c in w.state.controls.values())
    if fair and limit in range(1, 10_001) and not leases.is_decided(w.state):
        limit = 10_000
    def apply(state: State, rows: list[Row]) -> list[Row]:
        tokens = {r[0]: r[9] for r in rows}
        take = leases.claim_fairly if fair else leases.claim
        return take(state, limit, worker, seconds, tokens)

    arguments = {"p_batch_size": limit, "p_worker_id": worker, "p_lease_seconds": seconds}
    return Move(Call("claim_outbox_items", arguments), apply, ordered=not fair)


def claim_batch(w: World, p: Picks) -> Move:
    """The contract of older workers: without tenant and rail key, the payload as jsonb."""
    move = claim(w, p)

    def apply(state: State, rows: list[Row]) -> list[Row]:
        wider = [(r[0], None, *r[1:6], r[6], r[7] + 1, *r[8:], "") for r in rows]
        return [
            (r[0], *r[2:7], ingress.jsonb(r[7]), r[8] - 1, *r[9:11])
            for r in move.apply(state, wider)
        ]

    call = Call("claim_outbox_batch", move.call.arguments)
    return Move(call, apply, move.ordered, raw_only=True)


def _lease(w: World, p: Picks) -> tuple[UUID, UUID, str]:
    """Mostly one that is live; else any token that was ever seen, or one of another item."""
    live = [
        (i.outbox_id, i.lease.token, i.lease.worker) for i in w.state.queue() if i.lease is not None
    ]
    known = live if live and not p.rarely(4) else w.tokens[-24:]
    outbox_id, token, worker = p.of(known) if known else (STRANGER, STRANGER, WORKERS[0])
    if p.rarely(16):
        outbox_id = p.of([STRANGER, *w.state.items])
    if p.rarely(16):
        worker = p.of(WORKERS)
    return outbox_id, token, worker


def _leases(w: World, p: Picks) -> tuple[list[tuple[UUID, UUID]], str]:
    found = [_lease(w, p) for _ in range(p.of((1, 2, 3)))]
    worker = p.of(BAD_TEXTS) if p.rarely(40) else found[0][2]
    return list(dict.fromkeys((i, t) for i, t, _ in found)), worker


def _lease_arguments(pairs: list[tuple[UUID, UUID]], worker: str) -> dict[str, Any]:
    ids, tokens = [i for i, _ in pairs], [t for _, t in pairs]
    return {"p_outbox_ids": ids, "p_lease_tokens": tokens, "p_worker_id": worker}


def extend(w: World, p: Picks) -> Move:
    pairs, worker = _leases(w, p)
    seconds = p.of((0, 86_401)) if p.rarely(40) else p.of((5, 60, 600))
    arguments = {**_lease_arguments(pairs, worker), "p_lease_seconds": seconds}
    return Move(
        Call("extend_outbox_leases", arguments),
        lambda state, _: leases.extend(state, pairs, worker, seconds),
        ordered=False,
    )


def begin(w: World, p: Picks) -> Move:
    pairs, worker = _leases(w, p)
    return Move(
        Call("begin_outbox_dispatch", _lease_arguments(pairs, worker)),
        lambda state, _: leases.begin(state, pairs, worker),
        ordered=False,
    )


def release(w: World, p: Picks) -> Move:
    pairs, worker = _leases(w, p)
    return Move(
        Call("release_outbox_leases", _lease_arguments(pairs, worker)),
        lambda state, _: leases.release(state, pairs, worker),
        ordered=False,
    )


def _result(p: Picks, outbox_id: UUID, token: UUID) -> Result:
    said = "ZOMBIE_REQUEUE" if p.rarely(40) else p.of(("RETRYABLE", "DISPATCHED", "FAILED"))
    reference = p.of(("r1", "r2", None)) if said == "DISPATCHED" else None
    if p.rarely(60):
        reference = "r" * 501
    code = None if said == "DISPATCHED" else p.of((None, "E1"))
    return Result(
        outbox_id, token, said, reference, code,
        -1 if p.rarely(3) else p.of((None, 12)),
        p.of((-3, 700_000)) if p.rarely(3) else p.of((None, 0, 5)),
    )


def complete(w: World, p: Picks) -> Move:
    pairs, worker = _leases(w, p)
    pairs += [pairs[0]] if p.rarely(10) else []
    results = [_result(p, *pair) for pair in pairs]
    if worker in BAD_TEXTS and 1 <= len(worker) <= 200:
        worker = WORKERS[0]
    arguments = {
        **_lease_arguments(pairs, worker),
        "p_states": [r.state for r in results],
        "p_rail_references": [r.rail_reference for r in results],
        "p_error_codes": [r.error_code for r in results],
        "p_latency_ms": [r.latency_ms for r in results],
        "p_retry_delay_seconds": [r.retry_delay_seconds for r in results],
    }
    return Move(
        Call("complete_outbox_attempts", arguments),
        lambda state, _: leases.complete(state, worker, results),
    )


def complete_one(w: World, p: Picks) -> Move:
    outbox_id, token, worker = _lease(w, p)
    result = _result(p, outbox_id, token)
    arguments = {
        "p_outbox_id": outbox_id,
        "p_lease_token": token,
        "p_worker_id": worker,
        "p_state": result.state,
        "p_rail_reference": result.rail_reference,
        "p_error_code": result.error_code,
        "p_latency_ms": result.latency_ms,
        "p_retry_delay_seconds": result.retry_delay_seconds,
    }
    return Move(
        Call("complete_outbox_attempt", arguments),
        lambda state, _: leases.complete_one(state, worker, result),
        raw_only=True,
    )


def repair(w: World, p: Picks) -> Move:
    limit, worker = _few(p, most=10), _worker(p)
    expired = leases.repairable(w.state)
    while 0 < limit < len(expired) and expired[limit - 1].due_at == expired[limit].due_at:
        limit += 1  # which of two that expired together comes first is not promised
    held = [i for i in w.state.queue() if i.hold == "PAUSED"]
    if 0 < limit < len(held):
        limit = 10_000
    return Move(
        Call("repair_expired_leases", {"p_batch_size": limit, "p_worker_id": worker}),
        lambda state, _: leases.repair(state, limit, worker),
        ordered=False,
    )


def _item(w: World, p: Picks, prefer: Callable[[Any], bool]) -> UUID:
    if p.rarely(20):
        return STRANGER
    items = list(w.state.items.values())
    chosen = [i for i in items if prefer(i)] if not p.rarely(4) else items
    return p.of(chosen or items).outbox_id if items else STRANGER


def _operator(p: Picks) -> dict[str, str]:
    said = dict(OPERATOR)
    if p.rarely(30):
        said[p.of(("p_actor", "p_reason"))] = "  "
    return said


def cancel(w: World, p: Picks) -> Move:
    outbox_id, by = _item(w, p, lambda i: i.queued), _operator(p)
    return Move(
        Call("cancel_outbox_item", {"p_outbox_id": outbox_id, **by}),
        lambda state, _: operators.cancel(state, outbox_id, by["p_actor"], by["p_reason"]),
    )


def manual(w: World, p: Picks) -> Move:
    outbox_id, by = _item(w, p, lambda i: i.queued), _operator(p)
    said = "ZOMBIE_REQUEUE" if p.rarely(20) else p.of(("RETRYABLE", "DISPATCHED", "FAILED"))
    reference = p.of(("m1", None))
    arguments = {
        "p_outbox_id": outbox_id,
        "p_state": said,
        "p_rail_reference": reference,
        "p_rail_code": None,
        "p_error_code": None,
        "p_error_message": None,
        **by,
    }
    return Move(
        Call("record_manual_attempt", arguments),
        lambda state, _: operators.manual(state, outbox_id, said, reference, **_said(by)),
    )


def _said(by: dict[str, str]) -> dict[str, str]:
    return {"actor": by["p_actor"], "reason": by["p_reason"]}


def resolve(w: World, p: Picks) -> Move:
    outbox_id = _item(w, p, lambda i: i.lease is not None and i.lease.dispatched_at is not None)
    wrong = p.rarely(30)
    how = "RETRYABLE" if wrong else p.of(("REQUEUE", "DISPATCHED", "FAILED"))
    reference = p.of((None, "r1", "r2", " "))
    late = p.of([None, *w.late_ids()[-6:]]) if p.rarely(3) else None
    number = p.of((None, 1, 2)) if p.rarely(4) else None
    by = _operator(p)
    arguments = {
        "p_outbox_id": outbox_id,
        "p_resolution": how,
        "p_rail_reference": reference,
        "p_late_result_id": None if late is None else late[0],
        "p_attempt_no": number,
        **by,
    }
    return Move(
        Call("resolve_outbox_item", arguments),
        lambda state, _: operators.resolve(
            state,
            outbox_id,
            how,
            reference=reference,
            late=None if late is None else late[1:],
            attempt_no=number,
            **_said(by),
        ),
        raw_only=wrong,
    )


def redrive(w: World, p: Picks) -> Move:
    ids = [_item(w, p, lambda i: not i.queued) for _ in range(_few(p))]
    rehearsal, disputed, by = p.rarely(4), p.rarely(3), _operator(p)
    arguments = {"p_outbox_ids": ids, "p_dry_run": rehearsal, "p_disputed_too": disputed, **by}
    return Move(
        Call("redrive_dead_letters", arguments),
        lambda state, _: operators.redrive(
            state, ids, rehearsal, disputed_too=disputed, **_said(by)
        ),
    )


def _scope(w: World, p: Picks) -> tuple[str, str]:
    tenants = [("TENANT", str(t)) for t in (*w.state.tenants, *TENANTS[:1])]
    return p.of([("QUEUE", "*"), ("RAIL", RAILS[0]), ("RAIL", RAILS[1]), *tenants])


def _scoped(scope: tuple[str, str]) -> dict[str, str]:
    return {"p_scope": scope[0], "p_scope_key": scope[1]}


def pause(w: World, p: Picks) -> Move:
    scope, by = _scope(w, p), _operator(p)
    return Move(
        Call("pause_outbox", {**_scoped(scope), **by}),
        lambda state, _: operators.pause(state, scope, **_said(by)),
    )


def resume(w: World, p: Picks) -> Move:
    paused = [s for s, c in w.state.controls.items() if c.paused]
    scope = p.of(paused) if paused and not p.rarely(4) else _scope(w, p)
    limit, by = _few(p, most=10), _operator(p)
    return Move(
        Call("resume_outbox", {**_scoped(scope), "p_limit": limit, **by}),
        lambda state, _: operators.resume(state, scope, limit=limit, **_said(by)),
    )


def control(w: World, p: Picks) -> Move:
    scope, by = _scope(w, p), _operator(p)
    paused, fair = p.of((None, False, None, True)), p.of((None, None, False, True))
    ordering = p.of((None, "NONE", "FIFO_BLOCK", "FIFO_SKIP"))
    notify = p.of((None, True, False))
    arguments = {
        **_scoped(scope),
        "p_paused": paused,
        "p_ordering": ordering,
        "p_fair": fair,
        "p_notify_workers": notify,
        **by,
    }
    return Move(
        Call("set_outbox_control", arguments),
        lambda state, _: operators.set_control(
            state, scope, paused, ordering, fair, notify, **_said(by)
        ),
    )


def policy(w: World, p: Picks) -> Move:
    rail, strategy = p.of(("*", *RAILS)), p.of(("FIXED", "EXPONENTIAL"))
    base, factor, longest, by = p.of((1, 7)), p.of((1, 2, 10)), p.of((300, 7, 3)), _operator(p)
    arguments = {
        "p_rail_type": rail,
        "p_strategy": strategy,
        "p_base_seconds": base,
        "p_factor": factor,
        "p_max_seconds": longest,
        "p_jitter": 0,
        **by,
    }
    return Move(
        Call("set_retry_policy", arguments),
        lambda state, _: operators.set_policy(
            state, rail, strategy, base, factor, longest, **_said(by)
        ),
    )


def status(w: World, p: Picks) -> Move:
    placed = [(i.tenant, i.instruction) for i in w.state.items.values() if i.tenant is not None]
    tenant, instruction = p.of(placed or [(TENANTS[0], "i0")])

    def apply(state: State, _: list[Row]) -> list[Row]:
        return [
            leases.status(i)
            for i in state.items.values()
            if (i.tenant, i.instruction) == (tenant, instruction)
        ]

    arguments = {"p_tenant_id": tenant, "p_instruction_id": instruction}
    return Move(Call("instruction_status", arguments), apply)


def backlog(w: World, p: Picks) -> Move:
    return Move(Call("outbox_backlog", {}), lambda state, _: leases.backlog(state))


TICKS: Final = (1, SECOND, 6 * SECOND, 31 * SECOND, 301 * SECOND, 90_000 * SECOND)
Draw = Callable[[World, Picks], Move]
# How often each is drawn. The first is what everything shrinks to.
_OLD: Final[tuple[tuple[Draw, int], ...]] = (
    (enqueue, 14),
    (claim_batch, 12),
    (complete_one, 14),
    (repair, 8),
)
_ALL: Final[tuple[tuple[Draw, int], ...]] = (
    (enqueue, 6),
    (enqueue_many, 5),
    (ingest, 7),
    (ingest_many, 4),
    (register, 2),
    (claim, 14),
    (claim_batch, 3),
    (extend, 4),
    (begin, 8),
    (release, 3),
    (complete, 14),
    (complete_one, 5),
    (repair, 5),
    (cancel, 2),
    (manual, 3),
    (resolve, 5),
    (redrive, 4),
    (pause, 2),
    (resume, 3),
    (control, 3),
    (policy, 1),
    (status, 2),
    (backlog, 1),
)


def _spread(weights: tuple[tuple[Draw, int], ...]) -> tuple[Draw, ...]:
    return tuple(draw for draw, weight in weights for _ in range(weight))


KINDS: Final = {"head": _spread(_ALL), "oldest": _spread(_OLD)}
