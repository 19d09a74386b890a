"""Moves of workers, older ones included."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from proof.model import completion, ingress, leases
from proof.model.calls import Call
from proof.model.completion import Result
from proof.model.program import Picks
from proof.model.state import State
from proof.model.world import (
    BAD_TEXTS,
    STRANGER,
    WORKERS,
    Move,
    Row,
    World,
    few,
    some_worker,
)

__all__ = [
    "begin",
    "claim",
    "claim_batch",
    "complete",
    "complete_one",
    "extend",
    "release",
    "repair",
]


def _claim(w: World, p: Picks) -> tuple[int, str, int]:
    limit = p.of((1, 2, 3, 10))
    seconds = p.of((5, 30, 60, 86_400))
    if p.rarely(40):
        limit = p.of((0, -1, 10_001))
    elif p.rarely(40):
        seconds = p.of((0, -1, 86_401))
    return limit, some_worker(p), seconds


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
        outbox_id,
        token,
        said,
        reference,
        code,
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
        lambda state, _: completion.complete(state, worker, results),
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
        lambda state, _: completion.complete_one(state, worker, result),
        raw_only=True,
    )


def repair(w: World, p: Picks) -> Move:
    limit, worker = few(p, most=10), some_worker(p)
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
