"""The order of a participant's items, and shares of tenants."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from uuid import uuid4

from proof.promises import items
from proof.promises.items import Item
from proof.promises.registry import promise
from proof.promises.world import INFINITE, World, same


def set_control(world: World, scope: str, key: str, **settings: object) -> None:
    """Sets what is given, and leaves the rest."""
    unset = {"paused": None, "ordering": None, "fair": None, "notify_workers": None}
    world.one(
        "set_outbox_control",
        scope=scope,
        scope_key=key,
        **{**unset, **settings},
        actor=" ann ",
        reason=" why ",
    )


def _pair(world: World, participant: str = "P") -> tuple[Item, Item]:
    first = items.enqueue(world, participant=participant, no=1)
    return first, items.enqueue(world, participant=participant, no=2)


def _end(world: World, state: str) -> Callable[[Item], object]:
    return lambda head: items.complete(world, head, state, retry_delay_seconds=60)


@promise("FIFO_BLOCK: the items of a participant go one after the other")
def one_after_the_other(world: World) -> None:
    set_control(world, "RAIL", "SEPA", ordering="FIFO_BLOCK")
    first, second = _pair(world)
    other = items.enqueue(world, participant="Q")
    elsewhere = [items.enqueue(world, participant="P", rail="X", no=no) for no in (3, 4)]
    same("fifo", (items.queue(world, second) or {})["fifo"], True)
    same("not fifo", (items.queue(world, elsewhere[0]) or {})["fifo"], False)
    rows = world.call("claim_outbox_items", batch_size=9, worker_id="w1", lease_seconds=60)
    going = [first, other, *elsewhere]
    same("claimed", {row["outbox_id"] for row in rows}, {one.outbox_id for one in going})
    held = {"fifo": True, "hold": "FIFO", "held_at": world.during, "next_attempt_at": INFINITE}
    same("held", items.queue(world, second), second.queued(**held))
    first.token = next(row["lease_token"] for row in rows if row["outbox_id"] == first.outbox_id)
    items.complete(world, first, "RETRYABLE", retry_delay_seconds=60)
    items.claim(world)
    same("behind a head that waits", items.queue(world, second), second.queued(**held))
    items.due(world, first)
    items.claim(world, first)
    items.complete(world, first, "DISPATCHED")
    same(
        "released",
        items.queue(world, second),
        second.queued(fifo=True, next_attempt_at=world.during),
    )
    items.claim(world, second)


@promise("whatever ends the head lets the next one go")
def heads_end(world: World) -> None:
    set_control(world, "QUEUE", "*", ordering="FIFO_BLOCK")

    def crash(head: Item) -> None:
        world.run(
            "update public.payment_outbox_pending set attempt_count = 19 where outbox_id = %s",
            head.outbox_id,
        )
        items.expire(world, head)
        world.call("repair_expired_leases", batch_size=9, worker_id="r")

    def by_operator(function: str, **arguments: object) -> Callable[[Item], None]:
        def act(head: Item) -> None:
            world.call("release_outbox_leases", **items.leases([head]))
            world.call(function, outbox_id=head.outbox_id, **arguments, actor="a", reason="r")

        return act

    def resolve(head: Item) -> None:
        world.call("begin_outbox_dispatch", **items.leases([head]))
        items.expire(world, head)
        world.call(
            "resolve_outbox_item",
            outbox_id=head.outbox_id,
            resolution="FAILED",
            actor="a",
            reason="r",
        )

    manual = {
        "state": "DISPATCHED",
        "rail_reference": "R",
        "rail_code": None,
        "error_code": None,
        "error_message": None,
    }
    for end in (
        _end(world, "DISPATCHED"),
        _end(world, "FAILED"),
        crash,
        resolve,
        by_operator("cancel_outbox_item"),
        by_operator("record_manual_attempt", **manual),
    ):
        first, second = _pair(world, participant=str(uuid4()))
        items.claim(world, first)
        same("held", (items.queue(world, second) or {})["hold"], None)
        rows = world.call("claim_outbox_items", batch_size=9, worker_id="w", lease_seconds=60)
        same("claimed beside the head", rows, [])
        same("held", (items.queue(world, second) or {})["hold"], "FIFO")
        end(first)
        same("head", items.queue(world, first), None)
        row = items.queue(world, second) or {}
        same("next", (row["hold"], row["held_at"]), (None, None))
        items.claim(world, second)
        items.complete(world, second, "DISPATCHED")


@promise("a repair releases the head of every participant that nothing holds any more")
def stale_holds(world: World) -> None:
    set_control(world, "QUEUE", "*", ordering="FIFO_BLOCK")
    pairs = [_pair(world, participant=name) for name in "PQRS"]
    world.run(
        "update public.payment_outbox_pending"
        " set hold = 'FIFO', held_at = now(), next_attempt_at = 'infinity'"
    )
    items.claim(world)
    world.call("repair_expired_leases", batch_size=9, worker_id="r")
    found = [(items.queue(world, one) or {})["hold"] for pair in pairs for one in pair]
    same("held", found, [None, "FIFO"] * len(pairs))
    items.claim(world, *(first for first, _ in pairs))


@promise("FIFO_SKIP: they pass a head that waits or is held, but not one that is under way")
def passing(world: World) -> None:
    def wait(head: Item) -> None:
        items.complete(world, head, "RETRYABLE", retry_delay_seconds=600)

    def doubt(head: Item) -> None:
        world.call("begin_outbox_dispatch", **items.leases([head]))
        items.expire(world, head)
        world.call("repair_expired_leases", batch_size=9, worker_id="r")

    def mismatch(head: Item) -> None:
        world.call("release_outbox_leases", **items.leases([head]))
        world.run(
            "update public.payment_outbox_pending set rail_type = 'X' where outbox_id = %s",
            head.outbox_id,
        )
        items.claim(world)

    for ordering, passes in (("FIFO_SKIP", True), ("FIFO_BLOCK", False)):
        for block in (wait, doubt, mismatch):
            with world.undone():
                set_control(world, "QUEUE", "*", ordering=ordering)
                first, second = _pair(world)
                items.claim(world, first)
                rows = world.call(
                    "claim_outbox_items", batch_size=9, worker_id="w", lease_seconds=60
                )
                same("beside a head that is under way", rows, [])
                if block is mismatch:
                    world.run(
                        "update public.payment_outbox_pending set next_attempt_at = 'infinity'"
                        " where outbox_id = %s",
                        second.outbox_id,
                    )
                block(first)
                world.call("repair_expired_leases", batch_size=9, worker_id="r")
                row = items.queue(world, second) or {}
                same(f"{block.__name__}, {ordering}", row["hold"], None if passes else "FIFO")
                items.claim(world, *([second] if passes else []))
                # One that comes later finds the head as it is.
                if passes:
                    items.complete(world, second, "DISPATCHED")
                third = items.enqueue(world, participant="P", no=3)
                items.claim(world, *([third] if passes else []))


@promise("a change of a tenant's order changes the waiting items of that tenant and of nobody else")
def order_of_a_tenant(world: World) -> None:
    tenant_id = items.tenant(world)
    mine, theirs = items.item(world, tenant_id=tenant_id), items.item(world)
    nobodys = items.enqueue(world)
    for ordering, fifo in (("FIFO_BLOCK", True), ("NONE", False)):
        set_control(world, "TENANT", str(tenant_id), ordering=ordering)
        for one, expected in ((mine, fifo), (theirs, False), (nobodys, False)):
            same("fifo", (items.queue(world, one) or {})["fifo"], expected)


@promise("a change of the order changes the waiting items with it")
def reordered(world: World) -> None:
    first, second = _pair(world)
    other = items.enqueue(world, rail="X")
    set_control(world, "RAIL", "SEPA", ordering="FIFO_BLOCK")
    for one, fifo in ((first, True), (second, True), (other, False)):
        same("fifo", items.queue(world, one), one.queued(fifo=fifo))
    items.claim(world, first, other)
    set_control(world, "RAIL", "SEPA", ordering="FIFO_BLOCK")
    same("held", (items.queue(world, second) or {})["hold"], "FIFO")
    set_control(world, "RAIL", "X", ordering="FIFO_SKIP")
    set_control(world, "RAIL", "X", ordering="NONE")
    same("held", (items.queue(world, second) or {})["hold"], "FIFO")
    set_control(world, "QUEUE", "*", ordering="FIFO_BLOCK")
    set_control(world, "RAIL", "SEPA", ordering="NONE")
    same("still of the queue", (items.queue(world, second) or {})["hold"], "FIFO")
    set_control(world, "QUEUE", "*", ordering="NONE")
    same("free", items.queue(world, second), second.queued(next_attempt_at=world.during))
    items.claim(world, second)
    for one in (first, second, other):
        same("fifo", (items.queue(world, one) or {})["fifo"], False)
    # Only a control that says FIFO_SKIP, beside none that blocks, lets them pass.
    with world.undone():
        head, behind = _pair(world, "R")
        set_control(world, "RAIL", "SEPA", ordering="FIFO_SKIP")
        set_control(world, "QUEUE", "*", ordering="FIFO_BLOCK")
        items.claim(world, head)
        items.complete(world, head, "RETRYABLE", retry_delay_seconds=600)
        items.claim(world)
        same("behind", (items.queue(world, behind) or {})["hold"], "FIFO")
        set_control(world, "QUEUE", "*", ordering="NONE")
        items.claim(world, behind)


@promise("the order is that of the tenant, of a redriven item too")
def order_of_tenants(world: World) -> None:
    tenant_id = items.tenant(world)
    failed = items.item(world, tenant_id=tenant_id, participant="P", no=1)
    items.fail(world, failed)
    set_control(world, "TENANT", str(tenant_id), ordering="FIFO_BLOCK")
    second = items.item(world, tenant_id=tenant_id, participant="P", no=2)
    stranger = items.item(world, participant="P", no=3)
    world.call(
        "redrive_dead_letters", outbox_ids=[failed.outbox_id], dry_run=False, actor="a", reason="r"
    )
    for one, fifo in ((failed, True), (second, True), (stranger, False)):
        same("fifo", (items.queue(world, one) or {})["fifo"], fifo)
    many = Item(tenant_id=tenant_id, participant="P", no=4)
    row = world.one(
        "ingest_instructions",
        **{
            f"{name}s": [value]
            for name, value in {
                "tenant_id": many.tenant_id,
                "instruction_id": many.instruction,
                "participant_id": many.participant,
                "idempotency_key": many.key,
                "rail_type": many.rail,
                "payload": many.payload,
            }.items()
        },
    )
    many.outbox_id = row["outbox_id"]
    same("fifo", (items.queue(world, many) or {})["fifo"], True)
    items.claim(world, failed, stranger)


@promise("a fair claim takes the same share of every tenant that has due items")
def shares(world: World) -> None:
    rich, poor = items.tenant(world, "rich"), items.tenant(world, "poor")
    waiting = items.tenant(world, "waiting")
    many = [items.item(world, tenant_id=rich) for _ in range(12)]
    few = [items.item(world, tenant_id=poor) for _ in range(2)]
    none = [items.enqueue(world) for _ in range(6)]
    late = items.item(world, tenant_id=waiting)
    world.run(
        "update public.payment_outbox_pending set next_attempt_at = now() + interval '1 hour'"
        " where outbox_id = %s",
        late.outbox_id,
    )
    set_control(world, "QUEUE", "*", fair=True)
    set_control(world, "RAIL", "X", paused=False)  # a scope that says nothing about shares
    counts: Counter[object] = Counter()
    for size, expected in (
        (6, {rich: 2, poor: 2, None: 2}),
        (8, {rich: 4, None: 4}),
        (10, {rich: 6}),
        (5, {}),
    ):
        rows = world.call("claim_outbox_items", batch_size=size, worker_id="w1", lease_seconds=60)
        found = Counter(row["tenant_id"] for row in rows)
        same(f"shares of {size}", dict(found), expected)
        counts += found
        for one in (*many, *few, *none):
            for row in rows:
                if row["outbox_id"] == one.outbox_id:
                    one.token = row["lease_token"]
    same("all", sum(counts.values()), 20)
    for one in (many[0], none[0]):
        items.expire(world, one)
    rows = world.call("claim_outbox_items", batch_size=9, worker_id="w1", lease_seconds=60)
    same("abandoned", sorted(row["attempt_no"] for row in rows), [2, 2])
    for one in (many[0], none[0]):
        same("states", [row["state"] for row in items.attempts(world, one)], ["ZOMBIE_REQUEUE"])
    world.call("pause_outbox", scope="TENANT", scope_key=str(rich), actor="a", reason="r")
    held = items.item(world, tenant_id=rich)
    free = items.enqueue(world)
    rows = world.call("claim_outbox_items", batch_size=9, worker_id="w1", lease_seconds=60)
    same("free", [row["outbox_id"] for row in rows], [free.outbox_id])
    same("held", (items.queue(world, held) or {})["hold"], "PAUSED")
    items.claim(world)
    set_control(world, "QUEUE", "*", ordering="FIFO_BLOCK")
    first, second = _pair(world, "Z")
    items.claim(world, first)
    same(
        "claimed",
        world.call("claim_outbox_items", batch_size=9, worker_id="w", lease_seconds=60),
        [],
    )
    same("behind", (items.queue(world, second) or {})["hold"], "FIFO")


@promise("in a share the oldest come first, and one that asks for few takes turns")
def turns(world: World) -> None:
    tenants = [items.tenant(world, f"t{number}") for number in range(3)]
    batch = [items.item(world, tenant_id=tenant_id) for tenant_id in tenants for _ in range(2)]
    set_control(world, "QUEUE", "*", fair=True)
    for age, one in enumerate(batch):
        world.run(
            "update public.payment_outbox_pending set next_attempt_at"
            " = now() - make_interval(mins => %s) where outbox_id = %s",
            *(100 - age, one.outbox_id),
        )
    rows = world.call("claim_outbox_items", batch_size=3, worker_id="w", lease_seconds=60)
    same(
        "oldest",
        [row["outbox_id"] for row in rows],
        [batch[0].outbox_id, batch[2].outbox_id, batch[4].outbox_id],
    )
    rows = world.call("claim_outbox_items", batch_size=1, worker_id="w", lease_seconds=60)
    same("one", len(rows), 1)


@promise("a fair claim closes what ran out and keeps the order, in whichever share it meets them")
def shares_of_rounds(world: World) -> None:
    rich, poor = items.tenant(world, "rich"), items.tenant(world, "poor")
    set_control(world, "TENANT", str(poor), ordering="FIFO_BLOCK")
    set_control(world, "QUEUE", "*", fair=True)
    first = items.item(world, tenant_id=poor, participant="P", no=1)
    dead = items.item(world, tenant_id=rich)
    items.claim(world, first, dead)
    second = items.item(world, tenant_id=poor, participant="P", no=2)
    items.expire(world, dead)
    # The first round takes what the poor one has and a share of the rich; later ones the rest.
    batch = [items.item(world, tenant_id=rich) for _ in range(8)]
    rows = world.call("claim_outbox_items", batch_size=10, worker_id="w1", lease_seconds=60)
    ids = {one.outbox_id for one in (dead, *batch)}
    same("claimed", {row["outbox_id"] for row in rows}, ids)
    same("held", (items.queue(world, second) or {})["hold"], "FIFO")
    same("closed", [row["state"] for row in items.attempts(world, dead)], ["ZOMBIE_REQUEUE"])
