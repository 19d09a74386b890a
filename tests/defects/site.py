"""A database, either the reference's functions (revision 0001) or head, asked through the contract
that both have. A test says what must be seen on each: the defect on the one, right on the other.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar
from uuid import UUID

import psycopg
from psycopg.rows import namedtuple_row

from tests.waiting import until

__all__ = ["Session", "Site", "Work"]

T = TypeVar("T")


class Session:
    """One connection and the functions of the contract, in their oldest form."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection

    @property
    def pid(self) -> int:
        return self.connection.info.backend_pid

    def rows(self, query: str, *values: object) -> list[Any]:
        """The rows of a query, as named tuples; none for a statement without a result."""
        with self.connection.cursor(row_factory=namedtuple_row) as cursor:
            cursor.execute(query, values or None)
            return cursor.fetchall() if cursor.description else []

    def value(self, query: str, *values: object) -> Any:  # noqa: ANN401 - whatever was asked
        """The first column of the only row."""
        ((value, *_),) = self.rows(query, *values)
        return value

    def attempt(self, query: str, *values: object) -> str:
        """The SQLSTATE that a query fails with, or `ok`; what it did before is kept."""
        try:
            with self.connection.transaction():
                self.rows(query, *values)
        except psycopg.Error as error:
            return str(error.sqlstate)
        return "ok"

    def enqueue(
        self,
        name: str,
        participant: str = "p",
        rail: str = "RTGS",
        payload: str = "{}",
        key: str | None = None,
    ) -> Any:  # noqa: ANN401 - a row
        """Enqueues an item under its name as instruction and key; the acknowledgement."""
        (row,) = self.rows(
            "select * from public.enqueue_payment_outbox(%s, %s, %s, %s, %s)",
            *(name, participant, key or name, rail, payload),
        )
        return row

    def claim(self, limit: int = 100, worker: str = "w", lease_seconds: int = 60) -> list[Any]:
        return self.rows(
            "select * from public.claim_outbox_batch(%s, %s, %s)", limit, worker, lease_seconds
        )

    def complete(
        self,
        item: Any,  # noqa: ANN401 - a claimed row
        state: str = "DISPATCHED",
        reference: str | None = "R",
        *,
        worker: str = "w",
        latency_ms: int | None = None,
        delay: int = 0,
    ) -> Any:  # noqa: ANN401 - the row, or the SQLSTATE
        """Completes the item; the row (attempt_no, state), or the SQLSTATE of the refusal."""
        try:
            with self.connection.transaction():
                (row,) = self.rows(
                    """select * from public.complete_outbox_attempt(
                        %s, %s, %s, %s, %s, p_latency_ms => %s, p_retry_delay_seconds => %s)""",
                    *(item.outbox_id, item.lease_token, worker, state, reference, latency_ms),
                    delay,
                )
        except psycopg.Error as error:
            return error.sqlstate
        return row

    def repair(self, worker: str = "reaper") -> Any:  # noqa: ANN401 - a number, or the SQLSTATE
        """How many leases were repaired, or the SQLSTATE of the failure."""
        try:
            return len(self.rows("select * from public.repair_expired_leases(1000, %s)", worker))
        except psycopg.Error as error:
            return error.sqlstate

    def attempts(self, outbox_id: UUID) -> list[Any]:
        """The history of an item; columns that the database does not have are None."""
        return [
            row.attempt
            for row in self.rows(
                """select to_jsonb(a) as attempt from public.payment_outbox_attempts as a
                where outbox_id = %s order by attempt_no""",
                outbox_id,
            )
        ]


class Work:
    """Something that runs in a thread of its own and may have to wait for a lock."""

    def __init__(self, work: Callable[[], object]) -> None:
        self.result: Any = None
        self._thread = threading.Thread(target=self._run, args=[work])
        self._thread.start()

    def _run(self, work: Callable[[], object]) -> None:
        try:
            self.result = work()
        except psycopg.Error as error:
            self.result = error.sqlstate

    @property
    def is_done(self) -> bool:
        return not self._thread.is_alive()

    def join(self) -> Any:  # noqa: ANN401 - what the work returned, or its SQLSTATE
        """Waits for its end; what it returned, or the SQLSTATE of its failure."""
        self._thread.join()
        return self.result


class Site(Session):
    """The superuser on one of the two databases."""

    def __init__(
        self, connection: psycopg.Connection[Any], url: str, version: int, *, is_head: bool
    ) -> None:
        super().__init__(connection)
        self.url = url
        self.version = version
        self.is_head = is_head

    def either(self, *, reference: T, head: T) -> T:
        """What must be seen here."""
        return head if self.is_head else reference

    @contextmanager
    def session(self, *, role: str | None = None, autocommit: bool = True) -> Iterator[Session]:
        """Another connection, acting as `role`."""
        with psycopg.connect(self.url, autocommit=autocommit) as connection:
            if role is not None:
                connection.execute(f'set session authorization "{role}"')
                if not autocommit:
                    connection.commit()
            yield Session(connection)

    @contextmanager
    def transaction(self, level: str = "read committed") -> Iterator[Session]:
        """Another connection, in a transaction whose snapshot and time are taken; not committed."""
        with self.session(autocommit=False) as session:
            session.rows(f"set transaction isolation level {level}")
            session.rows("select 1")
            yield session
            session.connection.rollback()

    @contextmanager
    def login(self, *grants: str) -> Iterator[str]:
        """A login role with nothing but the given roles; gone at the end."""
        name = f"attacker_{self.connection.info.dbname}_{self.version}"
        self.rows(f'create role "{name}" login')
        for grant in grants:
            self.rows(f'grant {grant} to "{name}"')
        try:
            yield name
        finally:
            self.rows(f'drop owned by "{name}"')
            self.rows(f'drop role "{name}"')

    def has_function(self, name: str) -> bool:
        return bool(self.value("select count(*) from pg_proc where proname = %s", name))

    def expire_leases(self) -> None:
        """Every live lease ran out a second ago."""
        self.rows(
            """update public.payment_outbox_pending
            set lease_expires_at = clock_timestamp() - interval '1 second'
            where lease_token is not null"""
        )

    def make_due(self) -> None:
        """Nothing waits for its retry."""
        self.rows(
            """update public.payment_outbox_pending set next_attempt_at = clock_timestamp()
            where lease_token is null and next_attempt_at < 'infinity'"""
        )

    def wait_until_blocked(self, session: Session, work: Work) -> None:
        """Until the session waits for a lock, or its work is over."""
        until(
            lambda: (
                work.is_done
                or self.rows(
                    "select pid from pg_stat_activity where pid = %s and wait_event_type = 'Lock'",
                    session.pid,
                )
            )
        )
