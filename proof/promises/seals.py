"""Seals: what is final is hashed once, in a chain; nobody waits for it."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from uuid import UUID, uuid4

import psycopg

from ledgerdb.verify.ledger import check_ledger
from proof.promises import items
from proof.promises.items import Item
from proof.promises.lists import in_json
from proof.promises.registry import promise
from proof.promises.world import Row, World, moment, same


def _seal(world: World, limit: int = 10000) -> Row:
    return world.one("seal_ledger", limit=limit)


def _told(row: Row) -> tuple[Any, ...]:
    return tuple(
        row[name] for name in ("outcome", "seals", "attempts", "attestations", "last_seal_no")
    )


def _chain(world: World) -> list[Row]:
    return world.table("ledger_seals", "seal_no")


def _checked(world: World) -> None:
    """Chain, ranges, counts and hashes, computed again in Python."""
    previous: bytes | None = None
    leaves = {
        (row["subject"], row["ledger_position"]): row["leaf"]
        for row in world.table("ledger_leaves")
    }
    reached = {"ATTEMPTS": 0, "ATTESTATIONS": 0}
    for number, seal in enumerate(_chain(world), start=1):
        subject = seal["subject"]
        covered = sorted(
            position
            for of, position in leaves
            if of == subject and seal["after_position"] < position <= seal["through_position"]
        )
        digest = hashlib.sha256(b"".join(leaves[subject, one] for one in covered)).digest()
        same("number", seal["seal_no"], number)
        same("begins", seal["after_position"], reached[subject])
        same("rows", seal["row_count"], len(covered))
        same("digest", seal["digest"], digest)
        same("previous", seal["previous_hash"], previous)
        told = {
            "seal_no": number,
            "subject": subject,
            "after_position": seal["after_position"],
            "through_position": seal["through_position"],
            "after_id": None,
            "through_id": None,
            "row_count": len(covered),
            "leaf_version": 1,
            "digest": digest.hex(),
            "previous_hash": previous.hex() if previous else None,
            "sealed_at": f"{seal['sealed_at'].timestamp():.6f}",
        }
        same("hash", seal["seal_hash"], hashlib.sha256(_spaced(told).encode()).digest())
        reached[subject] = seal["through_position"]
        previous = seal["seal_hash"]


def _witnessed(world: World) -> None:
    """The witness of ledgerdb, which reads every row itself, agrees."""
    with psycopg.connect(world.url, autocommit=True) as connection:
        same("witness", check_ledger(connection).findings, ())


def _spaced(told: Row) -> str:
    """JSON as json_build_object writes it."""
    return json.dumps(told, separators=(", ", " : "), ensure_ascii=False)


@promise("what is final is sealed once, in a chain of ranges that leave nothing out", alone=True)
def chain(world: World) -> None:
    same("nothing", _told(_seal(world)), ("DONE", 0, 0, 0, None))
    batch = [items.item(world) for _ in range(3)]
    items.claim(world, *batch)
    items.complete(world, batch[0], "DISPATCHED")
    same("first", _told(_seal(world)), ("DONE", 2, 1, 3, 2))
    same("again", _told(_seal(world)), ("DONE", 0, 0, 0, 2))
    first = moment()
    for one in batch[1:]:
        items.complete(world, one, "FAILED")
    same("limited", _told(_seal(world, 1)), ("MORE", 1, 1, 0, 3))
    same("limited", _told(_seal(world, 1)), ("MORE", 1, 1, 0, 4))
    same("done", _told(_seal(world, 1)), ("DONE", 0, 0, 0, 4))
    same(
        "times", [first <= seal["sealed_at"] <= moment() for seal in _chain(world)[2:]], [True] * 2
    )
    _checked(world)
    _witnessed(world)


@promise("one sealer works at a time, and nobody waits for it or it for anybody", alone=True)
def beside_others(world: World) -> None:
    one, two = items.item(world), items.item(world)
    items.claim(world, one, two)
    other = World(world.url)
    try:
        with other.connection.transaction(force_rollback=True):
            other.call("seal_ledger", limit=10)
            same("busy", _told(_seal(world)), ("BUSY", 0, 0, 0, None))
        with other.connection.transaction():
            items.complete(other, one, "DISPATCHED")
            items.complete(world, two, "DISPATCHED")
            waiting = _seal(world)
            same("waiting", waiting["outcome"], "WAITING")
            same("sealed", waiting["attempts"], 0)
            (noted,) = world.table("ledger_seal_horizon")
            same(
                "again",
                _told(_seal(world)),
                (*_told(waiting)[:1], 0, 0, 0, waiting["last_seal_no"]),
            )
            same("noted", world.table("ledger_seal_horizon"), [noted])
        late = _seal(world)
        same("late", (late["outcome"], late["attempts"]), ("DONE", 2))
        _checked(world)
        # Steady load: somebody is always running, and what was noted is sealed all the same.
        third, fourth = items.item(world), items.item(world)
        items.claim(world, third, fourth)
        with other.connection.transaction():
            items.complete(other, third, "DISPATCHED")
            same("waiting", _seal(world)["outcome"], "WAITING")
        with other.connection.transaction():
            items.complete(other, fourth, "DISPATCHED")
            steady = _seal(world)
            same("steady", (steady["outcome"], steady["attempts"]), ("WAITING", 1))
        same("rest", _told(_seal(world))[:3], ("DONE", 1, 1))
        _checked(world)
    finally:
        other.close()


@promise(
    "a noted id of another cluster is replaced, rows without a position are sealed by id",
    alone=True,
)
def restored(world: World) -> None:
    one, two = items.item(world), items.item(world)
    items.claim(world, one, two)
    for each in (one, two):
        items.complete(world, each, "DISPATCHED")
    world.run("update public.ledger_seal_horizon set noted_position = 1, noted_xid = '9999999999'")
    other = World(world.url)
    try:
        with other.connection.transaction(force_rollback=True):
            items.item(other)
            same("outcome", _seal(world)["outcome"], "WAITING")
            (horizon,) = world.table("ledger_seal_horizon")
            same("replaced", int(horizon["noted_xid"]) < 9999999999, True)  # noqa: PLR2004
    finally:
        other.close()
    world.run(
        "alter table public.payment_outbox_attempts drop constraint ck_attempts_ledger_position"
    )
    world.run(
        "insert into public.payment_outbox_attempts (outbox_id, instruction_id, participant_id,"
        " sequence_id, idempotency_key, rail_type, attempt_no, state, ledger_position)"
        " select gen_random_uuid(), 'old', 'P', 1, 'K', 'R', 1, 'FAILED', null"
        " from generate_series(1, 3)"
    )
    world.run("update public.ledger_seal_horizon set without_position = '{ATTEMPTS,ATTESTATIONS}'")
    old = sorted(
        (row["row_id"], row["leaf"])
        for row in world.rows(
            "select row_id, leaf from public.ledger_leaves where ledger_position is null"
        )
    )
    steps = [_seal(world, 2), _seal(world, 2), _seal(world, 2)]
    same("outcomes", [step["outcome"] for step in steps], ["MORE", "DONE", "DONE"])
    same("attempts", [step["attempts"] for step in steps][:2], [2 + 2, 1])
    found = [seal for seal in _chain(world) if seal["through_id"] is not None]
    zero = UUID(int=0)
    for seal, after, covered in zip(found, (zero, old[1][0]), (old[:2], old[2:]), strict=True):
        digest = hashlib.sha256(b"".join(leaf for _, leaf in covered)).digest()
        same(
            "seal",
            {
                name: seal[name]
                for name in ("after_id", "through_id", "row_count", "digest", "subject")
            },
            {
                "after_id": after,
                "through_id": covered[-1][0],
                "row_count": len(covered),
                "digest": digest,
                "subject": "ATTEMPTS",
            },
        )
    (horizon,) = world.table("ledger_seal_horizon")
    same("without", horizon["without_position"], [])


_ATTEMPT = """
    attempt_id outbox_id instruction_id participant_id sequence_id idempotency_key rail_type
    payload attempt_no state claimed_at completed_at dispatch_started_at created_at
    rail_reference rail_code error_code error_message latency_ms worker_id closed_by
    lease_token redrive_no tenant_id member_id correlation_id upstream_ref downstream_ref
    nfs_sequence_ref ledger_position
""".split()  # noqa: SIM905
_ATTESTATION = """
    attestation_id instruction_id tenant_id payload_hash signature_hash received_at client_id
    client_id_hash member_id participant_id cert_fingerprint_sha256 token_jti_hash
    correlation_id signatures upstream_ref downstream_ref nfs_sequence_ref ledger_position
""".split()  # noqa: SIM905


def _leaf(row: Row, names: list[str]) -> bytes:
    """The hash of a row, as leaf version 1 is defined in ADR 0008."""
    told = {}
    for name in names:
        value = row[name]
        if name.endswith("_at") and value is not None:
            told[name] = f"{value.timestamp():.6f}"
        else:
            told[name] = in_json(value)
    return hashlib.sha256(_spaced(told).encode()).digest()


@promise("the hash of a row covers every column, in the form of leaf version 1")
def leaves(world: World) -> None:
    one = items.item(world)
    items.claim(world, one)
    world.call("begin_outbox_dispatch", **items.leases([one]))
    items.complete(
        world,
        one,
        "FAILED",
        rail_reference="R",
        rail_code="c",
        error_code="e",
        error_message="m",
        latency_ms=5,
    )
    _attested_fully(world, one)
    for table, names, subject, key in (
        ("payment_outbox_attempts", _ATTEMPT, "ATTEMPTS", "attempt_id"),
        ("ingress_attestations", _ATTESTATION, "ATTESTATIONS", "attestation_id"),
    ):
        found = {
            row["row_id"]: row["leaf"] for row in world.table("ledger_leaves", subject=subject)
        }
        rows = world.table(table)
        same(f"columns of {table}", set(rows[0]), set(names))
        for row in rows:
            same(f"leaf of {table}", found[row[key]], _leaf(row, names))


def _attested_fully(world: World, one: Item) -> None:
    member_id = uuid4()
    world.run(
        "insert into public.tenant_members (member_id, tenant_id, member_ref, tpin_hash,"
        " msisdn_hash) values (%s, %s, 'm', 'x', 'x')",
        *(member_id, one.tenant_id),
    )
    world.run(
        "insert into public.payment_outbox_attempts (outbox_id, instruction_id, participant_id,"
        " sequence_id, idempotency_key, rail_type, attempt_no, state, closed_by, member_id)"
        " values (%s, 'I', 'P', 1, 'K', 'R', 2, 'RETRYABLE', 'ann', %s)",
        *(one.outbox_id, member_id),
    )
    world.run(
        "insert into public.ingress_attestations (attestation_id, instruction_id, tenant_id,"
        " payload_hash, signature_hash, client_id_hash, cert_fingerprint_sha256, token_jti_hash)"
        " values (gen_random_uuid(), 'Zoë', %s, 'h', 's', 'c', 'f', 't')",
        one.tenant_id,
    )
