"""Waiting for answers on one socket of an event loop, registered once and not for every call.

The loop watches a copy of the descriptor, of our own: libpq closes its own whenever a connection
breaks, and a loop that still watches the number would watch whatever gets it next. The copy is
readable at the latest when the server ends the connection, and is closed then.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.waiting import Ready, Wait

__all__ = ["Ear"]

T = TypeVar("T")


class Ear:
    """Of one connection, on one loop.

    Raises:
        OSError: the process has no descriptor left.

    Attributes:
        loop: where it listens.
        is_open: False when the server spoke and nobody had asked: it is of no more use.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, socket: int) -> None:
        self.loop = loop
        self.is_open = False
        self._copy = os.dup(socket)
        self._gen: PQGen[Any] | None = None
        self._answer: asyncio.Future[Any] = loop.create_future()
        self._deadline: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        loop.add_reader(self._copy, self._heard)
        self.is_open = True

    async def hear(self, gen: PQGen[T], seconds: float | None) -> T | Wait:
        """What a generator returns that waits to read; or what it waits for, if it comes to want
        something else.

        Raises:
            psycopg.OperationalError: no answer in time.
        """
        answer: asyncio.Future[T | Wait] = self.loop.create_future()
        self._gen, self._answer = gen, answer
        if seconds is not None:
            self._answer_by(self.loop.time() + seconds)
        try:
            return await answer
        finally:
            self._gen = self._deadline = None

    def close(self) -> None:
        """Listens no more."""
        if self.is_open:
            self.is_open = False
            if self._timer is not None:
                self._timer.cancel()
            if not self.loop.is_closed():
                self.loop.remove_reader(self._copy)
            os.close(self._copy)

    def __del__(self) -> None:
        self.close()

    def _heard(self) -> None:
        if self._gen is None or self._answer.done():
            self.close()  # a notice, or the end: whoever asks next finds out which
            return
        # Read here and not in the task, which runs later: until then the loop would hear it again.
        try:
            wanted = self._gen.send(Ready.R)
        except StopIteration as done:
            self._answer.set_result(done.value)
        except Exception as error:  # noqa: BLE001 - it is the caller's
            self._answer.set_exception(error)
        else:
            if wanted != Wait.R:
                self._answer.set_result(wanted)

    def _answer_by(self, deadline: float) -> None:
        """One timer for many calls: it goes on to the deadline of the call that is under way."""
        self._deadline = deadline
        if self._timer is not None and self._timer.when() > deadline:
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._timer = self.loop.call_at(deadline, self._look_at_the_clock)

    def _look_at_the_clock(self) -> None:
        self._timer = None
        if self._deadline is None or self._answer.done():
            return
        if self.loop.time() >= self._deadline:
            self._answer.set_exception(psycopg.OperationalError("no answer in time"))
        else:
            self._answer_by(self._deadline)
