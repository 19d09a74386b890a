"""What operators do: cancel, record by hand, resolve, redrive, pause, order, set delays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from proof.model.leases import close_expired
from proof.model.order import advance, in_scope, is_ordered, release_paused
from proof.model.state import SECOND, Action, Attempt, Control, Item, Policy, Refused, State

__all__ = ["cancel", "manual", "pause", "redrive", "resolve", "resume", "set_control", "set_policy"]

Row = tuple[Any, ...]
Scope = tuple[str, str]


def _require_operator(actor: str, reason: str) -> tuple[str, str]:
    if not actor.strip(" "):
        raise Refused("P711C", "p_actor", "1 to 200 characters, no control characters")
    if not reason.strip(" "):
        raise Refused("P711C", "p_reason", "1 to 1000 characters")
    return actor.strip(" "), reason.strip(" ")


def _lock(state: State, outbox_id: UUID, actor: str) -> Item:
    item = state.items.get(outbox_id)
    if item is None:
        raise Refused("P7006", "p_outbox_id", "a known item")
    if item.hold is None and item.lease is not None and item.lease.expires_at <= state.now:
        close_expired(state, [item], actor, 0)
    if not item.queued or item.hold == "IN_DOUBT" or item.lease is not None:
        raise Refused("P7004")
    return item


def _record(
    state: State,
    item: Item,
    asked: str,
    actor: str,
    reference: str | None,
    error_code: str | None,
    error_message: str | None,
    wait: int | None,
) -> Row:
    last = state.is_last_try(item)
    lease = item.lease
    attempt = Attempt(
        len(item.attempts) + 1,
        "FAILED" if last and asked != "DISPATCHED" else asked,
        state.now if lease is None or lease.leased_at is None else lease.leased_at,
        state.now,
        None if lease is None else lease.worker,
        actor,
        None if lease is None else lease.token,
        None if lease is None else lease.dispatched_at,
        item.redrive_no,
        rail_reference=reference,
        error_code="RETRY_CEILING_EXCEEDED" if last and asked == "ZOMBIE_REQUEUE" else error_code,
        error_message=error_message,
    )
    state.append(item, attempt)
    if attempt.state in ("DISPATCHED", "FAILED"):
        item.end()
    elif item.hold in (None, "IN_DOUBT"):
        tries = attempt.number - item.budget_base
        item.free(state.now + (state.retry_delay(item.rail, tries, None) if wait is None else wait))
    if item.fifo:
        advance(state, [item.participant])
    return attempt.number, attempt.state


def cancel(state: State, outbox_id: UUID, actor: str, reason: str) -> list[Row]:
    actor, reason = _require_operator(actor, reason)
    item = state.items.get(outbox_id)
    if item is not None and not item.queued:
        last = item.attempts[-1]
        if (last.state, last.error_code) == ("FAILED", "CANCELLED") and last.closed_by is not None:
            return [(last.number, last.state)]
    item = _lock(state, outbox_id, actor)
    row = _record(state, item, "FAILED", actor, None, "CANCELLED", reason, None)
    state.actions.append(Action("CANCEL", actor, reason, outbox_id, attempt_no=row[0]))
    return [row]


def manual(
    state: State, outbox_id: UUID, asked: str, reference: str | None, actor: str, reason: str
) -> list[Row]:
    actor, reason = _require_operator(actor, reason)
    if asked not in ("DISPATCHED", "FAILED", "RETRYABLE"):
        raise Refused("P7003", "p_state", "DISPATCHED, FAILED or RETRYABLE")
    item = _lock(state, outbox_id, actor)
    row = _record(state, item, asked, actor, reference, None, None, None)
    state.actions.append(Action("MANUAL_ATTEMPT", actor, reason, outbox_id, attempt_no=row[0]))
    return [row]


def resolve(
    state: State,
    outbox_id: UUID,
    resolution: str,
    actor: str,
    reason: str,
    reference: str | None,
    late: tuple[UUID, UUID, str, str | None] | None,
    attempt_no: int | None,
) -> list[Row]:
    """`late`: item, token, state and reference of the late result that is named."""
    actor, reason = _require_operator(actor, reason)
    if resolution not in ("DISPATCHED", "FAILED", "REQUEUE"):
        raise Refused("P7003", "p_resolution", "DISPATCHED, FAILED or REQUEUE")
    blank = reference is not None and not reference.strip(" ")
    if blank or (resolution == "DISPATCHED" and reference is None and late is None):
        rule = "1 to 500 characters, not only blanks; proof of DISPATCHED"
        raise Refused("P711B", "p_rail_reference", rule)
    item = state.items.get(outbox_id)
    if item is None:
        raise Refused("P7006", "p_outbox_id", "a known item")
    lease = item.lease
    begun = item.hold is None and lease is not None and lease.dispatched_at is not None
    if begun and lease is not None and lease.expires_at <= state.now:
        close_expired(state, [item], actor, 0)
    if item.hold != "IN_DOUBT" or lease is None:
        return [_resolved_before(state, item, resolution, reference, attempt_no)]
    if attempt_no is not None and attempt_no != len(item.attempts) + 1:
        raise Refused("P7004")
    proof = _proof(state, item, lease.token, resolution, reference, late)
    asked = "ZOMBIE_REQUEUE" if resolution == "REQUEUE" else resolution
    code = {"FAILED": "IN_DOUBT_REJECTED", "REQUEUE": "IN_DOUBT_NOT_SENT"}.get(resolution)
    message = None if resolution == "DISPATCHED" else reason
    row = _record(state, item, asked, actor, proof, code, message, 0)
    state.actions.append(
        Action("RESOLVE", actor, reason, outbox_id, attempt_no=row[0], resolution=resolution)
    )
    return [row]


def _resolved_before(
    state: State, item: Item, resolution: str, reference: str | None, attempt_no: int | None
) -> Row:
    earlier = [a for a in state.actions if a.outbox_id == item.outbox_id and a.action == "RESOLVE"]
    if earlier and earlier[-1].resolution == resolution:
        number = earlier[-1].attempt_no
        assert number is not None
        attempt = item.attempts[number - 1]
        if attempt_no in (None, number) and reference in (None, attempt.rail_reference):
            return attempt.number, attempt.state
    raise Refused("P7004")


def _proof(
    state: State,
    item: Item,
    token: UUID,
    resolution: str,
    reference: str | None,
    late: tuple[UUID, UUID, str, str | None] | None,
) -> str | None:
    """The reference that is recorded; refuses what the evidence speaks against."""
    if late is None:
        against = any(
            (e.outbox_id, e.token, e.state) == (item.outbox_id, token, "DISPATCHED")
            for e in state.late
        )
        if resolution != "DISPATCHED" and against:
            raise Refused("P7004")
        return reference
    of, of_token, said, said_reference = late
    if (of, of_token) != (item.outbox_id, token):
        rule = "a late result of the attempt in doubt"
        raise Refused("P7006", "p_late_result_id", rule)
    if resolution != "DISPATCHED":
        return reference
    proof = reference if reference is not None else said_reference
    if said != "DISPATCHED" or proof is None or proof != (said_reference or proof):
        raise Refused("P7004", "p_late_result_id")
    return proof


def redrive(
    state: State, ids: Sequence[UUID], rehearsal: bool, actor: str, reason: str, disputed_too: bool
) -> list[Row]:
    actor, reason = _require_operator(actor, reason)
    if not ids:
        raise Refused("P7118", "p_outbox_ids", "1 to 10000 ids")
    rows: list[Row] = []
    for outbox_id in dict.fromkeys(ids):
        item = state.items.get(outbox_id)
        if item is None:
            rows.append((outbox_id, "UNKNOWN", None, None))
            continue
        last = item.last
        number = None if last is None else last.number
        if item.queued:
            rows.append((outbox_id, "STILL_QUEUED", number, item.redrive_no))
            continue
        assert last is not None
        sent = any((e.outbox_id, e.state) == (outbox_id, "DISPATCHED") for e in state.late)
        if last.state != "FAILED":
            rows.append((outbox_id, "NOT_FAILED", number, last.redrive_no))
        elif sent and not disputed_too:
            rows.append((outbox_id, "DISPUTED", number, last.redrive_no))
        elif rehearsal:
            rows.append((outbox_id, "WOULD_REDRIVE", number, last.redrive_no))
        else:
            item.queued = True
            item.free(state.now)
            item.budget_base = len(item.attempts)
            item.redrive_no = last.redrive_no + 1
            item.fifo = is_ordered(state, item)
            state.actions.append(Action("REDRIVE", actor, reason, outbox_id))
            rows.append((outbox_id, "REDRIVEN", number, item.redrive_no))
    return rows


def _require_scope(state: State, scope: Scope) -> None:
    kind, key = scope
    known = (kind == "QUEUE" and key == "*") or kind == "RAIL"
    known = known or (kind == "TENANT" and key in map(str, state.tenants))
    if not known:
        raise Refused("P711D", "p_scope_key", "* for QUEUE, a rail, or a known tenant's id")


def _change(state: State, scope: Scope, **changes: Any) -> Row:
    _require_scope(state, scope)
    if changes.get("fair") and scope[0] != "QUEUE":
        raise Refused("P711D", "p_fair", "a setting of the QUEUE")
    before = state.controls.get(scope, Control())
    given = {name: value for name, value in changes.items() if value is not None}
    control = state.controls[scope] = replace(before, **given)
    if control.ordering != before.ordering:
        _reorder(state, scope, control.ordering != "NONE")
    return (*scope, control.paused, control.ordering, control.fair, control.notify, state.now)


def _reorder(state: State, scope: Scope, ordered: bool) -> None:
    for item in list(state.queue()):
        if not in_scope(scope, item):
            continue
        if (not item.fifo) if ordered else (item.fifo and not is_ordered(state, item)):
            item.fifo = not item.fifo
            if item.hold == "FIFO":
                item.free(state.now)
    advance(state, {item.participant for item in state.queue() if item.hold == "FIFO"})


def pause(state: State, scope: Scope, actor: str, reason: str) -> list[Row]:
    actor, reason = _require_operator(actor, reason)
    row = _change(state, scope, paused=True)
    state.actions.append(Action("PAUSE", actor, reason, scope=scope))
    return [row]


def resume(state: State, scope: Scope, actor: str, reason: str, limit: int) -> list[Row]:
    actor, reason = _require_operator(actor, reason)
    if not 1 <= limit <= 10_000:
        raise Refused("P7118", "p_limit", "between 1 and 10000")
    _change(state, scope, paused=False)
    row = release_paused(state, scope, limit)
    state.actions.append(Action("RESUME", actor, reason, scope=scope))
    return [row]


def set_control(
    state: State,
    scope: Scope,
    paused: bool | None,
    ordering: str | None,
    fair: bool | None,
    notify: bool | None,
    actor: str,
    reason: str,
) -> list[Row]:
    actor, reason = _require_operator(actor, reason)
    row = _change(state, scope, paused=paused, ordering=ordering, fair=fair, notify=notify)
    if paused is False:
        release_paused(state, scope, 10_000)
    state.actions.append(Action("SET_CONTROL", actor, reason, scope=scope))
    return [row]


def set_policy(
    state: State,
    rail: str,
    strategy: str,
    base: int,
    factor: int,
    longest: int,
    actor: str,
    reason: str,
) -> list[Row]:
    actor, reason = _require_operator(actor, reason)
    if longest < base:
        raise Refused("P711E", "p_max_seconds", "between p_base_seconds and 604800")
    state.policies[rail] = Policy(strategy, base * SECOND, factor, longest * SECOND)
    state.actions.append(Action("SET_RETRY_POLICY", actor, reason, scope=("RAIL", rail)))
    return [(rail, strategy, base, factor, longest, 0)]
