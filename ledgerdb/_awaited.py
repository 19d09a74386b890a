"""The driver's connection on an event loop; nothing that blocks loads this."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn, TypeVar

import psycopg
from psycopg import waiting
from psycopg.abc import PQGen
from psycopg.pq.abc import PGconn
from psycopg.waiting import Wait

from ledgerdb._connection import INTERVAL_SECONDS, LedgerConnection
from ledgerdb._ear import Ear

__all__ = ["AwaitedConnection"]

T = TypeVar("T")


class AwaitedConnection(LedgerConnection, psycopg.AsyncConnection[Any]):
    """The async colour of `BlockingConnection`."""

    _ear: Ear | None = None

    async def wait(
        self,
        gen: PQGen[T],
        interval: float = INTERVAL_SECONDS,
        timeout: float | None = None,  # noqa: ASYNC109 - psycopg's signature
    ) -> T:
        """Waits for the server; see the module."""
        try:
            seconds = self.answer_seconds if timeout is None else timeout
            if timeout is None:
                heard = await self._hear(gen, seconds)
                if not isinstance(heard, Wait):
                    return heard
                gen = _resumed(gen, heard)
            return await waiting.wait_async(
                gen, self.pgconn.socket, interval=interval, timeout=seconds
            )
        except BaseException:
            self.abandon()
            raise

    async def notified(self, told: Callable[[], object], seconds: float) -> None:
        """Calls back at notifications, for so long: from the event loop itself, as soon as it finds
        the socket readable. With psycopg's `notifies()` a task had to be woken in between.

        Raises:
            psycopg.OperationalError: the connection is lost.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                gen = _notifying(self.pgconn, told)
                wanted = await self._hear(gen, None)
                await waiting.wait_async(
                    _resumed(gen, wanted), self.pgconn.socket, interval=INTERVAL_SECONDS
                )

    async def _hear(self, gen: PQGen[T], seconds: float | None) -> T | Wait:
        """What the generator returns; or what it waits for, if that is more than to read."""
        try:
            wanted = next(gen)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]
        if wanted != Wait.R:
            return wanted
        loop = asyncio.get_running_loop()
        if self._ear is None or not self._ear.is_open or self._ear.loop is not loop:
            try:
                self._ear = Ear(loop, self.pgconn.socket)
            except OSError:
                return wanted  # psycopg's way needs no further descriptor
        return await self._ear.hear(gen, seconds)


def _notifying(pgconn: PGconn, told: Callable[[], object]) -> PQGen[NoReturn]:
    """psycopg's `generators.notifies`, without an end, and without what nobody reads."""
    while True:
        if (yield Wait.R):
            pgconn.consume_input()
            while pgconn.notifies() is not None:
                told()


def _resumed(gen: PQGen[T], wanted: Wait) -> PQGen[T]:
    """A generator that has said what it waits for, as one that has not begun."""
    try:
        while True:
            wanted = gen.send((yield wanted))
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]
