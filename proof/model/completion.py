"""Results of workers: recorded under a live lease, replayed, or too late and kept as evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from proof.model.order import advance
from proof.model.state import Attempt, Item, Late, Lease, Refused, State

__all__ = ["Result", "complete", "complete_one"]

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
