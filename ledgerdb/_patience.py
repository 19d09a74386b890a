"""What passes by itself, and asking again until it has: the one way for verbs and workers."""

from __future__ import annotations

from typing import Any, Final

from tenacity import (
    RetryCallState,
    retry_if_exception,
    stop_after_delay,
    wait_random_exponential,
)
from tenacity.wait import wait_base

from ledgerdb import _watch
from ledgerdb.calls import Call
from ledgerdb.errors import (
    Contention,
    DatabaseUnavailable,
    IdempotencyConflict,
    InvalidArgument,
    LedgerError,
    OutboxError,
    OutcomeUnknown,
    StatementTimeout,
)

__all__ = ["PASSING", "growing", "replaying"]

# What goes away by itself; every other error ends a worker.
PASSING: Final = (Contention, DatabaseUnavailable, OutcomeUnknown, StatementTimeout)
# What a replay can answer beside a result: these are said about its own key, token or arguments.
_ANSWERS: Final = (IdempotencyConflict, InvalidArgument, OutboxError)
_FIRST_SECONDS: Final = 0.05
_PAUSE_SECONDS_MAX: Final = 1.0


def growing(seconds_max: float) -> wait_base:
    """Growing, jittered pauses."""
    return wait_random_exponential(multiplier=_FIRST_SECONDS, max=seconds_max)


def replaying(call: Call[Any], seconds: float) -> dict[str, Any]:
    """Arguments of tenacity's `Retrying` or `AsyncRetrying` for learning the outcome of a write.

    A replay that fails says nothing about the first try, unless its error is about the key or the
    token: a tenant may have been suspended since, and the payment is in the ledger all the same.

    Args:
        call: one that `replays`.
        seconds: after which no further try begins.
    """

    def unanswered(error: BaseException) -> bool:
        return isinstance(error, LedgerError) and not isinstance(error, _ANSWERS)

    def give_up(state: RetryCallState) -> None:
        last = state.outcome.exception() if state.outcome else None
        raise OutcomeUnknown(
            f"{call.function}: it may or may not have committed, and {state.attempt_number}"
            f" replays in {seconds:g} s did not tell; {call.advice}: {last}"
        ) from last

    return {
        "before": lambda _: _watch.repeated(call.function),
        "wait": growing(_PAUSE_SECONDS_MAX),
        "retry": retry_if_exception(unanswered),
        "stop": stop_after_delay(seconds),
        "retry_error_callback": give_up,
    }
