"""The old services: they call the functions of the contract as their old roles, by position, and
read the tables as their dashboards did, for as long as they are let.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import namedtuple_row

from tests.waiting import until

ENQUEUE = "select * from public.enqueue_payment_outbox(%s, %s, %s, 'RTGS', %s)"
CLAIM = "select * from public.claim_outbox_batch(%s, %s, %s)"
COMPLETE = "select * from public.complete_outbox_attempt(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
REPAIR = "select * from public.repair_expired_leases(%s, %s)"
PAUSE_SECONDS = 0.01
READS = {
    "symphony_readonly": """select outbox_id, instruction_id, attempt_count, next_attempt_at,
        claimed_by, lease_expires_at from public.payment_outbox_pending
        order by next_attempt_at limit 10""",
    "symphony_auditor": """select outbox_id, attempt_no, state, rail_reference
        from public.payment_outbox_attempts order by created_at desc limit 10""",
    "symphony_control": "select count(*) from public.payment_outbox_pending",
}


def completion(item: Any, worker: str, state: str, reference: str | None) -> tuple[Any, ...]:  # noqa: ANN401
    """The ten arguments of a completion, in order."""
    return (item.outbox_id, item.lease_token, worker, state, reference, "00", None, None, 5, 0)


class OldServices:
    """Two ingress services, two workers, a reaper and the readers, each on its connection.

    Attributes:
        acknowledged: instruction -> outbox id, as the first call said.
        done: outbox id -> rail references that were answered with DISPATCHED.
        tokens: every lease token that was handed out.
        errors: what anybody was refused, as role and SQLSTATE.
        calls: how many calls were answered.
    """

    def __init__(self, url: str, *, readers: tuple[str, ...] = tuple(READS)) -> None:
        self.url = url
        self.acknowledged: dict[str, UUID] = {}
        self.done: dict[UUID, list[str]] = {}
        self.tokens: list[UUID] = []
        self.errors: list[str] = []
        self.calls = 0
        self._stop = threading.Event()
        self._threads = [
            self._service("symphony_ingest", self._ingest("a")),
            self._user("test_user", self._ingest("b")),
            self._service("symphony_executor", self._work("w1")),
            self._user("test_user", self._work("w2")),
            self._service("symphony_executor", self._repair),
            *(self._service(role, self._read(READS[role])) for role in readers),
        ]

    def __enter__(self) -> OldServices:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)

    def go_on(self, calls: int) -> None:
        """Waits until that many more calls were answered."""
        wanted = self.calls + calls
        until(lambda: self.calls >= wanted or self.errors)

    def drain(self) -> None:
        """Dispatches what is left, as a worker of today would."""
        with self._connect("symphony_executor") as connection:
            until(lambda: self._drained(connection))

    def _drained(self, connection: psycopg.Connection[Any]) -> bool:
        connection.execute(REPAIR, (100, "reaper"))
        self._dispatch(connection, "drain", lambda _item: "DISPATCHED")
        with psycopg.connect(self.url) as superuser:
            waiting = superuser.execute("select from public.payment_outbox_pending").fetchall()
        return not waiting

    def _service(
        self, role: str, work: Callable[[psycopg.Connection[Any]], None]
    ) -> threading.Thread:
        return threading.Thread(target=self._run, args=(role, lambda: self._connect(role), work))

    def _user(self, name: str, work: Callable[[psycopg.Connection[Any]], None]) -> threading.Thread:
        url = self.url.replace("postgres@", f"{name}@")
        return threading.Thread(
            target=self._run, args=(name, lambda: psycopg.connect(url, autocommit=True), work)
        )

    @contextmanager
    def _connect(self, role: str) -> Iterator[psycopg.Connection[Any]]:
        with psycopg.connect(self.url, autocommit=True, options=f"-c role={role}") as connection:
            yield connection

    def _run(
        self,
        name: str,
        connect: Callable[[], Any],
        work: Callable[[psycopg.Connection[Any]], None],
    ) -> None:
        with connect() as connection:
            connection.row_factory = namedtuple_row
            while not self._stop.is_set():
                self._stop.wait(PAUSE_SECONDS)  # between payments
                try:
                    work(connection)
                    self.calls += 1
                except psycopg.Error as error:
                    self.errors.append(f"{name}: {error.sqlstate} {error.diag.message_primary}")

    def _ingest(self, name: str) -> Callable[[psycopg.Connection[Any]], None]:
        numbers = itertools.count()

        def ingest(connection: psycopg.Connection[Any]) -> None:
            instruction = f"{name}-{next(numbers)}"
            arguments = (instruction, f"p-{name}", instruction, '{"amount": "1.10"}')
            (row,) = connection.execute(ENQUEUE, arguments).fetchall()
            self.acknowledged[instruction] = row.outbox_id
            (again,) = connection.execute(ENQUEUE, arguments).fetchall()
            if (again.outbox_id, again.sequence_id) != (row.outbox_id, row.sequence_id):
                self.errors.append(f"{instruction}: a replay had another answer")

        return ingest

    def _work(self, worker: str) -> Callable[[psycopg.Connection[Any]], None]:
        return lambda connection: self._dispatch(
            connection, worker, lambda item: "DISPATCHED" if item.attempt_count else "RETRYABLE"
        )

    def _dispatch(
        self, connection: psycopg.Connection[Any], worker: str, state_of: Callable[[Any], str]
    ) -> None:
        connection.row_factory = namedtuple_row
        for item in connection.execute(CLAIM, (5, worker, 60)).fetchall():
            self.tokens.append(item.lease_token)
            state = state_of(item)
            reference = f"R-{item.lease_token}" if state == "DISPATCHED" else None
            (row,) = connection.execute(
                COMPLETE, completion(item, worker, state, reference)
            ).fetchall()
            if row.state == "DISPATCHED" and reference is not None:
                self.done.setdefault(item.outbox_id, []).append(reference)

    @staticmethod
    def _repair(connection: psycopg.Connection[Any]) -> None:
        connection.execute(REPAIR, (10, "reaper"))

    @staticmethod
    def _read(query: str) -> Callable[[psycopg.Connection[Any]], None]:
        def read(connection: psycopg.Connection[Any]) -> None:
            connection.execute(query.encode())

        return read
