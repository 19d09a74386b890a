"""The worker: claim in batches, hand each item to the handler, complete, repair, until stopped.

One event loop drives it. An async handler is awaited, a blocking one runs in a thread; everything
around it is the same code.
"""

from __future__ import annotations

import asyncio
import logging
import random
import signal
import threading
import time
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Final

from ledgerdb.aio import AsyncLedger
from ledgerdb.engine import EngineSettings
from ledgerdb.errors import LedgerError
from ledgerdb.rows import ClaimedItem
from ledgerdb.worker.listener import listen
from ledgerdb.worker.outcome import Dispatched, Handler, Outcome, Rejected, Retry, is_async
from ledgerdb.worker.reconnect import PASSING, patiently
from ledgerdb.worker.recorder import Recorder, WorkerStats, describe
from ledgerdb.worker.settings import WorkerSettings

__all__ = ["Worker"]

_POOL_SIZE_MAX: Final = 8
_POOL_TIMEOUT_SECONDS: Final = 30.0

_log = logging.getLogger("ledgerdb.worker")


class Worker:
    """Dispatches the items of the outbox to a handler.

    The handler gets a `ClaimedItem` and says `Dispatched`, `Retry` or `Rejected`; an exception
    counts as a `Retry`. Delivery is at least once: a worker that dies after the rail call leaves a
    lease behind, and the item is handled again when it expires. So hand the rail an idempotency
    key made from `instruction_id` and `idempotency_key`, never from `outbox_id`.

    Args:
        handler: a function or a coroutine function. A function runs in a thread.
        url: the database; None takes LEDGERDB_URL, else DATABASE_URL.
        settings: batch, lease, waits; see `WorkerSettings`.
        engine: connections, such as `EngineSettings(role="symphony_executor")`.
    """

    def __init__(
        self,
        handler: Handler,
        *,
        url: str | None = None,
        settings: WorkerSettings | None = None,
        engine: EngineSettings | None = None,
    ) -> None:
        self.settings = settings or WorkerSettings()
        self.stats = WorkerStats()
        self._handler = handler
        self._url = url
        self._engine_settings = engine or EngineSettings(
            application_name="ledgerdb-worker",
            pool_size=min(self.settings.concurrency + 1, _POOL_SIZE_MAX),
            pool_timeout_seconds=_POOL_TIMEOUT_SECONDS,
        )
        self._running: set[asyncio.Task[None]] = set()
        self._stop_asked = threading.Event()  # also before the loop runs, and from any thread
        self._loop: asyncio.AbstractEventLoop | None = None

    def run(self) -> WorkerStats:
        """Blocks until SIGTERM, SIGINT or `stop()`, then finishes what is under way.

        A second signal has its usual effect.

        Raises:
            LedgerError: something that does not pass by itself, such as a missing privilege.
        """
        return asyncio.run(self.serve(handle_signals=True))

    async def serve(self, *, handle_signals: bool = False) -> WorkerStats:
        """Like `run`, inside a running event loop.

        Args:
            handle_signals: stop at SIGTERM and SIGINT; only in the main thread.

        Raises:
            LedgerError: something that does not pass by itself, such as a missing privilege.
        """
        self._loop = asyncio.get_running_loop()
        self._threads = ThreadPoolExecutor(self.settings.concurrency, "ledgerdb-handler")
        self._wake = asyncio.Event()
        self._stopping = asyncio.Event()
        if self._stop_asked.is_set():
            self._stopping.set()
        signals = (signal.SIGTERM, signal.SIGINT) if handle_signals else ()
        for number in signals:
            self._loop.add_signal_handler(number, self._stop_at, signals)
        try:
            async with AsyncLedger.connect(self._url, self._engine_settings) as ledger:
                self._ledger = ledger
                self._recorder = Recorder(ledger, self.settings, self.stats)
                await self._serve()
        finally:
            for number in signals:
                self._loop.remove_signal_handler(number)
            self._threads.shutdown(wait=False, cancel_futures=True)
            self._loop = None
        return self.stats

    def stop(self) -> None:
        """Stops claiming, gives unstarted items back, and ends when the handlers are done; may be
        called from any thread.
        """
        self._stop_asked.set()
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._stop)

    def _stop(self) -> None:
        self._stopping.set()
        self._wake.set()

    def _stop_at(self, signals: Sequence[signal.Signals]) -> None:
        _log.info("stopping: %d handlers under way", len(self._running))
        for number in signals:  # the next one ends the process
            asyncio.get_running_loop().remove_signal_handler(number)
        self._stop()

    async def _serve(self) -> None:
        settings = self.settings
        background: list[Coroutine[Any, Any, None]] = [
            listen(
                self._ledger.engine,
                self._wake,
                cooldown_seconds=settings.cooldown_seconds,
                reconnect_seconds_max=settings.reconnect_seconds_max,
            ),
            self._repair_for_ever(),
        ]
        tasks = [asyncio.create_task(coroutine) for coroutine in background]
        dispatching = asyncio.create_task(self._dispatch_until_stopped())
        try:
            # The background ends by failing only: then the worker fails with it.
            await asyncio.wait([dispatching, *tasks], return_when=asyncio.FIRST_COMPLETED)
            failed = [task for task in tasks if task.done()]
            if failed:
                self._stop()
            await dispatching
            for task in failed:
                await task
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._finish()

    async def _dispatch_until_stopped(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()  # before the claim: what comes during it is not forgotten
            leased_at = time.monotonic()
            items = await self._claim()
            await self._start(items, leased_at)
            if not items:
                await self._sleep(self.settings.poll_seconds * _jitter())
            if len(items) < self.settings.batch_size:
                # Enough workers for the work: let some of it gather instead of claiming one by one.
                await self._cool_down(leased_at + self.settings.cooldown_seconds)

    async def _claim(self) -> tuple[ClaimedItem, ...]:
        settings = self.settings
        try:
            items = await patiently(
                lambda: self._ledger.claim(
                    settings.batch_size, settings.worker_id, settings.lease_seconds
                ),
                settings.reconnect_seconds_max,
                stopping=self._stopping,
            )
        except PASSING:
            return ()  # stopping: no further try
        self.stats.claimed += len(items)
        return items

    async def _sleep(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()

    async def _cool_down(self, until: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(until - time.monotonic()):
                await self._stopping.wait()

    async def _start(self, items: Sequence[ClaimedItem], leased_at: float) -> None:
        lease_seconds = self.settings.lease_seconds
        for position, item in enumerate(items):
            if not await self._room() or time.monotonic() > leased_at + lease_seconds / 2:
                await self._release(items[position:])
                return
            task = asyncio.create_task(self._process(item, leased_at + lease_seconds))
            self._running.add(task)
            task.add_done_callback(self._processed)

    async def _room(self) -> bool:
        """Waits until another handler may start; False when the worker is stopping."""
        if len(self._running) >= self.settings.concurrency:
            stopping = asyncio.create_task(self._stopping.wait())
            try:
                await asyncio.wait({*self._running, stopping}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                stopping.cancel()
        return not self._stopping.is_set()

    def _processed(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("an item was left to the end of its lease", exc_info=error)

    async def _process(self, item: ClaimedItem, leased_until: float) -> None:
        outcome = await self._handle(item)
        await self._recorder.record(item, outcome, leased_until)

    async def _handle(self, item: ClaimedItem) -> Outcome:
        try:
            if is_async(self._handler):
                outcome: object = await self._handler(item)
            else:
                loop = asyncio.get_running_loop()
                outcome = await loop.run_in_executor(self._threads, self._handler, item)
        except Exception as error:  # noqa: BLE001 - whatever it is, the attempt did not succeed
            _log.exception(
                "the handler failed on attempt %d of %s", item.attempt_no, describe(item)
            )
            return Retry("HANDLER_ERROR", f"{type(error).__name__}: {error}")
        if isinstance(outcome, Dispatched | Retry | Rejected):
            return outcome
        _log.error("the handler returned %r for %s, which is no outcome", outcome, describe(item))
        return Retry("HANDLER_ERROR", f"returned {type(outcome).__name__} and not an outcome")

    async def _release(self, items: Sequence[ClaimedItem]) -> None:
        try:
            released = await self._ledger.release(items, self.settings.worker_id)
        except LedgerError as error:
            _log.warning("%d items are left to the end of their leases: %s", len(items), error)
        else:
            self.stats.released += len(released)

    async def _repair_for_ever(self) -> None:
        settings = self.settings
        while True:
            try:
                repaired = await patiently(
                    lambda: self._ledger.repair(settings.batch_size, settings.worker_id),
                    settings.reconnect_seconds_max,
                    stopping=self._stopping,
                )
            except PASSING:
                return  # stopping
            if repaired:
                self.stats.repaired += len(repaired)
                _log.warning("requeued %d abandoned items", len(repaired))
            if len(repaired) < settings.batch_size:
                await asyncio.sleep(settings.repair_seconds * _jitter())

    async def _finish(self) -> None:
        """What is under way may end and be recorded; what does not is left to its lease."""
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=self.settings.grace_seconds)
            for task in late:
                task.cancel()
            if late:
                _log.error("%d handlers did not end in time: their leases will expire", len(late))
                await asyncio.wait(late)


def _jitter() -> float:
    """Keeps workers that started together from asking together."""
    return random.uniform(0.8, 1.2)  # noqa: S311 - no secret
