"""One connection that asks the outbox in plain SQL, in the form that every revision has."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, LiteralString, Self

import psycopg
from psycopg.rows import namedtuple_row
from sqlalchemy import URL

from ledgerdb.verify.scratch import connect

__all__ = ["DEADLINE_SECONDS", "Session", "Work", "is_lost", "until"]

DEADLINE_SECONDS: Final = 60.0
_PAUSE_SECONDS: Final = 0.01


class Session:
    """A connection, in autocommit but for `transaction`."""

    def __init__(self, url: URL) -> None:
        self._connection = connect(url)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    @property
    def connection(self) -> psycopg.Connection[tuple[Any, ...]]:
        """The driver's own."""
        return self._connection

    @property
    def pid(self) -> int:
        """Of the server's process."""
        return self._connection.info.backend_pid

    @contextmanager
    def transaction(self, *, keep: bool = True) -> Iterator[None]:
        """Commits at the end, unless it is only to look what would happen."""
        with self._connection.transaction(force_rollback=not keep):
            yield

    def rows(self, query: LiteralString, *values: object) -> list[Any]:
        """The rows of a query, as named tuples; none for a statement without a result."""
        with self._connection.cursor(row_factory=namedtuple_row) as cursor:
            cursor.execute(query, values or None)
            return cursor.fetchall() if cursor.description else []

    def value(self, query: LiteralString, *values: object) -> Any:  # noqa: ANN401 - a column
        """The first column of the only row."""
        ((value, *_),) = self.rows(query, *values)
        return value

    def attempt(self, query: LiteralString, *values: object) -> str:
        """The SQLSTATE that a statement fails with, or `ok`; what came before it stays."""
        try:
            with self._connection.transaction():
                self.rows(query, *values)
        except psycopg.Error as error:
            return str(error.sqlstate)
        return "ok"

    def enqueue(self, name: str, items: int = 1) -> list[str]:
        """Puts items on the queue, called NAME-1, NAME-2, ...; their ids."""
        return [
            str(row.outbox_id)
            for row in self.rows(
                """
                select e.outbox_id from generate_series(1, %s) as g (n)
                cross join lateral public.enqueue_payment_outbox(
                    %s || '-' || g.n, 'participant-' || g.n %% 7, 'key', 'RAIL', '{}'
                ) as e
                """,
                items,
                name,
            )
        ]

    def claim(self, worker: str, *, limit: int = 1000, lease_seconds: int = 60) -> list[Any]:
        """Leases due items."""
        return self.rows(
            "select * from public.claim_outbox_batch(%s, %s, %s)", limit, worker, lease_seconds
        )

    def claim_one(self, outbox_id: str, worker: str, *, lease_seconds: int = 60) -> Any:  # noqa: ANN401 - a row
        """The lease of one item, which must be due; others may be leased beside it."""
        leased = self.claim(worker, lease_seconds=lease_seconds)
        return next(item for item in leased if str(item.outbox_id) == outbox_id)

    def complete(self, item: Any, worker: str, state: str) -> Any:  # noqa: ANN401 - rows
        """Ends the attempt of a leased item; a retry is due at once."""
        (row,) = self.rows(
            """select * from public.complete_outbox_attempt(
                %s, %s, %s, %s, %s, p_retry_delay_seconds => 0)""",
            *(item.outbox_id, item.lease_token, worker, state),
            "reference" if state == "DISPATCHED" else None,
        )
        return row

    def repair(self, worker: str = "repairer", limit: int = 1000) -> list[str]:
        """Closes leases that ran out; the ids of their items."""
        return [
            str(row.outbox_id)
            for row in self.rows(
                "select * from public.repair_expired_leases(%s, %s)", limit, worker
            )
        ]

    def expire(self, outbox_ids: list[str]) -> None:
        """Lets the leases of these items run out now, instead of waiting for it."""
        self.rows(
            """update public.payment_outbox_pending set lease_expires_at = clock_timestamp()
            where outbox_id = any(%s::uuid[]) and lease_token is not null""",
            outbox_ids,
        )

    def make_due(self) -> None:
        """Nothing waits for its retry."""
        self.rows(
            """update public.payment_outbox_pending set next_attempt_at = clock_timestamp()
            where lease_token is null and next_attempt_at < 'infinity'"""
        )

    def history(self, outbox_id: str) -> list[Any]:
        """The attempts of an item; a column that the revision does not have is null."""
        return self.rows(
            """select a.attempt_no, a.state::text, a.error_code,
                to_jsonb(a) ->> 'lease_token' as lease_token
            from public.payment_outbox_attempts as a where a.outbox_id = %s
            order by a.attempt_no""",
            outbox_id,
        )

    def states(self, outbox_id: str) -> list[str]:
        """The states of the attempts of an item, in order."""
        return [row.state for row in self.history(outbox_id)]

    def is_blocked(self, pid: int) -> bool:
        """True where that session waits for a lock of another."""
        return bool(self.value("select cardinality(pg_catalog.pg_blocking_pids(%s)) > 0", pid))


class Work:
    """Something that runs in a thread of its own and may have to wait for a lock."""

    def __init__(self, work: Callable[[], object]) -> None:
        self._result: object = None
        self._thread = threading.Thread(target=self._run, args=[work], daemon=True)
        self._thread.start()

    def _run(self, work: Callable[[], object]) -> None:
        try:
            self._result = work()
        except psycopg.Error as error:
            self._result = error.sqlstate

    @property
    def is_done(self) -> bool:
        """True where it is over."""
        return not self._thread.is_alive()

    def join(self) -> Any:  # noqa: ANN401 - whatever the work returned
        """Waits for its end; what it returned, or the SQLSTATE that it failed with.

        Raises:
            TimeoutError: it did not end.
        """
        self._thread.join(DEADLINE_SECONDS)
        if not self.is_done:
            raise TimeoutError(f"a session did not end within {DEADLINE_SECONDS:.0f} s")
        return self._result


def is_lost(error: psycopg.Error) -> bool:
    """True where the connection is gone: the error says nothing about the ledger."""
    return error.sqlstate is None or error.sqlstate.startswith(("08", "57P"))


def until(condition: Callable[[], object], *, seconds: float = DEADLINE_SECONDS) -> None:
    """Waits for a condition.

    Raises:
        TimeoutError: it stayed false until the deadline.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"a condition stayed false for {seconds:.0f} s")
        time.sleep(_PAUSE_SECONDS)
