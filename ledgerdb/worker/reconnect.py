"""Trying again while the database is away, busy or restarting."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type

from ledgerdb._patience import PASSING, growing

__all__ = ["PASSING", "patiently"]

T = TypeVar("T")

_log = logging.getLogger("ledgerdb.worker")


async def patiently(
    call: Callable[[], Awaitable[T]],
    seconds_max: float,
    *,
    until: float = math.inf,
    stopping: asyncio.Event | None = None,
    errors: tuple[type[BaseException], ...] = PASSING,
) -> T:
    """Repeats a call while it fails in passing, with growing jittered pauses.

    Args:
        call: what to do; must be safe to repeat.
        seconds_max: longest pause.
        until: of the monotonic clock; a failure from then on is the last one.
        stopping: cuts a pause short and gives up once it is set.
        errors: what is worth another try.

    Raises:
        BaseException: the last error, after giving up, or one that does not pass.
    """
    # As a rule the first try is the last one, and tenacity costs more than what it would watch.
    try:
        return await call()
    except errors as error:
        failed: BaseException | None = error

    async def again() -> T:
        nonlocal failed
        if failed is not None:  # that was the first try
            error, failed = failed, None
            raise error
        return await call()

    def give_up(_: RetryCallState) -> bool:
        return (stopping is not None and stopping.is_set()) or time.monotonic() >= until

    async def pause(seconds: float) -> None:
        if stopping is None:
            await asyncio.sleep(seconds)
        else:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await stopping.wait()

    def say(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        _log.warning("trying again (%d): %s", state.attempt_number, error)

    retrying = AsyncRetrying(
        wait=growing(seconds_max),
        retry=retry_if_exception_type(errors),
        stop=give_up,
        sleep=pause,
        before_sleep=say,
        reraise=True,
    )
    return await retrying(again)
