"""One connection, and the functions of the contract that the reference and head both have."""

from __future__ import annotations

from typing import Any, TypeVar
from uuid import UUID

import psycopg
from psycopg.rows import namedtuple_row

__all__ = ["Place", "Session"]

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


class Place(Session):
    """The superuser on a database: the reference's, or one at head."""

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

    def expire_leases(self) -> None:
        """Every live lease ran out a second ago."""
        self.rows(
            """update public.payment_outbox_pending
            set lease_expires_at = clock_timestamp() - interval '1 second'
            where lease_token is not null"""
        )
