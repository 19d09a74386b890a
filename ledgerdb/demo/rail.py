"""A simulated payment rail with books of its own, so that a run can be reconciled against somebody
who does not share the ledger's database.

The books are an SQLite file that the worker processes share. A reply depends on nothing but the
seed, the key, the attempt and what is in the books: a run can be repeated. The rail is idempotent
by key, as real ones are: what it booked or rejected before it says again, whatever the dice of the
attempt.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

from ledgerdb.demo.fate import TIMEOUT_EXTRA, Reply, ReplyKind, fate_of, reference_of
from ledgerdb.errors import ConfigurationError, LedgerError

__all__ = ["Books", "KeyReused", "Payment", "Rail", "Reply", "ReplyKind"]

BUSY_SECONDS: Final = 30.0
PAGE_ROWS: Final = 1_000

_TABLES: Final = """
create table if not exists payments (
    number integer primary key,
    key text not null unique,
    reference text not null unique,
    amount text not null,
    currency text not null,
    booked_at text not null
);
create table if not exists requests (
    number integer primary key,
    key text not null,
    attempt_no integer not null,
    amount text not null,
    currency text not null,
    kind text not null,
    code text not null,
    message text not null,
    received_at text not null
);
create index if not exists requests_rejected on requests (key) where kind = 'REJECTED';
"""
# A key is in one of the two at most.
_PRIOR: Final = """
    select 'ACCEPTED', 'ACSC', 'settled before', reference, amount, currency
    from payments where key = :key
    union all
    select kind, code, message, null, amount, currency
    from requests where key = :key and kind = 'REJECTED'
    limit 1
"""
_BOOK: Final = """
    insert into payments (key, reference, amount, currency, booked_at) values (?, ?, ?, ?, ?)
"""
_COUNT: Final = """
    insert into requests (key, attempt_no, amount, currency, kind, code, message, received_at)
    values (?, ?, ?, ?, ?, ?, ?, ?)
"""
_PAGE: Final = """
    select number, key, reference, amount, currency, booked_at from payments
    where number > ? and number <= ? order by number limit ?
"""


class KeyReused(LedgerError):
    """The key was sent before with another amount or currency; nothing was booked."""


@dataclass(frozen=True, slots=True)
class Payment:
    """A row of the books: a payment that was made."""

    key: str
    reference: str
    amount: str
    currency: str
    booked_at: datetime


@dataclass(frozen=True, slots=True)
class Books:
    """The books at one moment.

    Attributes:
        requests: requests received, `KeyReused` among them.
        replies: requests by how they were answered; `KeyReused` counts as "KEY_REUSED".
        payments: payments made, and so the length of `entries`.
        entries: the payments in the order of booking; to be read once.
    """

    requests: int
    replies: Mapping[str, int]
    payments: int
    entries: Iterator[Payment]


class Rail:
    """The rail, as one process sees it: safe from several threads, never carried through a fork."""

    def __init__(self, path: Path, seed: int, fail_rate: float) -> None:
        """Opens the books, or makes them.

        Args:
            fail_rate: the probability that an attempt does not succeed, 0 to 1.

        Raises:
            ConfigurationError: `fail_rate` is out of range or the file cannot be used.
        """
        if not 0 <= fail_rate <= 1:
            raise ConfigurationError(f"fail rate: must be 0 to 1, not {fail_rate}")
        self._seed = seed
        self._fail_rate = fail_rate
        self._process = os.getpid()
        # SQLite has one writer at a time: threads queue for the lock instead of polling the file.
        self._lock = threading.Lock()
        try:
            self._connection = _opened(path)
        except sqlite3.Error as error:
            raise ConfigurationError(f"books of the rail {path}: cannot be used: {error}") from None

    def submit(self, key: str, amount: str, currency: str, attempt_no: int) -> Reply:
        """Sends a payment; the same key again never books twice.

        Raises:
            KeyReused: the key came before with another amount or currency.
        """
        reply, latency_seconds = self._answer(key, amount, currency, attempt_no)
        time.sleep(latency_seconds)
        return reply

    async def submit_async(self, key: str, amount: str, currency: str, attempt_no: int) -> Reply:
        """Like `submit`; the books are local and quick, only the reply is waited for."""
        reply, latency_seconds = self._answer(key, amount, currency, attempt_no)
        await asyncio.sleep(latency_seconds)
        return reply

    def _answer(self, key: str, amount: str, currency: str, attempt_no: int) -> tuple[Reply, float]:
        """The reply, and how long it is on its way: who is killed then has paid and does not know
        it.
        """
        fate = fate_of(self._seed, self._fail_rate, key, attempt_no)
        reply, books_it = fate.reply, fate.books
        received_at = datetime.now(UTC).isoformat(timespec="microseconds")
        with self._transaction("immediate") as books:
            prior = books.execute(_PRIOR, {"key": key}).fetchone()
            if prior:
                reply, books_it = Reply(ReplyKind(prior[0]), *prior[1:4]), False
            reused = prior is not None and prior[4:] != (amount, currency)
            kind = "KEY_REUSED" if reused else reply.kind
            if books_it:
                books.execute(_BOOK, (key, reference_of(key), amount, currency, received_at))
            request = (key, attempt_no, amount, currency, kind, reply.code, reply.message)
            books.execute(_COUNT, (*request, received_at))
        if reused:
            raise KeyReused(
                f"key {key}: came first with {prior[4]} {prior[5]}, now with {amount} {currency}"
            )
        return reply, fate.latency + (TIMEOUT_EXTRA if kind == ReplyKind.TIMEOUT else 0.0)

    def books(self) -> Books:
        """The books as they are now; what is booked afterwards is not among the entries."""
        with self._transaction("deferred") as books:
            replies = dict(books.execute("select kind, count(*) from requests group by kind"))
            payments, last = books.execute(
                "select count(*), coalesce(max(number), 0) from payments"
            ).fetchone()
        return Books(sum(replies.values()), replies, payments, self._entries(last))

    def _entries(self, last: int) -> Iterator[Payment]:
        """In pages: a reader that takes its time holds no transaction open."""
        number = 0
        while number < last:
            with self._transaction("deferred") as books:
                page = books.execute(_PAGE, (number, last, PAGE_ROWS)).fetchall()
            for _, key, reference, amount, currency, booked_at in page:
                yield Payment(key, reference, amount, currency, datetime.fromisoformat(booked_at))
            number = page[-1][0]

    @contextmanager
    def _transaction(self, mode: Literal["deferred", "immediate"]) -> Iterator[sqlite3.Connection]:
        if os.getpid() != self._process:
            raise RuntimeError("a Rail does not survive a fork: make one in the new process")
        with self._lock, self._connection:  # commits, or rolls back
            self._connection.execute(f"begin {mode}")
            yield self._connection

    def close(self) -> None:
        """Closes the file; harmless if done twice."""
        with self._lock:
            self._connection.close()

    def __enter__(self) -> Rail:
        """Nothing is left to open."""
        return self

    def __exit__(self, *_: object) -> None:
        """Closes the file."""
        self.close()


def _opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        _to_wal(connection)
        # A crash of the machine may cost the last payments; a crash of a process costs none.
        connection.execute("pragma synchronous = off")
        connection.executescript(f"begin immediate; {_TABLES} commit;")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _to_wal(connection: sqlite3.Connection) -> None:
    """Several processes may do this at once, and here SQLite does not wait by itself."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("pragma journal_mode = wal")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return
