"""A random mix of all verbs against a model of what must be true, over and over.

Tokens issued are attempts or live leases, as sets; numbers are dense and the counter is their last;
one terminal attempt, and it is the last one; an item is live or has ended.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.sql.operations import Operator
from tests.sql.queue import Queue

TERMINAL = ("DISPATCHED", "FAILED")
CEILING = 4
STEPS = 250


class Driver:
    """Does something at random and remembers every token that it was given."""

    def __init__(self, queue: Queue, seed: int) -> None:
        self.queue = queue
        self.operator = Operator(queue)
        self.random = random.Random(seed)  # noqa: S311 - repeatable
        self.names = 0
        self.issued: set[UUID] = {
            row.lease_token
            for row in queue.rows(
                """select lease_token from public.payment_outbox_pending
                where lease_token is not null"""
            )
        }
        self.released: set[UUID] = set()
        self.held: list[Any] = []
        self.ended: dict[UUID, str] = {}
        self.verbs: list[Callable[[], object]] = [
            *(self.enqueue, self.claim, self.claim, self.complete, self.complete, self.complete),
            *(self.begin, self.extend, self.release, self.expire, self.repair, self.replay),
            *(self.by_hand, self.cancel, self.resolve, self.redrive),
        ]

    def some(self, found: list[Any]) -> list[Any]:
        return self.random.sample(found, min(len(found), self.random.randint(1, 4)))

    def enqueue(self) -> None:
        for _ in range(self.random.randint(1, 3)):
            self.names += 1
            self.queue.enqueue(f"i{self.names}", f"p{self.names % 3}")

    def claim(self) -> None:
        self.queue.connection.execute(
            """update public.payment_outbox_pending set next_attempt_at = clock_timestamp()
            where lease_token is null and hold is null"""
        )
        items = self.queue.claim(self.random.randint(1, 5))
        tokens = {item.lease_token for item in items}
        assert len(tokens) == len(items)
        assert not tokens & self.issued  # a token is never issued twice
        self.issued |= tokens
        self.held += items

    def complete(self) -> None:
        items = self.some(self.held)
        if items:
            state = self.random.choice(["DISPATCHED", "FAILED", "RETRYABLE", "RETRYABLE"])
            rows = self.queue.complete(items, state, reference="R")
            assert len(rows) == len(items)
            if self.random.random() < 0.3:
                again = self.queue.complete(items, state, reference="R")
                for first, second in zip(rows, again, strict=True):
                    if first.outcome == "RECORDED":
                        assert (second.outcome, second.attempt_no) == ("REPLAYED", first.attempt_no)
                    else:
                        assert second.outcome == first.outcome

    def begin(self) -> None:
        if items := self.some(self.held):
            self.queue.begin(items)

    def _lists(self, items: list[Any]) -> tuple[list[UUID], list[UUID]]:
        return [item.outbox_id for item in items], [item.lease_token for item in items]

    def extend(self) -> None:
        if items := self.some(self.held):
            self.queue.rows(
                "select * from public.extend_outbox_leases(%s, %s, 'w', 90)", *self._lists(items)
            )

    def _leases(self) -> dict[UUID, UUID]:
        """The token of each item that has one."""
        rows = self.queue.rows(
            """select outbox_id, lease_token from public.payment_outbox_pending
            where lease_token is not null"""
        )
        return {row.outbox_id: row.lease_token for row in rows}

    def release(self) -> None:
        if items := self.some(self.held):
            live = self._leases()
            rows = self.queue.rows(
                "select * from public.release_outbox_leases(%s, %s, 'w')", *self._lists(items)
            )
            released = {live[row.outbox_id] for row in rows}
            assert released <= {item.lease_token for item in items}
            self.released |= released

    def expire(self) -> None:
        leased = sorted(self._leases())
        self.queue.rows(
            """update public.payment_outbox_pending
            set lease_expires_at = clock_timestamp() - interval '1 second'
            where outbox_id = any(%s) and hold is null returning 1""",
            [outbox_id for outbox_id in leased if self.random.random() < 0.5],
        )

    def repair(self) -> None:
        self.queue.repair()

    def replay(self) -> None:
        number = self.random.randint(1, self.names or 1)
        if self.names:
            (row,) = self.queue.rows(
                "select * from public.enqueue_payment_outbox(%s, %s, %s, 'RTGS', '{}')",
                *(f"i{number}", f"p{number % 3}", f"i{number}"),
            )
            ended = self.ended.get(row.outbox_id)
            assert ended in (None, row.state)

    def any_item(self) -> UUID | None:
        found = self.queue.rows("select outbox_id from public.payment_outbox_identities")
        return self.random.choice(found).outbox_id if found else None

    def _operate(self, act: Callable[[UUID], object]) -> None:
        outbox_id = self.any_item()
        if outbox_id is not None:
            try:
                act(outbox_id)
            except psycopg.Error as error:
                assert error.sqlstate == "P7004", error  # noqa: PT017 - any other is a defect

    def by_hand(self) -> None:
        state = self.random.choice(["DISPATCHED", "FAILED", "RETRYABLE"])
        self._operate(lambda outbox_id: self.operator.attempt(outbox_id, state, "R-hand"))

    def cancel(self) -> None:
        self._operate(self.operator.cancel)

    def resolve(self) -> None:
        doubts = self.queue.rows(
            "select outbox_id from public.payment_outbox_pending where hold = 'IN_DOUBT'"
        )
        for row in self.some(doubts):
            resolution = self.random.choice(["DISPATCHED", "FAILED", "REQUEUE"])
            reference = {"p_rail_reference": "R-rail"} if resolution == "DISPATCHED" else {}
            try:
                self.operator.resolve(row.outbox_id, resolution, **reference)
            except psycopg.Error as error:
                assert error.sqlstate == "P7004", error  # noqa: PT017 - late results speak against it

    def redrive(self) -> None:
        if (outbox_id := self.any_item()) is not None:
            (row,) = self.operator.redrive(outbox_id)
            if row.outcome == "REDRIVEN":
                assert self.ended.pop(outbox_id) == "FAILED"

    def check(self) -> None:
        """What must be true after every verb."""
        attempts = self.queue.rows(
            """select outbox_id, attempt_no, state::text, lease_token, redrive_no
            from public.payment_outbox_attempts order by outbox_id, attempt_no"""
        )
        pending = {
            row.outbox_id: row
            for row in self.queue.rows(
                """select outbox_id, lease_token, attempt_count, budget_base, redrive_no
                from public.payment_outbox_pending"""
            )
        }
        closed = [row.lease_token for row in attempts if row.lease_token is not None]
        live = [row.lease_token for row in pending.values() if row.lease_token is not None]
        assert sorted(closed + live) == sorted(self.issued - self.released)
        history: dict[UUID, list[Any]] = {}
        for row in attempts:
            history.setdefault(row.outbox_id, []).append(row)
        for outbox_id, rows in history.items():
            assert [row.attempt_no for row in rows] == list(range(1, len(rows) + 1))
            terminal = [row for row in rows if row.state in TERMINAL]
            waiting = pending.get(outbox_id)
            assert len({row.redrive_no for row in terminal}) == len(terminal)
            assert all(row.state == "FAILED" for row in terminal[:-1])
            if waiting is None:
                assert rows[-1].state in TERMINAL
                self.ended.setdefault(outbox_id, rows[-1].state)
                assert self.ended[outbox_id] == rows[-1].state  # never back from a terminal
            else:
                assert (waiting.attempt_count, outbox_id in self.ended) == (len(rows), False)
                assert rows[-1].state not in TERMINAL or rows[-1].redrive_no < waiting.redrive_no
                assert len(rows) - waiting.budget_base < CEILING
        identities = self.queue.rows("select outbox_id from public.payment_outbox_identities")
        assert {row.outbox_id for row in identities} == set(pending) | set(self.ended)
        assert self.queue.rows("select * from public.outbox_counter_drift()") == []


@pytest.mark.parametrize("seed", [1, 2])
def test_every_token_is_accounted_for(queue: Queue, seed: int) -> None:
    queue.connection.execute(
        "do $$ begin execute format('alter database %I set symphony.outbox_retry_ceiling = 4',"
        " current_database()); end $$"
    )
    driver = Driver(queue, seed)
    driver.check()
    for _ in range(STEPS):
        verb = driver.random.choice(driver.verbs)
        verb()
        driver.check()
    states = {
        row.state
        for row in queue.rows("select distinct state::text from public.payment_outbox_attempts")
    }
    assert states == {"DISPATCHED", "FAILED", "RETRYABLE", "ZOMBIE_REQUEUE"}
