"""What two sessions owe each other: who waits for whom, and what the second one sees then."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import psycopg

from proof.promises import items
from proof.promises.items import Item
from proof.promises.order import set_control
from proof.promises.registry import promise
from proof.promises.sessions import another, is_locked, locked
from proof.promises.world import Broken, Row, World, moment, same

_WHO: Final = {"actor": "ann", "reason": "why"}


@promise("claims and repairs pass over what another session holds, and wait for nobody", alone=True)
def nobody_waits(world: World) -> None:
    world.run("set lock_timeout = '2s'")
    tenant_id = items.tenant(world)
    for fair in (False, True):
        set_control(world, "QUEUE", "*", fair=fair)
        one, two, three, four = (
            *(items.enqueue(world) for _ in range(2)),
            *(items.item(world, tenant_id=tenant_id) for _ in range(2)),
        )
        with locked(world, one, three):
            items.claim(world, two, four)
        items.claim(world, one, three)
        for each in (one, two):
            items.expire(world, each)
        with locked(world, one):
            rows = world.call("repair_expired_leases", batch_size=9, worker_id="r")
            same("repaired", [row["outbox_id"] for row in rows], [two.outbox_id])
        items.complete(world, three, "DISPATCHED")
        items.complete(world, four, "DISPATCHED")
        world.run("delete from public.payment_outbox_pending")
    held = [items.enqueue(world) for _ in range(3)]
    world.call("pause_outbox", scope="QUEUE", scope_key="*", **_WHO)
    items.claim(world)
    with locked(world, held[1]):
        row = world.one("resume_outbox", scope="QUEUE", scope_key="*", **_WHO)
        same("resumed", row, {"released": 2, "remaining": 1})
        world.call("repair_expired_leases", batch_size=9, worker_id="r")
    same("held", (items.queue(world, held[1]) or {})["hold"], "PAUSED")
    world.call("repair_expired_leases", batch_size=9, worker_id="r")
    same("free", (items.queue(world, held[1]) or {})["hold"], None)


@promise("two claims at the same time lease different items", alone=True)
def claims_apart(world: World) -> None:
    world.run("set lock_timeout = '2s'")
    for fair in (False, True):
        set_control(world, "QUEUE", "*", fair=fair)
        batch = [items.enqueue(world) for _ in range(4)]
        with another(world) as other:
            claim = {"batch_size": 2, "worker_id": "w", "lease_seconds": 60}
            with other.world.connection.transaction():
                mine = other.world.call("claim_outbox_items", **claim)
                theirs = world.call("claim_outbox_items", **{**claim, "batch_size": 9})
        ids = [row["outbox_id"] for row in (*mine, *theirs)]
        same("leased once", sorted(ids, key=str), sorted((one.outbox_id for one in batch), key=str))


def _completion(one: Item, state: str = "DISPATCHED") -> Callable[[World], Row]:
    return lambda world: items.complete(world, one, state, rail_reference="R")


@promise("a result waits for whoever has the item, and is judged by what it finds then", alone=True)
def results_wait(world: World) -> None:
    def extend(session: World) -> None:
        session.call("extend_outbox_leases", **items.leases([one]), lease_seconds=600)

    def begin(session: World) -> None:
        session.call("begin_outbox_dispatch", **items.leases([one]))

    def release(session: World) -> None:
        session.call("release_outbox_leases", **items.leases([one]))

    def crash(session: World) -> None:
        items.expire(session, one)
        session.call("repair_expired_leases", batch_size=9, worker_id="r")

    for act, outcome in (
        (extend, "RECORDED"),
        (begin, "RECORDED"),
        (release, "UNKNOWN"),
        (crash, "EXPIRED"),
        (_completion(one := items.enqueue(world)), "REPLAYED"),
        (_completion(one, "FAILED"), "ALREADY_DONE"),
        (_completion(one, "RETRYABLE"), "ALREADY_DONE"),
    ):
        world.run("delete from public.payment_outbox_pending")
        fresh = items.enqueue(world)
        # The acts name `one`: it becomes the fresh item.
        one.outbox_id, one.created_at = fresh.outbox_id, fresh.created_at
        items.claim(world, one)
        with another(world) as other:
            with world.connection.transaction():
                act(world)
                other.waits(_completion(one))
            found = other.result()
            same(f"after {getattr(act, '__name__', '')}", found["outcome"], outcome)
        numbers = [row["attempt_no"] for row in items.attempts(world, one)]
        same("numbers", numbers, list(range(1, len(numbers) + 1)))
        same("drift", world.call("outbox_counter_drift"), [])


@promise("the end of a lease is judged by the clock after the lock was had", alone=True)
def clock_after_lock(world: World) -> None:
    def extend(session: World) -> list[Row]:
        return session.call("extend_outbox_leases", **items.leases([one]), lease_seconds=600)

    def begin(session: World) -> list[Row]:
        return session.call("begin_outbox_dispatch", **items.leases([one]))

    for act, late in ((_completion, "EXPIRED"), (extend, []), (begin, [])):
        one = items.enqueue(world)
        items.claim(world, one)
        items.expire(world, one, seconds=-0.1)
        with another(world) as other:
            with locked(world, one):
                other.waits(_completion(one) if act is _completion else act)  # type: ignore[arg-type]
                ends = (items.queue(world, one) or {})["lease_expires_at"]
                while moment() <= ends + timedelta(milliseconds=5):
                    time.sleep(0.005)
            found = other.result()
            same("late", found["outcome"] if act is _completion else found, late)
        world.run("delete from public.payment_outbox_pending")
    # What a waiting retry is measured from, and when it says that it was completed.
    one = items.enqueue(world)
    items.claim(world, one)
    with another(world) as other:
        with locked(world, one):
            other.waits(_completion(one, "RETRYABLE"))
            released = moment()
        other.result()
    same("after the lock", items.attempts(world, one)[0]["completed_at"] >= released, True)


@promise("many leases are locked in the order of their ids", alone=True)
def locks_in_order(world: World) -> None:
    batch = sorted((items.enqueue(world) for _ in range(3)), key=lambda one: str(one.outbox_id))
    items.claim(world, *batch)
    first, middle, last = batch
    given = items.leases([last, middle, first])
    for act in (
        lambda session: session.call("extend_outbox_leases", **given, lease_seconds=60),
        lambda session: session.call("begin_outbox_dispatch", **given),
        lambda session: session.call(
            "complete_outbox_attempts", **given, states=["DISPATCHED"] * 3
        ),
    ):
        with another(world) as other:
            with locked(world, middle):
                other.waits(act)
                same("first", is_locked(world, first), True)
                same("last", is_locked(world, last), False)
            other.result()
    failed = sorted((items.enqueue(world) for _ in range(3)), key=lambda one: str(one.outbox_id))
    for one in failed:
        items.fail(world, one)
    ids = [one.outbox_id for one in reversed(failed)]
    identities = "payment_outbox_identities"
    with another(world) as other:
        with locked(world, failed[1], table=identities):
            other.waits(
                lambda session: session.call(
                    "redrive_dead_letters", outbox_ids=ids, dry_run=False, **_WHO
                )
            )
            same("first", is_locked(world, failed[0], identities), True)
            same("last", is_locked(world, failed[2], identities), False)
        rows = other.result()
        same("redriven", [row["outcome"] for row in rows], ["REDRIVEN"] * 3)


@promise("an older snapshot is told to try again, and never that its lease is lost", alone=True)
def old_snapshots(world: World) -> None:
    for level in ("repeatable read", "serializable"):
        for prepare in ("claim", "enqueue"):
            one = items.enqueue(world)
            with another(world, level) as other, other.world.undone():
                if prepare == "claim":
                    other.world.rows("select count(*) from public.payment_outbox_pending")
                    items.claim(world, one)
                else:
                    world.run("delete from public.payment_outbox_pending")
                    other.world.rows("select count(*) from public.payment_outbox_pending")
                    one = items.enqueue(world)
                    items.claim(world, one)
                try:
                    with other.world.undone():
                        found = items.complete(other.world, one, "DISPATCHED")
                except psycopg.Error as error:
                    same("refusal", error.sqlstate, "40001")
                else:
                    raise Broken(f"an older snapshot says {found}")
            with another(world, level) as other:
                same("later", items.complete(other.world, one, "DISPATCHED")["outcome"], "RECORDED")
                same("again", items.complete(other.world, one, "DISPATCHED")["outcome"], "REPLAYED")
                same("late", items.complete(other.world, one, "FAILED")["outcome"], "ALREADY_DONE")
