"""The old services at work on a database while it is migrated: they enqueue, claim and complete."""

from __future__ import annotations

import itertools
import threading
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Self
from uuid import UUID

import psycopg

__all__ = ["Traffic"]

ENQUEUE: Final = "select outbox_id from public.enqueue_payment_outbox(%s, %s, %s, 'RTGS', %s)"
CLAIM: Final = """select outbox_id, lease_token
    from public.claim_outbox_batch(%s::integer, %s::text, 600::integer)"""
COMPLETE: Final = "select * from public.complete_outbox_attempt(%s, %s, %s, %s)"
_PAYLOAD: Final = '{"amount": 1.10, "to": "ü"}'
_BATCH: Final = 5


@dataclass
class Traffic:
    """Threads of old services, each a role of its own and a connection of its own.

    Attributes:
        url: the database, as a superuser; each service takes its role.
        pause: seconds between the rounds of a service.
        errors: what any of them was refused.
        items: instruction -> outbox id, of all that was enqueued.
        slowest: stage -> the longest statement that ran in it: seconds, and what it was.
        rounds: how often any service did its work.
        stage: what goes on with the database meanwhile; set by the caller.
    """

    url: str
    pause: float = 0.002
    producers: int = 1
    workers: int = 1
    errors: list[str] = field(default_factory=list)
    items: dict[str, UUID] = field(default_factory=dict)
    slowest: dict[str, tuple[float, str]] = field(default_factory=dict)
    rounds: int = 0
    stage: str = ""
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def __enter__(self) -> Self:
        services = [(self._produce, "symphony_ingest", n) for n in range(self.producers)]
        services += [(self._work, "symphony_executor", n) for n in range(self.workers)]
        for body, role, number in services:
            thread = threading.Thread(target=self._serve, args=(body, role, f"{role}-{number}"))
            thread.start()
            self._threads.append(thread)
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _serve(self, body: Any, role: str, name: str) -> None:  # noqa: ANN401 - a bound method
        with psycopg.connect(self.url, autocommit=True, application_name=name) as connection:
            connection.execute(f"set role {role}".encode())
            while not self._stop.is_set():
                try:
                    body(connection, name)
                except psycopg.Error as error:
                    self.errors.append(f"{name} {error.sqlstate}: {error}")
                self.rounds += 1
                time.sleep(self.pause)

    def _timed(self, connection: psycopg.Connection[Any], statement: str, *values: object) -> Any:  # noqa: ANN401
        started = time.monotonic()
        stage = self.stage
        try:
            return connection.execute(statement.encode(), values).fetchall()
        finally:
            seconds = time.monotonic() - started
            for name in {stage, self.stage}:
                if seconds > self.slowest.get(name, (0.0, ""))[0]:
                    self.slowest[name] = (seconds, statement.partition("(")[0].rpartition(".")[2])

    def _produce(self, connection: psycopg.Connection[Any], name: str) -> None:
        number = next(self._numbers)
        key = f"live-{number}"
        participant = f"live-{number % 7}"
        ((outbox_id,),) = self._timed(connection, ENQUEUE, key, participant, key, _PAYLOAD)
        self.items[key] = outbox_id
        if number % 10 == 0:  # a client that lost the answer asks again
            ((again,),) = self._timed(connection, ENQUEUE, key, participant, key, _PAYLOAD)
            if again != outbox_id:
                self.errors.append(f"{key} was queued twice: {outbox_id}, {again}")

    def _work(self, connection: psycopg.Connection[Any], name: str) -> None:
        for outbox_id, token in self._timed(connection, CLAIM, _BATCH, name):
            state = "RETRYABLE" if outbox_id.int % 5 == 0 else "DISPATCHED"
            self._timed(connection, COMPLETE, outbox_id, token, name, state)
