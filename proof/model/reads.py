"""What readers are told: where an instruction stands, and how the queue looks."""

from __future__ import annotations

from typing import Any

from proof.model.state import NEVER, Item, State

__all__ = ["backlog", "status"]

Row = tuple[Any, ...]


def status(item: Item) -> Row:
    last = item.last
    said = (None, None) if last is None else (last.rail_reference, last.error_code)
    completed = None if item.queued or last is None else last.completed_at
    due = item.due_at if item.queued and item.due_at != NEVER else None
    number = 0 if last is None else last.number
    known = (item.outbox_id, item.participant, item.rail, item.state, number)
    return (*known, *said, item.created_at, completed, due)


def backlog(state: State) -> list[Row]:
    queue = list(state.queue())
    free = [i for i in queue if i.hold is None and i.lease is None]
    due = [i.due_at for i in free if i.due_at <= state.now]
    leased = [i.lease for i in queue if i.hold is None and i.lease is not None]
    live = sum(lease.expires_at > state.now for lease in leased)
    doubt = sum(i.hold == "IN_DOUBT" for i in queue)
    held = sum(i.hold is not None for i in queue) - doubt
    counts = (len(due), len(free) - len(due), live, len(leased) - live, doubt, held)
    return [(*counts, min(due, default=None))]
