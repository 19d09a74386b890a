"""The floors: the least that an insert, and that a queue with history, costs on this server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

from bench.items import Item
from bench.systems.base import LEASE_SECONDS, RAIL, Kind, Layout, PsycopgClient, System

__all__ = ["BARE", "LEAN", "TABLES"]

_BARE_INSERT: Final = (
    "insert into public.bare_items (name, participant, payload) values (%s, %s, %s)"
)
_BARE_INSERT_MANY: Final = (
    "insert into public.bare_items (name, participant, payload)"
    " select i.name, i.participant, i.payload"
    " from unnest(%s::text[], %s::text[], %s::text[]) as i (name, participant, payload)"
)
_LEAN_INSERT: Final = "insert into public.lean_pending (payload) values (%s)"
_LEAN_INSERT_MANY: Final = (
    "insert into public.lean_pending (payload) select i.payload from unnest(%s::text[])"
    " as i (payload)"
)
_LEAN_CLAIM: Final = (
    "with due as materialized ("
    "select p.item_id from public.lean_pending as p"
    " where p.due_at <= now() and (p.lease_expires_at is null or p.lease_expires_at <= now())"
    " order by p.due_at limit %s for update skip locked)"
    " update public.lean_pending as p set lease_token = gen_random_uuid(),"
    " lease_expires_at = now() + make_interval(secs => %s)"
    " from due where p.item_id = due.item_id returning p.item_id, p.lease_token, p.payload"
)
_LEAN_COMPLETE: Final = (
    "with gone as (delete from public.lean_pending as p"
    " using unnest(%s::bigint[], %s::uuid[]) as l (item_id, lease_token)"
    " where p.item_id = l.item_id and p.lease_token = l.lease_token and p.lease_expires_at > now()"
    " returning p.item_id)"
    " insert into public.lean_attempts (item_id, attempt_no, state, rail_reference)"
    " select g.item_id, 1, 'DISPATCHED', 'r-' || g.item_id from gone as g"
)
_TABLES_INSERT: Final = (
    "insert into public.payment_outbox_pending"
    " (instruction_id, participant_id, sequence_id, idempotency_key, rail_type, payload)"
    " values (%s, %s, %s, %s, %s, %s::jsonb)"
)
_TABLES_INSERT_MANY: Final = (
    "insert into public.payment_outbox_pending"
    " (instruction_id, participant_id, sequence_id, idempotency_key, rail_type, payload)"
    " select i.name, i.name, 1, i.name, i.rail, i.payload::jsonb"
    " from unnest(%s::text[], %s::text[], %s::text[]) as i (name, rail, payload)"
)
_TABLES_CLAIM: Final = (
    "with due as materialized ("
    "select p.outbox_id from public.payment_outbox_pending as p"
    " where p.next_attempt_at <= now()"
    " and (p.lease_expires_at is null or p.lease_expires_at <= now())"
    " order by p.next_attempt_at, p.created_at limit %s for update skip locked)"
    " update public.payment_outbox_pending as p set claimed_by = 'bench',"
    " lease_token = gen_random_uuid(), lease_expires_at = now() + make_interval(secs => %s)"
    " from due where p.outbox_id = due.outbox_id"
    " returning p.outbox_id, p.lease_token, p.payload::text"
)
_TABLES_COMPLETE: Final = (
    "with gone as (delete from public.payment_outbox_pending as p"
    " using unnest(%s::uuid[], %s::uuid[]) as l (outbox_id, lease_token)"
    " where p.outbox_id = l.outbox_id and p.lease_token = l.lease_token"
    " and p.lease_expires_at > now() returning p.*)"
    " insert into public.payment_outbox_attempts (outbox_id, instruction_id, participant_id,"
    " sequence_id, idempotency_key, rail_type, payload, attempt_no, state, completed_at,"
    " rail_reference, worker_id)"
    " select g.outbox_id, g.instruction_id, g.participant_id, g.sequence_id, g.idempotency_key,"
    " g.rail_type, g.payload, 1, 'DISPATCHED', now(), 'r-' || g.sequence_id, g.claimed_by"
    " from gone as g"
)


class _BareClient(PsycopgClient):
    def enqueue(self, item: Item) -> None:
        self.connection.execute(_BARE_INSERT, (item.name, item.participant, item.payload))

    def enqueue_batch(self, items: Sequence[Item]) -> None:
        self.connection.execute(
            _BARE_INSERT_MANY,
            (
                [item.name for item in items],
                [item.participant for item in items],
                [item.payload for item in items],
            ),
        )


class _LeanClient(PsycopgClient):
    def enqueue(self, item: Item) -> None:
        self.connection.execute(_LEAN_INSERT, (item.payload,))

    def enqueue_batch(self, items: Sequence[Item]) -> None:
        self.connection.execute(_LEAN_INSERT_MANY, ([item.payload for item in items],))

    def claim(self, batch: int) -> Sequence[tuple[Any, ...]]:
        return self.connection.execute(_LEAN_CLAIM, (batch, LEASE_SECONDS)).fetchall()

    def complete(self, claimed: Sequence[object]) -> None:
        self.connection.execute(_LEAN_COMPLETE, _leases(claimed))


class _TablesClient(PsycopgClient):
    """Every item is of a participant of its own: nothing is counted."""

    def enqueue(self, item: Item) -> None:
        self.connection.execute(
            _TABLES_INSERT, (item.name, item.name, 1, item.name, RAIL, item.payload)
        )

    def enqueue_batch(self, items: Sequence[Item]) -> None:
        self.connection.execute(
            _TABLES_INSERT_MANY,
            (
                [item.name for item in items],
                [RAIL] * len(items),
                [item.payload for item in items],
            ),
        )

    def claim(self, batch: int) -> Sequence[tuple[Any, ...]]:
        return self.connection.execute(_TABLES_CLAIM, (batch, LEASE_SECONDS)).fetchall()

    def complete(self, claimed: Sequence[object]) -> None:
        self.connection.execute(_TABLES_COMPLETE, _leases(claimed))


def _leases(claimed: Sequence[object]) -> tuple[list[Any], list[Any]]:
    rows = cast("Sequence[tuple[Any, Any, str]]", claimed)
    return [row[0] for row in rows], [row[1] for row in rows]


BARE: Final = System(
    name="bare insert",
    kind=Kind.FLOOR,
    about="an insert of the same payload through psycopg into a table with a primary key",
    layout=Layout(script="bare.sql"),
    client=_BareClient,
    drains=False,
)
LEAN: Final = System(
    name="lean floor",
    kind=Kind.FLOOR,
    about="a queue with leases and an attempt row per item in plain statements, without identity,"
    " numbering or rules",
    layout=Layout(script="lean.sql"),
    client=_LeanClient,
)
TABLES: Final = System(
    name="tables floor",
    kind=Kind.FLOOR,
    about="plain statements on the tables and indexes of revision 0001, without its functions",
    layout=Layout(revision="0001"),
    client=_TablesClient,
)
