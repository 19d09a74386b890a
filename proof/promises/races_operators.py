"""Operators beside workers and beside each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import psycopg

from proof.promises import items
from proof.promises.items import Item
from proof.promises.order import set_control
from proof.promises.registry import promise
from proof.promises.retention import HORIZON, OLD, past, sealed
from proof.promises.sessions import another, locked
from proof.promises.world import Broken, Row, World, same

_WHO: Final = {"actor": "ann", "reason": "why"}


def _completion(one: Item, state: str = "DISPATCHED") -> Callable[[World], Row]:
    return lambda world: items.complete(world, one, state, rail_reference="R")


@promise(
    "an operator waits for whoever has the item; two who do the same get the same row", alone=True
)
def operators_wait(world: World) -> None:
    one = items.enqueue(world)
    cancel = {"outbox_id": one.outbox_id, **_WHO}
    with another(world) as other:
        with world.connection.transaction():
            first = world.one("cancel_outbox_item", **cancel)
            other.waits(lambda session: session.one("cancel_outbox_item", **cancel))
        same("second", other.result(), first)
    one = items.enqueue(world)
    manual = {
        "outbox_id": one.outbox_id,
        "state": "RETRYABLE",
        "rail_reference": None,
        "rail_code": None,
        "error_code": None,
        "error_message": None,
        **_WHO,
    }
    with another(world) as other:
        with world.connection.transaction():
            world.one("record_manual_attempt", **manual)
            other.waits(lambda session: session.one("record_manual_attempt", **manual))
        same("second", other.result()["attempt_no"], 2)
    items.due(world, one)
    items.claim(world, one, begun=True)
    items.expire(world, one)
    resolve = {"outbox_id": one.outbox_id, "resolution": "REQUEUE", **_WHO}
    with another(world) as other:
        with world.connection.transaction():
            first = world.one("resolve_outbox_item", **resolve)
            other.waits(lambda session: session.one("resolve_outbox_item", **resolve))
        same("second", other.result(), first)


@promise(
    "what is being redriven does not retire, and what is being retired is not redriven", alone=True
)
def retire_or_redrive(world: World) -> None:
    world.run("set lock_timeout = '2s'")
    sealed(world)
    redriven, retired = past(world, OLD, state="FAILED"), past(world, OLD, state="FAILED")
    retire = {"before": HORIZON, "limit": 9, **_WHO}

    def redrive(one: Item) -> Callable[[World], Row]:
        return lambda session: session.one(
            "redrive_dead_letters", outbox_ids=[one.outbox_id], dry_run=False, **_WHO
        )

    with another(world) as other:
        with other.world.connection.transaction():
            redrive(redriven)(other.world)
            with world.undone():
                row = world.one("retire_history", **retire)
                same("retired", (row["examined"], row["items"]), (2, 1))
        with world.connection.transaction():
            row = world.one("retire_history", **retire)
            same("retired", (row["examined"], row["items"]), (2, 1))
            other.waits(redrive(retired))
        same("redriven", other.result()["outcome"], "RETIRED")
        items.claim(world, redriven)
        items.complete(world, redriven, "FAILED")
        with world.connection.transaction():
            redrive(redriven)(world)
            other.waits(redrive(redriven))
        same("redriven", other.result()["outcome"], "STILL_QUEUED")


@promise("a head that ends waits for a claim that is just putting the next one on hold", alone=True)
def no_lost_wakeup(world: World) -> None:
    set_control(world, "QUEUE", "*", ordering="FIFO_BLOCK")
    first = items.enqueue(world, participant="P", no=1)
    items.claim(world, first)
    second = items.enqueue(world, participant="P", no=2)
    with another(world) as other:
        with world.connection.transaction():
            items.claim(world)
            same("held", (items.queue(world, second) or {})["hold"], "FIFO")
            other.waits(_completion(first))
        other.result()
    same("free", (items.queue(world, second) or {})["hold"], None)
    with locked(world, second):
        same("held", second.outbox_id is not None, True)
    # An item under a lease is not waited for.
    items.claim(world, second)
    third = items.enqueue(world, participant="P", no=3)
    items.claim(world)
    world.run("set lock_timeout = '2s'")
    with locked(world, second):
        world.call("repair_expired_leases", batch_size=9, worker_id="r")
    same("held", (items.queue(world, third) or {})["hold"], "FIFO")


@promise("a change of the order waits half a second at most, and keeps others out", alone=True)
def order_gives_way(world: World) -> None:
    with another(world) as other, other.world.connection.transaction():
        items.enqueue(other.world)
        try:
            set_control(world, "QUEUE", "*", ordering="FIFO_BLOCK")
        except psycopg.Error as error:
            world.run("reset role")
            same("refusal", error.sqlstate, "55P03")
        else:
            raise Broken("the order changes under a session that goes by the old one")
    one = items.enqueue(world)
    with another(world) as other:
        with world.connection.transaction():
            set_control(world, "QUEUE", "*", ordering="FIFO_BLOCK")
            other.waits(lambda session: items.enqueue(session, participant="P"))
        same("fifo", (items.queue(world, other.result()) or {})["fifo"], True)
    with locked(world, one):
        try:
            set_control(world, "QUEUE", "*", ordering="NONE")
        except psycopg.Error as error:
            world.run("reset role")
            same("refusal", error.sqlstate, "55P03")
        else:
            raise Broken("the order of an item changes under another session")
