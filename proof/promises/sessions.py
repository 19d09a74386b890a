"""A second session, beside the one of a promise."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final

import psycopg

from proof.promises.items import Item
from proof.promises.world import Broken, World

_DEADLINE_SECONDS: Final = 5


class Other:
    """A second session, whose calls may wait."""

    def __init__(self, world: World, level: str = "read committed") -> None:
        self.world = World(world.url)
        self.pid = self.world.connection.info.backend_pid
        self.world.run(f"set default_transaction_isolation = '{level}'")
        self._observer = world
        self._thread = ThreadPoolExecutor(1)
        self._pending: Future[Any] | None = None

    def waits(self, act: Callable[[World], Any]) -> None:
        """Begins something, and sees that it waits for a lock."""
        self._pending = self._thread.submit(act, self.world)
        deadline = time.monotonic() + _DEADLINE_SECONDS
        while time.monotonic() < deadline:
            if self._pending.done():
                raise Broken(f"it does not wait: {self._pending.result()!r:.200}")
            (seen,) = self._observer.rows(
                "select wait_event_type from pg_stat_activity where pid = %s", self.pid
            ) or ({"wait_event_type": None},)
            if seen["wait_event_type"] == "Lock":
                return
            time.sleep(0.001)
        raise Broken("it neither waits nor ends")

    def result(self) -> Any:
        """What came of it."""
        assert self._pending is not None  # noqa: S101
        return self._pending.result(_DEADLINE_SECONDS)

    def close(self) -> None:
        self.world.close()
        self._thread.shutdown()


@contextmanager
def another(world: World, level: str = "read committed") -> Iterator[Other]:
    other = Other(world, level)
    try:
        yield other
    finally:
        other.close()


@contextmanager
def locked(world: World, *ones: Item, table: str = "payment_outbox_pending") -> Iterator[None]:
    """The rows of items, in the hands of somebody else for a while."""
    session = World(world.url)
    try:
        with session.connection.transaction():
            for one in ones:
                session.run(
                    f"select 1 from public.{table} where outbox_id = %s for update",
                    one.outbox_id,
                )
            yield
    finally:
        session.close()


def is_locked(world: World, one: Item, table: str = "payment_outbox_pending") -> bool:
    try:
        with world.undone():
            world.run(
                f"select 1 from public.{table} where outbox_id = %s for update nowait",
                one.outbox_id,
            )
    except psycopg.errors.LockNotAvailable:
        return True
    return False
