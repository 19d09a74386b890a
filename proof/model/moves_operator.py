"""Moves of operators, and of those who only look."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from proof.model import operators, reads
from proof.model.calls import Call
from proof.model.program import Picks
from proof.model.state import State
from proof.model.world import (
    RAILS,
    STRANGER,
    TENANTS,
    Move,
    Row,
    World,
    few,
)

__all__ = [
    "backlog",
    "cancel",
    "control",
    "manual",
    "pause",
    "policy",
    "redrive",
    "resolve",
    "resume",
    "status",
]


OPERATOR: Final = {"p_actor": "olga", "p_reason": "because"}


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
    reference = " " if p.rarely(20) else p.of((None, "r1", "r2"))
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
    ids = [_item(w, p, lambda i: not i.queued) for _ in range(few(p))]
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
    limit, by = few(p, most=10), _operator(p)
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
            reads.status(i)
            for i in state.items.values()
            if (i.tenant, i.instruction) == (tenant, instruction)
        ]

    arguments = {"p_tenant_id": tenant, "p_instruction_id": instruction}
    return Move(Call("instruction_status", arguments), apply)


def backlog(w: World, p: Picks) -> Move:
    return Move(Call("outbox_backlog", {}), lambda state, _: reads.backlog(state))
