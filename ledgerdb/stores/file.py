"""The file of the file store: an embedded database (SQLite), for development only.

Every way to it asks the mode policy first. Look-ups are searches of an index; a write is on the
disk before it is answered; several threads and processes may use one file at once.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar, cast

from ledgerdb.calls import Call
from ledgerdb.errors import (
    ConfigurationError,
    Contention,
    DatabaseError,
    DatabaseUnavailable,
    LedgerError,
    OutcomeUnknown,
    ServerReadOnly,
    StoreDamaged,
)
from ledgerdb.stores._create import create, expected_objects, objects, recognise
from ledgerdb.stores._functions import FUNCTIONS
from ledgerdb.stores._statements import STATEMENTS
from ledgerdb.stores.policy import FILE, require

__all__ = ["StoreFile"]

T = TypeVar("T")

_WAIT_SECONDS_MAX: Final = 5.0
_PRIMARY_CODE: Final = 0xFF  # of SQLite's extended result codes
_BUSY: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


class StoreFile:
    """An open file. Its methods may be called from any thread, one at a time gets in.

    Attributes:
        decision: what the mode policy said.
    """

    def __init__(self, path: Path) -> None:
        """Opens the file, and makes it where there is none.

        Raises:
            StoreRefused: the policy denies it here; nothing was opened or created.
            ConfigurationError: the file is not one of this store.
            StoreDamaged: the file is damaged.
            DatabaseUnavailable: it cannot be opened or made.
        """
        self.decision = require(FILE)
        self._path = path.absolute()
        self._process = os.getpid()
        self._turn = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        try:
            if not self._path.exists():
                create(self._path)
            recognise(self._path)
            self._identity = self._identity_now()
            connection = self._connect()
        except (OSError, ValueError) as error:
            raise DatabaseUnavailable(f"{self._path}: cannot be opened: {error}") from error
        except sqlite3.Error as error:
            raise self._translated(error) from error
        self._connection = connection

    def execute(self, call: Call[T]) -> T:
        """Execute a call in a transaction of its own.

        Raises:
            ConfigurationError: the file store cannot do this.
            LedgerError: as the SQL function of the call.
        """
        function = FUNCTIONS.get(call.function)
        if function is None:
            raise ConfigurationError(f"the file store has no {call.function}: use the database")
        with self._transaction(call) as connection:
            try:
                return cast("T", function(connection, call.parameters))
            except ValueError as error:
                raise StoreDamaged(
                    f"{self._path}: {call.function}: what is stored is not readable: {error}"
                ) from error

    def ping(self) -> None:
        """Reads from the file.

        Raises:
            LedgerError: it cannot be read.
        """
        with self._transaction(None) as connection:
            connection.execute(STATEMENTS["tenant_is_active"], {"tenant_id": ""}).fetchall()

    def close(self) -> None:
        """Closes the file; closing it again does nothing."""
        with self._turn:
            if self._connection is not None and self._process == os.getpid():
                self._connection.close()
            self._connection = None

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"{self._path.as_uri()}?mode=rw",  # never made here
            uri=True,
            timeout=_WAIT_SECONDS_MAX,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            connection.row_factory = sqlite3.Row
            # a commit waits for the disk, for the journal's directory entry too
            connection.execute("pragma synchronous = extra")
            connection.execute("pragma fullfsync = on")
            connection.execute("pragma foreign_keys = on")
            connection.execute("pragma trusted_schema = off")
            self._require_sound(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _require_sound(self, connection: sqlite3.Connection) -> None:
        (found,) = connection.execute("pragma quick_check(1)").fetchone()
        if found != "ok":
            raise StoreDamaged(f"{self._path}: is damaged: {found}")
        if objects(connection) != expected_objects():
            raise StoreDamaged(f"{self._path}: somebody has changed its tables")

    @contextmanager
    def _transaction(self, call: Call[T] | None) -> Iterator[sqlite3.Connection]:
        writes = call is not None and call.writes
        if self._process != os.getpid():
            raise ConfigurationError("the file store was opened before a fork: open it after")
        if not self._turn.acquire(timeout=_WAIT_SECONDS_MAX):
            raise _contention("other threads are using the file")
        try:
            connection = self._connection
            if connection is None:
                raise DatabaseUnavailable(f"{self._path}: is closed")
            try:
                connection.execute("begin immediate" if writes else "begin")
                try:
                    self._require_same_file()
                    yield connection
                except BaseException:
                    _roll_back(connection)
                    raise
                self._commit(connection, call)
            except sqlite3.Error as error:
                raise self._translated(error) from error
        finally:
            self._turn.release()

    def _commit(self, connection: sqlite3.Connection, call: Call[T] | None) -> None:
        try:
            connection.execute("commit")
        except sqlite3.Error as error:
            _roll_back(connection)
            if call is None or not call.writes or _code(error) in _BUSY:
                raise
            raise OutcomeUnknown(
                f"{call.function}: it may or may not be on the disk; {call.advice}: {error}"
            ) from error

    def _require_same_file(self) -> None:
        """What is written to a file that has lost its name is lost."""
        try:
            if self._identity_now() == self._identity:
                return
        except OSError:
            pass
        raise DatabaseUnavailable(f"{self._path}: was removed or replaced while it was open")

    def _identity_now(self) -> tuple[int, int]:
        status = self._path.stat()
        return status.st_dev, status.st_ino

    def _translated(self, error: sqlite3.Error) -> LedgerError:
        code = _code(error)
        if code in _BUSY:
            return _contention("another process is writing to the file")
        if code in _DAMAGED:
            return StoreDamaged(f"{self._path}: is damaged: {error}")
        if code == sqlite3.SQLITE_READONLY:
            return ServerReadOnly(f"{self._path}: cannot be written: {error}", sqlstate="25006")
        if isinstance(error, sqlite3.OperationalError):
            return DatabaseUnavailable(f"{self._path}: {error}; nothing was written")
        return DatabaseError(f"{self._path}: {error}")


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE


def _roll_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("rollback")


def _contention(who: str) -> Contention:
    return Contention(f"{who}; nothing was written, call again", sqlstate="55P03")
