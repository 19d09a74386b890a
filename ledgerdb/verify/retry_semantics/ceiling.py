"""The retry ceiling: reached by failures and by crashes alike, and set by nobody's session."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import psycopg
from sqlalchemy import URL

from ledgerdb.verify.retry_semantics.part import Part
from ledgerdb.verify.retry_semantics.session import Session, is_lost

__all__ = ["check"]

_WORKER: Final = "worker"
_EXCEEDED: Final = "RETRY_CEILING_EXCEEDED"
_HEALTHY: Final = 5


def check(url: URL) -> Part:
    """Each case on items of its own; a failure of one is a finding and stops no other."""
    seen: dict[str, Any] = {}
    findings: list[str] = []
    with Session(url) as session:
        ceiling = session.value("select public.outbox_retry_ceiling()")
        for case in _CASES:
            name = case.__name__.strip("_")
            try:
                seen[name], wrong = case(session, ceiling)
            except psycopg.Error as error:
                if is_lost(error):
                    raise
                seen[name], wrong = {}, [f"stopped by {error.sqlstate}"]
            findings += (f"{name}: {what}" for what in wrong)
    return Part({"ceiling": ceiling, **seen}, tuple(findings))


def _retryable_at_the_ceiling_is_failed(
    session: Session, ceiling: int
) -> tuple[dict[str, Any], list[str]]:
    (outbox_id,) = session.enqueue("ceiling-retryable")
    told = []
    for _ in range(ceiling):
        item = session.claim_one(outbox_id, _WORKER)
        told.append(session.complete(item, _WORKER, "RETRYABLE").state)
    expected = ["RETRYABLE"] * (ceiling - 1) + ["FAILED"]
    wrong = [] if told == expected else [f"workers were told {told}"]
    if (states := session.states(outbox_id)) != expected:
        wrong.append(f"recorded {states}")
    return {"attempts": len(told), "last": told[-1]}, wrong


def _crashes_reach_the_ceiling_by_repair(
    session: Session, ceiling: int
) -> tuple[dict[str, Any], list[str]]:
    return _crashes(session, ceiling, "ceiling-repair", session.repair)


def _crashes_reach_the_ceiling_by_claim(
    session: Session, ceiling: int
) -> tuple[dict[str, Any], list[str]]:
    return _crashes(session, ceiling, "ceiling-claim", lambda: None)


def _crashes(
    session: Session, ceiling: int, name: str, close: Callable[[], object]
) -> tuple[dict[str, Any], list[str]]:
    """Every claim dies. Twice as many as are allowed are tried."""
    (outbox_id,) = session.enqueue(name)
    claims = 0
    for _ in range(2 * ceiling):
        session.make_due()
        leased = [str(item.outbox_id) for item in session.claim(_WORKER)]
        claims += outbox_id in leased
        session.expire([outbox_id])
        close()
    history = session.history(outbox_id)
    last = (history[-1].state, history[-1].error_code) if history else None
    wrong = [] if claims == ceiling else [f"{claims} claims, not {ceiling}"]
    if len(history) != ceiling:
        wrong.append(f"{len(history)} attempts, not {ceiling}")
    if last != ("FAILED", _EXCEEDED):
        wrong.append(f"the last attempt is {last}")
    return {"claims": claims, "attempts": len(history), "last": last}, wrong


def _repair_goes_on_past_a_poisoned_item(
    session: Session, ceiling: int
) -> tuple[dict[str, Any], list[str]]:
    """One item is at the ceiling, and its lease ran out first."""
    (poisoned,) = session.enqueue("ceiling-poisoned")
    for _ in range(ceiling - 1):
        session.complete(session.claim_one(poisoned, _WORKER), _WORKER, "RETRYABLE")
    healthy = session.enqueue("ceiling-healthy", _HEALTHY)
    session.claim(_WORKER)
    session.expire([poisoned])
    session.expire(healthy)
    repaired = {*session.repair()} & {poisoned, *healthy}
    wrong = []
    if len(repaired) != _HEALTHY + 1:
        wrong.append(f"{len(repaired)} of {_HEALTHY + 1} leases were closed")
    if session.states(poisoned)[-1] != "FAILED":
        wrong.append("the poisoned item did not end")
    return {"leases_closed": len(repaired), "healthy": _HEALTHY}, wrong


def _no_session_sets_the_ceiling(
    session: Session, ceiling: int
) -> tuple[dict[str, Any], list[str]]:
    tried = ["1", "0", "1000000", "abc"]
    wrong = []
    for value in tried:
        with session.transaction():
            session.value("select set_config('symphony.outbox_retry_ceiling', %s, true)", value)
            (outbox_id,) = session.enqueue(f"ceiling-setting-{value}")
            item = session.claim_one(outbox_id, _WORKER)
            state = session.complete(item, _WORKER, "RETRYABLE").state
            found = session.value("select public.outbox_retry_ceiling()")
        if (state, found) != ("RETRYABLE", ceiling):
            wrong.append(f"set to {value}: the ceiling is {found}, the first attempt {state}")
    return {"tried": tried}, wrong


_CASES: Final = (
    _retryable_at_the_ceiling_is_failed,
    _crashes_reach_the_ceiling_by_repair,
    _crashes_reach_the_ceiling_by_claim,
    _repair_goes_on_past_a_poisoned_item,
    _no_session_sets_the_ceiling,
)
