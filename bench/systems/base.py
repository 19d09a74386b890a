"""What a system is to the benchmark: a database that holds it, and clients that work on it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import psycopg

from bench.items import Item

__all__ = ["LEASE_SECONDS", "RAIL", "Client", "Kind", "Layout", "PsycopgClient", "System", "script"]

LEASE_SECONDS: Final = 600
RAIL: Final = "SEPA"
_SQL: Final = Path(__file__).resolve().parent.parent / "sql"


class Kind(StrEnum):
    """What a number of a system is compared as."""

    OURS = "ours"
    FLOOR = "floor"
    OTHER = "other"
    BASELINE = "baseline"


@dataclass(frozen=True, slots=True)
class Layout:
    """What a database of a system starts with.

    Attributes:
        revision: ledgerdb's migrations up to here; None for none of them.
        script: a file of `bench/sql` that makes tables; None for none.
    """

    revision: str | None = None
    script: str | None = None


class Client(ABC):
    """One client: a connection, or whatever the system has in its place."""

    @abstractmethod
    def enqueue(self, item: Item) -> None:
        """Puts one item on the queue, durable when it returns."""

    def enqueue_batch(self, items: Sequence[Item]) -> None:
        """Puts many items on the queue in one transaction, or in what the system has for it."""
        for item in items:
            self.enqueue(item)

    def claim(self, batch: int) -> Sequence[object]:
        """Leases at most so many items; what it returns, `complete` takes.

        Raises:
            NotImplementedError: the system keeps no queue.
        """
        raise NotImplementedError(f"{type(self).__name__} does not claim {batch} items")

    def complete(self, claimed: Sequence[object]) -> None:
        """Ends the items that `claim` has leased, durable when it returns.

        Raises:
            NotImplementedError: the system keeps no queue.
        """
        raise NotImplementedError(f"{type(self).__name__} does not complete {len(claimed)} items")

    @abstractmethod
    def close(self) -> None:
        """Gives the connection back."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class PsycopgClient(Client):
    """A client that is one connection of psycopg's in autocommit."""

    def __init__(self, url: str) -> None:
        self.connection = psycopg.connect(url, autocommit=True)

    def close(self) -> None:
        self.connection.close()


@dataclass(frozen=True, slots=True)
class System:
    """One system.

    Attributes:
        name: in results and tables.
        kind: what it is compared as.
        about: what it is, in a sentence.
        layout: of its databases.
        client: makes a client, of a database's URL.
        drains: True where it keeps a queue that can be worked off.
        pace: its speed beside ledgerdb's, roughly: slow systems get fewer items, so that each
            takes about the same time.
        drain_clients: with how many clients it drains fastest on two cores.
    """

    name: str
    kind: Kind
    about: str
    layout: Layout
    client: Callable[[str], Client]
    drains: bool = True
    pace: float = 1.0
    drain_clients: int = 2


def script(name: str) -> str:
    """The text of a file of `bench/sql`."""
    return (_SQL / name).read_text("utf-8")
