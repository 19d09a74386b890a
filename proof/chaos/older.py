"""Services that speak plain SQL, with the functions that every revision has since 0001."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import psycopg

from proof.chaos.actors import LEASE_SECONDS, Actor
from proof.chaos.ingress import RAIL, Ask, Clerk, canonical
from proof.chaos.rail import Rail
from proof.chaos.workers import RESULTS

__all__ = ["ingress", "worker"]

BATCH: Final = 4
PACE_SECONDS: Final = 0.02
RETRY_SECONDS: Final = 0.05
REPAIR_SECONDS: Final = 2.0
# The server goes away; everything else that it says means that nothing was written.
_LOST: Final = ("08", "57P")
_ENQUEUE: Final = """
select outbox_id, sequence_id, state
from public.enqueue_payment_outbox(%s, %s, %s, %s, %s::jsonb)
"""
_CLAIM: Final = """
select outbox_id::text, instruction_id, participant_id, idempotency_key, rail_type, payload::text,
    attempt_count + 1, lease_token::text
from public.claim_outbox_batch(%s, %s, %s)
"""
_COMPLETE: Final = """
select attempt_no, state
from public.complete_outbox_attempt(
    %s::uuid, %s::uuid, %s, %s::public.outbox_attempt_state, %s, p_retry_delay_seconds => 1
)
"""


class UnknownError(Exception):
    """Nobody knows whether it was written."""


class Wire:
    """A connection that is made again when it is lost."""

    def __init__(self, actor: Actor) -> None:
        self._actor = actor
        self._connection: psycopg.Connection[Any] | None = None
        self._unconfirmed = False

    @contextmanager
    def transaction(self) -> Iterator[psycopg.Connection[Any]]:
        """Committed at the end.

        Raises:
            UnknownError: the commit was not confirmed.
            psycopg.Error: nothing was written.
        """
        connection = self._open()
        committing = False
        try:
            yield connection
            committing = True
            connection.commit()
        except psycopg.Error as error:
            refused = error.sqlstate is not None and not error.sqlstate.startswith(_LOST)
            if connection.closed or not refused:
                connection.close()
                self._connection = None
            else:
                connection.rollback()
            if committing and not refused:
                raise UnknownError from error
            raise
        if self._unconfirmed:
            self._unconfirmed = False
            raise UnknownError

    def _open(self) -> psycopg.Connection[Any]:
        if self._connection is None:
            self._connection = psycopg.connect(
                self._actor.job.url,
                connect_timeout=2,
                application_name="chaos-older",
                options="-c lock_timeout=300 -c statement_timeout=2000",
            )
            self._connection.add_notice_handler(self._hear)
        return self._connection

    def _hear(self, notice: psycopg.errors.Diagnostic) -> None:
        if notice.source_function == "SyncRepWaitForLSN":
            self._unconfirmed = True


def ingress(actor: Actor) -> None:
    """Transactions of their own, each with an explicit commit."""
    clerk, wire = Clerk(actor, None), Wire(actor)
    while not actor.stopping:
        _ask(clerk, wire, clerk.draw())
        time.sleep(PACE_SECONDS)


def _ask(clerk: Clerk, wire: Wire, ask: Ask) -> None:
    first = time.monotonic()
    while not clerk.actor.late(first):
        since = clerk.asked(ask)
        try:
            with wire.transaction() as connection:
                given = (ask.instruction, ask.participant, "k", RAIL, ask.payload)
                row = connection.execute(_ENQUEUE, given).fetchone()
            if row is None:
                raise AssertionError("the function returns a row")
            # These functions do not say whether they replayed.
            return clerk.acknowledged(
                ask, since, outbox=row[0], sequence=row[1], state=row[2], replayed=None
            )
        except UnknownError:
            clerk.journal.log("unknown", key=ask.key)
        except psycopg.Error as error:
            lost = error.sqlstate is None
            clerk.journal.log("unsent" if lost else "refused", key=ask.key, code=error.sqlstate)
            if error.sqlstate == "P7101":
                return None
        time.sleep(RETRY_SECONDS)
    return None


def worker(actor: Actor) -> None:
    """Claims, pays, completes, and repairs for everybody."""
    wire, rail = Wire(actor), Rail(actor.job.folder, actor.name)
    repair_at = time.monotonic() + REPAIR_SECONDS
    while not actor.stopping:
        items: list[Any] = []
        try:
            if time.monotonic() >= repair_at:
                repair_at = time.monotonic() + REPAIR_SECONDS
                with wire.transaction() as connection:
                    connection.execute(
                        "select public.repair_expired_leases(%s, %s)", [50, actor.name]
                    )
            with wire.transaction() as connection:
                items = connection.execute(_CLAIM, [BATCH, actor.name, LEASE_SECONDS]).fetchall()
        except UnknownError:
            actor.journal.log("unknown")
            items = []
        except psycopg.Error as error:
            lost = error.sqlstate is None
            actor.journal.log("unsent" if lost else "refused", code=error.sqlstate)
            items = []
        for item in items:
            _claimed(actor, item)
        for item in items:
            _handle(actor, wire, rail, item)
        time.sleep(0 if items else PACE_SECONDS)


def _rail_key(item: Any) -> str:  # noqa: ANN401 - a row
    """As the newer functions make it, of an item without a tenant."""
    text = f":{len(item[1])}:{item[1]}{item[3]}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _claimed(actor: Actor, item: Any) -> None:  # noqa: ANN401 - a row
    actor.journal.log(
        "claimed",
        outbox=item[0],
        token=item[7],
        number=item[6],
        key=f"|{item[1]}|{item[3]}",
        participant=item[2],
        rail=item[4],
        payload=canonical(json.loads(item[5])),
        rail_key=_rail_key(item),
        worker=actor.name,
    )


def _handle(actor: Actor, wire: Wire, rail: Rail, item: Any) -> None:  # noqa: ANN401 - a row
    reply = rail.pay(
        rail_key=_rail_key(item),
        outbox=item[0],
        token=item[7],
        number=item[6],
        payload=canonical(json.loads(item[5])),
    )
    time.sleep(reply.seconds)
    first = time.monotonic()
    named = {"token": item[7], "outbox": item[0]}
    state = RESULTS[reply.answer]
    while not actor.late(first):
        since = actor.journal.log(
            "completing", **named, worker=actor.name, state=state, reference=reply.reference
        )
        try:
            with wire.transaction() as connection:
                given = (item[0], item[7], actor.name, state, reply.reference)
                row = connection.execute(_COMPLETE, given).fetchone()
            if row is None:
                raise AssertionError("the function returns a row")
            actor.journal.log(
                "completed", **named, outcome="DONE", number=row[0], state=row[1], since=since
            )
        except UnknownError:
            actor.journal.log("unknown", **named)
        except psycopg.Error as error:
            if error.sqlstate == "P7002":
                actor.journal.log(
                    "completed", **named, outcome="LATE", number=None, state=None, since=since
                )
                return
            lost = error.sqlstate is None
            actor.journal.log("unsent" if lost else "refused", **named, code=error.sqlstate)
        else:
            return
        time.sleep(RETRY_SECONDS)
