"""What a handler says about one attempt, and how that is recorded."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeAlias, TypeGuard

from ledgerdb.calls._check import storable
from ledgerdb.rows import (
    CODE_CHARS_MAX,
    MESSAGE_CHARS_MAX,
    RAIL_REFERENCE_CHARS_MAX,
    AttemptState,
    ClaimedItem,
    Completion,
)

__all__ = [
    "REFERENCE_CUT",
    "Answer",
    "AsyncHandler",
    "Dispatched",
    "Handler",
    "Outcome",
    "Rejected",
    "Retry",
    "SyncHandler",
    "Unknown",
    "completion",
    "is_async",
    "is_reference_cut",
]

REFERENCE_CUT: Final = "REFERENCE_CUT"
_INTEGER_MAX: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Dispatched:
    """The rail took the payment; ends the item as DISPATCHED.

    Attributes:
        rail_reference: the rail's own name for the payment, up to `RAIL_REFERENCE_CHARS_MAX`; one
            that does not fit is recorded as its beginning, with all of it as the error message.
        rail_code: the rail's status code.
        latency_ms: how long the rail took, in milliseconds.
    """

    rail_reference: str
    rail_code: str | None = None
    latency_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Retry:
    """The attempt did not succeed and may be repeated; recorded as RETRYABLE, or as FAILED at the
    retry ceiling.

    Attributes:
        error_code: why, for machines.
        error_message: why, for people.
        rail_code: the rail's status code.
        latency_ms: how long the rail took, in milliseconds.
        delay_seconds: when to try again, at most `RETRY_DELAY_SECONDS_MAX`; None leaves it to the
            retry policy of the rail (`set_retry_policy`).
    """

    error_code: str
    error_message: str | None = None
    rail_code: str | None = None
    latency_ms: int | None = None
    delay_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """The rail refused for good; ends the item as FAILED.

    Attributes:
        error_code: why, for machines.
        error_message: why, for people.
        rail_code: the rail's status code.
        latency_ms: how long the rail took, in milliseconds.
    """

    error_code: str
    error_message: str | None = None
    rail_code: str | None = None
    latency_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody knows whether the rail took the payment: its answer was lost. Nothing is recorded, and
    the lease is left to expire. With `WorkerSettings.declare_dispatch` the item is then in doubt
    until somebody resolves it; without, it is handled again, under the same `rail_key`.

    Only for a rail that knows no idempotency keys: for others a `Retry` tells.

    Attributes:
        error_message: why, for the log.
    """

    error_message: str


Outcome: TypeAlias = Dispatched | Retry | Rejected
Answer: TypeAlias = Outcome | Unknown
SyncHandler: TypeAlias = Callable[[ClaimedItem], Answer]
AsyncHandler: TypeAlias = Callable[[ClaimedItem], Awaitable[Answer]]
Handler: TypeAlias = SyncHandler | AsyncHandler


def is_async(handler: Handler) -> TypeGuard[AsyncHandler]:
    """True for a coroutine function, or an object whose `__call__` is one."""
    return inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(
        getattr(handler, "__call__", None)  # noqa: B004 - the method itself is asked for
    )


def is_reference_cut(outcome: Outcome) -> bool:
    """True where the rail's reference cannot be recorded as it is."""
    if not isinstance(outcome, Dispatched) or outcome.rail_reference is None:
        return False
    reference = str(outcome.rail_reference)
    return storable(reference) != reference or len(reference) > RAIL_REFERENCE_CHARS_MAX


def completion(item: ClaimedItem, outcome: Outcome) -> Completion:
    """What is sent to the database for an outcome.

    Texts and numbers are made storable here: what the rail said must never lose its result. A
    reference that does not fit would be refused; its payment was sent all the same, so it is cut,
    marked `REFERENCE_CUT`, and goes whole into the error message.
    """
    state, reference = AttemptState.FAILED, None
    error_code, error_message, delay = None, None, None
    match outcome:
        case Dispatched():
            state, reference = AttemptState.DISPATCHED, outcome.rail_reference
            if is_reference_cut(outcome):
                error_code, error_message = REFERENCE_CUT, reference
        case Retry():
            state, delay = AttemptState.RETRYABLE, outcome.delay_seconds
            error_code, error_message = outcome.error_code, outcome.error_message
        case Rejected():
            error_code, error_message = outcome.error_code, outcome.error_message
    return Completion(
        item=item,
        state=state,
        rail_reference=_text(reference, RAIL_REFERENCE_CHARS_MAX),
        rail_code=_text(outcome.rail_code, CODE_CHARS_MAX),
        error_code=_text(error_code, CODE_CHARS_MAX),
        error_message=_text(error_message, MESSAGE_CHARS_MAX),
        latency_ms=_integer(outcome.latency_ms),
        retry_delay_seconds=_integer(delay),
    )


def _text(value: object, chars_max: int) -> str | None:
    if value is None:
        return None
    return storable(str(value))[:chars_max]


def _integer(value: object) -> int | None:
    """What is no whole number of a possible size is no number: the database decides without it."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _INTEGER_MAX:
        return None
    return value
