"""What two sessions owe each other: who waits for whom, who does not, and what the second one sees."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final
from unittest.mock import ANY

import psycopg

from proof.promises import items
from proof.promises.items import Item
from proof.promises.order import set_control
from proof.promises.registry import promise
from proof.promises.retention import HORIZON, OLD, past, sealed
from proof.promises.world import Broken, Row, World, moment, same

_DEADLINE_SECONDS: Final = 5
_WHO: Final = {"actor": "ann", "reason": "why"}


class _Other:
    """A second session, whose calls may wait."""

    def __init__(self, world: World, level: str = "read committed") -> None:
        self.world = World(world.url)
        self.pid = self.world.connection.info.backend_pid
        self.world.run(f"set default_transaction_isolation = '{level}'")
        self._observer = world
        self._thread = ThreadPoolExecutor(1)
        self._pending: Future[Any] | None = None

    def waits(self, act: Callable[[World], Any]) -> None:
        """Begins something, and sees that it waits for a lock."""
        self._pending = self._thread.submit(act, self.world)
        deadline = time.monotonic() + _DEADLINE_SECONDS
        while time.monotonic() < deadline:
            if self._pending.done():
                raise Broken(f"it does not wait: {self._pending.result()!r:.200}")
            (seen,) = self._observer.rows(
                "select wait_event_type from pg_stat_activity where pid = %s", self.pid
            ) or ({"wait_event_type": None},)
            if seen["wait_event_type"] == "Lock":
                return
            time.sleep(0.001)
        raise Broken("it neither waits nor ends")

    def result(self) -> Any:
        """What came of it."""
        assert self._pending is not None  # noqa: S101
        return self._pending.result(_DEADLINE_SECONDS)

    def close(self) -> None:
        self.world.close()
        self._thread.shutdown()


@contextmanager
def _other(world: World, level: str = "read committed") -> Iterator[_Other]:
    other = _Other(world, level)
    try:
        yield other
    finally:
        other.close()


@contextmanager
def _locked(world: World, *ones: Item, table: str = "payment_outbox_pending") -> Iterator[None]:
    """The rows of items, in the hands of somebody else for a while."""
    session = World(world.url)
    try:
        with session.connection.transaction():
            for one in ones:
                session.run(
                    f"select 1 from public.{table} where outbox_id = %s for update",  # noqa: S608
                    one.outbox_id,
                )
            yield
    finally:
        session.close()


def _is_locked(world: World, one: Item, table: str = "payment_outbox_pending") -> bool:
    try:
        with world.undone():
            world.run(
                f"select 1 from public.{table} where outbox_id = %s for update nowait",  # noqa: S608
                one.outbox_id,
            )
    except psycopg.errors.LockNotAvailable:
        return True
    return False


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
        with _locked(world, one, three):
            items.claim(world, two, four)
        items.claim(world, one, three)
        for each in (one, two):
            items.expire(world, each)
        with _locked(world, one):
            rows = world.call("repair_expired_leases", batch_size=9, worker_id="r")
            same("repaired", [row["outbox_id"] for row in rows], [two.outbox_id])
        items.complete(world, three, "DISPATCHED")
        items.complete(world, four, "DISPATCHED")
        world.run("delete from public.payment_outbox_pending")
    held = [items.enqueue(world) for _ in range(3)]
    world.call("pause_outbox", scope="QUEUE", scope_key="*", **_WHO)
    items.claim(world)
    with _locked(world, held[1]):
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
        with _other(world) as other:
            claim = {"batch_size": 2, "worker_id": "w", "lease_seconds": 60}
            with other.world.connection.transaction():
                mine = other.world.call("claim_outbox_items", **claim)
                theirs = world.call("claim_outbox_items", **{**claim, "batch_size": 9})
        ids = [row["outbox_id"] for row in (*mine, *theirs)]
        same("leased once", sorted(ids, key=str), sorted((one.outbox_id for one in batch), key=str))


def _ingestion(one: Item) -> Callable[[World], Row]:
    return lambda world: world.one("ingest_instruction", **items.ingestion(one))


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
        with _other(world) as other:
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
        with _other(world) as other:
            with _locked(world, one):
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
    with _other(world) as other:
        with _locked(world, one):
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
        with _other(world) as other:
            with _locked(world, middle):
                other.waits(act)
                same("first", _is_locked(world, first), True)
                same("last", _is_locked(world, last), False)
            other.result()
    failed = sorted((items.enqueue(world) for _ in range(3)), key=lambda one: str(one.outbox_id))
    for one in failed:
        items.fail(world, one)
    ids = [one.outbox_id for one in reversed(failed)]
    identities = "payment_outbox_identities"
    with _other(world) as other:
        with _locked(world, failed[1], table=identities):
            other.waits(
                lambda session: session.call(
                    "redrive_dead_letters", outbox_ids=ids, dry_run=False, **_WHO
                )
            )
            same("first", _is_locked(world, failed[0], identities), True)
            same("last", _is_locked(world, failed[2], identities), False)
        rows = other.result()
        same("redriven", [row["outcome"] for row in rows], ["REDRIVEN"] * 3)


@promise(
    "the same key twice at the same time is one item; the second waits for the first", alone=True
)
def same_key(world: World) -> None:
    tenant_id = items.tenant(world)
    for kept in (True, False):
        one = Item(tenant_id=tenant_id, payload="{}")
        with _other(world) as other:
            with world.connection.transaction(force_rollback=not kept):
                first = world.one("ingest_instruction", **items.ingestion(one))
                other.waits(_ingestion(one))
            second = other.result()
            same("replayed", second["replayed"], kept)
            same("same", second["outbox_id"] == first["outbox_id"], kept)
    same("items", len(world.table("payment_outbox_identities")), 2)
    for level in ("read committed", "repeatable read"):
        one = Item(payload="{}")
        with _other(world, level) as other:
            with world.connection.transaction():
                world.call("enqueue_payment_outbox", **items.enqueuing(one))
                other.waits(
                    lambda session: session.call(
                        "enqueue_payment_outbox", **items.enqueuing(one, participant_id="X")
                    )
                )
            try:
                other.result()
            except psycopg.Error as error:
                promised = "P7101" if level == "read committed" else "40001"
                same("refusal", error.sqlstate, promised)
            else:
                raise Broken("other content is accepted under the key")
    twice = Item(tenant_id=tenant_id)
    with _other(world) as other:
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


def _batch(*ones: Item, participants: bool = False) -> Callable[[World], list[Row]]:
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
    first, middle, last = (Item(instruction=f"same-{name}") for name in "abc")
    with _other(world) as other, _other(world) as third:
        with world.connection.transaction():
            _batch(middle)(world)
            other.waits(_batch(last, middle, first))
            third.waits(_batch(Item(instruction="same-a", participant=first.participant)))
            probe = World(world.url)
            probe.run("set lock_timeout = '1s'")
            same(
                "free",
                _batch(Item(instruction="same-c", participant="other"))(probe)[0]["outcome"],
                "ACCEPTED",
            )
            probe.close()
        rows = other.result()
        same("outcomes", [row["outcome"] for row in rows], ["CONFLICT", "REPLAYED", "ACCEPTED"])
        third.result()
    low, mid, high = (f"participant-{name}" for name in "abc")
    with _other(world) as other, _other(world) as third:
        with world.connection.transaction():
            _batch(Item(participant=mid))(world)
            other.waits(_batch(*(Item(participant=name) for name in (high, mid, low))))
            third.waits(_batch(Item(participant=low)))
            probe = World(world.url)
            probe.run("set lock_timeout = '1s'")
            _batch(Item(participant=high))(probe)
            probe.close()
        other.result()
        third.result()
    counters = {
        row["participant_id"]: row["next_sequence_id"]
        for row in world.table("participant_outbox_sequences")
    }
    same("counters", [counters[name] for name in (low, mid, high)], [3, 3, 3])


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
    with _other(world) as other:
        with world.connection.transaction():
            first = world.call("ingest_instructions", **many)
            other.waits(lambda session: session.call("ingest_instructions", **many))
        second = other.result()
    same("second", second, [{**row, "outcome": "REPLAYED"} for row in first])
    with _other(world) as other:
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
    "an operator waits for whoever has the item; two who do the same get the same row", alone=True
)
def operators_wait(world: World) -> None:
    one = items.enqueue(world)
    cancel = {"outbox_id": one.outbox_id, **_WHO}
    with _other(world) as other:
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
    with _other(world) as other:
        with world.connection.transaction():
            world.one("record_manual_attempt", **manual)
            other.waits(lambda session: session.one("record_manual_attempt", **manual))
        same("second", other.result()["attempt_no"], 2)
    items.due(world, one)
    items.claim(world, one, begun=True)
    items.expire(world, one)
    resolve = {"outbox_id": one.outbox_id, "resolution": "REQUEUE", **_WHO}
    with _other(world) as other:
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

    with _other(world) as other:
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
    with _other(world) as other:
        with world.connection.transaction():
            items.claim(world)
            same("held", (items.queue(world, second) or {})["hold"], "FIFO")
            other.waits(_completion(first))
        other.result()
    same("free", (items.queue(world, second) or {})["hold"], None)
    with _locked(world, second):
        same("held", second.outbox_id is not None, True)
    # An item under a lease is not waited for.
    items.claim(world, second)
    third = items.enqueue(world, participant="P", no=3)
    items.claim(world)
    world.run("set lock_timeout = '2s'")
    with _locked(world, second):
        world.call("repair_expired_leases", batch_size=9, worker_id="r")
    same("held", (items.queue(world, third) or {})["hold"], "FIFO")


@promise("a change of the order waits half a second at most, and keeps others out", alone=True)
def order_gives_way(world: World) -> None:
    with _other(world) as other, other.world.connection.transaction():
        items.enqueue(other.world)
        try:
            set_control(world, "QUEUE", "*", ordering="FIFO_BLOCK")
        except psycopg.Error as error:
            world.run("reset role")
            same("refusal", error.sqlstate, "55P03")
        else:
            raise Broken("the order changes under a session that goes by the old one")
    one = items.enqueue(world)
    with _other(world) as other:
        with world.connection.transaction():
            set_control(world, "QUEUE", "*", ordering="FIFO_BLOCK")
            other.waits(lambda session: items.enqueue(session, participant="P"))
        same("fifo", (items.queue(world, other.result()) or {})["fifo"], True)
    with _locked(world, one):
        try:
            set_control(world, "QUEUE", "*", ordering="NONE")
        except psycopg.Error as error:
            world.run("reset role")
            same("refusal", error.sqlstate, "55P03")
        else:
            raise Broken("the order of an item changes under another session")


@promise("an older snapshot is told to try again, and never that its lease is lost", alone=True)
def old_snapshots(world: World) -> None:
    for level in ("repeatable read", "serializable"):
        for prepare in ("claim", "enqueue"):
            one = items.enqueue(world)
            with _other(world, level) as other, other.world.undone():
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
            with _other(world, level) as other:
                same("later", items.complete(other.world, one, "DISPATCHED")["outcome"], "RECORDED")
                same("again", items.complete(other.world, one, "DISPATCHED")["outcome"], "REPLAYED")
                same("late", items.complete(other.world, one, "FAILED")["outcome"], "ALREADY_DONE")


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
