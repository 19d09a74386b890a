"""Calls the handler of one item and makes an outcome of whatever comes of it."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

from ledgerdb import _watch
from ledgerdb.rows import ClaimedItem
from ledgerdb.worker.outcome import (
    Answer,
    Dispatched,
    Handler,
    Rejected,
    Retry,
    Unknown,
    is_async,
)
from ledgerdb.worker.stats import describe

__all__ = ["Caller"]

_log = logging.getLogger("ledgerdb.worker")


class Caller:
    """Awaits an async handler; runs a blocking one in a thread."""

    def __init__(self, handler: Handler, threads: int) -> None:
        self._handler = handler
        self._threads = ThreadPoolExecutor(threads, "ledgerdb-handler")

    async def call(self, item: ClaimedItem) -> Answer:
        """What the handler says; an exception, or no outcome at all, counts as a `Retry`."""
        with _watch.processing(item) as told:
            answer = await self._call(item, told)
            told.answered(answer)
        return answer

    async def _call(self, item: ClaimedItem, told: _watch.Processing) -> Answer:
        try:
            if is_async(self._handler):
                outcome: object = await self._handler(item)
            else:
                loop = asyncio.get_running_loop()
                # what the caller's context has, such as a trace, the thread has too
                within = copy_context().run
                outcome = await loop.run_in_executor(self._threads, within, self._handler, item)
        except Exception as error:  # noqa: BLE001 - whatever it is, the attempt did not succeed
            _log.exception(
                "the handler failed on attempt %d of %s", item.attempt_no, describe(item)
            )
            told.failed(error)
            return Retry("HANDLER_ERROR", f"{type(error).__name__}: {error}")
        if isinstance(outcome, Dispatched | Retry | Rejected | Unknown):
            return outcome
        _log.error("the handler returned %r for %s, which is no outcome", outcome, describe(item))
        return Retry("HANDLER_ERROR", f"returned {type(outcome).__name__} and not an outcome")

    def close(self) -> None:
        """Starts no further thread; what runs is left alone."""
        self._threads.shutdown(wait=False, cancel_futures=True)
