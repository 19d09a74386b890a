"""The worker: claim in batches, hand each item to the handler, record, repair, until stopped.

One event loop drives it. An async handler is awaited, a blocking one runs in a thread; everything
around it is the same code.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
import time
from asyncio import FIRST_COMPLETED
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

from ledgerdb import _watch
from ledgerdb.aio import AsyncLedger
from ledgerdb.engine import EngineSettings
from ledgerdb.errors import LedgerError
from ledgerdb.rows import ClaimedItem
from ledgerdb.worker.caller import Caller
from ledgerdb.worker.leases import Lease, Leases
from ledgerdb.worker.listener import listen
from ledgerdb.worker.outcome import Handler, Unknown
from ledgerdb.worker.pace import Pace
from ledgerdb.worker.reconnect import PASSING, patiently
from ledgerdb.worker.recorder import Recorder
from ledgerdb.worker.repairer import jittered, repair_for_ever
from ledgerdb.worker.settings import WorkerSettings
from ledgerdb.worker.stats import WorkerStats, describe

__all__ = ["Worker"]

# Claims, repairs, heartbeats, declarations and results each take one at a time.
_POOL_SIZE: Final = 5
_POOL_TIMEOUT_SECONDS: Final = 30.0

# NOTIFY is sent at most once in 10 ms: an item that committed within that time after another one is
# not announced. Whoever was woken looks once more when that time has passed for certain.
_THROTTLE_SECONDS: Final = 0.015

_log = logging.getLogger("ledgerdb.worker")


class Worker:
    """Dispatches the items of the outbox to a handler.

    The handler gets a `ClaimedItem` and says `Dispatched`, `Retry` or `Rejected`; an exception
    counts as a `Retry`. Delivery is at least once: a worker that dies after the rail call leaves a
    lease behind, and the item is handled again when it expires. So hand the rail `item.rail_key`
    as its idempotency key, never `outbox_id`. For a rail that knows no such key, set
    `declare_dispatch`, and answer `Unknown` where the rail's answer was lost: then a person decides
    about the item, as about one whose worker died.

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
        engine = engine or EngineSettings(
            application_name="ledgerdb-worker",
            pool_size=_POOL_SIZE,
            pool_timeout_seconds=_POOL_TIMEOUT_SECONDS,
        )
        # The worker asks again itself, for as long as it lives (`patiently`).
        self._engine_settings = replace(engine, resolve_seconds=0)
        self._running: set[asyncio.Task[None]] = set()
        self._handling = 0
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
        self._caller = Caller(self._handler, self.settings.concurrency)
        self._wake = asyncio.Event()
        self._stopping = asyncio.Event()
        self._freed = asyncio.Event()
        if self._stop_asked.is_set():
            self._stopping.set()
        signals = (signal.SIGTERM, signal.SIGINT) if handle_signals else ()
        for number in signals:
            self._loop.add_signal_handler(number, self._stop_at, signals)
        try:
            async with AsyncLedger.connect(self._url, self._engine_settings) as ledger:
                self._ledger = ledger
                self._leases = Leases(ledger, self.settings, self.stats)
                self._recorder = Recorder(ledger, self.settings, self.stats)
                with _watch.working(self.stats):
                    await self._serve()
        finally:
            for number in signals:
                self._loop.remove_signal_handler(number)
            self._caller.close()
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
        self._freed.set()

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
                reconnect_seconds_max=settings.reconnect_seconds_max,
            ),
            repair_for_ever(self._ledger, settings, self.stats, self._stopping),
        ]
        tasks = [asyncio.create_task(coroutine) for coroutine in background]
        # The handlers that are under way when the worker stops still need their leases.
        beating = asyncio.create_task(self._leases.beat_for_ever())
        dispatching = asyncio.create_task(self._dispatch_until_stopped())
        try:
            # The background ends by failing only: then the worker fails with it.
            await asyncio.wait([dispatching, beating, *tasks], return_when=FIRST_COMPLETED)
            failed = [task for task in (beating, *tasks) if task.done()]
            if failed:
                self._stop()
            await dispatching
            for task in failed:
                await task
        finally:
            await _cancel(*tasks)
            await self._finish()
            await _cancel(beating)
            await self._leases.close()
            await self._recorder.close()

    async def _dispatch_until_stopped(self) -> None:
        pace = Pace(self.settings.cooldown_seconds)
        while not self._stopping.is_set():
            woken = self._wake.is_set()
            self._wake.clear()  # before the claim: what comes during it is not forgotten
            leased_at = time.monotonic()
            items = await self._claim()
            claimed_at = time.monotonic()
            await self._start(items, leased_at)
            if len(items) == self.settings.batch_size:
                continue
            # Enough workers for the work: let some of it gather instead of claiming one by one.
            rest = pace.after(claimed_at - leased_at, found=bool(items), woken=woken)
            await self._cool_down(claimed_at + rest)
            again = bool(items) or woken  # look once more, see _THROTTLE_SECONDS
            await self._sleep(_THROTTLE_SECONDS if again else jittered(self.settings.poll_seconds))

    async def _claim(self) -> tuple[ClaimedItem, ...]:
        settings = self.settings
        try:
            items = await patiently(
                lambda: self._ledger.claim(
                    settings.batch_size,
                    settings.worker_id,
                    settings.lease_seconds,
                    traced=_watch.watcher is not None,
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
        until = leased_at + self.settings.lease_seconds / 2
        for position, item in enumerate(items):
            if not await self._room(until):
                await self._release(items[position:])
                return
            self._handling += 1
            task = asyncio.create_task(self._process(self._leases.hold(item, leased_at)))
            self._running.add(task)
            task.add_done_callback(self._processed)

    async def _room(self, until: float) -> bool:
        """Waits until another handler may start; False when the worker is stopping, or at the given
        time of the monotonic clock. Results that wait to be recorded are bounded too.
        """
        running_max = self.settings.concurrency + self.settings.batch_size
        while self._handling >= self.settings.concurrency or len(self._running) >= running_max:
            if self._stopping.is_set() or time.monotonic() >= until:
                return False
            self._freed.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(until - time.monotonic()):
                    await self._freed.wait()
        return not self._stopping.is_set() and time.monotonic() < until

    def _processed(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._freed.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("an item was left to the end of its lease", exc_info=error)

    async def _process(self, lease: Lease) -> None:
        try:
            try:
                if self.settings.declare_dispatch and not await self._leases.begin_dispatch(lease):
                    self.stats.skipped += 1
                    _log.warning("%s: lease lost, not dispatched", describe(lease.item))
                    return
                answer = await self._caller.call(lease.item)
            finally:
                self._handling -= 1
                self._freed.set()
            if isinstance(answer, Unknown):
                self.stats.unknown += 1
                _log.error(
                    "%s: it is not known whether the rail took it: %s",
                    describe(lease.item),
                    answer.error_message,
                )
                return
            await self._recorder.record(lease.item, answer)
        finally:
            self._leases.drop(lease)

    async def _release(self, items: Sequence[ClaimedItem]) -> None:
        try:
            released = await self._ledger.release(items, self.settings.worker_id)
        except LedgerError as error:
            _log.warning("%d items are left to the end of their leases: %s", len(items), error)
        else:
            self.stats.released += len(released)

    async def _finish(self) -> None:
        """What is under way may end and be recorded; what does not is left to its lease."""
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=self.settings.grace_seconds)
            for task in late:
                task.cancel()
            if late:
                _log.error("%d handlers did not end in time: their leases will expire", len(late))
                await asyncio.wait(late)


async def _cancel(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
