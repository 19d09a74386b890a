"""What a handler says about one attempt, and how that is recorded."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, TypeGuard

from ledgerdb.rows import AttemptState, ClaimedItem

__all__ = [
    "AsyncHandler",
    "Dispatched",
    "Handler",
    "Outcome",
    "Rejected",
    "Retry",
    "SyncHandler",
    "completion",
    "is_async",
]

CODE_CHARS_MAX: Final = 200
MESSAGE_CHARS_MAX: Final = 2_000
_UNSTORABLE: Final = str.maketrans({"\x00": "\N{REPLACEMENT CHARACTER}"})


@dataclass(frozen=True, slots=True)
class Dispatched:
    """The rail took the payment; ends the item as DISPATCHED.

    Attributes:
        rail_reference: the rail's own name for the payment.
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
        delay_seconds: when to try again; None takes the worker's backoff.
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


Outcome: TypeAlias = Dispatched | Retry | Rejected
SyncHandler: TypeAlias = Callable[[ClaimedItem], Outcome]
AsyncHandler: TypeAlias = Callable[[ClaimedItem], Awaitable[Outcome]]
Handler: TypeAlias = SyncHandler | AsyncHandler


def is_async(handler: Handler) -> TypeGuard[AsyncHandler]:
    """True for a coroutine function, or an object whose `__call__` is one."""
    return inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(
        getattr(handler, "__call__", None)  # noqa: B004 - the method itself is asked for
    )


def completion(outcome: Outcome, backoff_seconds: int) -> tuple[AttemptState, dict[str, Any]]:
    """The state and the keyword arguments of `complete` for an outcome.

    Texts are made storable here: what the rail said must never lose its result.
    """
    details: dict[str, Any]
    match outcome:
        case Dispatched():
            state, details = AttemptState.DISPATCHED, {"rail_reference": outcome.rail_reference}
        case Retry():
            delay = outcome.delay_seconds
            state, details = AttemptState.RETRYABLE, _error(outcome)
            details["retry_delay_seconds"] = backoff_seconds if delay is None else delay
        case Rejected():
            state, details = AttemptState.FAILED, _error(outcome)
    details["rail_code"] = outcome.rail_code
    details["latency_ms"] = outcome.latency_ms
    return state, {name: _storable(name, value) for name, value in details.items()}


def _error(outcome: Retry | Rejected) -> dict[str, Any]:
    return {"error_code": outcome.error_code, "error_message": outcome.error_message}


def _storable(name: str, value: object) -> object:
    if value is None or (name in _INTEGERS and isinstance(value, int)):
        return value
    if name in _INTEGERS:
        return _INTEGERS[name]
    limit = MESSAGE_CHARS_MAX if name == "error_message" else CODE_CHARS_MAX
    text = str(value).translate(_UNSTORABLE).encode(errors="replace").decode()
    return text[:limit]


# what a metric becomes that is no whole number
_INTEGERS: Final[dict[str, int | None]] = {"latency_ms": None, "retry_delay_seconds": 1}
