"""What can be asked: where an instruction stands, its evidence, dead letters, the backlog."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from proof.promises import items
from proof.promises.items import Item
from proof.promises.registry import promise
from proof.promises.world import INFINITE, Row, World, same

_WHO = {"actor": "ann", "reason": "why"}
_ATTEMPT = (
    "attempt_id",
    "attempt_no",
    "state",
    "claimed_at",
    "dispatch_started_at",
    "completed_at",
    "worker_id",
    "closed_by",
    "redrive_no",
    "rail_reference",
    "rail_code",
    "error_code",
    "error_message",
    "latency_ms",
)


def in_json(value: Any) -> Any:
    """A value as PostgreSQL writes it into jsonb."""
    if isinstance(value, datetime):
        if value == INFINITE:
            return "infinity"
        text = value.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00")
        return text.rstrip("0").removesuffix(".") + "+00:00"
    if isinstance(value, UUID):
        return str(value)
    return value


def _json(row: Row, *without: str) -> Row:
    return {key: in_json(value) for key, value in row.items() if key not in without}


def _status(world: World, one: Item, **promised: object) -> None:
    row = world.one("instruction_status", tenant_id=one.tenant_id, instruction_id=one.instruction)
    same(
        "status",
        row,
        {
            "instruction_id": one.instruction,
            "outbox_id": one.outbox_id,
            "participant_id": one.participant,
            "rail_type": one.rail,
            "state": "PENDING",
            "attempts": 0,
            "rail_reference": None,
            "error_code": None,
            "accepted_at": one.created_at,
            "completed_at": None,
            "next_attempt_at": one.created_at,
            **promised,
        },
    )


@promise("the status of an instruction is where it stands, for its tenant only")
def status(world: World) -> None:
    one = items.item(world)
    _status(world, one)
    items.claim(world, one)
    _status(world, one, next_attempt_at=world.during.later(60))
    items.complete(world, one, "RETRYABLE", error_code="E-1", retry_delay_seconds=30)
    retrying = {"attempts": 1, "error_code": "E-1"}
    _status(world, one, **retrying, next_attempt_at=world.during.later(30))
    items.due(world, one)
    items.claim(world, one, begun=True)
    items.expire(world, one)
    world.call("repair_expired_leases", batch_size=9, worker_id="r")
    _status(world, one, **retrying, state="IN_DOUBT", next_attempt_at=None)
    world.call(
        "resolve_outbox_item",
        outbox_id=one.outbox_id,
        resolution="DISPATCHED",
        rail_reference="R-1",
        **_WHO,
    )
    _status(
        world,
        one,
        state="DISPATCHED",
        attempts=2,
        rail_reference="R-1",
        completed_at=world.during,
        next_attempt_at=None,
    )
    failed = items.item(world)
    items.fail(world, failed)
    _status(
        world,
        failed,
        state="FAILED",
        attempts=1,
        error_code="E1",
        completed_at=world.during,
        next_attempt_at=None,
    )
    plain = items.enqueue(world)
    for tenant_id, instruction in (
        (failed.tenant_id, one.instruction),
        (uuid4(), one.instruction),
        (None, one.instruction),
        (one.tenant_id, "other"),
        (one.tenant_id, None),
        (None, plain.instruction),
    ):
        asked = {"tenant_id": tenant_id, "instruction_id": instruction}
        same("of another tenant", world.call("instruction_status", **asked), [])
        same("of another tenant", world.value("evidence_pack", **asked), None)


def _eventful(world: World) -> Item:
    """Crashed, late, in doubt, resolved against, redriven, and failed again."""
    one = items.item(world)
    items.claim(world, one)
    items.expire(world, one)
    items.complete(world, one, "DISPATCHED", rail_reference="late", rail_code="00", latency_ms=3)
    items.complete(world, one, "FAILED", error_code="E", error_message="m")
    world.call("repair_expired_leases", batch_size=9, worker_id="r")
    items.due(world, one)
    items.claim(world, one, begun=True)
    items.expire(world, one)
    world.call("repair_expired_leases", batch_size=9, worker_id="r")
    world.call("resolve_outbox_item", outbox_id=one.outbox_id, resolution="FAILED", **_WHO)
    world.call(
        "redrive_dead_letters", outbox_ids=[one.outbox_id], dry_run=False, disputed_too=True, **_WHO
    )
    return one


def _some(rows: list[Row], *names: str) -> list[Row]:
    return [_json({name: row[name] for name in names}) for row in rows]


def _placed(world: World, row: Row, row_id: str) -> Row:
    """A row's place in the chain of hashes, before it is sealed."""
    (leaf,) = world.table("ledger_leaves", row_id=row[row_id])
    place = {"position": row["ledger_position"], "leaf": leaf["leaf"].hex(), "seal_no": None}
    return {"chain": place}


def _pack(world: World, one: Item, state: str) -> None:
    (attested,) = world.table("ingress_attestations", instruction_id=one.instruction)
    late = world.table(
        "payment_outbox_late_results", "received_at, late_result_id", outbox_id=one.outbox_id
    )
    actions = world.table(
        "payment_outbox_operator_actions", "created_at, action_id", outbox_id=one.outbox_id
    )
    pack = world.value("evidence_pack", tenant_id=one.tenant_id, instruction_id=one.instruction)
    same(
        "pack",
        pack,
        {
            "schema_version": world.table("ledgerdb_alembic_version")[0]["version_num"],
            "seals": [],
            "attestation": _some(
                [attested],
                "attestation_id",
                "tenant_id",
                "instruction_id",
                "participant_id",
                "payload_hash",
                "signature_hash",
                "client_id",
                "member_id",
                "correlation_id",
                "received_at",
            )[0]
            | _placed(world, attested, "attestation_id"),
            "outbox": {
                "outbox_id": str(one.outbox_id),
                "idempotency_key": one.key,
                "rail_type": one.rail,
                "fingerprint": one.fingerprint.hex(),
                "state": state,
                "sequence_id": 1,
                "created_at": in_json(one.created_at),
            },
            "attempts": [
                _some([row], *_ATTEMPT)[0] | _placed(world, row, "attempt_id")
                for row in items.attempts(world, one)
            ],
            "retired": None,
            "late_results": _some(
                late,
                "late_result_id",
                "state",
                "outcome",
                "received_at",
                "worker_id",
                "rail_reference",
                "rail_code",
                "error_code",
                "error_message",
                "latency_ms",
            ),
            "operator_actions": _some(
                actions, "action_id", "action", "actor", "reason", "created_at"
            ),
        },
    )


@promise("the evidence of an instruction is everything the ledger holds about it")
def evidence(world: World) -> None:
    fresh = items.item(world)
    _pack(world, fresh, "PENDING")
    items.claim(world, fresh)
    items.complete(world, fresh, "DISPATCHED")
    one = _eventful(world)
    _pack(world, one, "PENDING")
    same("attempts", len(items.attempts(world, one)), 2)
    items.claim(world, one, begun=True)
    items.expire(world, one)
    world.call("repair_expired_leases", batch_size=9, worker_id="r")
    _pack(world, one, "IN_DOUBT")
    world.call("resolve_outbox_item", outbox_id=one.outbox_id, resolution="FAILED", **_WHO)
    _pack(world, one, "FAILED")
    assert one.tenant_id is not None  # noqa: S101
    world.run(
        "insert into public.ingress_attestations (attestation_id, instruction_id, tenant_id,"
        " payload_hash) values (gen_random_uuid(), 'alone', %s, 'h')",
        one.tenant_id,
    )
    pack = world.value("evidence_pack", tenant_id=one.tenant_id, instruction_id="alone")
    same(
        "without an item", (pack["outbox"], pack["attempts"], pack["late_results"]), (None, [], [])
    )


@promise("an operator sees everything about an item but its lease token")
def inspection(world: World) -> None:
    one = _eventful(world)
    for step in range(2):
        if step:
            items.claim(world, one)
            items.complete(world, one, "DISPATCHED")
        found = world.value("inspect_outbox_item", outbox_id=one.outbox_id)
        history = world.table("payment_outbox_history", "attempt_no", outbox_id=one.outbox_id)
        late = world.table("payment_outbox_late_evidence", "received_at", outbox_id=one.outbox_id)
        actions = world.table(
            "payment_outbox_operator_actions", "created_at", outbox_id=one.outbox_id
        )
        queued = world.table("payment_outbox_queue", outbox_id=one.outbox_id)
        same(
            "inspected",
            found,
            {
                "identity": _json(one.identity(), "payload", "fingerprint")
                | {"fingerprint": one.fingerprint.hex(), "rail_key": one.rail_key},
                "payload": {"amount": "10.00", "to": "Zoë"},
                "queue": _json(queued[0], "payload") if queued else None,
                "attempts": [_json(row, "payload") for row in history],
                "retired": None,
                "late_results": [_json(row) for row in late],
                "operator_actions": [_json(row) for row in actions],
            },
        )
        same("token", str(one.token) in str(found), False)
    same("nothing", world.value("inspect_outbox_item", outbox_id=uuid4()), None)
    world.run(
        "insert into public.payment_outbox_identities (outbox_id, instruction_id, idempotency_key,"
        " participant_id, rail_type, fingerprint) values (%s, 'old', 'K', 'P', 'R', sha256('x'))",
        (old := uuid4()),
    )
    same("no payload", world.value("inspect_outbox_item", outbox_id=old)["payload"], None)
    for attempt_no, payload in ((1, '{"a": 1}'), (2, '{"b": 2}')):
        world.run(
            "insert into public.payment_outbox_attempts (outbox_id, instruction_id, participant_id,"
            " sequence_id, idempotency_key, rail_type, attempt_no, state, payload)"
            " values (%s, 'old', 'P', 1, 'K', 'R', %s, 'RETRYABLE', %s)",
            *(old, attempt_no, payload),
        )
    same("payload", world.value("inspect_outbox_item", outbox_id=old)["payload"], {"a": 1})
    world.run(
        "insert into public.payment_outbox_pending (outbox_id, instruction_id, participant_id,"
        " sequence_id, idempotency_key, rail_type) values (%s, 'old', 'P', 1, 'K', 'R')",
        old,
    )
    world.run(
        """update public.payment_outbox_pending set payload = '{"q": 1}' where outbox_id = %s""",
        old,
    )
    same("payload", world.value("inspect_outbox_item", outbox_id=old)["payload"], {"q": 1})


@promise("dead letters come page by page, the oldest first, by rail, tenant and code")
def dead_letters(world: World) -> None:
    batch = [items.item(world, rail="X" if place == 1 else "SEPA") for place in range(4)]
    sent = items.item(world)
    for place, one in enumerate(batch):
        items.claim(world, *batch[place:], sent)
        world.call("release_outbox_leases", **items.leases([*batch[place + 1 :], sent]))
        items.complete(
            world, one, "FAILED", error_code=f"E{place}", error_message="m", rail_code="c"
        )
    items.claim(world, sent)
    items.complete(world, sent, "DISPATCHED")
    items.complete(world, batch[2], "DISPATCHED", rail_reference="late")

    def listed(**filters: object) -> list[Row]:
        return world.call("list_dead_letters", **filters)

    letters = listed()
    ids = [one.outbox_id for one in batch]
    same("letters", [letter["outbox_id"] for letter in letters], ids)
    one = batch[2]
    (row,) = items.attempts(world, one)
    copied = (
        "outbox_id",
        "tenant_id",
        "instruction_id",
        "participant_id",
        "sequence_id",
        "idempotency_key",
        "rail_type",
        "attempt_no",
        "redrive_no",
        "error_code",
        "error_message",
        "rail_code",
        "worker_id",
        "closed_by",
        "claimed_at",
        "completed_at",
    )
    same("letter", letters[2], {name: row[name] for name in copied} | {"disputed": True})
    same("disputed", [letter["disputed"] for letter in letters], [False, False, True, False])
    for filters, places in (
        ({"rail_type": "X"}, [1]),
        ({"rail_type": "SEPA"}, [0, 2, 3]),
        ({"rail_type": "no"}, []),
        ({"tenant_id": one.tenant_id}, [2]),
        ({"error_code": "E3"}, [3]),
        ({"limit": 2}, [0, 1]),
        ({"after_completed_at": letters[1]["completed_at"], "after_outbox_id": ids[1]}, [2, 3]),
        ({"after_completed_at": letters[1]["completed_at"]}, [2, 3]),
        ({"after_completed_at": letters[1]["completed_at"], "limit": 1}, [2]),
        ({"after_completed_at": letters[3]["completed_at"], "after_outbox_id": ids[3]}, []),
    ):
        found = [letter["outbox_id"] for letter in listed(**filters)]
        same(f"letters by {filters}", found, [ids[place] for place in places])
    world.call("redrive_dead_letters", outbox_ids=ids[:1], dry_run=False, **_WHO)
    same("without the redriven", [row["outbox_id"] for row in listed()], ids[1:])
    untimed = sorted(
        row["outbox_id"]
        for row in world.rows(
            "insert into public.payment_outbox_attempts (outbox_id, instruction_id,"
            " participant_id, sequence_id, idempotency_key, rail_type, attempt_no, state,"
            " tenant_id, error_code, error_message, rail_code, worker_id, closed_by)"
            " select gen_random_uuid(), 'old', 'P', 1, 'K', 'R', 1, 'FAILED', %s, 'OLD', 'm', 'c',"
            " 'w', 'b'"
            " from generate_series(1, 3) returning outbox_id",
            one.tenant_id,
        )
    )
    (row,) = world.table("payment_outbox_attempts", outbox_id=untimed[0])
    same("letter", listed()[3], {name: row[name] for name in copied} | {"disputed": False})
    for filters, expected in (
        ({}, [*ids[1:], *untimed]),
        ({"limit": 4}, [*ids[1:], untimed[0]]),
        ({"after_outbox_id": untimed[0]}, untimed[1:]),
        ({"after_outbox_id": untimed[0], "limit": 1}, untimed[1:2]),
        ({"after_completed_at": letters[3]["completed_at"], "after_outbox_id": ids[3]}, untimed),
        ({"rail_type": "R"}, untimed),
        ({"rail_type": "X"}, ids[1:2]),
        ({"tenant_id": one.tenant_id}, [ids[2], *untimed]),
        ({"error_code": "OLD"}, untimed),
        ({"error_code": "no"}, []),
        ({"tenant_id": uuid4()}, []),
    ):
        same(f"untimed by {filters}", [row["outbox_id"] for row in listed(**filters)], expected)


@promise("the backlog counts every item once, by what it waits for")
def backlog(world: World) -> None:
    names = ("due", "delayed", "leased", "expired", "in_doubt", "held")
    nothing = {**dict.fromkeys(names, 0), "oldest_due_at": None}
    same("empty", world.one("outbox_backlog"), nothing)
    batch = [items.enqueue(world) for _ in range(21)]
    items.claim(world, *batch[:15])
    states = iter(batch)
    for name, count in (("leased", 1), ("expired", 2), ("in_doubt", 4)):
        for _ in range(count):
            one = next(states)
            if name == "expired":
                items.expire(world, one)
            if name == "in_doubt":
                world.run(
                    "update public.payment_outbox_pending set hold = 'IN_DOUBT', held_at = now(),"
                    " next_attempt_at = 'infinity' where outbox_id = %s",
                    one.outbox_id,
                )
    for hold in ("PAUSED", "FIFO", "PAYLOAD_MISMATCH"):
        one = next(states)
        world.call("release_outbox_leases", **items.leases([one]))
        world.run(
            "update public.payment_outbox_pending set hold = %s, next_attempt_at = 'infinity'"
            " where outbox_id = %s",
            *(hold, one.outbox_id),
        )
    for _ in range(5):
        items.complete(world, next(states), "RETRYABLE", retry_delay_seconds=60)
    world.run(
        "update public.payment_outbox_pending set next_attempt_at = '2020-01-01'"
        " where outbox_id = %s",
        batch[20].outbox_id,
    )
    # The end of a lease without a token, as somebody may leave it, is no lease.
    world.run(
        "update public.payment_outbox_pending set lease_expires_at = '2021-01-01'"
        " where outbox_id = %s",
        batch[20].outbox_id,
    )
    world.run(
        "update public.payment_outbox_pending set next_attempt_at = '2020-01-01'"
        " where outbox_id = %s",
        batch[20].outbox_id,
    )
    promised = dict(zip(names, (6, 5, 1, 2, 4, 3), strict=True))
    oldest = datetime(2020, 1, 1, tzinfo=UTC)
    same("backlog", world.one("outbox_backlog"), {**promised, "oldest_due_at": oldest})


@promise("a counter that disagrees with the ledger, or an ended item on the queue, is reported")
def drift(world: World) -> None:
    fine, ahead, behind, ended, redriven, near = (items.enqueue(world) for _ in range(6))

    def write(one: Item, attempt_no: int, state: str, redrive_no: int = 0) -> None:
        world.run(
            "insert into public.payment_outbox_attempts (outbox_id, instruction_id, participant_id,"
            " sequence_id, idempotency_key, rail_type, attempt_no, state, redrive_no)"
            " values (%s, 'I', 'P', 1, 'K', 'R', %s, %s, %s)",
            *(one.outbox_id, attempt_no, state, redrive_no),
        )

    def count(one: Item, attempt_count: int, redrive_no: int = 0) -> None:
        world.run(
            "update public.payment_outbox_pending set attempt_count = %s, redrive_no = %s"
            " where outbox_id = %s",
            *(attempt_count, redrive_no, one.outbox_id),
        )

    write(fine, 1, "RETRYABLE")
    count(fine, 1)
    count(ahead, 2)
    write(behind, 1, "RETRYABLE")
    write(behind, 3, "RETRYABLE")
    count(behind, 2)
    write(ended, 1, "DISPATCHED")
    count(ended, 1, 1)
    write(redriven, 1, "FAILED")
    count(redriven, 1, 1)
    write(near, 2147483647 - 999, "RETRYABLE")
    count(near, 2147483647 - 999)
    edge, failed = items.enqueue(world), items.enqueue(world)
    write(edge, 2147483647 - 1000, "RETRYABLE")
    count(edge, 2147483647 - 1000)
    write(failed, 1, "FAILED")
    count(failed, 1)
    found = {row.pop("outbox_id"): row for row in world.call("outbox_counter_drift")}
    names = ("attempt_count", "max_attempt_no", "attempts", "has_terminal", "near_overflow")
    promised = [
        (ahead, (2, 0, 0, False, False)),
        (behind, (2, 3, 2, False, False)),
        (ended, (1, 1, 1, True, False)),
        (near, (2147483647 - 999, 2147483647 - 999, 1, False, True)),
        (failed, (1, 1, 1, True, False)),
    ]
    same(
        "drift", found, {one.outbox_id: dict(zip(names, row, strict=True)) for one, row in promised}
    )
