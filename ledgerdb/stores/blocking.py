"""The blocking stores: what an ingress service needs of the place that keeps its instructions."""

from __future__ import annotations

import os
from abc import abstractmethod
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeVar
from uuid import UUID

from ledgerdb import calls
from ledgerdb.calls import Call
from ledgerdb.engine import EngineSettings
from ledgerdb.errors import ConfigurationError
from ledgerdb.stores.file import StoreFile
from ledgerdb.stores.policy import DB, FILE, FILE_VARIABLE, STORE_VARIABLE, Decision, require
from ledgerdb.sync import Ledger
from ledgerdb.verbs.ingress import IngressVerbs

__all__ = ["FileStore", "PostgresStore", "Store", "open_store"]

T = TypeVar("T")

_NOBODY: Final = UUID(int=0)


class Store(IngressVerbs):
    """Accepts instructions, says where they stand and proves it; the same semantics in every store.

    A verb that writes is durable when it returns. Beside what its docstring says, every verb may
    raise `DatabaseUnavailable` (nothing was written) and `Contention` (nothing was written), and
    one that writes `OutcomeUnknown` (replay to learn).

    Attributes:
        decision: what the mode policy said when it was opened.
    """

    decision: Decision

    @abstractmethod
    def ping(self) -> None:
        """Returns where the store can answer now.

        Raises:
            LedgerError: it cannot, and why.
        """

    @abstractmethod
    def close(self) -> None:
        """Gives connections and files back."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class PostgresStore(Store):
    """The ledger's database, by way of `Ledger`.

    Attributes:
        ledger: it closes with the store.
    """

    def __init__(self, ledger: Ledger) -> None:
        self.decision = require(DB)
        self.ledger = ledger

    @classmethod
    def connect(cls, url: str | None = None, settings: EngineSettings | None = None) -> Self:
        """A store with a ledger of its own; see `create_ledger_engine`. Nothing connects yet."""
        return cls(Ledger.connect(url, settings))

    def execute(self, call: Call[T]) -> T:
        """Execute a call in a transaction of its own."""
        return self.ledger.execute(call)

    def ping(self) -> None:
        """Looks for an instruction that nobody has (`instruction_status`)."""
        self.execute(calls.instruction_status(_NOBODY, "ping"))

    def close(self) -> None:
        """Close the pool."""
        self.ledger.close()


class FileStore(Store):
    """One file on a disk, for development only: see `ledgerdb.stores.file`.

    Raises:
        StoreRefused: the policy denies it here; nothing was opened or created.
        ConfigurationError: the file is not one of this store.
        StoreDamaged: the file is damaged.
        DatabaseUnavailable: it cannot be opened.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.file = StoreFile(Path(path))
        self.decision = self.file.decision

    def execute(self, call: Call[T]) -> T:
        """Execute a call of `IngressVerbs` in a transaction of its own.

        Raises:
            ConfigurationError: another call: the file store has no worker and no operators.
        """
        return self.file.execute(call)

    def ping(self) -> None:
        """Looks whether the file is still there, and readable."""
        self.file.ping()

    def close(self) -> None:
        """Close the file."""
        self.file.close()


def open_store(
    mode: str | None = None,
    *,
    url: str | None = None,
    settings: EngineSettings | None = None,
    path: str | os.PathLike[str] | None = None,
) -> Store:
    """The store that the settings ask for, if the mode policy allows it here.

    Args:
        mode: `db` or `file`; None takes LEDGERDB_STORE, and `db` where that is not set.
        url: of the database; None takes LEDGERDB_URL, else DATABASE_URL.
        settings: of the engine.
        path: of the file; None takes LEDGERDB_STORE_FILE.

    Raises:
        StoreRefused: the policy denies it here; nothing was opened or created.
        ConfigurationError: a setting is missing.
    """
    decision = require(os.environ.get(STORE_VARIABLE) if mode is None else mode)
    if decision.store_mode != FILE:
        store = PostgresStore.connect(url, settings)
        store.decision = decision  # which knows under what name the mode was given
        return store
    place = os.environ.get(FILE_VARIABLE) if path is None else path
    if not place:
        raise ConfigurationError(f"no file: set {FILE_VARIABLE} to the path of the file store")
    return FileStore(place)
