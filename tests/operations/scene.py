"""An outbox in which a bit of everything happened, with logins for readers and operators."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg

from ledgerdb import Ledger, TenantType
from tests.factories import OTHER_TENANT, TENANT, instruction
from tests.sql.operations import Operator, in_doubt
from tests.sql.queue import Queue

__all__ = ["HOSTILE", "Scene", "build", "keys_of", "login"]

HOSTILE = "no\x1b[2Janswer\u202e\x9b31m"  # what a rail, or a bad worker, may say
SECRET = "77.01 secret"  # noqa: S105 - an amount, which no output has unless it is asked for


@dataclass(frozen=True, slots=True)
class Scene:
    """The items of the scene, each by what became of it."""

    url: str
    sent: UUID
    dead: UUID
    hostile: UUID
    disputed: UUID
    doubtful: UUID
    leased: UUID
    due: UUID
    paused: UUID

    def connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.url, autocommit=True)


def build(url: str) -> Scene:
    """Makes the scene in a database at head."""
    with Ledger.connect(url) as ledger:
        ledger.register_tenant(TENANT, "acme", "Acme", TenantType.COMMERCIAL)
        ledger.register_tenant(OTHER_TENANT, "beta", "Beta", TenantType.NGO)
    with psycopg.connect(url, autocommit=True) as connection:
        queue = Queue(connection)
        Operator(queue).pause("RAIL", "CARD")
        paused = _ingest(url, 6, rail_type="CARD")
        queue.claim()  # meets the paused item, and puts it on hold
        doubtful, item = in_doubt(queue, "doubtful")
        _late(queue, doubtful, item, "SEPA-late-1")
        disputed = queue.enqueue("disputed", rail="SEPA")
        item = queue.claim()[0]
        _end(queue, item, "FAILED", "TIMEOUT", "no answer")
        _late(queue, disputed, item, "SEPA-late-2")
        sent = _ingest(url, 1)
        _end(queue, queue.claim()[0], "RETRYABLE", "BUSY", "try again", delay=0)
        item = queue.claim()[0]
        queue.begin([item])
        _end(queue, item, "DISPATCHED", reference="RTGS-1")
        queue.seal()
        dead = _ingest(url, 2, rail_type="SEPA")
        _end(queue, queue.claim()[0], "FAILED", "ACCOUNT_CLOSED", "the account is closed")
        hostile = _ingest(url, 3, tenant_id=OTHER_TENANT, rail_type="SEPA")
        _end(queue, queue.claim()[0], "FAILED", "TIMEOUT", HOSTILE)
        leased = _ingest(url, 4)
        queue.claim(worker="worker-1", lease_seconds=3_600)
        due = _ingest(url, 5, participant_id="participant-2")
    return Scene(url, sent, dead, hostile, disputed, doubtful, leased, due, paused)


def login(scene: Scene, name: str, role: str) -> str:
    """Makes a login with one capability; its URL."""
    with scene.connect() as connection:
        found = connection.execute("select from pg_roles where rolname = %s", [name])
        if not found.rowcount:
            connection.execute(f"create role {name} login")
            connection.execute(f"grant {role} to {name} with inherit true, set true")
    return scene.url.replace("postgres@", f"{name}@")


def keys_of(document: object) -> Iterator[str]:
    """Every key at every depth."""
    if isinstance(document, dict):
        for key, value in document.items():
            yield key
            yield from keys_of(value)
    elif isinstance(document, list):
        for value in document:
            yield from keys_of(value)


def _ingest(url: str, number: int, **more: Any) -> UUID:  # noqa: ANN401 - of an instruction
    payload = f'{{"amount": "{SECRET}", "exact": 10.10}}'
    with Ledger.connect(url) as ledger:
        return ledger.ingest(instruction(number, payload=payload, **more)).outbox_id


def _end(
    queue: Queue,
    item: Any,  # noqa: ANN401 - a row
    state: str,
    code: str | None = None,
    message: str | None = None,
    **more: Any,  # noqa: ANN401 - reference, delay
) -> None:
    queue.rows(
        """select * from public.complete_outbox_attempts(
            'w', %s, %s, %s::public.outbox_attempt_state[], p_rail_references => %s::text[],
            p_error_codes => %s::text[], p_error_messages => %s::text[],
            p_latency_ms => %s::integer[], p_retry_delay_seconds => %s::integer[])""",
        [item.outbox_id],
        [item.lease_token],
        [state],
        [more.get("reference")],
        [code],
        [message],
        [230],
        [more.get("delay", 0)],
    )


def _late(queue: Queue, outbox_id: UUID, item: Any, reference: str) -> None:  # noqa: ANN401 - a row
    queue.rows(
        """insert into public.payment_outbox_late_results
            (outbox_id, lease_token, worker_id, state, outcome, rail_reference)
        values (%s, %s, 'w', 'DISPATCHED', 'EXPIRED', %s) returning outbox_id""",
        outbox_id,
        item.lease_token,
        reference,
    )
