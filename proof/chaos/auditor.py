"""What people do after the faults: resolve doubts with the rail's books, and ask once more about
everything that was not answered. In plain SQL.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Final

import psycopg

from proof.chaos.cluster import POLL_SECONDS
from proof.chaos.history import Event, Journal, read_histories
from proof.chaos.nemeses import Site
from proof.chaos.rail import reference_of
from proof.chaos.story import Story

__all__ = ["DRAIN_SECONDS_MAX", "ask_again", "complete_again", "drain"]

# A sweep for what lies before the mark of claims comes after 30 seconds at the latest; then the
# lease of a dead worker, and the retries.
DRAIN_SECONDS_MAX: Final = 60.0
_IN_DOUBT: Final = """
select p.outbox_id::text, p.attempt_count + 1,
    public.inspect_outbox_item(p.outbox_id) #>> '{identity,rail_key}'
from public.payment_outbox_pending as p where p.hold = 'IN_DOUBT'
"""
_RESOLVE: Final = """
select public.resolve_outbox_item(
    p_outbox_id => %s::uuid, p_resolution => %s, p_rail_reference => %s, p_attempt_no => %s,
    p_actor => 'auditor', p_reason => 'the books of the rail'
)
"""
_INGEST: Final = """
select outbox_id, sequence_id, state, replayed
from public.ingest_instruction(%s::uuid, %s, %s, %s, %s, %s)
"""
_ENQUEUE: Final = """
select outbox_id, sequence_id, state, null::boolean
from public.enqueue_payment_outbox(%s, %s, %s, %s, %s::jsonb)
"""
_COMPLETE_MANY: Final = """
select outcome, attempt_no, state from public.complete_outbox_attempts(
    %s, array[%s::uuid], array[%s::uuid], array[%s::public.outbox_attempt_state], array[%s]
)
"""
_COMPLETE: Final = """
select 'DONE', attempt_no, state from public.complete_outbox_attempt(
    p_worker_id => %s, p_outbox_id => %s::uuid, p_lease_token => %s::uuid,
    p_state => %s::public.outbox_attempt_state, p_rail_reference => %s
)
"""


def drain(site: Site, folder: Path) -> None:
    """Waits until every item has ended, for so long as that may take."""
    deadline = time.monotonic() + DRAIN_SECONDS_MAX
    with site.admin() as admin:
        while time.monotonic() < deadline:
            row = admin.execute("select count(*) from public.payment_outbox_pending").fetchone()
            if row == (0,):
                return
            _resolve(admin, folder)
            time.sleep(5 * POLL_SECONDS)


def _resolve(admin: psycopg.Connection[Any], folder: Path) -> None:
    doubts = admin.execute(_IN_DOUBT).fetchall()
    if not doubts:
        return
    events = read_histories(folder)
    booked = {event["rail_key"] for event in events if event.what == "sent" and event["booked"]}
    for outbox, number, rail_key in doubts:
        paid = rail_key in booked
        admin.execute(
            _RESOLVE,
            [
                outbox,
                "DISPATCHED" if paid else "REQUEUE",
                reference_of(rail_key) if paid else None,
                number,
            ],
        )


def ask_again(site: Site, folder: Path) -> None:
    """Once, about each key whose last question was not answered."""
    journal = Journal(folder, "auditor")
    with site.admin() as admin:
        for key, ask in Story(read_histories(folder)).unresolved_keys().items():
            _ask(admin, journal, key, ask)


def complete_again(site: Site, folder: Path) -> None:
    """Once, each lease whose last result was not judged."""
    journal = Journal(folder, "auditor")
    with site.admin() as admin:
        newer = admin.execute("select to_regproc('public.complete_outbox_attempts')").fetchone()
        for token, ask in Story(read_histories(folder)).unresolved_tokens().items():
            _complete(admin, journal, token, ask, newer=newer != (None,))


def _ask(admin: psycopg.Connection[Any], journal: Journal, key: str, ask: Event) -> None:
    tenant, instruction, idempotency = key.split("|")
    given = [instruction, ask["participant"], idempotency, ask["rail"], ask["payload"]]
    since = journal.log("asked", **ask.of)
    try:
        if tenant:
            row = admin.execute(_INGEST, [tenant, *given]).fetchone()
        else:
            row = admin.execute(_ENQUEUE, given).fetchone()
    except psycopg.Error as error:
        journal.log("refused", key=key, code=error.sqlstate)
        return
    outbox, sequence, state, replayed = row or (None,) * 4
    journal.log(
        "acknowledged",
        key=key, outbox=outbox, sequence=sequence, state=state, replayed=replayed, since=since,
    )  # fmt: skip


def _complete(
    admin: psycopg.Connection[Any], journal: Journal, token: str, ask: Event, *, newer: bool
) -> None:
    given = [ask["worker"], ask["outbox"], token, ask["state"], ask["reference"]]
    since = journal.log("completing", **ask.of)
    outcome: str | None = "LATE"
    number = state = None
    try:
        row = admin.execute(_COMPLETE_MANY if newer else _COMPLETE, given).fetchone()
    except psycopg.Error as error:
        if error.sqlstate != "P7002":
            journal.log("refused", token=token, code=error.sqlstate)
            return
    else:
        outcome, number, state = row or (None,) * 3
    journal.log(
        "completed",
        token=token, outbox=ask["outbox"], outcome=outcome, number=number, state=state, since=since,
    )  # fmt: skip
