"""A pooled connection for one verb, without SQLAlchemy's proxy around it.

The proxy, its finalizer and the greenlet in which an async pool works cost several times what a
verb costs by itself. A verb gives its connection back before it returns, whatever happens, so that
nothing has to watch over it. Where anything but handing over is to be done (no connection lies
there, it is dead, somebody listens), the pool does it in its own way.

This reads what SQLAlchemy 2.1 keeps to itself, hence the bounds of that dependency.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.pool import ConnectionPoolEntry, Pool, QueuePool
from sqlalchemy.util.queue import Empty

from ledgerdb._connection import LedgerConnection, is_dead, is_idle

__all__ = ["Lent", "keeps", "take"]


class Lent:
    """What a verb has borrowed; it has the members of the proxy that a verb uses.

    Attributes:
        driver_connection: idle when it is taken.
    """

    __slots__ = ("_entry", "_pool", "driver_connection")

    def __init__(self, pool: QueuePool, entry: ConnectionPoolEntry, driver: Any) -> None:  # noqa: ANN401 - either colour's
        self._pool = pool
        self._entry = entry
        self.driver_connection = driver

    def invalidate(self, error: BaseException | None = None) -> None:
        """The connection is closed; the pool makes another one in its place."""
        self._entry.invalidate(error)

    def close(self) -> None:
        """Back to the pool."""
        if not is_idle(self.driver_connection):
            self._entry.invalidate()  # a verb leaves no transaction open
        self._pool._do_return_conn(self._entry)  # noqa: SLF001


def take(pool: Pool) -> Lent | None:
    """A connection that lies in the pool of an engine of ours, and is alive; else None, and the
    pool's own way is the one to go. Never waits.
    """
    if not isinstance(pool, QueuePool) or _is_listened_to(pool):
        return None
    try:
        entry = pool._pool.get_nowait()  # noqa: SLF001
    except Empty:
        return None
    driver = entry.driver_connection
    if (
        isinstance(driver, LedgerConnection)
        and is_idle(driver)
        and not is_dead(driver)
        and not entry._is_hard_or_soft_invalidated()  # type: ignore[attr-defined]  # noqa: SLF001
    ):
        return Lent(pool, entry, driver)
    pool._do_return_conn(entry)  # noqa: SLF001
    return None


def keeps(pool: Pool) -> bool:
    """Whether the pool keeps one that comes back, and does not close it."""
    return isinstance(pool, QueuePool) and pool.checkedin() < pool.size()


def _is_listened_to(pool: Pool) -> bool:
    """By anybody but `_session.hold`, whose two listeners do what is done here."""
    dispatch = pool.dispatch
    return len(dispatch.checkout) != 1 or len(dispatch.reset) != 1 or len(dispatch.checkin) != 0
