"""Short ways to ask the outbox functions in SQL, for tests of the state machine."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import namedtuple_row

__all__ = ["Queue"]


class Queue:
    """The functions on one connection, as a superuser would call them."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection

    def rows(self, query: str, *values: object) -> list[Any]:
        """The rows of a query, as named tuples."""
        with self.connection.cursor(row_factory=namedtuple_row) as cursor:
            return cursor.execute(query, values).fetchall()

    def value(self, query: str, *values: object) -> Any:  # noqa: ANN401 - whatever was asked
        """The first column of the only row."""
        ((value, *_),) = self.rows(query, *values)
        return value

    def enqueue(
        self, name: str, participant: str = "p", rail: str = "RTGS", payload: str = "{}"
    ) -> UUID:
        """Enqueues an item under its name as instruction and key; its outbox id."""
        row = self.rows(
            "select * from public.enqueue_payment_outbox(%s, %s, %s, %s, %s)",
            *(name, participant, name, rail, payload),
        )[0]
        return UUID(str(row.outbox_id))

    def claim(self, limit: int = 100, worker: str = "w", lease_seconds: int = 60) -> list[Any]:
        return self.rows(
            "select * from public.claim_outbox_items(%s, %s, %s)", limit, worker, lease_seconds
        )

    def complete(
        self,
        items: list[Any],
        state: str = "DISPATCHED",
        worker: str = "w",
        reference: str | None = None,
        delay: int | None = 0,
    ) -> list[Any]:
        """Completes all items in one state; the rows say what became of each."""
        return self.rows(
            """select * from public.complete_outbox_attempts(
                %s, %s, %s, %s::public.outbox_attempt_state[], p_rail_references => %s::text[],
                p_retry_delay_seconds => %s::integer[])""",
            worker,
            [item.outbox_id for item in items],
            [item.lease_token for item in items],
            [state] * len(items),
            [reference] * len(items),
            [delay] * len(items),
        )

    def repair(self, worker: str = "reaper") -> list[Any]:
        return self.rows("select * from public.repair_expired_leases(100, %s)", worker)

    def seal(self, limit: int = 10_000) -> Any:  # noqa: ANN401 - a row
        """One call of the sealer."""
        return self.rows("select * from public.seal_ledger(%s)", limit)[0]

    def begin(self, items: list[Any], worker: str = "w") -> list[Any]:
        return self.rows(
            "select * from public.begin_outbox_dispatch(%s, %s, %s)",
            [item.outbox_id for item in items],
            [item.lease_token for item in items],
            worker,
        )

    def expire_leases(self) -> None:
        """Every live lease ran out a second ago."""
        self.connection.execute(
            """update public.payment_outbox_pending
            set lease_expires_at = clock_timestamp() - interval '1 second'
            where lease_token is not null and hold is null"""
        )

    def control(self, scope: str, key: str, **settings: object) -> None:
        """A row of outbox_controls, as an operator function would write it."""
        names = ", ".join(settings)
        places = ", ".join(["%s"] * len(settings))
        self.connection.execute(
            f"insert into public.outbox_controls (scope, scope_key, {names})"
            f" values (%s, %s, {places}) on conflict (scope, scope_key) do update set"
            f" ({names}) = row({', '.join(f'excluded.{name}' for name in settings)})",
            [scope, key, *settings.values()],
        )

    def attempts(self, outbox_id: UUID) -> list[Any]:
        return self.rows(
            """select * from public.payment_outbox_attempts where outbox_id = %s
            order by attempt_no""",
            outbox_id,
        )

    def pending(self, outbox_id: UUID) -> Any:  # noqa: ANN401 - a row, or None
        """The item on the queue; while it is held, its next attempt is None."""
        found = self.rows(
            """select attempt_count, nullif(next_attempt_at, 'infinity') as next_attempt_at,
                claimed_by, lease_token, leased_at, lease_expires_at, dispatch_started_at, hold,
                held_at, redrive_no, budget_base, fifo, payload
            from public.payment_outbox_pending where outbox_id = %s""",
            outbox_id,
        )
        return found[0] if found else None
