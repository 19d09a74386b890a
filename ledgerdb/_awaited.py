"""The driver's connection on an event loop; nothing that blocks loads this."""

from __future__ import annotations

import asyncio
from typing import Any, TypeVar

import psycopg
from psycopg import waiting
from psycopg.abc import PQGen
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
            if timeout is None:
                heard = await self._hear(gen)
                if not isinstance(heard, Wait):
                    return heard
                gen = _resumed(gen, heard)
            seconds = self.answer_seconds if timeout is None else timeout
            return await waiting.wait_async(
                gen, self.pgconn.socket, interval=interval, timeout=seconds
            )
        except BaseException:
            self.abandon()
            raise

    async def _hear(self, gen: PQGen[T]) -> T | Wait:
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
        return await self._ear.hear(gen, self.answer_seconds)


def _resumed(gen: PQGen[T], wanted: Wait) -> PQGen[T]:
    """A generator that has said what it waits for, as one that has not begun."""
    try:
        while True:
            wanted = gen.send((yield wanted))
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]
