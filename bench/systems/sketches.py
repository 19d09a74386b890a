"""Sketches of two kinds of queue that others build, in our own SQL; none is a product."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

from bench.items import Item
from bench.systems.base import LEASE_SECONDS, Kind, Layout, PsycopgClient, System

__all__ = ["CURSOR", "VISIBILITY"]

_SEND: Final = "insert into public.visibility_queue (message) values (%s::jsonb)"
_SEND_MANY: Final = (
    "insert into public.visibility_queue (message)"
    " select i.message::jsonb from unnest(%s::text[]) as i (message)"
)
_READ: Final = (
    "with seen as materialized (select q.message_id from public.visibility_queue as q"
    " where q.visible_at <= clock_timestamp() order by q.message_id limit %s"
    " for update skip locked)"
    " update public.visibility_queue as q"
    " set visible_at = clock_timestamp() + make_interval(secs => %s), reads = q.reads + 1"
    " from seen where q.message_id = seen.message_id"
    " returning q.message_id, q.reads, q.enqueued_at, q.visible_at, q.message::text"
)
_ARCHIVE: Final = (
    "with gone as (delete from public.visibility_queue as q where q.message_id = any (%s::bigint[])"
    " returning q.message_id, q.reads, q.enqueued_at, q.visible_at, q.message)"
    " insert into public.visibility_archive"
    " (message_id, reads, enqueued_at, visible_at, message)"
    " select g.message_id, g.reads, g.enqueued_at, g.visible_at, g.message from gone as g"
)
_APPEND: Final = "insert into public.cursor_log (payload) values (%s)"
_APPEND_MANY: Final = (
    "insert into public.cursor_log (payload) select i.payload from unnest(%s::text[])"
    " as i (payload)"
)
# What a transaction that still runs may yet put before it, is not read.
_NEXT: Final = (
    "select l.event_id, l.payload from public.cursor_log as l"
    " where l.event_id > (select p.event_id from public.cursor_position as p"
    " where p.consumer = 'bench')"
    " and l.written_by < pg_snapshot_xmin(pg_current_snapshot()) order by l.event_id limit %s"
)
_ACKNOWLEDGE: Final = (
    "update public.cursor_position as p set event_id = %s where p.consumer = 'bench'"
)


class _VisibilityClient(PsycopgClient):
    def enqueue(self, item: Item) -> None:
        self.connection.execute(_SEND, (item.payload,))

    def enqueue_batch(self, items: Sequence[Item]) -> None:
        self.connection.execute(_SEND_MANY, ([item.payload for item in items],))

    def claim(self, batch: int) -> Sequence[tuple[Any, ...]]:
        return self.connection.execute(_READ, (batch, LEASE_SECONDS)).fetchall()

    def complete(self, claimed: Sequence[object]) -> None:
        rows = cast("Sequence[tuple[int, ...]]", claimed)
        self.connection.execute(_ARCHIVE, ([row[0] for row in rows],))


class _CursorClient(PsycopgClient):
    def enqueue(self, item: Item) -> None:
        self.connection.execute(_APPEND, (item.payload,))

    def enqueue_batch(self, items: Sequence[Item]) -> None:
        self.connection.execute(_APPEND_MANY, ([item.payload for item in items],))

    def claim(self, batch: int) -> Sequence[tuple[Any, ...]]:
        return self.connection.execute(_NEXT, (batch,)).fetchall()

    def complete(self, claimed: Sequence[object]) -> None:
        last = cast("Sequence[tuple[int, str]]", claimed)[-1]
        self.connection.execute(_ACKNOWLEDGE, (last[0],))


VISIBILITY: Final = System(
    name="visibility queue",
    kind=Kind.OTHER,
    about="a sketch of a queue with a visibility timeout and an archive, acknowledged per item",
    layout=Layout(script="visibility.sql"),
    client=_VisibilityClient,
)
CURSOR: Final = System(
    name="cursor log",
    kind=Kind.OTHER,
    about="a sketch of a log behind a cursor, which acknowledges whole batches and records no item",
    layout=Layout(script="cursor.sql"),
    client=_CursorClient,
    drain_clients=1,
)
