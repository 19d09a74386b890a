"""What a worker holds: claims, extensions, releases, declared dispatches, and dead workers."""

from __future__ import annotations

from unittest.mock import ANY
from uuid import uuid4

from proof.promises import items
from proof.promises.items import Item
from proof.promises.registry import promise
from proof.promises.world import INFINITE, Moment, Row, World, same


def _leased(one: Item, at: Moment, **changes: object) -> Row:
    return one.queued(
        claimed_by="w1",
        lease_token=one.token,
        leased_at=at,
        lease_expires_at=at.later(60),
        next_attempt_at=at.later(60),
        **changes,
    )


@promise("a claim leases due items to the worker, with payload, rail key and number of the attempt")
def claims(world: World) -> None:
    one = items.item(world)
    (row,) = items.claim(world, one)
    during = world.during
    same(
        "claimed",
        row,
        {
            "outbox_id": one.outbox_id,
            "tenant_id": one.tenant_id,
            "instruction_id": one.instruction,
            "participant_id": one.participant,
            "sequence_id": 1,
            "idempotency_key": one.key,
            "rail_type": one.rail,
            "payload": one.payload,
            "correlation_id": one.correlation_id,
            "attempt_no": 1,
            "lease_token": one.token,
            "lease_expires_at": during.later(60),
            "rail_key": one.rail_key,
        },
    )
    same("queue", items.queue(world, one), _leased(one, during))
    items.claim(world)
    same("attempts", items.attempts(world, one), [])
    plain = items.enqueue(world)
    (row,) = world.call("claim_outbox_batch", batch_size=5, worker_id="w1", lease_seconds=60)
    same(
        "older contract",
        row,
        {
            "outbox_id": plain.outbox_id,
            "instruction_id": plain.instruction,
            "participant_id": plain.participant,
            "sequence_id": 1,
            "idempotency_key": plain.key,
            "rail_type": plain.rail,
            "payload": {"amount": 10},
            "attempt_count": 0,
            "lease_token": ANY,
            "lease_expires_at": world.during.later(60),
        },
    )
    plain.token = row["lease_token"]
    same("queue", items.queue(world, plain), _leased(plain, world.during))
    same("token", plain.token == one.token, False)
    items.complete(world, plain, "RETRYABLE", retry_delay_seconds=0)
    (row,) = world.call("claim_outbox_batch", batch_size=5, worker_id="w1", lease_seconds=60)
    same("attempts before", row["attempt_count"], 1)
    same("rail key without tenant", items.enqueue(world).rail_key == plain.rail_key, False)


@promise("the oldest due items come first, as many as were asked for, and none before its time")
def due_order(world: World) -> None:
    late, early, future, middle = (items.enqueue(world) for _ in range(4))
    for one, seconds in ((late, -10), (early, -60), (future, 60), (middle, -30)):
        world.run(
            "update public.payment_outbox_pending set next_attempt_at"
            " = clock_timestamp() + make_interval(secs => %s) where outbox_id = %s",
            *(seconds, one.outbox_id),
        )
    for expected in ([early, middle], [late], []):
        rows = world.call("claim_outbox_items", batch_size=2, worker_id="w", lease_seconds=1)
        same("claimed", [row["outbox_id"] for row in rows], [one.outbox_id for one in expected])
    # The mark is beyond them now; what somebody moves before it is found.
    items.due(world, future)
    items.claim(world, future)
    same_time = [items.enqueue(world) for _ in range(3)]
    for one, age in zip(same_time, (2, 3, 1), strict=True):
        world.run(
            "update public.payment_outbox_pending set next_attempt_at = '2020-01-01',"
            " created_at = timestamptz '2020-01-01' - make_interval(days => %s)"
            " where outbox_id = %s",
            *(age, one.outbox_id),
        )
    rows = world.call("claim_outbox_items", batch_size=3, worker_id="w", lease_seconds=60)
    same(
        "by creation",
        [row["outbox_id"] for row in rows],
        [same_time[place].outbox_id for place in (1, 0, 2)],
    )


@promise("an item whose payload, participant or rail is not what was accepted is put on hold")
def mismatches(world: World) -> None:
    rail, participant, good = (items.item(world) for _ in range(3))
    world.run(
        "update public.payment_outbox_pending set rail_type = 'X' where outbox_id = %s",
        rail.outbox_id,
    )
    world.run(
        "update public.payment_outbox_pending set participant_id = 'X' where outbox_id = %s",
        participant.outbox_id,
    )
    items.claim(world, good)
    during = world.during
    held = {"hold": "PAYLOAD_MISMATCH", "held_at": during, "next_attempt_at": INFINITE}
    same("rail", items.queue(world, rail), rail.queued(**held, rail_type="X"))
    same(
        "participant",
        items.queue(world, participant),
        participant.queued(**held, participant_id="X"),
    )
    items.claim(world)
    # One round finds three that may not go, the next one finds one that may.
    others = [items.enqueue(world) for _ in range(3)]
    for one in others[:2]:
        world.run(
            "update public.payment_outbox_pending set rail_type = 'X',"
            " next_attempt_at = now() - interval '1 hour' where outbox_id = %s",
            one.outbox_id,
        )
    rows = world.call("claim_outbox_items", batch_size=1, worker_id="w1", lease_seconds=60)
    same("claimed", [row["outbox_id"] for row in rows], [others[2].outbox_id])


@promise("a lease is extended by its worker while it lives, and never shortened")
def extends(world: World) -> None:
    one, other, lost = (items.enqueue(world) for _ in range(3))
    items.claim(world, one, other, lost)
    leased = world.during
    items.expire(world, lost)
    rows = world.call("extend_outbox_leases", **items.leases([one, other, lost]), lease_seconds=600)
    during = world.during
    same(
        "extended",
        {row["outbox_id"]: row["lease_expires_at"] for row in rows},
        {each.outbox_id: during.later(600) for each in (one, other)},
    )
    until = {"lease_expires_at": during.later(600), "next_attempt_at": during.later(600)}
    same("queue", items.queue(world, one), {**_leased(one, leased), **until})
    before = items.queue(world, one)
    (row,) = world.call("extend_outbox_leases", **items.leases([one]), lease_seconds=1)
    same("end", row["lease_expires_at"], (before or {})["lease_expires_at"])
    same("queue", items.queue(world, one), before)
    _only_holder(world, "extend_outbox_leases", one, lease_seconds=900)
    same("queue", items.queue(world, one), before)


def _only_holder(world: World, function: str, one: Item, **arguments: object) -> None:
    held = items.leases([one])
    for changes in (
        {"worker_id": "w2"},
        {"lease_tokens": [uuid4()]},
        {"outbox_ids": [uuid4()]},
        {"lease_tokens": [None]},
    ):
        same(
            f"{function} for a stranger",
            world.call(function, **{**held, **changes}, **arguments),
            [],
        )


@promise("a lease that was not started is given back: due at once, and no attempt is used")
def releases(world: World) -> None:
    one, begun, expired = (items.enqueue(world) for _ in range(3))
    items.claim(world, one, begun, expired)
    world.call("begin_outbox_dispatch", **items.leases([begun]))
    items.expire(world, expired)
    _only_holder(world, "release_outbox_leases", one)
    rows = world.call("release_outbox_leases", **items.leases([one, begun, expired]))
    during = world.during
    same("released", {row["outbox_id"] for row in rows}, {one.outbox_id, expired.outbox_id})
    for each in (one, expired):
        same("queue", items.queue(world, each), each.queued(next_attempt_at=during))
    same("begun", (items.queue(world, begun) or {})["lease_token"], begun.token)
    (again,) = [
        row for row in items.claim(world, one, expired) if row["outbox_id"] == one.outbox_id
    ]
    same("attempt", again["attempt_no"], 1)
    same("attempts", items.attempts(world, one), [])


@promise("a dispatch is declared by the holder of a live lease, once")
def begins(world: World) -> None:
    one, expired = items.enqueue(world), items.enqueue(world)
    items.claim(world, one, expired)
    leased = world.during
    items.expire(world, expired)
    _only_holder(world, "begin_outbox_dispatch", one)
    rows = world.call("begin_outbox_dispatch", **items.leases([one, expired]))
    same("begun", rows, [{"outbox_id": one.outbox_id}])
    during = world.during
    same("queue", items.queue(world, one), _leased(one, leased, dispatch_started_at=during))
    before = items.queue(world, one)
    world.call("begin_outbox_dispatch", **items.leases([one]))
    same("again", items.queue(world, one), before)
    same("expired", (items.queue(world, expired) or {})["dispatch_started_at"], None)


@promise("a claim or a repair closes a lease that ran out, under the name of who held it")
def abandoned(world: World) -> None:
    for repairs in (False, True):
        one = items.item(world)
        items.claim(world, one)
        items.expire(world, one, seconds=7)
        held = items.queue(world, one) or {}
        if repairs:
            rows = world.call("repair_expired_leases", batch_size=10, worker_id="reaper")
            same("repaired", rows, [{"outbox_id": one.outbox_id, "attempt_no": 1}])
            during = world.during
            same(
                "queue",
                items.queue(world, one),
                one.queued(attempt_count=1, next_attempt_at=during.later(1)),
            )
        else:
            zombie = one.token
            (row,) = items.claim(world, one, worker="reaper", seconds=120)
            during = world.during
            same("attempt", (row["attempt_no"], row["lease_token"] == zombie), (2, False))
            same(
                "queue",
                items.queue(world, one),
                one.queued(
                    attempt_count=1,
                    claimed_by="reaper",
                    lease_token=one.token,
                    leased_at=during,
                    lease_expires_at=during.later(120),
                    next_attempt_at=during.later(120),
                ),
            )
            one.token = zombie
        same(
            "attempts",
            items.attempts(world, one),
            [
                one.attempt(
                    1,
                    "ZOMBIE_REQUEUE",
                    claimed_at=held["leased_at"],
                    completed_at=during,
                    error_code="LEASE_EXPIRED",
                    error_message="lease expired before completion",
                    closed_by="reaper",
                )
            ],
        )
        same("drift", world.call("outbox_counter_drift"), [])
    same("nothing to repair", _repair(world), [])


def _repair(world: World, size: int = 10) -> list[Row]:
    return world.call("repair_expired_leases", batch_size=size, worker_id="reaper")


@promise("repair takes as many as it was asked for, the oldest first, and no live or free item")
def repairs(world: World) -> None:
    free, live, *dead = (items.enqueue(world) for _ in range(5))
    world.run(
        "update public.payment_outbox_pending set next_attempt_at = now() - interval '1 hour'"
    )
    items.claim(world, free, live, *dead)
    world.call("release_outbox_leases", **items.leases([free]))
    for one, seconds in zip(dead, (5, 15, 10), strict=True):
        items.expire(world, one, seconds=seconds)
    for expected in ([dead[1], dead[2]], [dead[0]], []):
        same(
            "repaired",
            [row["outbox_id"] for row in _repair(world, 2)],
            [one.outbox_id for one in expected],
        )
    same("live", (items.queue(world, live) or {})["lease_token"], live.token)
    same("free", (items.queue(world, free) or {})["attempt_count"], 0)


@promise("at the retry ceiling an abandoned attempt ends its item")
def ceiling_of_crashes(world: World) -> None:
    for repairs in (True, False):
        one, other = items.item(world), items.item(world)
        for attempt_no in range(1, 21):
            items.due(world, one)
            items.claim(world, *((one, other) if attempt_no == 1 else (one,)))
            if attempt_no == 1:
                world.call("release_outbox_leases", **items.leases([other]))
                world.run(
                    "update public.payment_outbox_pending set next_attempt_at"
                    " = now() + interval '1 hour' where outbox_id = %s",
                    other.outbox_id,
                )
            items.expire(world, one)
            if repairs or attempt_no < 20:  # noqa: PLR2004 - the ceiling
                same("repaired", [row["attempt_no"] for row in _repair(world)], [attempt_no])
        if not repairs:
            same(
                "claimed",
                world.call("claim_outbox_items", batch_size=1, worker_id="reaper", lease_seconds=9),
                [],
            )
        during = world.during
        same("queue", items.queue(world, one), None)
        history = items.attempts(world, one)
        same("states", [row["state"] for row in history], [*["ZOMBIE_REQUEUE"] * 19, "FAILED"])
        same("numbers", [row["attempt_no"] for row in history], list(range(1, 21)))
        same(
            "last",
            history[-1],
            one.attempt(
                20,
                "FAILED",
                error_code="RETRY_CEILING_EXCEEDED",
                error_message="lease expired before completion",
                completed_at=during,
                closed_by="reaper",
            ),
        )
        world.run("delete from public.payment_outbox_pending where outbox_id = %s", other.outbox_id)


@promise("the ceiling is a setting of the database, from 1 to 1000, and of nobody else")
def ceiling(world: World) -> None:
    database = world.rows("select current_database() as name")[0]["name"]
    same("default", world.value("outbox_retry_ceiling"), 20)
    for setting, promised in (
        ("1", 1),
        ("2", 2),
        ("1000", 1000),
        ("99", 99),
        ("0", 20),
        ("1001", 20),
        ("-1", 20),
        ("abc", 20),
        ("", 20),
        ("01", 20),
        ("5 ", 20),
        ("9999999999", 20),
    ):
        world.run(f"alter database {database} set symphony.outbox_retry_ceiling = '{setting}'")
        same(f"ceiling {setting!r}", world.value("outbox_retry_ceiling"), promised)
    world.run(f"alter database {database} set symphony.retention_days_min = '7'")
    world.run(f"alter database {database} set symphony.outbox_retry_ceiling = '3'")
    world.run("set local symphony.outbox_retry_ceiling = '5'")
    world.run("alter role postgres set symphony.outbox_retry_ceiling = '6'")
    world.run(f"alter role postgres in database {database} set symphony.outbox_retry_ceiling = '7'")
    same("ceiling", world.value("outbox_retry_ceiling"), 3)
    one = items.enqueue(world)
    for state in ("RETRYABLE", "RETRYABLE", "FAILED"):
        items.claim(world, one)
        row = items.complete(world, one, "RETRYABLE", retry_delay_seconds=0)
        same("state", row["state"], state)
    world.run(f"alter database {database} reset symphony.outbox_retry_ceiling")
    same("ceiling", world.value("outbox_retry_ceiling"), 20)


@promise("a lease that ran out after the call of the rail was declared leaves the item in doubt")
def doubts(world: World) -> None:
    for repairs in (False, True):
        one, other = items.item(world), items.item(world)
        items.claim(world, one, other)
        leased = world.during
        world.call("begin_outbox_dispatch", **items.leases([one]))
        begun = world.during
        for each in (one, other):
            items.expire(world, each)
        held = items.queue(world, one) or {}
        if repairs:
            same("repaired", [row["outbox_id"] for row in _repair(world)], [other.outbox_id])
        else:
            items.claim(world, other)
        same(
            "queue",
            items.queue(world, one),
            _leased(
                one,
                leased,
                dispatch_started_at=begun,
                hold="IN_DOUBT",
                held_at=world.during,
            )
            | {name: held[name] for name in ("leased_at", "lease_expires_at")}
            | {"next_attempt_at": INFINITE},
        )
        same("attempts", items.attempts(world, one), [])
        items.claim(world)
        same("repaired", _repair(world), [])
        for function, arguments in (
            ("release_outbox_leases", {}),
            ("extend_outbox_leases", {"lease_seconds": 60}),
            ("begin_outbox_dispatch", {}),
        ):
            same(function, world.call(function, **items.leases([one]), **arguments), [])
        world.run(
            "update public.payment_outbox_pending set next_attempt_at = now() + interval '1 day'"
            " where hold is null"
        )


@promise("who moves the end of a lease by hand moves the time at which the item is due")
def edited(world: World) -> None:
    one = items.enqueue(world)
    items.claim(world, one)
    world.run(
        "update public.payment_outbox_pending set lease_expires_at = now() - interval '1 minute'"
    )
    row = items.queue(world, one) or {}
    same("due", row["next_attempt_at"], row["lease_expires_at"])
    same("repaired", [found["outbox_id"] for found in _repair(world)], [one.outbox_id])
    items.due(world, one)
    items.claim(world, one)
    world.run("update public.payment_outbox_pending set lease_expires_at = null")
    during = Moment(
        world.during.first, world.during.last.max.replace(tzinfo=world.during.last.tzinfo)
    )
    same("due", (items.queue(world, one) or {})["next_attempt_at"], during)
    items.claim(world, one)


@promise("a live lease protects its item, whatever somebody made of the time at which it is due")
def protected(world: World) -> None:
    one, free = items.enqueue(world), items.enqueue(world)
    items.claim(world, one, free)
    world.call("release_outbox_leases", **items.leases([free]))
    world.run(
        "update public.payment_outbox_pending set next_attempt_at = now() - interval '1 hour',"
        " dispatch_started_at = case when lease_token is null then now() end"
    )
    before = items.queue(world, one)
    for fair in (False, True):
        world.run(
            "insert into public.outbox_controls (scope, scope_key, fair) values ('QUEUE', '*', %s)"
            " on conflict (scope, scope_key) do update set fair = excluded.fair",
            fair,
        )
        rows = world.call("claim_outbox_items", batch_size=9, worker_id="w2", lease_seconds=60)
        same("claimed", [row["outbox_id"] for row in rows], [] if fair else [free.outbox_id])
        same("repaired", _repair(world), [])
        same("queue", items.queue(world, one), before)
    same("a new lease is not begun", (items.queue(world, free) or {})["dispatch_started_at"], None)
