"""ledgerdb's SQL functions at head, called through bare psycopg."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast
from uuid import UUID

from bench.items import Item
from bench.systems.base import LEASE_SECONDS, RAIL, Kind, Layout, PsycopgClient, System

__all__ = ["FUNCTIONS", "FunctionsClient"]

_ENQUEUE: Final = (
    "select t.outbox_id, t.sequence_id, t.created_at, t.state"
    " from public.enqueue_payment_outbox(%s::text, %s::text, %s::text, %s::text, %s::jsonb) as t"
)
_ENQUEUE_MANY: Final = (
    "select t.place, t.outbox_id, t.sequence_id, t.created_at, t.state, t.outcome"
    " from public.enqueue_outbox_items(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[])"
    " as t"
)
_CLAIM: Final = (
    "select t.outbox_id, t.lease_token, cast(t.payload as text), t.sequence_id"
    " from public.claim_outbox_items(%s, %s::text, %s) as t"
)
_COMPLETE: Final = (
    "select t.outbox_id, t.outcome from public.complete_outbox_attempts("
    "p_worker_id => %s::text, p_outbox_ids => %s::uuid[], p_lease_tokens => %s::uuid[],"
    " p_states => %s::public.outbox_attempt_state[], p_rail_references => %s::text[],"
    " p_rail_codes => %s::text[], p_error_codes => %s::text[], p_error_messages => %s::text[],"
    " p_latency_ms => %s::integer[], p_retry_delay_seconds => %s::integer[]) as t"
)
_WORKER: Final = "bench"


class FunctionsClient(PsycopgClient):
    """The calls that `Ledger` makes, without `Ledger`."""

    def enqueue(self, item: Item) -> None:
        self.connection.execute(
            _ENQUEUE, (item.name, item.participant, item.name, RAIL, item.payload)
        ).fetchall()

    def enqueue_batch(self, items: Sequence[Item]) -> None:
        names = [item.name for item in items]
        self.connection.execute(
            _ENQUEUE_MANY,
            (
                names,
                [item.participant for item in items],
                names,
                [RAIL] * len(items),
                [item.payload for item in items],
            ),
        ).fetchall()

    def claim(self, batch: int) -> Sequence[tuple[Any, ...]]:
        return self.connection.execute(_CLAIM, (batch, _WORKER, LEASE_SECONDS)).fetchall()

    def complete(self, claimed: Sequence[object]) -> None:
        rows = cast("Sequence[tuple[UUID, UUID, str, int]]", claimed)
        nothing = [None] * len(rows)
        self.connection.execute(
            _COMPLETE,
            (
                _WORKER,
                [row[0] for row in rows],
                [row[1] for row in rows],
                ["DISPATCHED"] * len(rows),
                [f"r-{row[3]}" for row in rows],
                *(nothing,) * 5,
            ),
        ).fetchall()


FUNCTIONS: Final = System(
    name="functions",
    kind=Kind.OURS,
    about="the same SQL functions called through bare psycopg",
    layout=Layout(revision="head"),
    client=FunctionsClient,
)
