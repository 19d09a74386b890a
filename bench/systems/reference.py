"""Revision 0001, what deployed databases have: its functions, pooled and one process per call."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final, cast
from uuid import UUID

from bench.items import Item
from bench.psql import psql
from bench.systems.base import LEASE_SECONDS, RAIL, Client, Kind, Layout, PsycopgClient, System

__all__ = ["PSQL", "REFERENCE", "PsqlClient", "ReferenceClient"]

_ENQUEUE: Final = (
    "select outbox_id, sequence_id, created_at, state"
    " from public.enqueue_payment_outbox(%s, %s, %s, %s, %s::jsonb)"
)
_CLAIM: Final = (
    "select outbox_id, lease_token, payload::text, sequence_id"
    " from public.claim_outbox_batch(%s, %s, %s)"
)
_COMPLETE: Final = (
    "select attempt_no, state from public.complete_outbox_attempt(%s, %s, %s, 'DISPATCHED', %s)"
)
_WORKER: Final = "bench"


class ReferenceClient(PsycopgClient):
    """Its functions as they were used: one call, and one commit, per item."""

    def enqueue(self, item: Item) -> None:
        self.connection.execute(_ENQUEUE, _arguments(item)).fetchall()

    def enqueue_batch(self, items: Sequence[Item]) -> None:
        # It has no function for many: calls in one transaction, sent without waiting for answers.
        with self.connection.transaction(), self.connection.cursor() as cursor:
            cursor.executemany(_ENQUEUE, [_arguments(item) for item in items])

    def claim(self, batch: int) -> Sequence[tuple[Any, ...]]:
        return self.connection.execute(_CLAIM, (batch, _WORKER, LEASE_SECONDS)).fetchall()

    def complete(self, claimed: Sequence[object]) -> None:
        for row in cast("Sequence[tuple[UUID, UUID, str, int]]", claimed):
            self.connection.execute(_COMPLETE, (row[0], row[1], _WORKER, f"r-{row[3]}")).fetchall()


class PsqlClient(Client):
    """The same functions through one psql process per call."""

    def __init__(self, url: str) -> None:
        self._url = url

    def enqueue(self, item: Item) -> None:
        psql(
            self._url,
            "select outbox_id, sequence_id, created_at, state from public.enqueue_payment_outbox("
            ":'name', :'participant', :'name', :'rail', :'payload'::jsonb);",
            name=item.name,
            participant=item.participant,
            rail=RAIL,
            payload=item.payload,
        )

    def claim(self, batch: int) -> Sequence[dict[str, Any]]:
        said = psql(
            self._url,
            "select to_json(t) from public.claim_outbox_batch("
            ":'batch'::integer, :'worker', :'seconds'::integer) as t;",
            batch=str(batch),
            worker=_WORKER,
            seconds=str(LEASE_SECONDS),
        )
        return [json.loads(line) for line in said.splitlines()]

    def complete(self, claimed: Sequence[object]) -> None:
        for row in cast("Sequence[dict[str, Any]]", claimed):
            psql(
                self._url,
                "select attempt_no, state from public.complete_outbox_attempt("
                ":'id'::uuid, :'token'::uuid, :'worker', 'DISPATCHED', :'reference');",
                id=row["outbox_id"],
                token=row["lease_token"],
                worker=_WORKER,
                reference=f"r-{row['sequence_id']}",
            )

    def close(self) -> None:
        """There is nothing to give back."""


def _arguments(item: Item) -> tuple[str, ...]:
    return item.name, item.participant, item.name, RAIL, item.payload


REFERENCE: Final = System(
    name="revision 0001",
    kind=Kind.BASELINE,
    about="the functions at revision 0001 through psycopg: one call and one commit per item",
    layout=Layout(revision="0001"),
    client=ReferenceClient,
    pace=0.15,
    drain_clients=8,
)
PSQL: Final = System(
    name="psql per call",
    kind=Kind.BASELINE,
    about="the functions at revision 0001 through one psql process per call",
    layout=Layout(revision="0001"),
    client=PsqlClient,
    pace=0.01,
)
