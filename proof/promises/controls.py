"""Pause, resume and settings."""

from __future__ import annotations

from uuid import UUID

from proof.promises import items
from proof.promises.order import set_control
from proof.promises.registry import promise
from proof.promises.world import INFINITE, Row, World, same

_DEFAULTS = {"paused": False, "ordering": "NONE", "fair": False, "notify_workers": True}
_WHO = {"actor": " ann ", "reason": " why "}


def _control(world: World, scope: str, key: str, **settings: object) -> Row:
    row = {"scope": scope, "scope_key": key, **_DEFAULTS, **settings}
    return {**row, "updated_at": world.during}


@promise("a pause stops the queue, a rail or a tenant; its end lets the items go that it held")
def pauses(world: World) -> None:
    tenant_id = items.tenant(world)
    theirs = items.item(world, tenant_id=tenant_id)
    sepa, other = items.enqueue(world), items.enqueue(world, rail="X")
    leased = items.enqueue(world, rail="L")
    everything = [theirs, sepa, other, leased]
    for scope, key, stopped in (
        ("QUEUE", "*", everything),
        ("RAIL", "SEPA", [theirs, sepa]),
        ("TENANT", str(tenant_id), [theirs]),
    ):
        with world.undone():
            named = {"scope": scope, "scope_key": key}
            row = world.one("pause_outbox", **named, **_WHO)
            same("control", row, _control(world, scope, key, paused=True))
            same(
                "action",
                world.table("payment_outbox_operator_actions"),
                [items.action("PAUSE", **named)],
            )
            same("again", world.one("pause_outbox", **named, **_WHO)["paused"], True)
            going = [one for one in everything if one not in stopped]
            rows = world.call("claim_outbox_items", batch_size=9, worker_id="w1", lease_seconds=60)
            same("claimed", {row["outbox_id"] for row in rows}, {one.outbox_id for one in going})
            held = {"hold": "PAUSED", "held_at": world.during, "next_attempt_at": INFINITE}
            for one in stopped:
                same("held", items.queue(world, one), one.queued(**held))
            items.claim(world)
            world.call("repair_expired_leases", batch_size=9, worker_id="r")
            same("still held", items.queue(world, stopped[0]), stopped[0].queued(**held))
            row = world.one("resume_outbox", **named, **_WHO)
            same("resumed", row, {"released": len(stopped), "remaining": 0})
            for one in stopped:
                same("free", items.queue(world, one), one.queued(next_attempt_at=world.during))
            (control,) = world.table("outbox_controls")
            same("control", control, _control(world, scope, key))
            actions = world.table("payment_outbox_operator_actions", "created_at", action="RESUME")
            detail = {"released": len(stopped), "remaining": 0}
            same("action", actions, [items.action("RESUME", **named, detail=detail)])
            items.claim(world, *stopped)


@promise("what is leased while the pause begins goes on, and waits where it comes back")
def under_way(world: World) -> None:
    one, two = items.enqueue(world), items.enqueue(world)
    items.claim(world, one, two)
    world.call("pause_outbox", scope="QUEUE", scope_key="*", **_WHO)
    same("completed", items.complete(world, one, "DISPATCHED")["outcome"], "RECORDED")
    items.expire(world, two)
    items.claim(world)
    row = items.queue(world, two) or {}
    same("closed and held", (row["attempt_count"], row["hold"]), (1, "PAUSED"))


@promise("a resume releases as many as it was told, and none that another pause holds")
def resumes(world: World) -> None:
    tenant_id = items.tenant(world)
    theirs = items.item(world, tenant_id=tenant_id)
    batch = [items.enqueue(world) for _ in range(3)]
    strange = items.enqueue(world, rail="X")
    doubted = items.enqueue(world)
    world.run(
        "update public.payment_outbox_pending set hold = 'IN_DOUBT', held_at = now(),"
        " next_attempt_at = 'infinity' where outbox_id = %s",
        doubted.outbox_id,
    )
    world.call("pause_outbox", scope="QUEUE", scope_key="*", **_WHO)
    world.call("pause_outbox", scope="TENANT", scope_key=str(tenant_id), **_WHO)
    items.claim(world)
    set_control(world, "QUEUE", "*", ordering="NONE")
    resume = {"scope": "QUEUE", "scope_key": "*", **_WHO}
    for limit, promised in ((1, (1, 3)), (2, (2, 1)), (9, (1, 0)), (9, (0, 0))):
        row = world.one("resume_outbox", **resume, limit=limit)
        same("resumed", (row["released"], row["remaining"]), promised)
    same("theirs", (items.queue(world, theirs) or {})["hold"], "PAUSED")
    same("in doubt", (items.queue(world, doubted) or {})["hold"], "IN_DOUBT")
    items.claim(world, *batch, strange)
    row = world.one("resume_outbox", scope="TENANT", scope_key=str(tenant_id), **_WHO)
    same("resumed", (row["released"], row["remaining"]), (1, 0))
    other = items.enqueue(world, rail="X")
    mine = items.enqueue(world)
    for rail in ("X", "SEPA"):
        world.call("pause_outbox", scope="RAIL", scope_key=rail, **_WHO)
    world.call("claim_outbox_items", batch_size=9, worker_id="w", lease_seconds=60)
    row = world.one("resume_outbox", scope="RAIL", scope_key="SEPA", **_WHO)
    same("of the rail", (row["released"], row["remaining"]), (2, 0))
    same("mine", (items.queue(world, mine) or {})["hold"], None)
    same("other", (items.queue(world, other) or {})["hold"], "PAUSED")


@promise("repair releases what nothing holds any more, as many as it was asked for")
def stale_holds(world: World) -> None:
    set_control(world, "RAIL", "SEPA", ordering="FIFO_BLOCK")
    batch = [items.enqueue(world, rail="X") for _ in range(3)]
    alone = items.enqueue(world)
    set_control(world, "RAIL", "Y", paused=True)
    paused = items.enqueue(world, rail="Y")
    world.run(
        "update public.payment_outbox_pending set hold = case when fifo then 'FIFO' else 'PAUSED'"
        " end, held_at = now(), next_attempt_at = 'infinity'"
    )
    world.call("repair_expired_leases", batch_size=2, worker_id="r")
    during = world.during
    free = [one for one in batch if (items.queue(world, one) or {})["hold"] is None]
    same("released", len(free), 2)
    for one in free:
        same("free", items.queue(world, one), one.queued(next_attempt_at=during))
    same("head", items.queue(world, alone), alone.queued(fifo=True, next_attempt_at=during))
    same("paused", (items.queue(world, paused) or {})["hold"], "PAUSED")


@promise("a setting that is not named stays as it is, and every change is on record")
def settings(world: World) -> None:
    given = {"paused": True, "ordering": "FIFO_SKIP", "fair": True, "notify_workers": False}
    unset: Row = dict.fromkeys(given)
    known: Row = {}
    for name, value in given.items():
        row = world.one(
            "set_outbox_control", scope="QUEUE", scope_key="*", **{**unset, name: value}, **_WHO
        )
        known[name] = value
        same("control", row, _control(world, "QUEUE", "*", **known))
        same("row", world.table("outbox_controls"), [row])
        actions = world.table("payment_outbox_operator_actions", "created_at desc, action_id desc")
        promised = items.action("SET_CONTROL", scope="QUEUE", scope_key="*", detail={name: value})
        same("action", actions[0], promised)
    row = world.one(
        "set_outbox_control", scope="RAIL", scope_key="X", **{**unset, "fair": False}, **_WHO
    )
    same("of a rail", row, _control(world, "RAIL", "X"))
    for name, value in _DEFAULTS.items():
        row = world.one(
            "set_outbox_control", scope="QUEUE", scope_key="*", **{**unset, name: value}, **_WHO
        )
        known[name] = value
        same("control", row, _control(world, "QUEUE", "*", **known))


@promise("the end of a pause by setting releases what it held")
def unpaused(world: World) -> None:
    one = items.enqueue(world)
    set_control(world, "QUEUE", "*", paused=True)
    items.claim(world)
    set_control(world, "QUEUE", "*", notify_workers=True)
    same("held", (items.queue(world, one) or {})["hold"], "PAUSED")
    set_control(world, "QUEUE", "*", paused=False)
    same("free", items.queue(world, one), one.queued(next_attempt_at=world.during))


@promise("scopes are kept apart: a rail named like a tenant's id is another scope")
def scopes_apart(world: World) -> None:
    tenant_id = items.tenant(world)
    theirs = items.item(world, tenant_id=tenant_id)
    namesake = items.enqueue(world, rail=str(tenant_id))
    world.call("pause_outbox", scope="RAIL", scope_key=str(tenant_id), **_WHO)
    items.claim(world, theirs)
    items.claim(world)
    same("held", (items.queue(world, namesake) or {})["hold"], "PAUSED")
    world.call("pause_outbox", scope="TENANT", scope_key=str(UUID(str(tenant_id))), **_WHO)
    same("controls", len(world.table("outbox_controls")), 2)


@promise("an ordering is changed at READ COMMITTED, other settings at any level", alone=True)
def isolation_of_settings(world: World) -> None:
    given = {"scope": "RAIL", "scope_key": "X", "fair": None, "notify_workers": None}
    who = {"actor": "ann", "reason": "why"}
    for level in ("repeatable read", "serializable"):
        world.run(f"set default_transaction_isolation = '{level}'")
        row = world.one("set_outbox_control", **given, paused=True, ordering=None, **who)
        same("paused", row["paused"], promised=True)
        world.refuses(
            "P711F",
            "transaction_isolation",
            "read committed",
            "set_outbox_control",
            **given,
            paused=None,
            ordering="FIFO_BLOCK",
            **who,
        )
    world.run("reset default_transaction_isolation")
    row = world.one("set_outbox_control", **given, paused=None, ordering="FIFO_BLOCK", **who)
    same("ordering", row["ordering"], "FIFO_BLOCK")
