"""Driver connections of a ledger: what interrupts a statement never cancels it.

psycopg answers a cancelled task and Ctrl-C with a cancel request. Where the statement waits for a
synchronous standby, the server then gives up waiting: the row is committed, visible, and lost by a
failover. Here an interruption, or an answer that does not come in time, ends the connection and
nothing else: the server goes on waiting, and shows the row to nobody before the standby has it.
"""

from __future__ import annotations

import asyncio
import select
import threading
from typing import Any, Final, TypeVar

import psycopg
from psycopg import waiting
from psycopg.abc import PQGen
from psycopg.errors import Diagnostic
from psycopg.pq import TransactionStatus
from psycopg.waiting import Ready, Wait

__all__ = ["AwaitedConnection", "BlockingConnection", "LedgerConnection", "is_dead", "is_idle"]

T = TypeVar("T")

_INTERVAL_SECONDS: Final = 0.1  # how soon Ctrl-C is heard
_READ: Final = int(Wait.R)  # of a flag itself, `&` makes an object
_WRITE: Final = int(Wait.W)
# The function of the server that waits for a standby; its warning has no SQLSTATE of its own.
_WAITS: Final = "SyncRepWaitForLSN"


class LedgerConnection(psycopg.BaseConnection[Any]):
    """What both colours have.

    Attributes:
        answer_seconds: longest wait for an answer of the server; None waits for ever.
    """

    answer_seconds: float | None = None
    _unconfirmed: threading.Event | None = None

    def hear_unconfirmed_commits(self) -> None:
        """Remembers from now on when the wait for a synchronous standby was cancelled. PostgreSQL
        then reports success with a warning: a ledger must not acknowledge that.
        """
        unconfirmed = self._unconfirmed = threading.Event()  # the handler must not hold us

        def hear(notice: Diagnostic) -> None:
            if notice.source_function == _WAITS:
                unconfirmed.set()

        self.add_notice_handler(hear)

    def was_unconfirmed(self) -> bool:
        """Whether a commit was not confirmed since this was last asked."""
        if self._unconfirmed is None or not self._unconfirmed.is_set():
            return False
        self._unconfirmed.clear()
        return True

    def _abandon(self) -> None:
        if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
            self.pgconn.finish()


class BlockingConnection(LedgerConnection, psycopg.Connection[Any]):
    """The blocking colour."""

    def wait(
        self, gen: PQGen[T], interval: float = _INTERVAL_SECONDS, timeout: float | None = None
    ) -> T:
        """Waits for the server; see the module."""
        seconds = self.answer_seconds if timeout is None else timeout
        try:
            return waiting.wait(gen, self.pgconn.socket, interval=interval, timeout=seconds)
        except BaseException:
            self._abandon()
            raise


class AwaitedConnection(LedgerConnection, psycopg.AsyncConnection[Any]):
    """The async colour."""

    async def wait(
        self,
        gen: PQGen[T],
        interval: float = _INTERVAL_SECONDS,
        timeout: float | None = None,  # noqa: ASYNC109 - psycopg's signature
    ) -> T:
        """Waits for the server; see the module."""
        seconds = self.answer_seconds if timeout is None else timeout
        try:
            return await _answered(gen, self.pgconn.socket, seconds)
        except BaseException:
            self._abandon()
            raise


async def _answered(gen: PQGen[T], socket: int, seconds: float | None) -> T:
    """As psycopg's `wait_async`, without waking up in between: an event loop hears Ctrl-C by
    itself, and what a call costs is what the others on the loop wait for.

    Raises:
        psycopg.OperationalError: no answer in time.
    """
    try:
        wanted = next(gen)
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]
    loop = asyncio.get_running_loop()
    deadline = None if seconds is None else loop.time() + seconds
    try:
        while True:
            wanted = gen.send(await _ready(loop, socket, wanted, deadline))
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]
    except OSError as error:
        raise psycopg.OperationalError("the connection's socket is closed") from error


async def _ready(
    loop: asyncio.AbstractEventLoop, socket: int, wanted: Wait, deadline: float | None
) -> Ready:
    ready: asyncio.Future[Ready] = loop.create_future()
    timer = None if deadline is None else loop.call_at(deadline, _tell, ready, Ready.NONE)
    try:
        if wanted & _READ:
            loop.add_reader(socket, _tell, ready, Ready.R)
        if wanted & _WRITE:
            loop.add_writer(socket, _tell, ready, Ready.W)
        state = await ready
    finally:
        if timer is not None:
            timer.cancel()
        if wanted & _READ:
            loop.remove_reader(socket)
        if wanted & _WRITE:
            loop.remove_writer(socket)
    if state is Ready.NONE:
        raise psycopg.OperationalError("no answer in time")
    return state


def _tell(ready: asyncio.Future[Ready], state: Ready) -> None:
    if not ready.done():
        ready.set_result(state)


def is_idle(connection: psycopg.BaseConnection[Any]) -> bool:
    """Whether it is in no transaction and owes no answer."""
    return connection.pgconn.transaction_status == TransactionStatus.IDLE


def is_dead(connection: psycopg.BaseConnection[Any]) -> bool:
    """Whether the server has hung up on an idle connection, found without a round trip: a healthy
    server has nothing to say, or a notice, and a dead one has said goodbye or closed the socket.
    """
    poll = select.poll()
    try:
        poll.register(connection.pgconn.socket, select.POLLIN)
        while poll.poll(0):
            connection.pgconn.consume_input()
    except psycopg.Error:
        return True
    return False
