"""Sessions that read one snapshot at the same time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import islice
from queue import SimpleQueue
from typing import Any, Final, TypeVar

import psycopg
from psycopg import sql

__all__ = ["READERS_DEFAULT", "Readers", "read_only", "readers_of"]

T = TypeVar("T")
R = TypeVar("R")

READERS_DEFAULT: Final = 2
_AT_ONCE: Final = 64
_BEGIN: Final = "set transaction isolation level repeatable read, read only"
# Names are looked up nowhere else, whatever the login's settings are. A witness that would wait
# behind a migration's lock gives up: whoever comes after it would wait too. A reader is one process
# of the server and no more.
_SETTINGS: Final = """
set local search_path = pg_catalog, pg_temp;
set local lock_timeout = '5s';
set local statement_timeout = '1h';
set local idle_in_transaction_session_timeout = '1h';
set local work_mem = '64MB';
set local max_parallel_workers_per_gather = 0;
set local jit = off
"""


class Readers:
    """Runs reading functions on several sessions, which all see the same."""

    def __init__(self, connections: list[psycopg.Connection[Any]]) -> None:
        self._free: SimpleQueue[psycopg.Connection[Any]] = SimpleQueue()
        for connection in connections:
            self._free.put(connection)
        self._threads = ThreadPoolExecutor(len(connections), thread_name_prefix="reader")

    def map(
        self, read: Callable[[psycopg.Connection[Any], T], R], things: Iterable[T]
    ) -> Iterator[tuple[T, R]]:
        """Each thing with what was read of it, in their order; few of them are held at a time."""
        waiting = iter(things)
        while some := list(islice(waiting, _AT_ONCE)):
            yield from zip(
                some, self._threads.map(lambda thing: self._on_one(read, thing), some), strict=True
            )

    def _on_one(self, read: Callable[[psycopg.Connection[Any], T], R], thing: T) -> R:
        connection = self._free.get()
        try:
            return read(connection, thing)
        finally:
            self._free.put(connection)

    def close(self) -> None:
        self._threads.shutdown(cancel_futures=True)


def read_only(connection: psycopg.Connection[Any]) -> None:
    """The first statements of a transaction that reads one snapshot."""
    connection.execute(_BEGIN)
    connection.execute(_SETTINGS)


@contextmanager
def readers_of(connection: psycopg.Connection[Any], count: int) -> Iterator[Readers]:
    """More sessions of the same login and role, on the snapshot of this one's transaction.

    Yields:
        The readers; their sessions end with the block.
    """
    ((snapshot, role),) = connection.execute(
        "select pg_export_snapshot(), current_user::text"
    ).fetchall()
    info = connection.info
    with ExitStack() as stack:
        others = []
        for _ in range(count):
            other = psycopg.connect(info.dsn, password=info.password or None)
            stack.callback(other.close)
            other.execute(_BEGIN)
            other.execute(sql.SQL("set transaction snapshot {}").format(sql.Literal(snapshot)))
            other.execute(_SETTINGS)
            other.execute(sql.SQL("set local role {}").format(sql.Identifier(role)))
            others.append(other)
        readers = Readers(others)
        stack.callback(readers.close)
        for other in others:
            stack.callback(other.cancel_safe)  # what an error left behind
        yield readers
