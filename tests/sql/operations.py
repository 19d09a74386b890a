"""Short ways to act as an operator in SQL, and to make two sessions meet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any
from uuid import UUID

import psycopg

from tests.sql.queue import Queue
from tests.waiting import until

__all__ = ["Operator", "dead_letter", "in_doubt", "meeting"]


class Operator:
    """The operator functions on the connection of a queue, by named arguments."""

    def __init__(self, queue: Queue, actor: str = "ann") -> None:
        self.queue = queue
        self.actor = actor

    def call(self, function: str, **arguments: object) -> list[Any]:
        """The rows of a function, for the actor of this operator."""
        given = {"p_actor": self.actor, "p_reason": "because", **arguments}
        places = ", ".join(f"{name} => %s" for name in given)
        return self.queue.rows(f"select * from public.{function}({places})", *given.values())

    def control(self, scope: str, key: str, **settings: object) -> list[Any]:
        values = dict.fromkeys(("paused", "ordering", "fair", "notify_workers")) | settings
        return self.call(
            "set_outbox_control",
            p_scope=scope,
            p_scope_key=key,
            **{f"p_{name}": value for name, value in values.items()},
        )

    def pause(self, scope: str = "QUEUE", key: str = "*") -> list[Any]:
        return self.call("pause_outbox", p_scope=scope, p_scope_key=key)

    def resume(self, scope: str = "QUEUE", key: str = "*", limit: int = 10_000) -> Any:  # noqa: ANN401 - a row
        (row,) = self.call("resume_outbox", p_scope=scope, p_scope_key=key, p_limit=limit)
        return row

    def attempt(self, outbox_id: UUID, state: str | None, reference: str | None = None) -> Any:  # noqa: ANN401 - a row
        (row,) = self.call(
            "record_manual_attempt",
            p_outbox_id=outbox_id,
            p_state=state,
            p_rail_reference=reference,
            p_rail_code="00",
            p_error_code=None if state == "DISPATCHED" else "BY_HAND",
            p_error_message=None,
        )
        return row

    def cancel(self, outbox_id: UUID) -> Any:  # noqa: ANN401 - a row
        (row,) = self.call("cancel_outbox_item", p_outbox_id=outbox_id)
        return row

    def resolve(self, outbox_id: UUID, resolution: str | None, **more: object) -> Any:  # noqa: ANN401 - a row
        (row,) = self.call(
            "resolve_outbox_item", p_outbox_id=outbox_id, p_resolution=resolution, **more
        )
        return row

    def redrive(self, *outbox_ids: UUID | None, dry_run: bool = False, **more: object) -> list[Any]:
        return self.call(
            "redrive_dead_letters", p_outbox_ids=list(outbox_ids), p_dry_run=dry_run, **more
        )

    def actions(self) -> list[Any]:
        """What was recorded, in order."""
        return self.queue.rows(
            "select * from public.payment_outbox_operator_actions order by created_at, action_id"
        )


def dead_letter(queue: Queue, name: str = "i", **more: str) -> UUID:
    """An item that a worker ended as FAILED."""
    outbox_id = queue.enqueue(name, **more)
    queue.complete(queue.claim(), "FAILED")
    return outbox_id


def in_doubt(queue: Queue, name: str = "i", *, met: bool = True) -> tuple[UUID, Any]:
    """An item in doubt (whether a repair has met it or not), and the row that was claimed."""
    outbox_id = queue.enqueue(name)
    (item,) = queue.claim()
    queue.begin([item])
    queue.expire_leases()
    if met:
        queue.repair()
    return outbox_id, item


@contextmanager
def meeting(
    url: str, first: Callable[[Queue], object], second: Callable[[Queue], object]
) -> Iterator[list[object]]:
    """`first` acts and keeps its transaction open until `second` waits for it; then it commits.

    Gives what `second` returned or raised, after both have ended.
    """
    found: list[object] = []
    with psycopg.connect(url) as one, psycopg.connect(url) as two:
        first(Queue(one))

        def act() -> None:
            try:
                found.append(second(Queue(two)))
                two.commit()
            except psycopg.Error as error:
                found.append(error)

        thread = Thread(target=act)
        thread.start()
        with psycopg.connect(url, autocommit=True) as watcher:
            until(
                lambda: Queue(watcher).value(
                    "select %s = any(pg_blocking_pids(%s))",
                    *(one.info.backend_pid, two.info.backend_pid),
                )
            )
        one.commit()
        thread.join()
    yield found
