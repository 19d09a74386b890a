"""Driver connections of a ledger: what interrupts a statement never cancels it.

psycopg answers a cancelled task and Ctrl-C with a cancel request. Where the statement waits for a
synchronous standby, the server then gives up waiting: the row is committed, visible, and lost by a
failover. Here an interruption, or an answer that does not come in time, ends the connection and
nothing else: the server goes on waiting, and shows the row to nobody before the standby has it.
"""

from __future__ import annotations

import select
import threading
from typing import Any, Final, TypeVar

import psycopg
from psycopg import waiting
from psycopg.abc import PQGen
from psycopg.errors import Diagnostic
from psycopg.pq import TransactionStatus

__all__ = ["INTERVAL_SECONDS", "BlockingConnection", "LedgerConnection", "is_dead", "is_idle"]

T = TypeVar("T")

INTERVAL_SECONDS: Final = 0.1  # how soon Ctrl-C is heard
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

    def abandon(self) -> None:
        """Ends the connection of a statement that has no answer yet, and cancels nothing."""
        if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
            self.pgconn.finish()


class BlockingConnection(LedgerConnection, psycopg.Connection[Any]):
    """The blocking colour."""

    def wait(
        self, gen: PQGen[T], interval: float = INTERVAL_SECONDS, timeout: float | None = None
    ) -> T:
        """Waits for the server; see the module."""
        seconds = self.answer_seconds if timeout is None else timeout
        try:
            return waiting.wait(gen, self.pgconn.socket, interval=interval, timeout=seconds)
        except BaseException:
            self.abandon()
            raise


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
