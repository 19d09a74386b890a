"""Two sessions meet at one lease, in an order that the locks prove: no sleeping, no luck."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import URL

from ledgerdb.verify.retry_semantics.part import Part
from ledgerdb.verify.retry_semantics.session import Session, Work, until

__all__ = ["check"]

_LEASE_LOST: Final = "P7002"
_WORKER: Final = "racer"


class _Race:
    """An item under a short lease, and the two sessions."""

    def __init__(self, url: URL, name: str, first: Session, second: Session) -> None:
        self._url = url
        self.first = first
        self.second = second
        with Session(url) as session:
            (self.outbox_id,) = session.enqueue(f"race-{name}")
            self.item = session.claim_one(self.outbox_id, _WORKER, lease_seconds=2)

    def complete(self, session: Session) -> Any:  # noqa: ANN401 - a row
        row = session.complete(self.item, _WORKER, "RETRYABLE")
        return row.attempt_no, row.state

    def second_meets_first(self, work: Callable[[], object]) -> Work:
        """Starts the work of the second session; returns when it waits for a lock, or is over."""
        started = Work(work)
        with Session(self._url) as watcher:
            until(lambda: started.is_done or watcher.is_blocked(self.second.pid))
        return started

    def wait_for_the_end_of_the_lease(self) -> None:
        with Session(self._url) as watcher:
            until(
                lambda: watcher.value("select clock_timestamp() > %s", self.item.lease_expires_at)
            )


def _completion_before_repair(race: _Race) -> Any:  # noqa: ANN401 - see check
    """The completion holds the row when the lease ends; repair passes over it."""
    with race.first.transaction():
        race.complete(race.first)
        race.wait_for_the_end_of_the_lease()
        repair = race.second_meets_first(race.second.repair)
    return race.outbox_id in repair.join() + race.second.repair()


def _repair_before_completion(race: _Race) -> Any:  # noqa: ANN401 - see check
    """Repair has closed the lease and not yet committed when the late completion comes."""
    race.wait_for_the_end_of_the_lease()
    with race.first.transaction():
        race.first.repair()
        completion = race.second_meets_first(lambda: race.complete(race.second))
    return completion.join()


def _claim_before_completion(race: _Race) -> Any:  # noqa: ANN401 - see check
    """A claim has taken over the lease and not yet committed when the late completion comes."""
    race.wait_for_the_end_of_the_lease()
    with race.first.transaction():
        race.first.claim_one(race.outbox_id, "successor")
        completion = race.second_meets_first(lambda: race.complete(race.second))
    return completion.join()


def _completion_in_an_old_transaction(race: _Race) -> Any:  # noqa: ANN401 - see check
    """The transaction began while the lease was good, the completion comes when it is over."""
    with race.second.transaction():
        race.second.value("select now()")
        race.wait_for_the_end_of_the_lease()
        completion = race.second_meets_first(lambda: race.complete(race.second))
        outcome = completion.join()
    race.first.repair()
    return outcome


def _completion_after_a_wait(race: _Race) -> Any:  # noqa: ANN401 - see check
    """Somebody holds the row, and changes nothing, until the lease that was good is over."""
    race.second.rows("set lock_timeout = '20s'")
    with race.first.transaction():
        race.first.rows(
            "select from public.payment_outbox_pending where outbox_id = %s for update",
            race.outbox_id,
        )
        completion = race.second_meets_first(lambda: race.complete(race.second))
        race.wait_for_the_end_of_the_lease()
    outcome = completion.join()
    race.first.repair()
    return outcome


def _completion_twice(race: _Race) -> Any:  # noqa: ANN401 - see check
    """The same token twice at once: the second waits and is told what the first recorded."""
    with race.first.transaction():
        race.complete(race.first)
        completion = race.second_meets_first(lambda: race.complete(race.second))
    return completion.join()


# race -> what the session that came second must be told, and the attempts that must be recorded
_RACES: Final[dict[Callable[[_Race], Any], tuple[object, list[str]]]] = {
    _completion_before_repair: (False, ["RETRYABLE"]),
    _repair_before_completion: (_LEASE_LOST, ["ZOMBIE_REQUEUE"]),
    _claim_before_completion: (_LEASE_LOST, ["ZOMBIE_REQUEUE"]),
    _completion_in_an_old_transaction: (_LEASE_LOST, ["ZOMBIE_REQUEUE"]),
    _completion_after_a_wait: (_LEASE_LOST, ["ZOMBIE_REQUEUE"]),
    _completion_twice: ((1, "RETRYABLE"), ["RETRYABLE"]),
}


def check(url: URL) -> Part:
    """Runs each race once."""
    seen: dict[str, Any] = {}
    findings = []
    for run, (told, recorded) in _RACES.items():
        name = run.__name__.strip("_")
        with Session(url) as first, Session(url) as second:
            race = _Race(url, name, first, second)
            outcome = run(race)
            states = first.states(race.outbox_id)
        seen[name] = {"attempts": states}
        if outcome != told:
            findings.append(f"{name}: the second session got {outcome}, not {told}")
        if states != recorded:
            findings.append(f"{name}: recorded {states}, not {recorded}")
    return Part(seen, tuple(findings))
