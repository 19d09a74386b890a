"""What dashboards ask: the queue by its parts, page by page, its last minutes, its health."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from uuid import UUID, uuid4

from proof.promises import items
from proof.promises.items import Item
from proof.promises.registry import promise
from proof.promises.world import Row, World, same

_WHO = {"actor": "ann", "reason": "why"}
_COUNTS = ("due", "delayed", "leased", "expired", "in_doubt", "held", "dead_letters")


def _hold(world: World, one: Item, hold: str) -> None:
    world.run(
        "update public.payment_outbox_pending set hold = %s, held_at = now(),"
        " next_attempt_at = 'infinity' where outbox_id = %s",
        *(hold, one.outbox_id),
    )


def _one_of_each(world: World) -> dict[str, Item]:
    """An item in every state that is counted, each of a participant named for it."""
    made = {name: items.item(world, participant=name, rail="SEPA") for name in _COUNTS}
    claimed = [made[name] for name in _COUNTS if name != "due"]
    items.claim(world, *claimed, made["due"])
    world.call("release_outbox_leases", **items.leases([made["due"], made["held"]]))
    items.complete(world, made["delayed"], "RETRYABLE", retry_delay_seconds=60)
    items.complete(world, made["dead_letters"], "FAILED")
    items.expire(world, made["expired"])
    _hold(world, made["in_doubt"], "IN_DOUBT")
    _hold(world, made["held"], "PAUSED")
    return made


@promise("a breakdown counts every item and every dead letter once, by what it waits for")
def breakdown(world: World) -> None:
    same("empty", world.call("outbox_breakdown", by="RAIL"), [])
    made = _one_of_each(world)
    plain = items.enqueue(world, participant="plain", rail="RTGS")
    rows = {row["scope_key"]: row for row in world.call("outbox_breakdown", by="PARTICIPANT")}
    same("participants", set(rows), {*_COUNTS, "plain"})
    for name in _COUNTS:
        counted = {column: rows[name][column] for column in _COUNTS}
        same(name, counted, {**dict.fromkeys(_COUNTS, 0), name: 1})
    (queued,) = world.table("payment_outbox_pending", outbox_id=plain.outbox_id)
    same("oldest", rows["plain"]["oldest_due_at"], queued["next_attempt_at"])
    same("none is due", rows["leased"]["oldest_due_at"], None)
    by_rail = {row["scope_key"]: row for row in world.call("outbox_breakdown", by="RAIL")}
    same("SEPA", {name: by_rail["SEPA"][name] for name in _COUNTS}, dict.fromkeys(_COUNTS, 1))
    same("RTGS", by_rail["RTGS"]["due"], 1)
    by_tenant = {row["scope_key"]: row for row in world.call("outbox_breakdown", by="TENANT")}
    tenants = {str(one.tenant_id): 0 for one in made.values()} | {None: 1}
    same("tenants", set(by_tenant), set(tenants))
    same("without a tenant", (by_tenant[None]["due"], by_tenant[None]["label"]), (1, None))
    for tenant in tenants:
        if tenant is not None:
            (row,) = world.table("tenants", tenant_id=UUID(tenant))
            same("label", by_tenant[tenant]["label"], row["tenant_key"])
    world.run(
        "update public.payment_outbox_pending set next_attempt_at = '2020-01-01'"
        " where outbox_id = %s",
        plain.outbox_id,
    )
    first, *_ = world.call("outbox_breakdown", by="PARTICIPANT")
    same("the longest wait first", first["scope_key"], "plain")
    same("at most", len(world.call("outbox_breakdown", by="PARTICIPANT", limit=3)), 3)
    world.call(
        "redrive_dead_letters",
        outbox_ids=[made["dead_letters"].outbox_id],
        dry_run=False,
        **_WHO,
    )
    again = {row["scope_key"]: row for row in world.call("outbox_breakdown", by="PARTICIPANT")}
    found = again["dead_letters"]
    same("redriven", (found["dead_letters"], found["due"]), (0, 1))


@promise("activity counts what was accepted and every attempt once, in buckets without a hole")
def activity(world: World) -> None:
    one, two = items.item(world), items.item(world)
    items.claim(world, one, two)
    items.complete(world, one, "RETRYABLE", retry_delay_seconds=0, latency_ms=10)
    items.complete(world, two, "DISPATCHED", latency_ms=30)
    items.claim(world, one)
    items.expire(world, one)
    world.call("repair_expired_leases", batch_size=9, worker_id="r")
    items.due(world, one)
    items.claim(world, one)
    items.complete(world, one, "FAILED", latency_ms=20)
    rows = world.call("outbox_activity", minutes=5, bucket_seconds=30)
    starts = [row["bucket_start"] for row in rows]
    same("buckets", len(rows), 11)
    same("steps", {b - a for a, b in pairwise(starts)}, {timedelta(seconds=30)})
    for name, count in (
        ("accepted", 2),
        ("dispatched", 1),
        ("retried", 1),
        ("failed", 1),
        ("crashed", 1),
    ):
        same(name, sum(row[name] for row in rows), count)
    last = world.call("outbox_activity", minutes=1, bucket_seconds=86_400)[-1]
    same("latency", (last["latency_p50_ms"], last["latency_p95_ms"]), (20.0, 29.0))
    world.run(
        "insert into public.payment_outbox_identities (outbox_id, instruction_id, idempotency_key,"
        " participant_id, rail_type, fingerprint, created_at)"
        " values ('01900000-0000-7000-8000-000000000000', 'old', 'K', 'P', 'R', sha256('x'),"
        " '2024-06-09')"
    )
    rows = world.call("outbox_activity", minutes=5, bucket_seconds=30)
    same("what is older is not counted", sum(row["accepted"] for row in rows), 2)


@promise("health counts dead letters, disputes, pauses, doubts, and what no seal covers")
def health(world: World) -> None:
    before = world.one("outbox_health")
    same("ceiling", before["retry_ceiling"], 20)
    same("version", before["schema_version"], _version(world))
    disputed = items.item(world)
    items.claim(world, disputed)
    items.complete(world, disputed, "FAILED")
    items.complete(world, disputed, "DISPATCHED", rail_reference="late")
    made = _one_of_each(world)
    world.call("pause_outbox", scope="RAIL", scope_key="X", **_WHO)
    found = world.one("outbox_health")
    added = {
        name: found[name] - before[name]
        for name in ("dead_letters", "disputed", "paused_scopes", "unsealed")
    }
    # an attestation each, an attempt for what was retried, and one for each dead letter
    sealable = len(made) + 1 + 3
    same(
        "added",
        added,
        {"dead_letters": 2, "disputed": 1, "paused_scopes": 1, "unsealed": sealable},
    )
    (doubt,) = world.table("payment_outbox_pending", outbox_id=made["in_doubt"].outbox_id)
    same("doubt", found["oldest_in_doubt_at"], doubt["held_at"])
    same("server's time", found["server_time"] >= before["server_time"], True)
    world.call("resume_outbox", scope="RAIL", scope_key="X", **_WHO)
    same("resumed", world.one("outbox_health")["paused_scopes"], before["paused_scopes"])


@promise("sealing leaves nothing unsealed, and health says when it was", alone=True)
def sealed(world: World) -> None:
    one = items.item(world)
    before = world.one("outbox_health")
    same("unsealed", (before["unsealed"], before["last_sealed_at"]), (1, None))
    (attested,) = world.table("ingress_attestations")
    same("since", before["oldest_unsealed_at"], attested["received_at"])

    def seal() -> None:
        world.call("seal_ledger", limit=10)
        after = world.one("outbox_health")
        same("nothing", (after["unsealed"], after["oldest_unsealed_at"]), (0, None))
        last = world.table("ledger_seals", "seal_no")[-1]
        same("when", after["last_sealed_at"], last["sealed_at"])

    seal()
    # now the attempts are sealed further than the attestations, then the other way round
    items.claim(world, one)
    items.complete(world, one, "DISPATCHED")
    same("an attempt", world.one("outbox_health")["unsealed"], 1)
    seal()
    items.item(world)
    same("an attestation", world.one("outbox_health")["unsealed"], 1)
    seal()


@promise("the queue is listed page by page in the order of acceptance, by any filter")
def queue_items(world: World) -> None:
    made = _one_of_each(world)
    queued = [one for name, one in made.items() if name != "dead_letters"]
    ids = sorted(one.outbox_id for one in queued)
    rows = world.call("list_outbox_items")
    same("all", [row["outbox_id"] for row in rows], ids)
    shown = {row["outbox_id"]: row for row in world.table("payment_outbox_queue")}
    for row in rows:
        same("row", row, {name: shown[row["outbox_id"]][name] for name in row})
    same("token", {"lease_token", "payload"} & set(rows[0]), set())
    leased, held = made["leased"], made["held"]
    filters: list[tuple[Row, list[UUID]]] = [
        ({"status": "LEASED"}, [leased.outbox_id]),
        ({"status": "PAUSED"}, [held.outbox_id]),
        ({"status": "no"}, []),
        ({"participant_id": "held"}, [held.outbox_id]),
        ({"rail_type": "SEPA"}, ids),
        ({"rail_type": "RTGS"}, []),
        ({"tenant_id": leased.tenant_id, "participant_id": "leased"}, [leased.outbox_id]),
        ({"tenant_id": uuid4()}, []),
        ({"limit": 2}, ids[:2]),
        ({"after_outbox_id": ids[1]}, ids[2:]),
        ({"after_outbox_id": ids[-1]}, []),
    ]
    for given, expected in filters:
        found = [row["outbox_id"] for row in world.call("list_outbox_items", **given)]
        same(f"items by {given}", found, expected)


@promise("an instruction is found with or without its tenant, wherever it stands")
def found(world: World) -> None:
    one, plain = items.item(world, instruction="same"), items.enqueue(world, instruction="same")
    rows = world.call("find_outbox_items", instruction_id="same")
    same("both", {row["outbox_id"] for row in rows}, {one.outbox_id, plain.outbox_id})
    asked = {"instruction_id": "same", "tenant_id": one.tenant_id}
    expected: Row = {
        "outbox_id": one.outbox_id,
        "tenant_id": one.tenant_id,
        "instruction_id": "same",
        "idempotency_key": one.key,
        "participant_id": one.participant,
        "rail_type": one.rail,
        "state": "PENDING",
        "attempts": 0,
        "created_at": one.created_at,
    }
    same("pending", world.call("find_outbox_items", **asked), [expected])
    items.claim(world, one)
    items.complete(world, one, "RETRYABLE", retry_delay_seconds=0)
    _hold(world, one, "IN_DOUBT")
    expected |= {"state": "IN_DOUBT", "attempts": 1}
    same("in doubt", world.call("find_outbox_items", **asked), [expected])
    world.call("resolve_outbox_item", outbox_id=one.outbox_id, resolution="FAILED", **_WHO)
    expected |= {"state": "FAILED", "attempts": 2}
    same("ended", world.call("find_outbox_items", **asked), [expected])
    for nothing in (
        {"instruction_id": "same", "tenant_id": uuid4()},
        {"instruction_id": "no"},
        {"instruction_id": None},
    ):
        same("nothing", world.call("find_outbox_items", **nothing), [])


@promise("every scope that has a control is listed as it runs")
def controls(world: World) -> None:
    same("none", world.call("list_outbox_controls"), [])
    set_to = {"paused": True, "ordering": "FIFO_SKIP", "fair": None, "notify_workers": False}
    for key in ("B", "A"):
        world.call("set_outbox_control", scope="RAIL", scope_key=key, **set_to, **_WHO)
    rows = world.call("list_outbox_controls")
    same("order", [row["scope_key"] for row in rows], ["A", "B"])
    expected = world.table("outbox_controls", "scope, scope_key")
    same("as they run", rows, [{name: row[name] for name in rows[0]} for row in expected])


def _version(world: World) -> object:
    return world.table("ledgerdb_alembic_version")[0]["version_num"]
