"""The life of a lease: claimed, extended, begun, released, completed, or run out."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from proof.model.ingress import require_text
from proof.model.order import advance, hold_behind, hold_paused, is_paused, release_stale
from proof.model.state import NEVER, SECOND, Attempt, Item, Late, Lease, Refused, State

__all__ = [
    "Result",
    "backlog",
    "begin",
    "claim",
    "claim_fairly",
    "close_expired",
    "complete",
    "complete_one",
    "due_items",
    "extend",
    "is_decided",
    "rail_key",
    "release",
    "repair",
    "repairable",
    "status",
]

Row = tuple[Any, ...]
Pair = tuple[UUID, UUID]


@dataclass(frozen=True, slots=True)
class Result:
    """What a worker reports about one lease."""

    outbox_id: UUID
    token: UUID
    state: str
    rail_reference: str | None = None
    error_code: str | None = None
    latency_ms: int | None = None
    retry_delay_seconds: int | None = None

    @property
    def metric(self) -> int | None:
        return self.latency_ms if self.latency_ms is not None and self.latency_ms >= 0 else None


def _require_count(field: str, value: int, sqlstate: str, most: int) -> None:
    if not 1 <= value <= most:
        raise Refused(sqlstate, field, f"between 1 and {most}")


def rail_key(item: Item) -> str:
    name = f"{item.tenant or ''}:{len(item.instruction)}:{item.instruction}{item.key}"
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def due_items(state: State) -> list[Item]:
    due = (
        item
        for item in state.queue()
        if item.hold is None
        and item.due_at <= state.now
        and (item.lease is None or item.lease.expires_at <= state.now)
    )
    return sorted(due, key=lambda item: (item.due_at, item.created_at))


def close_expired(state: State, met: Sequence[Item], closed_by: str, wait: int) -> list[Item]:
    """Ends leases that ran out; returns what may be leased again."""
    closed = [item for item in met if item.lease is not None]
    last_tries = {item.outbox_id for item in closed if state.is_last_try(item)}
    ended: set[UUID] = set()
    for item in closed:
        lease = item.lease
        assert lease is not None
        if lease.dispatched_at is not None:
            item.put_on_hold("IN_DOUBT", state.now)
            ended.add(item.outbox_id)
            continue
        last = item.outbox_id in last_tries
        state.append(
            item,
            Attempt(
                len(item.attempts) + 1,
                "FAILED" if last else "ZOMBIE_REQUEUE",
                lease.expires_at if lease.leased_at is None else lease.leased_at,
                state.now,
                lease.worker,
                closed_by,
                lease.token,
                None,
                item.redrive_no,
                error_code="RETRY_CEILING_EXCEEDED" if last else "LEASE_EXPIRED",
                error_message="lease expired before completion",
            ),
        )
        if last:
            item.end()
            ended.add(item.outbox_id)
        else:
            item.free(state.now + wait)
    advance(state, {item.participant for item in closed if item.fifo})
    return [item for item in met if item.outbox_id not in ended]


def _lease(state: State, item: Item, token: UUID, worker: str, seconds: int) -> None:
    ends = state.now + seconds * SECOND
    item.lease = Lease(token, worker, state.now, ends)
    item.due_at = ends


def claim(
    state: State, limit: int, worker: str, seconds: int, tokens: Mapping[UUID, UUID]
) -> list[Row]:
    """The oldest due items. `tokens` are those that the server drew, by item."""
    _require_count("p_batch_size", limit, "P7118", 10_000)
    require_text("p_worker_id", worker, "P7117")
    _require_count("p_lease_seconds", seconds, "P7119", 86_400)
    leased: list[Item] = []
    while len(leased) < limit:
        met = due_items(state)[: limit - len(leased)]
        if not met:
            break
        left = ready(state, met, worker)
        for item in left:
            _lease(state, item, tokens.get(item.outbox_id, UUID(int=0)), worker, seconds)
        leased += left
        if len(left) == len(met):
            break
    return [claimed(item) for item in leased]


def ready(state: State, met: Sequence[Item], worker: str) -> list[Item]:
    """Those of the due items that a claim may lease; the others ended or are put on hold."""
    ordered = any(item.fifo for item in met)
    left = close_expired(state, met, worker, 0)
    left = hold_paused(state, left)
    return hold_behind(state, left) if ordered else left


def claimed(item: Item) -> Row:
    assert item.lease is not None
    return (
        item.outbox_id,
        item.tenant,
        item.instruction,
        item.participant,
        item.sequence,
        item.key,
        item.rail,
        item.payload,
        len(item.attempts) + 1,
        item.lease.token,
        item.lease.expires_at,
        rail_key(item),
    )


def _require_leases(pairs: Sequence[Pair], worker: str) -> None:
    require_text("p_worker_id", worker, "P7117")
    if not pairs:
        raise Refused("P7118", "p_outbox_ids", "1 to 10000 ids, as many tokens")


def _held(state: State, pairs: Sequence[Pair], worker: str) -> list[tuple[Item, Lease]]:
    held: dict[UUID, tuple[Item, Lease]] = {}
    for outbox_id, token in pairs:
        item = state.items.get(outbox_id)
        lease = None if item is None else item.under(token, worker)
        if item is not None and lease is not None:
            held[outbox_id] = item, lease
    return list(held.values())


def extend(state: State, pairs: Sequence[Pair], worker: str, seconds: int) -> list[Row]:
    _require_leases(pairs, worker)
    _require_count("p_lease_seconds", seconds, "P7119", 86_400)
    rows: list[Row] = []
    for item, lease in _held(state, pairs, worker):
        if lease.expires_at > state.now:
            ends = max(lease.expires_at, state.now + seconds * SECOND)
            item.lease = replace(lease, expires_at=ends)
            item.due_at = ends
            rows.append((item.outbox_id, ends))
    return rows


def begin(state: State, pairs: Sequence[Pair], worker: str) -> list[Row]:
    _require_leases(pairs, worker)
    rows: list[Row] = []
    for item, lease in _held(state, pairs, worker):
        if lease.expires_at > state.now:
            if lease.dispatched_at is None:
                item.lease = replace(lease, dispatched_at=state.now)
            rows.append((item.outbox_id,))
    return rows


def release(state: State, pairs: Sequence[Pair], worker: str) -> list[Row]:
    _require_leases(pairs, worker)
    rows: list[Row] = []
    for item, lease in _held(state, pairs, worker):
        if lease.dispatched_at is None:
            item.free(state.now)
            rows.append((item.outbox_id,))
    return rows


def _record(state: State, item: Item, lease: Lease, result: Result) -> None:
    number = len(item.attempts) + 1
    last = result.state == "RETRYABLE" and state.is_last_try(item)
    state.append(
        item,
        Attempt(
            number,
            "FAILED" if last else result.state,
            state.now if lease.leased_at is None else lease.leased_at,
            state.now,
            lease.worker,
            None,
            lease.token,
            lease.dispatched_at,
            item.redrive_no,
            rail_reference=result.rail_reference,
            error_code=result.error_code,
            latency_ms=result.metric,
        ),
    )
    if result.state == "RETRYABLE" and not last:
        tries = number - item.budget_base
        item.free(state.now + state.retry_delay(item.rail, tries, result.retry_delay_seconds))
    else:
        item.end()


def complete(state: State, worker: str, results: Sequence[Result]) -> list[Row]:
    if not 1 <= len(worker) <= 200:
        raise Refused("P7117", "p_worker_id", "1 to 200 characters")
    if not results:
        raise Refused("P7118", "p_outbox_ids", "1 to 10000 ids, as many tokens and states")
    if any(r.state not in ("DISPATCHED", "FAILED", "RETRYABLE") for r in results):
        raise Refused("P7003", "p_state", "DISPATCHED, FAILED or RETRYABLE")
    if any(len(r.rail_reference or "") > 500 for r in results):
        raise Refused("P711B", "p_rail_reference", "at most 500 characters")
    first = list({(r.outbox_id, r.token): r for r in reversed(results)}.values())
    recorded: set[Pair] = set()
    participants: set[str] = set()
    for result in first:
        item = state.items.get(result.outbox_id)
        lease = None if item is None else item.under(result.token, worker)
        if item is not None and lease is not None and lease.expires_at > state.now:
            _record(state, item, lease, result)
            recorded.add((result.outbox_id, result.token))
            participants |= {item.participant} if item.fifo else set()
    advance(state, participants)
    rows: list[Row] = []
    seen: set[Pair] = set()
    for result in results:
        pair = (result.outbox_id, result.token)
        new = pair in recorded and pair not in seen
        seen.add(pair)
        outcome, attempt = ("RECORDED", None) if new else _judge(state, worker, result)
        found = state.items.get(result.outbox_id)
        attempt = None if found is None else found.by_token(result.token)
        number, shown = (attempt.number, attempt.state) if attempt is not None else (None, None)
        rows.append((*pair, outcome, number, shown))
        if outcome not in ("RECORDED", "REPLAYED"):
            _keep(state, worker, result, outcome)
    return rows


def _judge(state: State, worker: str, result: Result) -> tuple[str, Attempt | None]:
    item = state.items.get(result.outbox_id)
    if item is None:
        return "UNKNOWN", None
    attempt = item.by_token(result.token)
    if attempt is not None and attempt.closed_by is None:
        same = attempt.state == result.state or (attempt.state, result.state) == (
            "FAILED",
            "RETRYABLE",
        )
        return ("REPLAYED" if same else "ALREADY_DONE"), attempt
    if item.lease is not None and item.lease.token == result.token:
        return ("STOLEN" if item.lease.worker != worker else "EXPIRED"), None
    if not item.queued:
        return "ALREADY_DONE", attempt
    if attempt is None:
        return "UNKNOWN", None
    taken = item.lease is not None or len(item.attempts) > attempt.number
    return ("STOLEN" if taken else "EXPIRED"), attempt


def _keep(state: State, worker: str, result: Result, outcome: str) -> None:
    """A late result is evidence, once for each (item, token, state, reference)."""
    identity = (result.outbox_id, result.token, result.state, result.rail_reference)
    if all((e.outbox_id, e.token, e.state, e.rail_reference) != identity for e in state.late):
        state.late.append(
            Late(
                result.outbox_id,
                result.token,
                worker,
                result.state,
                outcome,
                result.rail_reference,
                None,
                result.error_code,
                None,
                result.metric,
            )
        )


def complete_one(state: State, worker: str, result: Result) -> list[Row]:
    """The contract of older workers: a late result is an error and leaves no evidence."""
    if result.retry_delay_seconds is None:
        result = replace(result, retry_delay_seconds=1)
    kept = list(state.late)
    [(_, _, outcome, number, shown)] = complete(state, worker, [result])
    state.late[:] = kept
    if outcome not in ("RECORDED", "REPLAYED"):
        raise Refused("P7002")
    return [(number, shown)]


def repairable(state: State) -> list[Item]:
    expired = (
        item
        for item in state.queue()
        if item.hold is None and item.lease is not None and item.lease.expires_at <= state.now
    )
    return sorted(expired, key=lambda item: item.due_at)


def repair(state: State, limit: int, worker: str) -> list[Row]:
    _require_count("p_batch_size", limit, "P7118", 10_000)
    require_text("p_worker_id", worker, "P7117")
    met = repairable(state)[:limit]
    tokens = [(item, item.lease.token) for item in met if item.lease is not None]
    close_expired(state, met, worker, SECOND)
    release_stale(state)
    recorded = ((item, item.by_token(token)) for item, token in tokens)
    return [(item.outbox_id, a.number) for item, a in recorded if a is not None]


def claim_fairly(
    state: State, limit: int, worker: str, seconds: int, tokens: Mapping[UUID, UUID]
) -> list[Row]:
    """Equal shares of the tenants; chance decides the rest, so `tokens` says who was chosen.

    Where more is due than was asked for, and some of it must be closed or held first, chance
    decides that too: the machine does not ask then (see `is_decided`).
    """
    due = due_items(state)
    if limit not in range(1, 10_001) or limit >= len(due):
        return claim(state, limit, worker, seconds, tokens)
    require_text("p_worker_id", worker, "P7117")
    _require_count("p_lease_seconds", seconds, "P7119", 86_400)
    groups = {item.tenant for item in due} | {None}
    chosen = [item for item in due if item.outbox_id in tokens]
    for group in groups:
        share = min(limit // len(groups), sum(i.tenant == group for i in due))
        if sum(i.tenant == group for i in chosen) < share:
            chosen = []  # nobody may get less than the share: no such rows are right
    if len(chosen) != limit:
        raise AssertionError(f"not a fair choice of {limit}: {sorted(map(str, tokens))}")
    for item in chosen:
        _lease(state, item, tokens[item.outbox_id], worker, seconds)
    return [claimed(item) for item in chosen]


def is_decided(state: State) -> bool:
    """Whether nothing due must be closed or held before it can be leased."""
    return all(
        item.lease is None and not item.fifo and not is_paused(state, item)
        for item in due_items(state)
    )


def status(item: Item) -> Row:
    last = item.last
    said = (None, None) if last is None else (last.rail_reference, last.error_code)
    completed = None if item.queued or last is None else last.completed_at
    due = item.due_at if item.queued and item.due_at != NEVER else None
    number = 0 if last is None else last.number
    known = (item.outbox_id, item.participant, item.rail, item.state, number)
    return (*known, *said, item.created_at, completed, due)


def backlog(state: State) -> list[Row]:
    queue = list(state.queue())
    free = [i for i in queue if i.hold is None and i.lease is None]
    due = [i.due_at for i in free if i.due_at <= state.now]
    leased = [i.lease for i in queue if i.hold is None and i.lease is not None]
    live = sum(lease.expires_at > state.now for lease in leased)
    doubt = sum(i.hold == "IN_DOUBT" for i in queue)
    held = sum(i.hold is not None for i in queue) - doubt
    counts = (len(due), len(free) - len(due), live, len(leased) - live, doubt, held)
    return [(*counts, min(due, default=None))]
