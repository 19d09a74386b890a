"""What of the history may retire, and what stays of it."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from unittest.mock import ANY
from uuid import UUID, uuid4

import psycopg

from proof.promises import items
from proof.promises.items import Item
from proof.promises.lists import in_json
from proof.promises.registry import promise
from proof.promises.world import Broken, Row, World, moment, same

_WHO: Final = {"actor": " ann ", "reason": " why "}
HORIZON: Final = datetime(2020, 1, 1, tzinfo=UTC)
OLD: Final = HORIZON - timedelta(microseconds=1)
_PLACES: Final = (
    "RETIRE",
    "TOO_YOUNG",
    "ON_QUEUE",
    "LATE_RESULT",
    "DISPUTED",
    "UNSEALED",
    "NOT_ENDED",
    "REAPPEARED",
    "UNREGISTERED",
)


def past(
    world: World,
    *ends: datetime | None,
    state: str = "DISPATCHED",
    registered: bool = True,
    payload: bool = True,
    **columns: Any,
) -> Item:
    """An item that ended long ago, an attempt for each time."""
    one = Item(outbox_id=uuid4(), tenant_id=items.tenant(world, str(uuid4())), no=9)
    if registered:
        world.run(
            "insert into public.payment_outbox_identities (outbox_id, tenant_id, instruction_id,"
            " idempotency_key, participant_id, rail_type, fingerprint, payload)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s)",
            *(one.outbox_id, one.tenant_id, one.instruction, one.key, one.participant, one.rail),
            *(one.fingerprint, one.payload if payload else None),
        )
    for attempt_no, end in enumerate(ends, start=1):
        row = {
            "outbox_id": one.outbox_id,
            "instruction_id": one.instruction,
            "sequence_id": 9,
            "participant_id": one.participant,
            "idempotency_key": one.key,
            "rail_type": one.rail,
            "attempt_no": attempt_no,
            "completed_at": end,
            "tenant_id": one.tenant_id,
            "state": state if attempt_no == len(ends) else "RETRYABLE",
            "claimed_at": (end or OLD) - timedelta(minutes=1),
            "created_at": end or OLD,
            "rail_reference": f"R-{attempt_no}",
            "error_code": f"E-{attempt_no}",
            "lease_token": uuid4(),
            "worker_id": "w1",
            **columns,
        }
        names = ", ".join(row)
        places = ", ".join(f"%({name})s" for name in row)
        world.connection.execute(
            f"insert into public.payment_outbox_attempts ({names}) values ({places})".encode(),
            row,
        )
    return one


def _late(world: World, one: Item, state: str, at: datetime) -> None:
    world.run(
        "insert into public.payment_outbox_late_results (outbox_id, lease_token, worker_id, state,"
        " outcome, received_at) values (%s, gen_random_uuid(), 'w', %s, 'EXPIRED', %s)",
        *(one.outbox_id, state, at),
    )


def sealed(world: World, through: int = 1000000) -> None:
    world.run(
        "insert into public.ledger_seals (seal_no, subject, after_position, through_position,"
        " row_count, leaf_version, digest, seal_hash, sealed_at)"
        " values (1, 'ATTEMPTS', 0, %s, 1, 1, sha256('a'), sha256('b'), now())",
        through,
    )


def _retire(world: World, limit: int = 1000, after: UUID | None = None) -> Row:
    return world.one("retire_history", before=HORIZON, limit=limit, after=after, **_WHO)


def _verdicts(world: World) -> dict[str, list[Item]]:
    """Items for every verdict, and those on its edge."""
    sealed(world)
    found: dict[str, list[Item]] = {
        "RETIRE": [
            past(world, OLD),
            past(world, OLD, OLD, state="FAILED"),
            past(world, None),
        ],
        "TOO_YOUNG": [
            past(world, HORIZON),
            past(world, HORIZON, OLD),
            past(world, None, created_at=HORIZON),
        ],
        "NOT_ENDED": [past(world, OLD, state="RETRYABLE")],
        "UNREGISTERED": [past(world, OLD, registered=False)],
    }
    sent, other, early = past(world, OLD), past(world, OLD, state="FAILED"), past(world, OLD)
    _late(world, early, "FAILED", OLD)
    _late(world, sent, "DISPATCHED", HORIZON)
    _late(world, other, "FAILED", HORIZON + timedelta(days=1))
    found["LATE_RESULT"] = [sent, other]
    same_end = past(world, OLD)
    _late(world, same_end, "DISPATCHED", OLD)
    found["RETIRE"] += [early, same_end]
    disputed = past(world, OLD, state="FAILED")
    _late(world, disputed, "DISPATCHED", OLD)
    found["DISPUTED"] = [disputed]
    queued = past(world, OLD, state="FAILED")
    world.call("redrive_dead_letters", outbox_ids=[queued.outbox_id], dry_run=False, **_WHO)
    found["ON_QUEUE"] = [queued]
    back = past(world, OLD)
    world.run(
        "with run as (insert into public.ledger_retention_runs (transaction_id, actor, reason,"
        " horizon, items, attempts, bytes) values ('3', 'a', 'r', now(), 1, 1, 1) returning run_id)"
        " insert into public.payment_outbox_outcomes (outbox_id, run_id, sequence_id, state,"
        " attempts, first_claimed_at, completed_at, digest)"
        " select %s, run_id, 1, 'FAILED', 1, now(), now(), sha256('d') from run",
        back.outbox_id,
    )
    found["REAPPEARED"] = [back]
    world.run(
        "alter table public.payment_outbox_attempts drop constraint ck_attempts_ledger_position"
    )
    found["UNSEALED"] = [past(world, OLD, ledger_position=position) for position in (1000002, None)]
    found["RETIRE"].append(past(world, OLD, ledger_position=1000000))  # the last under the seal
    half = past(world, OLD, ledger_position=1000001, state="RETRYABLE")
    world.run(
        "insert into public.payment_outbox_attempts (outbox_id, instruction_id, participant_id,"
        " sequence_id, idempotency_key, rail_type, attempt_no, state, completed_at,"
        " ledger_position)"
        " values (%s, 'I', 'P', 9, 'K', 'R', 2, 'DISPATCHED', %s, 999999)",
        *(half.outbox_id, OLD),
    )
    found["UNSEALED"].append(half)
    return found


@promise("a plan of nothing has a row for every verdict, and counts zero")
def empty_plan(world: World) -> None:
    rows = world.call("retention_plan", before=HORIZON)
    nothing = {"items": 0, "attempts": 0, "bytes": 0, "oldest": None, "newest": None}
    same("plan", rows, [{"horizon": HORIZON, "verdict": name, **nothing} for name in _PLACES])


@promise("rows from before there were positions are sealed by their ids")
def sealed_by_id(world: World) -> None:
    world.run(
        "alter table public.payment_outbox_attempts drop constraint ck_attempts_ledger_position"
    )
    low, high = (UUID(int=number) for number in (1000, 2000))
    for seal_no, subject, through in (
        (1, "ATTEMPTS", low),
        (2, "ATTEMPTS", high),
        (3, "ATTESTATIONS", UUID(int=9000)),
    ):
        world.run(
            "insert into public.ledger_seals (seal_no, subject, after_id, through_id, row_count,"
            " leaf_version, digest, previous_hash, seal_hash, sealed_at) values"
            " (%s, %s, '00000000-0000-0000-0000-000000000000', %s, 1, 1, sha256('a'), sha256('b'),"
            " sha256('c'), now())",
            *(seal_no, subject, through),
        )
    for attempt_id, verdict in ((low, "RETIRE"), (high, "RETIRE"), (UUID(int=2001), "UNSEALED")):
        with world.undone():
            past(world, OLD, ledger_position=None, attempt_id=attempt_id)
            found = [
                row["verdict"]
                for row in world.call("retention_plan", before=HORIZON)
                if row["items"]
            ]
            same("verdict", found, [verdict])


@promise("the plan says what would retire at a time, and why the rest stays; retiring keeps to it")
def plan(world: World) -> None:
    expected = _verdicts(world)
    attempts = {
        verdict: sum(len(items.attempts(world, one)) for one in expected[verdict])
        for verdict in _PLACES
    }
    ends = world.table("payment_outbox_attempts")
    for asked in ({"before": HORIZON}, {"older_than": moment() - HORIZON}):
        rows = world.call("retention_plan", **asked)
        same("verdicts", [row["verdict"] for row in rows], list(_PLACES))
        for row in rows:
            verdict = row["verdict"]
            ids = {one.outbox_id for one in expected[verdict]}
            times = [
                end["completed_at"] or end["created_at"] for end in ends if end["outbox_id"] in ids
            ]
            if "before" in asked:
                same("horizon", row["horizon"], HORIZON)
                same(f"items {verdict}", row["items"], len(expected[verdict]))
                same(f"attempts {verdict}", row["attempts"], attempts[verdict])
                same("oldest, newest", (row["oldest"], row["newest"]), (min(times), max(times)))
                same("bytes", 100 < row["bytes"] / attempts[verdict] < 1000, True)  # noqa: PLR2004
            else:
                gone = abs((row["horizon"] - HORIZON).total_seconds())
                same("horizon", gone < 10, True)  # noqa: PLR2004
    stays = {
        one.outbox_id: items.attempts(world, one)
        for verdict in _PLACES[1:]
        for one in expected[verdict]
    }
    row = _retire(world)
    same("items", (row["items"], row["attempts"]), (len(expected["RETIRE"]), attempts["RETIRE"]))
    for outbox_id, before in stays.items():
        same("stays", items.attempts(world, Item(outbox_id=outbox_id)), before)
    for one in expected["RETIRE"]:
        same("retired", items.attempts(world, one), [])


@promise("of what retires stay its outcome, its hashes and the run, and every answer about it")
def retired(world: World) -> None:
    sealed(world)
    one = past(world, OLD - timedelta(days=1), OLD, state="FAILED")
    old = past(world, OLD, payload=False)
    plain = past(world, None)
    rows = {each.outbox_id: items.attempts(world, each) for each in (one, old, plain)}
    leaves = {
        row["row_id"]: row["leaf"] for row in world.table("ledger_leaves", subject="ATTEMPTS")
    }
    found = _retire(world)
    during = world.during
    ids = sorted(rows, key=str)
    same(
        "result",
        found,
        {
            "run_id": ANY,
            "examined": 3,
            "items": 3,
            "attempts": 4,
            "bytes": ANY,
            "last_outbox_id": ids[-1],
        },
    )
    (run,) = world.table("ledger_retention_runs")
    same(
        "run",
        run,
        {
            "run_id": found["run_id"],
            "transaction_id": ANY,
            "actor": "ann",
            "reason": "why",
            "horizon": HORIZON,
            "ran_at": during,
            "items": 3,
            "attempts": 4,
            "bytes": found["bytes"],
        },
    )
    for each in (one, old, plain):
        history = rows[each.outbox_id]
        last = history[-1]
        (outcome,) = world.table("payment_outbox_outcomes", outbox_id=each.outbox_id)
        digest = hashlib.sha256(b"".join(leaves[row["attempt_id"]] for row in history)).digest()
        same(
            "outcome",
            outcome,
            {
                "outbox_id": each.outbox_id,
                "run_id": found["run_id"],
                "sequence_id": 9,
                "state": last["state"],
                "attempts": len(history),
                "first_claimed_at": history[0]["claimed_at"],
                "completed_at": last["completed_at"] or last["created_at"],
                "rail_reference": last["rail_reference"],
                "error_code": last["error_code"],
                "digest": digest,
                "payload": None,
                "retired_at": during,
            },
        )
        kept = world.table("ledger_retired_leaves", "attempt_no", outbox_id=each.outbox_id)
        same(
            "leaves",
            kept,
            [
                {
                    "attempt_id": row["attempt_id"],
                    "outbox_id": each.outbox_id,
                    "attempt_no": row["attempt_no"],
                    "ledger_position": row["ledger_position"],
                    "leaf": leaves[row["attempt_id"]],
                }
                for row in history
            ],
        )
    _still_answered(world, one, rows[one.outbox_id])
    again = _retire(world)
    same(
        "nothing left",
        again,
        {
            "run_id": None,
            "examined": 0,
            "items": 0,
            "attempts": 0,
            "bytes": 0,
            "last_outbox_id": None,
        },
    )


def _still_answered(world: World, one: Item, history: list[Row]) -> None:
    last = history[-1]
    replay = world.one(
        "ingest_instructions",
        tenant_ids=[one.tenant_id],
        instruction_ids=[one.instruction],
        participant_ids=[one.participant],
        idempotency_keys=[one.key],
        rail_types=[one.rail],
        payloads=[one.payload],
    )
    same(
        "replay",
        (replay["outcome"], replay["state"], replay["sequence_id"]),
        ("REPLAYED", "FAILED", 9),
    )
    status = world.one(
        "instruction_status", tenant_id=one.tenant_id, instruction_id=one.instruction
    )
    same(
        "status",
        {
            name: status[name]
            for name in ("state", "attempts", "rail_reference", "error_code", "completed_at")
        },
        {
            "state": "FAILED",
            "attempts": 2,
            "rail_reference": "R-2",
            "error_code": "E-2",
            "completed_at": last["completed_at"],
        },
    )
    one.token = last["lease_token"]
    late = items.complete(world, one, "FAILED")
    same("late", (late["outcome"], late["attempt_no"]), ("ALREADY_DONE", None))
    (redrive,) = world.call("redrive_dead_letters", outbox_ids=[one.outbox_id], **_WHO)
    same("redrive", redrive["outcome"], "RETIRED")
    world.refuses("P7004", None, None, "cancel_outbox_item", outbox_id=one.outbox_id, **_WHO)
    world.run(
        "insert into public.ingress_attestations (attestation_id, instruction_id, tenant_id,"
        " payload_hash) values (gen_random_uuid(), %s, %s, 'h')",
        *(one.instruction, one.tenant_id),
    )
    pack = world.value("evidence_pack", tenant_id=one.tenant_id, instruction_id=one.instruction)
    same("state", (pack["outbox"]["state"], pack["outbox"]["sequence_id"]), ("FAILED", 9))
    (outcome,) = world.table("payment_outbox_outcomes", outbox_id=one.outbox_id)
    names = (
        "run_id",
        "retired_at",
        "state",
        "attempts",
        "first_claimed_at",
        "completed_at",
        "rail_reference",
        "error_code",
    )
    told = {name: in_json(outcome[name]) for name in names} | {"digest": outcome["digest"].hex()}
    same("retired", pack["retired"], told)
    found = world.value("inspect_outbox_item", outbox_id=one.outbox_id)
    told |= {"outbox_id": str(one.outbox_id), "sequence_id": 9}
    same("inspected", found["retired"], told)
    same("attempts", (found["attempts"], pack["attempts"]), ([], []))


@promise("the outcome takes over the payload that the identity has not")
def payloads(world: World) -> None:
    sealed(world)
    one = past(world, payload=False)
    for attempt_no, state, payload in ((1, "RETRYABLE", None), (2, "DISPATCHED", '{"a": 1}')):
        world.run(
            "insert into public.payment_outbox_attempts (outbox_id, instruction_id, participant_id,"
            " sequence_id, idempotency_key, rail_type, attempt_no, state, completed_at, payload)"
            " values (%s, 'I', 'P', 9, 'K', 'R', %s, %s, %s, %s)",
            *(one.outbox_id, attempt_no, state, OLD, payload),
        )
    _retire(world)
    (outcome,) = world.table("payment_outbox_outcomes")
    same("payload", outcome["payload"], '{"a": 1}')
    found = world.value("inspect_outbox_item", outbox_id=one.outbox_id)
    same("inspected", (found["payload"], "payload" in found["retired"]), ({"a": 1}, False))


@promise("history retires batch by batch, in the order of the ids, each item looked at once")
def batches(world: World) -> None:
    sealed(world)
    ids = sorted(
        (past(world, HORIZON if place == 1 else OLD).outbox_id for place in range(5)), key=str
    )
    after: UUID | None = None
    seen: list[tuple[int, int]] = []
    for batch in (ids[:2], ids[2:4], ids[4:], []):
        row = _retire(world, 2, after)
        same("last", row["last_outbox_id"], batch[-1] if batch else None)
        seen.append((row["examined"], row["items"]))
        after = row["last_outbox_id"] or after
    same("examined", [examined for examined, _ in seen], [2, 2, 1, 0])
    same("items", sum(count for _, count in seen), 4)
    past(world, OLD, state="RETRYABLE")
    same("ended ones only", _retire(world)["examined"], 1)


@promise("the least age is a setting of the database, 1 to 36500 days, 90 otherwise")
def least_age(world: World) -> None:
    database = world.rows("select current_database() as name")[0]["name"]
    for setting, days in (
        (None, 90),
        ("1", 1),
        ("36500", 36500),
        ("365", 365),
        ("0", 90),
        ("36501", 90),
        ("x", 90),
        ("99999", 90),
        ("-5", 90),
    ):
        if setting is not None:
            world.run(f"alter database {database} set symphony.retention_days_min = '{setting}'")
        edge = moment() - timedelta(days=days)
        for before, goes in (
            (edge - timedelta(minutes=1), True),
            (edge + timedelta(minutes=1), False),
        ):
            if goes:
                world.call("retention_plan", before=before)
                world.call("retire_history", before=before, limit=1, **_WHO)
            else:
                rule = "as long ago as symphony.retention_days_min says"
                world.refuses("P711F", "p_before", rule, "retention_plan", before=before)
                world.refuses(
                    "P711F", "p_before", rule, "retire_history", before=before, limit=1, **_WHO
                )


@promise("what must see the latest state runs at READ COMMITTED only", alone=True)
def isolation(world: World) -> None:
    one = items.item(world)
    items.fail(world, one)
    for level in ("REPEATABLE READ", "SERIALIZABLE"):
        world.run(f"set default_transaction_isolation = '{level}'")
        for function, arguments in (
            ("retire_history", {"before": HORIZON, "limit": 1, **_WHO}),
            ("redrive_dead_letters", {"outbox_ids": [one.outbox_id], **_WHO}),
            ("seal_ledger", {"limit": 1}),
        ):
            try:
                world.call(function, **arguments)
            except psycopg.Error as error:
                world.connection.execute("reset role")
                found = (error.sqlstate, error.diag.column_name, error.diag.constraint_name)
                same(function, found, ("P711F", "transaction_isolation", "read committed"))
            else:
                raise Broken(f"{function} runs at {level}")
    world.run("set default_transaction_isolation = 'READ COMMITTED'")
    with world.undone():
        items.item(world)
        try:
            with world.undone():
                world.call("seal_ledger", limit=1)
        except psycopg.Error as error:
            found = (error.sqlstate, error.diag.column_name, error.diag.constraint_name)
            same("seal_ledger", found, ("P711F", "transaction_id", "not assigned yet"))
        else:
            raise Broken("seal_ledger runs after a write")
    for bad in (None, 0, -1, 10001):
        world.refuses("P711F", "p_limit", "between 1 and 10000", "seal_ledger", limit=bad)
