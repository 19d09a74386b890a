"""Calls of the worker: claim, extend, begin, complete, release, repair, and how the queue looks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from ledgerdb.calls import _check as check
from ledgerdb.calls import _columns as columns
from ledgerdb.calls._build import Call, columns_of, statement
from ledgerdb.calls._outcome import recorded
from ledgerdb.calls._shape import many, one
from ledgerdb.calls.wire import WireWords
from ledgerdb.rows import (
    AttemptState,
    Backlog,
    BegunDispatch,
    ClaimedItem,
    CompletedAttempt,
    Completion,
    CounterDrift,
    ExtendedLease,
    ReleasedLease,
    RepairedLease,
)

T = TypeVar("T")

_CLAIMING: Final = {"p_batch_size": "integer", "p_worker_id": "text", "p_lease_seconds": "integer"}
_CLAIM: Final = statement("claim_outbox_items", _CLAIMING, columns_of(ClaimedItem)[:-1])
_CLAIM_TRACED: Final = statement("claim_traced_items", _CLAIMING, columns_of(ClaimedItem))
# Nobody knows the tokens, so that nobody can give the items back.
_CLAIM_ADVICE: Final = (
    "claim again for other items: what it may have leased comes back when the leases expire, as"
    " attempts"
)
_COMPLETE: Final = statement(
    "complete_outbox_attempts",
    {
        "p_worker_id": "text",
        "p_outbox_ids": "uuid[]",
        "p_lease_tokens": "uuid[]",
        "p_states": "public.outbox_attempt_state[]",
        "p_rail_references": "text[]",
        "p_rail_codes": "text[]",
        "p_error_codes": "text[]",
        "p_error_messages": "text[]",
        "p_latency_ms": "integer[]",
        "p_retry_delay_seconds": "integer[]",
    },
    columns_of(CompletedAttempt),
)
_COMPLETED: Final = one(CompletedAttempt)
_STATES: Final = tuple(AttemptState)
_REPAIR: Final = statement(
    "repair_expired_leases",
    {"p_batch_size": "integer", "p_worker_id": "text"},
    columns_of(RepairedLease),
)
_LEASES: Final = {"p_outbox_ids": "uuid[]", "p_lease_tokens": "uuid[]", "p_worker_id": "text"}
_EXTEND: Final = statement(
    "extend_outbox_leases", {**_LEASES, "p_lease_seconds": "integer"}, columns_of(ExtendedLease)
)
_RELEASE: Final = statement("release_outbox_leases", _LEASES, columns_of(ReleasedLease))
_BEGIN: Final = statement("begin_outbox_dispatch", _LEASES, columns_of(BegunDispatch))
_BACKLOG: Final = statement("outbox_backlog", {}, columns_of(Backlog))
_COUNTER_DRIFT: Final = statement("outbox_counter_drift", {}, columns_of(CounterDrift))


def claim(
    batch_size: int, worker_id: str, lease_seconds: int, *, traced: bool = False
) -> Call[tuple[ClaimedItem, ...]]:
    """`claim_outbox_items`: leases due items, oldest due first; `claim_traced_items` where their
    traces are asked for.
    """
    traced = check.boolean("traced", traced)
    return Call(
        "claim_traced_items" if traced else "claim_outbox_items",
        _CLAIM_TRACED if traced else _CLAIM,
        {
            "p_batch_size": check.integer("batch_size", batch_size),
            "p_worker_id": check.text("worker_id", worker_id),
            "p_lease_seconds": check.integer("lease_seconds", lease_seconds),
        },
        many(ClaimedItem),
        writes=True,
        advice=_CLAIM_ADVICE,
    )


def complete_many(
    completions: Sequence[Completion], worker_id: str
) -> Call[tuple[CompletedAttempt, ...]]:
    """`complete_outbox_attempts`: ends the attempts that the items' leases stand for. What came too
    late is an outcome, kept as evidence.
    """
    return _completing(completions, worker_id, many(CompletedAttempt))


def complete(
    item: ClaimedItem,
    worker_id: str,
    state: AttemptState,
    *,
    rail_reference: str | None = None,
    rail_code: str | None = None,
    error_code: str | None = None,
    error_message: str | None = None,
    latency_ms: int | None = None,
    retry_delay_seconds: int | None = None,
) -> Call[CompletedAttempt]:
    """`complete_outbox_attempts` for one item. What came too late is an error, raised after the
    statement: its evidence is kept.
    """
    completion = Completion(
        item=item,
        state=state,
        rail_reference=rail_reference,
        rail_code=rail_code,
        error_code=error_code,
        error_message=error_message,
        latency_ms=latency_ms,
        retry_delay_seconds=retry_delay_seconds,
    )
    return _completing([completion], worker_id, lambda rows: recorded(_COMPLETED(rows)))


def _completing(
    completions: Sequence[Completion], worker_id: str, shape: Callable[[Sequence[Any]], T]
) -> Call[T]:
    for completion in check.members("completions", completions, Completion):
        if not isinstance(completion.item, ClaimedItem):
            raise check.refuse("item", "must be a ClaimedItem")
        if completion.state not in _STATES:
            raise check.refuse("state", "must be an AttemptState")
    return Call(
        "complete_outbox_attempts",
        _COMPLETE,
        {
            "p_worker_id": check.text("worker_id", worker_id),
            **_tokens([c.item for c in completions]),
            "p_states": WireWords([c.state for c in completions]),
            "p_rail_references": columns.optional_texts(
                "rail_reference", [c.rail_reference for c in completions]
            ),
            "p_rail_codes": columns.remarks("rail_code", [c.rail_code for c in completions]),
            "p_error_codes": columns.remarks("error_code", [c.error_code for c in completions]),
            "p_error_messages": columns.remarks(
                "error_message", [c.error_message for c in completions]
            ),
            "p_latency_ms": columns.metrics("latency_ms", [c.latency_ms for c in completions]),
            "p_retry_delay_seconds": columns.seconds(
                "retry_delay_seconds", [c.retry_delay_seconds for c in completions]
            ),
        },
        shape,
        writes=True,
        replays=True,
    )


def repair(batch_size: int, worker_id: str) -> Call[tuple[RepairedLease, ...]]:
    """`repair_expired_leases`: requeues abandoned items, oldest expiry first."""
    return Call(
        "repair_expired_leases",
        _REPAIR,
        {
            "p_batch_size": check.integer("batch_size", batch_size),
            "p_worker_id": check.text("worker_id", worker_id),
        },
        many(RepairedLease),
        writes=True,
    )


def release(items: Sequence[ClaimedItem], worker_id: str) -> Call[tuple[ReleasedLease, ...]]:
    """`release_outbox_leases`: gives unstarted items back; they use no attempt."""
    return Call(
        "release_outbox_leases",
        _RELEASE,
        _leases(items, worker_id),
        many(ReleasedLease),
        writes=True,
    )


def extend(
    items: Sequence[ClaimedItem], worker_id: str, lease_seconds: int
) -> Call[tuple[ExtendedLease, ...]]:
    """`extend_outbox_leases`: moves the end of live leases."""
    return Call(
        "extend_outbox_leases",
        _EXTEND,
        {
            **_leases(items, worker_id),
            "p_lease_seconds": check.integer("lease_seconds", lease_seconds),
        },
        many(ExtendedLease),
        writes=True,
    )


def begin_dispatch(items: Sequence[ClaimedItem], worker_id: str) -> Call[tuple[BegunDispatch, ...]]:
    """`begin_outbox_dispatch`: declares that the rail is about to be called for these items."""
    return Call(
        "begin_outbox_dispatch",
        _BEGIN,
        _leases(items, worker_id),
        many(BegunDispatch),
        writes=True,
    )


def _leases(items: Sequence[ClaimedItem], worker_id: str) -> dict[str, object]:
    leased = check.members("items", items, ClaimedItem)
    return {**_tokens(leased), "p_worker_id": check.text("worker_id", worker_id)}


def _tokens(items: Sequence[ClaimedItem]) -> dict[str, object]:
    return {
        "p_outbox_ids": columns.uuids("outbox_id", [i.outbox_id for i in items]),
        "p_lease_tokens": columns.uuids("lease_token", [i.lease_token for i in items]),
    }


def backlog() -> Call[Backlog]:
    """`outbox_backlog`: how much is due, delayed, leased or abandoned."""
    return Call("outbox_backlog", _BACKLOG, {}, one(Backlog), writes=False)


def counter_drift() -> Call[tuple[CounterDrift, ...]]:
    """`outbox_counter_drift`: items whose counter and attempts disagree."""
    return Call("outbox_counter_drift", _COUNTER_DRIFT, {}, many(CounterDrift), writes=False)
