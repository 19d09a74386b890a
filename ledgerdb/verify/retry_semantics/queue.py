"""Two sessions meet at the queue: one key is one item, and a claim waits for nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from sqlalchemy import URL

from ledgerdb.verify.retry_semantics.part import Part
from ledgerdb.verify.retry_semantics.session import Session, Work, until

__all__ = ["check"]

_CONFLICT: Final = "P7101"
_WORKER: Final = "claimant"
_LATER_SECONDS: Final = 3_600
_ENQUEUE: Final = """
    select outbox_id::text, state from public.enqueue_payment_outbox(%s, %s, 'key', 'RAIL', %s)
"""


def check(url: URL) -> Part:
    """Runs each meeting once."""
    seen: dict[str, Any] = {}
    findings: list[str] = []
    meetings: tuple[Callable[[URL, Session, Session], Iterator[tuple[str, Any, Any]]], ...] = (
        _one_key_twice,
        _claims_side_by_side,
        _claim_of_what_is_not_due,
    )
    for meeting in meetings:
        with Session(url) as first, Session(url) as second:
            for what, found, wanted in meeting(url, first, second):
                seen[what] = found
                if found != wanted:
                    findings.append(f"{what}: {found}, not {wanted}")
    return Part(seen, tuple(findings))


def _one_key_twice(url: URL, first: Session, second: Session) -> Iterator[tuple[str, Any, Any]]:
    """A key comes at once, again, with other content, for another participant, and at the end."""
    again = ("queue-once", "participant-q", '{"amount": 1}')
    with first.transaction():
        (item,) = first.rows(_ENQUEUE, *again)
        meanwhile = Work(lambda: second.rows(_ENQUEUE, *again))
        with Session(url) as watcher:
            until(lambda: meanwhile.is_done or watcher.is_blocked(second.pid))
    found = meanwhile.join()
    same = isinstance(found, list) and found[0].outbox_id == item.outbox_id
    yield "a key that comes at once is the same item", same, True
    other = second.attempt(_ENQUEUE, "queue-once", "participant-q", '{"amount": 2}')
    yield "with another payload it is refused", other, _CONFLICT
    other = second.attempt(_ENQUEUE, "queue-once", "participant-r", '{"amount": 1}')
    yield "for another participant it is refused", other, _CONFLICT
    rows = "select count(*) from public.payment_outbox_pending where instruction_id = 'queue-once'"
    yield "items of the key", second.value(rows), 1
    second.complete(second.claim_one(item.outbox_id, _WORKER), _WORKER, "DISPATCHED")
    (late,) = first.rows(_ENQUEUE, *again)
    told = (late.outbox_id == item.outbox_id, late.state)
    yield "after its end it is the same item, and its end is told", [*told], [True, "DISPATCHED"]
    yield "items of the key on the queue then", second.value(rows), 0


def _claims_side_by_side(
    url: URL, first: Session, second: Session
) -> Iterator[tuple[str, Any, Any]]:
    """A claim that is not committed yet holds its item; the next passes over it."""
    ours = {*first.enqueue("queue-side", 2)}
    with first.transaction():
        held = {str(item.outbox_id) for item in first.claim(_WORKER, limit=1)}
        beside = Work(lambda: second.claim(_WORKER))
        with Session(url) as watcher:
            until(lambda: beside.is_done or watcher.is_blocked(second.pid))
        waited = not beside.is_done
    got = beside.join()
    taken = {str(item.outbox_id) for item in got} if isinstance(got, list) else set()
    yield "a second claim waits for the first", waited, False
    yield "items that both claims hold", len(held & taken), 0
    yield "items that neither claim holds", len(ours - held - taken), 0


def _claim_of_what_is_not_due(
    _url: URL, first: Session, _second: Session
) -> Iterator[tuple[str, Any, Any]]:
    """A retry that is put off is not claimed before its time, and is then."""
    (outbox_id,) = first.enqueue("queue-later")
    item = first.claim_one(outbox_id, _WORKER)
    first.rows(
        """select * from public.complete_outbox_attempt(
            %s, %s, %s, 'RETRYABLE', p_retry_delay_seconds => %s)""",
        *(item.outbox_id, item.lease_token, _WORKER, _LATER_SECONDS),
    )
    early = [str(one.outbox_id) for one in first.claim(_WORKER)]
    yield "claims of an item before it is due", early.count(outbox_id), 0
    first.make_due()
    due = [str(one.outbox_id) for one in first.claim(_WORKER)]
    yield "claims of it when it is due", due.count(outbox_id), 1
