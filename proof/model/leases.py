"""The life of a lease: claimed, extended, begun, released, or run out; its end is `completion`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from proof.model.ingress import require_text
from proof.model.order import advance, hold_behind, hold_paused, is_paused, release_stale
from proof.model.state import SECOND, Attempt, Item, Lease, Refused, State

__all__ = [
    "begin",
    "claim",
    "claim_fairly",
    "close_expired",
    "due_items",
    "extend",
    "is_decided",
    "rail_key",
    "release",
    "repair",
    "repairable",
]

Row = tuple[Any, ...]
Pair = tuple[UUID, UUID]


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
