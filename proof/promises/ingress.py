"""How instructions come in: tenants, attestations, identities, numbers, replays and conflicts."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any
from unittest.mock import ANY
from uuid import UUID, uuid4

import psycopg

from proof.promises import items
from proof.promises.items import Item
from proof.promises.registry import promise
from proof.promises.world import Broken, Row, World, same

_ONE_KEY = ("P7101", "p_idempotency_key", "one key, one payment")


@promise("a tenant is registered once, and the same registration again returns it")
def tenants(world: World) -> None:
    given = {"tenant_key": "acme", "tenant_name": "Acme", "tenant_type": "NGO"}
    tenant_id = uuid4()
    began = world.rows("select now() as now")[0]["now"]
    for created in (True, False):
        same(
            "tenant",
            world.one("register_tenant", tenant_id=tenant_id, **given),
            {
                "tenant_id": tenant_id,
                "tenant_key": "acme",
                "status": "ACTIVE",
                "created_at": began,
                "created": created,
            },
        )
    other = {"tenant_key": "other", "tenant_name": "Other", "tenant_type": "GOVERNMENT"}
    refusal = ("P7101", "p_tenant_key", "one key, one tenant", "register_tenant")
    for name, value in other.items():
        world.refuses(*refusal, tenant_id=tenant_id, **{**given, name: value})
    world.refuses(*refusal, tenant_id=uuid4(), **given)
    world.call("register_tenant", tenant_id=uuid4(), **other)
    same("tenants", len(world.table("tenants")), 2)


@promise(
    "a participant that is numbered monotonically has growing numbers, with holes from there on"
)
def numbers_monotonically(world: World) -> None:
    for _ in range(2):
        items.enqueue(world, participant="P")
    switched = {"participant_id": "P", "monotonic_from": 2}
    for changed in (True, False):
        same(
            "switch",
            world.one(
                "number_participant_monotonically", participant_id="P", actor="ann", reason="why"
            ),
            {**switched, "changed": changed},
        )
    detail = {"numbering": "MONOTONIC", "monotonic_from": 2}
    done = items.action("SET_CONTROL", scope="PARTICIPANT", scope_key="P", detail=detail)
    same("actions", world.table("payment_outbox_operator_actions"), [done])
    many = [Item(participant="P") for _ in range(3)]
    row = world.one("enqueue_payment_outbox", **items.enqueuing(many[0]))
    rows = world.call(
        "enqueue_outbox_items",
        instruction_ids=[one.instruction for one in many[1:]],
        participant_ids=["P"] * 2,
        idempotency_keys=["K"] * 2,
        rail_types=["SEPA"] * 2,
        payloads=["{}"] * 2,
    )
    bumped = world.one("bump_participant_outbox_seq", participant_id="P")
    numbers = [2, row["sequence_id"], *(found["sequence_id"] for found in rows), *bumped.values()]
    same("numbers", numbers, sorted(set(numbers)))
    counters = world.table("participant_outbox_sequences", participant_id="P")
    same("counter", counters, [{"participant_id": "P", "next_sequence_id": 3, "monotonic_from": 2}])
    row = world.one(
        "number_participant_monotonically", participant_id="new", actor="ann", reason="why"
    )
    same("before the first", row["monotonic_from"], 0)


@promise("an item keeps the trace that it was accepted in, and the next one has its own")
def keeps_traces(world: World) -> None:
    tenant_id = items.tenant(world)
    traced, plain = (Item(tenant_id=tenant_id) for _ in range(2))
    row = world.one(
        "ingest_traced_instruction", **items.ingestion(traced), trace_context="00-a-b-01"
    )
    traced.outbox_id, traced.created_at = row["outbox_id"], world.during
    same(
        "acknowledgement",
        world.one("ingest_instruction", **items.ingestion(traced)),
        {**row, "replayed": True},
    )
    same("queue", items.queue(world, traced), traced.queued(trace_context="00-a-b-01"))
    world.call("ingest_instruction", **items.ingestion(plain))
    rows = world.call("claim_traced_items", batch_size=9, worker_id="w", lease_seconds=60)
    found = [(row["instruction_id"], row["trace_context"]) for row in rows]
    same(
        "traces, oldest first",
        found,
        [(traced.instruction, "00-a-b-01"), (plain.instruction, None)],
    )
    for length, kept in ((200, "t" * 200), (201, None)):
        one = Item(tenant_id=tenant_id)
        world.call("ingest_traced_instruction", **items.ingestion(one), trace_context="t" * length)
        (queued,) = world.table("payment_outbox_pending", instruction_id=one.instruction)
        same("a long trace", queued["trace_context"], kept)


@promise("an enqueued item gets an identity, the participant's next number, and is due at once")
def enqueues(world: World) -> None:
    for no in (1, 2, 3):
        one = Item(participant="P", no=no, payload='{"amount": 10}')
        row = world.one("enqueue_payment_outbox", **items.enqueuing(one))
        one.created_at, one.outbox_id = world.during, row["outbox_id"]
        same(
            "acknowledgement",
            row,
            {"outbox_id": ANY, "sequence_id": no, "created_at": ANY, "state": "PENDING"},
        )
        same("identity", _identity(world, one), one.identity())
        same("queue", items.queue(world, one), one.queued())
        same("version of the id", row["outbox_id"].version, 7)
    other = items.enqueue(world)
    same("number of another participant", (items.queue(world, other) or {})["sequence_id"], 1)
    counters = world.table("participant_outbox_sequences", participant_id="P")
    same("counter", counters[0]["next_sequence_id"], 4)
    same("next number", world.value("bump_participant_outbox_seq", participant_id="P"), 4)
    same("first number", world.value("bump_participant_outbox_seq", participant_id="Q"), 1)


@promise("a replay gets the first item and where it stands; other content under its key is refused")
def replays(world: World) -> None:
    def replayed(state: str) -> None:
        for of in (one, other):
            told = state
            if of is one and state == "IN_DOUBT":
                told = "PENDING"
            if of is one:
                found = world.one("enqueue_payment_outbox", **items.enqueuing(of))
            else:
                found = world.one("ingest_instruction", **items.ingestion(of))
                same("replayed", found["replayed"], True)
            same("outbox_id", found["outbox_id"], of.outbox_id)
            same("sequence_id", found["sequence_id"], 1)
            same("state", found["state"], told)

    one, other = items.enqueue(world), items.item(world)
    for key, instruction in (("K", "I"), ("K2", one.instruction), ("K", other.instruction)):
        items.enqueue(world, key=key, instruction=instruction, participant="decoy")
    for instruction in ("I", one.instruction):
        items.item(world, tenant_id=other.tenant_id, instruction=instruction)
    items.item(world, instruction=other.instruction)
    world.run(
        "delete from public.payment_outbox_pending where outbox_id <> all(%s)",
        [one.outbox_id, other.outbox_id],
    )
    replayed("PENDING")
    items.claim(world, one, other)
    replayed("PENDING")
    for each in (one, other):
        items.complete(world, each, "RETRYABLE", retry_delay_seconds=0)
    replayed("PENDING")
    items.claim(world, one, other, begun=True)
    for each in (one, other):
        items.expire(world, each)
    world.call("repair_expired_leases", batch_size=10, worker_id="r")
    replayed("IN_DOUBT")
    for each in (one, other):
        _resolve(world, each, "REQUEUE")
    replayed("PENDING")
    items.claim(world, one, other)
    for each in (one, other):
        items.complete(world, each, "DISPATCHED", rail_reference="R-1")
    replayed("DISPATCHED")
    for changes in (
        {"participant_id": "other"},
        {"rail_type": "other"},
        {"payload": '{"amount": 11}'},
    ):
        world.refuses(*_ONE_KEY, "enqueue_payment_outbox", **{**items.enqueuing(one), **changes})
        world.refuses(*_ONE_KEY, "ingest_instruction", **items.ingestion(other, **changes))
    same("identities", len(world.table("payment_outbox_identities")), 8)


def _resolve(world: World, one: Item, resolution: str) -> None:
    world.call(
        "resolve_outbox_item",
        outbox_id=one.outbox_id,
        resolution=resolution,
        actor="ann",
        reason="asked",
    )


@promise("an ingested instruction has an attestation with everything that came along")
def ingests(world: World) -> None:
    tenant_id = items.tenant(world)
    client_id, member_id = uuid4(), uuid4()
    world.run(
        "insert into public.tenant_clients (client_id, tenant_id, client_key, display_name)"
        " values (%s, %s, 'c', 'C')",
        client_id,
        tenant_id,
    )
    _member(world, member_id, tenant_id)
    along = {
        "client_id": client_id,
        "client_id_hash": "hash of client",
        "member_id": member_id,
        "signature_hash": "hash of signature",
        "signatures": '[{"by": "bank"}]',
        "cert_fingerprint_sha256": "fingerprint",
        "token_jti_hash": "hash of token",
    }
    one = Item(tenant_id=tenant_id, correlation_id=uuid4(), upstream="u", downstream="d", nfs="n")
    row = world.one("ingest_instruction", **items.ingestion(one, **along))
    one.outbox_id, one.created_at = row["outbox_id"], world.during
    acknowledged = {
        "attestation_id": ANY,
        "outbox_id": ANY,
        "sequence_id": 1,
        "received_at": world.during,
        "payload_hash": hashlib.sha256(one.payload.encode()).hexdigest(),
        "state": "PENDING",
        "replayed": False,
    }
    same("acknowledgement", row, acknowledged)
    same("identity", _identity(world, one), one.identity())
    same("queue", items.queue(world, one), one.queued())
    same(
        "attestation",
        world.table("ingress_attestations"),
        [
            {
                **along,
                "signatures": [{"by": "bank"}],
                "attestation_id": row["attestation_id"],
                "instruction_id": one.instruction,
                "tenant_id": tenant_id,
                "payload_hash": acknowledged["payload_hash"],
                "received_at": row["received_at"],
                "participant_id": one.participant,
                "correlation_id": one.correlation_id,
                "upstream_ref": "u",
                "downstream_ref": "d",
                "nfs_sequence_ref": "n",
                "ledger_position": ANY,
            }
        ],
    )
    again = world.one("ingest_instruction", **items.ingestion(one))
    same("replay", again, {**row, "replayed": True})


@promise("an instruction has one key, a tenant its own instructions, a member its own tenant")
def boundaries(world: World) -> None:
    one = items.item(world)
    assert one.tenant_id is not None  # noqa: S101
    other = items.tenant(world, "other")
    world.refuses(
        "P7101",
        "p_instruction_id",
        "one instruction, one key",
        "ingest_instruction",
        **items.ingestion(one, idempotency_key="K2"),
    )
    row = world.one("ingest_instruction", **items.ingestion(one, tenant_id=other))
    same("of another tenant", (row["replayed"], row["sequence_id"]), (False, 2))
    plain = world.one("enqueue_payment_outbox", **items.enqueuing(one))
    same("without a tenant", (plain["state"], plain["sequence_id"]), ("PENDING", 3))
    same("attestations", len(world.table("ingress_attestations")), 2)
    mine, theirs = uuid4(), uuid4()
    _member(world, mine, one.tenant_id)
    _member(world, theirs, other)
    fresh = Item(tenant_id=one.tenant_id)
    for member, sqlstate in ((theirs, "P7202"), (uuid4(), "23503")):
        world.refuses(
            sqlstate,
            None,
            None,
            "ingest_instruction",
            **items.ingestion(fresh, member_id=member),
        )
    world.call("ingest_instruction", **items.ingestion(fresh, member_id=mine))
    for status in ("SUSPENDED", "CLOSED"):
        world.run("update public.tenants set status = %s where tenant_id = %s", status, other)
        refusal = ("P7102", "an active tenant")
        world.refuses(
            refusal[0],
            "p_tenant_id",
            refusal[1],
            "ingest_instruction",
            **items.ingestion(Item(tenant_id=other)),
        )
        world.refuses(
            refusal[0],
            "p_tenant_ids",
            refusal[1],
            "ingest_instructions",
            **_many(Item(tenant_id=other)),
        )


@promise("a batch is accepted item by item: new ones, replays and conflicts, numbers in its order")
def batches(world: World) -> None:
    tenant_id, other = items.tenant(world), items.tenant(world, "other")
    known = items.item(world, tenant_id=tenant_id, participant="P")
    ended = items.item(world, tenant_id=tenant_id, participant="Q")
    items.claim(world, known, ended)
    world.call("release_outbox_leases", **items.leases([known]))
    items.complete(world, ended, "DISPATCHED", rail_reference="R")
    twice = Item(tenant_id=tenant_id, participant="Z", no=1, correlation_id=uuid4())
    batch = [
        (twice, "ACCEPTED"),
        (known, "REPLAYED"),
        (Item(tenant_id=tenant_id, participant="P", no=2), "ACCEPTED"),
        (ended, "REPLAYED"),
        (twice, "REPLAYED"),
        (_changed(twice, rail="other"), "CONFLICT"),
        (_changed(known, payload="{}"), "CONFLICT"),
        (_changed(known, key="K2"), "CONFLICT"),
        (_changed(twice, key="K2"), "CONFLICT"),
        (Item(tenant_id=other, participant="P", no=3, instruction=known.instruction), "ACCEPTED"),
        (Item(tenant_id=tenant_id, participant="A", no=1), "ACCEPTED"),
    ]
    found = world.call("ingest_instructions", **_many(*(one for one, _ in batch)))
    during = world.during
    attestations = {row["outbox_id"]: row for row in _attested(world)}
    for place, ((one, outcome), row) in enumerate(zip(batch, found, strict=True), start=1):
        if outcome == "ACCEPTED":
            one.outbox_id, one.created_at = row["outbox_id"], during
            same("queue", items.queue(world, one), one.queued(next_attempt_at=row["received_at"]))
            same("identity", _identity(world, one), one.identity())
        conflicts = outcome == "CONFLICT"
        attested = {} if conflicts else attestations[one.outbox_id]
        same(
            f"item {place}",
            row,
            {
                "place": place,
                "outcome": outcome,
                "attestation_id": attested.get("attestation_id"),
                "outbox_id": None if conflicts else one.outbox_id,
                "sequence_id": None if conflicts else one.no,
                "received_at": None if conflicts else one.created_at,
                "payload_hash": attested.get("payload_hash"),
                "state": None if conflicts else ("DISPATCHED" if one is ended else "PENDING"),
            },
        )
    same("attestations", len(attestations), 6)
    for row in attestations.values():
        same("hash", row["payload_hash"], hashlib.sha256(row["payload"].encode()).hexdigest())
        same("participant", row["participant_id"], row["of_participant"])
        same("time", row["received_at"], row["of_created_at"])
    same("correlation", attestations[twice.outbox_id]["correlation_id"], twice.correlation_id)
    same("rows on the queue", len(world.table("payment_outbox_pending")), 5)


@promise("a batch without tenants may have many keys of an instruction")
def plain_batches(world: World) -> None:
    batch = [Item(participant="P", instruction="I", key=key) for key in ("K1", "K2")]
    for outcome in ("ACCEPTED", "REPLAYED"):
        found = world.call("enqueue_outbox_items", **_lists(*batch))
        for place, (one, row) in enumerate(zip(batch, found, strict=True), start=1):
            one.no = place
            if outcome == "ACCEPTED":
                one.outbox_id, one.created_at = row["outbox_id"], world.during
                same("queue", items.queue(world, one), one.queued())
            same(
                "item",
                row,
                {
                    "place": place,
                    "outbox_id": one.outbox_id,
                    "sequence_id": place,
                    "created_at": one.created_at,
                    "state": "PENDING",
                    "outcome": outcome,
                },
            )
    items.claim(world, *batch, begun=True)
    items.expire(world, batch[0])
    items.complete(world, batch[1], "FAILED")
    world.call("repair_expired_leases", batch_size=10, worker_id="r")
    mixed = [*batch, Item(participant="P", no=3), _changed(batch[0], participant="Q")]
    found = world.call("enqueue_outbox_items", **_lists(*mixed))
    same(
        "mixed",
        [(row["outcome"], row["state"], row["sequence_id"]) for row in found],
        [
            ("REPLAYED", "IN_DOUBT", 1),
            ("REPLAYED", "FAILED", 2),
            ("ACCEPTED", "PENDING", 3),
            ("CONFLICT", None, None),
        ],
    )


@promise("a member without a tenant has no attestation")
def members(world: World) -> None:
    member_id = uuid4()
    _member(world, member_id, items.tenant(world))
    try:
        with world.undone():
            world.run(
                "insert into public.ingress_attestations (attestation_id, instruction_id,"
                " payload_hash, member_id) values (gen_random_uuid(), 'I', 'h', %s)",
                member_id,
            )
    except psycopg.Error as error:
        same("refusal", error.sqlstate, "P7201")
    else:
        raise Broken("an attestation without a tenant has a member")


@promise("identities from before revision 0004, bound to the JSON value, are replayed by the value")
def old_identities(world: World) -> None:
    one = Item(payload='{"a": 1, "b": [2]}')
    world.run(
        """
        insert into public.payment_outbox_identities (
            instruction_id, idempotency_key, participant_id, rail_type, fingerprint
        )
        values (%s, %s, %s, %s, sha256(convert_to(jsonb_build_array(
            %s::text, %s::text, %s::jsonb)::text, 'UTF8')))
        """,
        *(one.instruction, one.key, one.participant, one.rail),
        *(one.participant, one.rail, one.payload),
    )
    outbox_id = world.table("payment_outbox_identities")[0]["outbox_id"]
    world.run(
        "insert into public.payment_outbox_pending (outbox_id, instruction_id, participant_id,"
        " sequence_id, idempotency_key, rail_type, payload) values (%s, %s, %s, 1, %s, %s, %s)",
        *(outbox_id, one.instruction, one.participant, one.key, one.rail, one.payload),
    )
    for text in (one.payload, '{"b":[2],"a":1}'):
        row = world.one("enqueue_payment_outbox", **items.enqueuing(one, payload=text))
        same("replay", (row["outbox_id"], row["state"]), (outbox_id, "PENDING"))
    for changes in ({"payload": '{"a": 2, "b": [2]}'}, {"rail_type": "x"}, {"participant_id": "x"}):
        world.refuses(*_ONE_KEY, "enqueue_payment_outbox", **{**items.enqueuing(one), **changes})
    claimed = world.call("claim_outbox_items", batch_size=1, worker_id="w", lease_seconds=60)
    same("claimed", [row["outbox_id"] for row in claimed], [outbox_id])
    same("payload", claimed[0]["payload"], one.payload)


@promise("identifiers grow with time")
def identifiers(world: World) -> None:
    ids = [
        world.rows("select public.uuid_v7_or_random() as id, pg_sleep(0.002)")[0]["id"]
        for _ in range(3)
    ]
    same("order", ids, sorted(ids))
    same("versions", [one.version for one in ids], [7] * 3)
    same("variant", {one.variant for one in ids}, {uuid4().variant})
    first = int(ids[0].hex[:12], 16) / 1000
    now = world.rows("select clock_timestamp() as now")[0]["now"].timestamp()
    same("clock in it", 0 <= now - first < timedelta(seconds=5).total_seconds(), True)
    known = world.rows("select to_regprocedure('pg_catalog.uuidv7()') is not null as known")
    strategy = "uuidv7" if known[0]["known"] else "gen_random_uuid"
    same("strategy", world.value("uuid_strategy"), strategy)


def _identity(world: World, one: Item) -> Row | None:
    rows = world.table("payment_outbox_identities", outbox_id=one.outbox_id)
    return rows[0] if rows else None


def _changed(one: Item, **changes: Any) -> Item:
    details = {
        "tenant_id": one.tenant_id,
        "instruction": one.instruction,
        "participant": one.participant,
        "key": one.key,
        "rail": one.rail,
        "payload": one.payload,
    }
    return Item(**{**details, **changes})


def _lists(*batch: Item) -> Row:
    return {
        "instruction_ids": [one.instruction for one in batch],
        "participant_ids": [one.participant for one in batch],
        "idempotency_keys": [one.key for one in batch],
        "rail_types": [one.rail for one in batch],
        "payloads": [one.payload for one in batch],
    }


def _many(*batch: Item) -> Row:
    return {
        "tenant_ids": [one.tenant_id for one in batch],
        **_lists(*batch),
        "correlation_ids": [one.correlation_id for one in batch],
    }


def _member(world: World, member_id: UUID, tenant_id: UUID) -> None:
    world.run(
        "insert into public.tenant_members (member_id, tenant_id, member_ref, tpin_hash,"
        " msisdn_hash) values (%s, %s, %s, 'x', 'x')",
        member_id,
        tenant_id,
        str(member_id),
    )


def _attested(world: World) -> list[Row]:
    return world.rows(
        """
        select i.outbox_id, t.attestation_id, t.payload_hash, t.participant_id, t.received_at,
            t.correlation_id, i.payload, i.participant_id as of_participant,
            i.created_at as of_created_at
        from public.ingress_attestations as t
        inner join public.payment_outbox_identities as i
            on t.tenant_id = i.tenant_id and t.instruction_id = i.instruction_id
        """
    )
