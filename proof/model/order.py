"""Pauses and order: what an item waits for, and who is let go when something ends."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from proof.model.state import Item, State

__all__ = [
    "advance",
    "hold_behind",
    "hold_paused",
    "in_scope",
    "is_ordered",
    "is_paused",
    "release_paused",
    "release_stale",
]


def in_scope(scope: tuple[str, str], item: Item) -> bool:
    kind, key = scope
    return (
        kind == "QUEUE"
        or (kind == "RAIL" and key == item.rail)
        or (kind == "TENANT" and key == str(item.tenant))
    )


def is_ordered(state: State, item: Item) -> bool:
    return any(
        c.ordering != "NONE" and in_scope(scope, item) for scope, c in state.controls.items()
    )


def is_paused(state: State, item: Item) -> bool:
    return any(c.paused and in_scope(scope, item) for scope, c in state.controls.items())


def may_be_passed(state: State, item: Item) -> bool:
    orders = [
        c.ordering
        for scope, c in state.controls.items()
        if c.ordering != "NONE" and in_scope(scope, item)
    ]
    return bool(orders) and all(ordering == "FIFO_SKIP" for ordering in orders)


def _blocks(state: State, item: Item) -> bool:
    """Whether later items of its participant wait for this one."""
    waits = item.hold is None and item.lease is None and item.due_at > state.now
    return not (may_be_passed(state, item) and (item.hold == "IN_DOUBT" or waits))


def hold_behind(state: State, met: Sequence[Item]) -> list[Item]:
    """Puts on hold who must wait for an earlier item; returns the others."""
    behind = [
        item
        for item in met
        if item.fifo
        and any(
            other.fifo
            and other.participant == item.participant
            and other.sequence < item.sequence
            and _blocks(state, other)
            for other in state.queue()
        )
    ]
    for item in behind:
        item.put_on_hold("FIFO", state.now)
    return [item for item in met if item.hold is None]


def hold_paused(state: State, met: Sequence[Item]) -> list[Item]:
    """Puts on hold what is paused; returns the others."""
    for item in met:
        if is_paused(state, item):
            item.put_on_hold("PAUSED", state.now)
    return [item for item in met if item.hold is None]


def advance(state: State, participants: Iterable[str]) -> None:
    """Lets the head of each participant go, if it was on hold behind others."""
    for participant in sorted(set(participants)):
        line = (i for i in state.queue() if i.fifo and i.participant == participant)
        heads = [item for item in line if _blocks(state, item)]
        if heads:
            head = min(heads, key=lambda item: item.sequence)
            if head.lease is None and head.hold == "FIFO":
                head.free(state.now)


def release_paused(state: State, scope: tuple[str, str], limit: int) -> tuple[int, int]:
    """Frees held items of a scope that no control keeps paused: how many, and how many remain."""
    free = sorted(
        (
            item
            for item in state.queue()
            if item.hold == "PAUSED" and in_scope(scope, item) and not is_paused(state, item)
        ),
        key=lambda item: item.outbox_id,
    )
    for item in free[:limit]:
        item.free(state.now)
    return len(free[:limit]), len(free[limit:])


def release_stale(state: State) -> None:
    """Frees what nothing holds any more."""
    for item in list(state.queue()):
        if item.hold == "PAUSED" and not is_paused(state, item):
            item.free(state.now)
    advance(state, {item.participant for item in state.queue() if item.fifo})
