"""The same key, the same instruction and the same batch at the same time; who is woken."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final
from unittest.mock import ANY

import psycopg

from proof.promises import items
from proof.promises.items import Item
from proof.promises.order import set_control
from proof.promises.registry import promise
from proof.promises.sessions import another
from proof.promises.world import Broken, Row, World, same

_WHO: Final = {"actor": "ann", "reason": "why"}


def _ingestion(one: Item) -> Callable[[World], Row]:
    return lambda world: world.one("ingest_instruction", **items.ingestion(one))


def _elsewhere(one: Item) -> Callable[[World], list[Row]]:
    other = items.enqueuing(one, participant_id="X")
    return lambda world: world.call("enqueue_payment_outbox", **other)


@promise(
    "the same key twice at the same time is one item; the second waits for the first", alone=True
)
def same_key(world: World) -> None:
    tenant_id = items.tenant(world)
    for kept in (True, False):
        one = Item(tenant_id=tenant_id, payload="{}")
        with another(world) as other:
            with world.connection.transaction(force_rollback=not kept):
                first = world.one("ingest_instruction", **items.ingestion(one))
                other.waits(_ingestion(one))
            second = other.result()
            same("replayed", second["replayed"], kept)
            same("same", second["outbox_id"] == first["outbox_id"], kept)
    same("items", len(world.table("payment_outbox_identities")), 2)
    for level in ("read committed", "repeatable read"):
        one = Item(payload="{}")
        with another(world, level) as other:
            with world.connection.transaction():
                world.call("enqueue_payment_outbox", **items.enqueuing(one))
                other.waits(_elsewhere(one))
            try:
                other.result()
            except psycopg.Error as error:
                promised = "P7101" if level == "read committed" else "40001"
                same("refusal", error.sqlstate, promised)
            else:
                raise Broken("other content is accepted under the key")
    twice = Item(tenant_id=tenant_id)
    with another(world) as other:
        with world.connection.transaction():
            world.call("ingest_instruction", **items.ingestion(twice))
            other.waits(
                lambda session: session.call(
                    "ingest_instruction", **items.ingestion(twice, idempotency_key="K2")
                )
            )
        try:
            other.result()
        except psycopg.Error as error:
            same("refusal", (error.sqlstate, error.diag.column_name), ("P7101", "p_instruction_id"))
        else:
            raise Broken("an instruction is accepted under two keys")


def _batch(*ones: Item) -> Callable[[World], list[Row]]:
    return lambda world: world.call(
        "enqueue_outbox_items",
        instruction_ids=[one.instruction for one in ones],
        participant_ids=[one.participant for one in ones],
        idempotency_keys=[one.key for one in ones],
        rail_types=[one.rail for one in ones],
        payloads=[one.payload for one in ones],
    )


@promise("batches take keys and participants in one order, so that they never deadlock", alone=True)
def batches_in_order(world: World) -> None:
    for by in ("instruction", "key"):
        first, middle, last = (
            Item(instruction=f"by {by} {name if by == 'instruction' else ''}x", key=f"K {name}")
            for name in "abc"
        )
        low = Item(instruction=first.instruction, key=first.key, participant=first.participant)
        high = Item(instruction=last.instruction, key=last.key, participant="other")
        with another(world) as other, another(world) as third:
            with world.connection.transaction():
                _batch(middle)(world)
                other.waits(_batch(last, middle, first))
                third.waits(_batch(low))
                _at_once(world, high)
            rows = other.result()
            same("outcomes", [row["outcome"] for row in rows], ["CONFLICT", "REPLAYED", "ACCEPTED"])
            third.result()
    _participants_in_order(world)


def _at_once(world: World, one: Item) -> None:
    """Enqueues it in another session, which may not wait."""
    probe = World(world.url)
    try:
        probe.run("set lock_timeout = '1s'")
        (row,) = _batch(one)(probe)
        same("free", row["outcome"], "ACCEPTED")
    finally:
        probe.close()


def _participants_in_order(world: World) -> None:
    low, mid, high = (f"participant-{name}" for name in "abc")
    with another(world) as other, another(world) as third:
        with world.connection.transaction():
            _batch(Item(participant=mid))(world)
            other.waits(_batch(*(Item(participant=name) for name in (high, mid, low))))
            third.waits(_batch(Item(participant=low)))
            _at_once(world, Item(participant=high))
        other.result()
        third.result()
    counters = {
        row["participant_id"]: row["next_sequence_id"]
        for row in world.table("participant_outbox_sequences")
    }
    same("counters", [counters[name] for name in (low, mid, high)], [3, 3, 3])


@promise(
    "payments of a monotonic participant do not wait for each other, unless they keep its order",
    alone=True,
)
def hot_participant(world: World) -> None:
    world.call("number_participant_monotonically", participant_id="P", actor="a", reason="r")

    def enqueue(session: World) -> Item:
        return items.enqueue(session, participant="P")

    with another(world) as other:
        with world.connection.transaction():
            enqueue(world)
            enqueue(other.world)  # it does not wait
        set_control(world, "RAIL", "SEPA", ordering="FIFO_BLOCK")
        with world.connection.transaction():
            enqueue(world)
            other.waits(enqueue)
        other.result()
    numbers = [row["sequence_id"] for row in world.table("payment_outbox_pending")]
    same("numbers", len(set(numbers)), 4)


@promise("two batches with the same items: the second waits, and replays", alone=True)
def same_batches(world: World) -> None:
    tenant_id = items.tenant(world)
    batch = [Item(tenant_id=tenant_id, participant="P") for _ in range(2)]
    many: dict[str, Any] = {
        "tenant_ids": [tenant_id] * 2,
        "instruction_ids": [one.instruction for one in batch],
        "participant_ids": ["P"] * 2,
        "idempotency_keys": ["K"] * 2,
        "rail_types": ["SEPA"] * 2,
        "payloads": [one.payload for one in batch],
    }
    with another(world) as other:
        with world.connection.transaction():
            first = world.call("ingest_instructions", **many)
            other.waits(lambda session: session.call("ingest_instructions", **many))
        second = other.result()
    same("second", second, [{**row, "outcome": "REPLAYED"} for row in first])
    with another(world) as other:
        with world.connection.transaction():
            one = Item(tenant_id=tenant_id)
            world.call("ingest_instruction", **items.ingestion(one))
            more = {
                **many,
                "instruction_ids": [one.instruction, "new"],
                "idempotency_keys": ["K2"] * 2,
            }
            other.waits(lambda session: session.call("ingest_instructions", **more))
        try:
            other.result()
        except psycopg.Error as error:
            found = (error.sqlstate, error.diag.column_name, error.diag.constraint_name)
            same("refusal", found, ("P7101", "p_instruction_ids", "one instruction, one key"))
        else:
            raise Broken("an instruction is accepted under two keys")


@promise(
    "workers are woken when an item commits, once in 10 ms, unless its scope says no", alone=True
)
def notifications(world: World) -> None:
    listener = psycopg.connect(world.url, autocommit=True)
    listener.execute("listen symphony_outbox")

    def heard(*ones: Callable[[], object]) -> int:
        time.sleep(0.012)  # beyond the throttle
        with world.connection.transaction():
            for one in ones:
                one()
            world.rows("select 1")
            early = [*listener.notifies(timeout=0)]
            same("before the commit", early, [])
        found = [*listener.notifies(timeout=0.2, stop_after=1)]
        same(
            "channel",
            {(note.channel, note.payload) for note in found} | {("symphony_outbox", "")},
            {("symphony_outbox", "")},
        )
        return len(found) + len([*listener.notifies(timeout=0)])

    tenant_id = items.tenant(world)

    def new() -> Item:
        return items.enqueue(world)

    same("one", heard(new), 1)
    same("many", heard(new, new, new), 1)
    set_control(world, "QUEUE", "*", notify_workers=True)
    same("where a control says so", heard(new), 1)
    set_control(world, "RAIL", "X", notify_workers=False)
    set_control(world, "TENANT", str(tenant_id), notify_workers=False)
    same("of a silent rail", heard(lambda: items.enqueue(world, rail="X")), 0)
    same("of a silent tenant", heard(lambda: items.item(world, tenant_id=tenant_id)), 0)
    same("of another", heard(new), 1)
    same(
        "clock",
        world.rows("select last_value from public.outbox_notify_clock"),
        [{"last_value": ANY}],
    )
    clock = "(extract(epoch from clock_timestamp()) * 1000)::bigint"
    for ahead, told in (("+ 60000", 1), ("- 60000", 1), ("+ 0", 0)):
        time.sleep(0.012)
        with world.connection.transaction():
            new()
            world.run(f"select setval('public.outbox_notify_clock', {clock} {ahead})")
        same(
            f"clock {ahead}",
            len([*listener.notifies(timeout=0.1 if told else 0.02, stop_after=1)]),
            told,
        )
    set_control(world, "QUEUE", "*", notify_workers=False)
    same("of a silent queue", heard(new), 0)
    listener.close()
