"""What operators do by hand: manual attempts, cancellations, redrives."""

from __future__ import annotations

from typing import Final
from uuid import UUID, uuid4

from proof.promises import items
from proof.promises.items import Item
from proof.promises.registry import promise
from proof.promises.world import Row, World, same

_WHO: Final = {"actor": " ann ", "reason": " why "}
_DETAILS: Final = {
    "rail_reference": "PAPER-1",
    "rail_code": "00",
    "error_code": "E-1",
    "error_message": "on paper",
}


def _record(world: World, one: Item, state: str) -> Row:
    return world.one(
        "record_manual_attempt", outbox_id=one.outbox_id, state=state, **_DETAILS, **_WHO
    )


@promise("what was done by hand becomes the next attempt, and ends or requeues the item")
def manual_attempts(world: World) -> None:
    for state in ("DISPATCHED", "FAILED", "RETRYABLE"):
        one = items.item(world)
        items.claim(world, one)
        items.complete(world, one, "RETRYABLE", retry_delay_seconds=60)
        world.run("delete from public.outbox_retry_policies")
        row = _record(world, one, state)
        during = world.during
        same("result", row, {"attempt_no": 2, "state": state})
        promised = one.attempt(
            2,
            state,
            **_DETAILS,
            worker_id=None,
            lease_token=None,
            closed_by="ann",
            claimed_at=during,
            completed_at=during,
        )
        same("attempt", items.attempts(world, one)[-1], promised)
        requeued = one.queued(attempt_count=2, next_attempt_at=during.later(1))
        same("queue", items.queue(world, one), requeued if state == "RETRYABLE" else None)
        promised = items.action(
            "MANUAL_ATTEMPT", outbox_id=one.outbox_id, detail={"attempt_no": 2, "state": state}
        )
        found = world.table("payment_outbox_operator_actions", outbox_id=one.outbox_id)
        same("action", found, [promised])
    same("drift", world.call("outbox_counter_drift"), [])
    world.run("update public.payment_outbox_pending set attempt_count = 19")
    same("at the ceiling", _record(world, one, "RETRYABLE"), {"attempt_no": 20, "state": "FAILED"})
    same("queue", items.queue(world, one), None)


@promise("a manual attempt waits as the policy of the rail says, and stays on hold where it was")
def manual_waits(world: World) -> None:
    world.call(
        "set_retry_policy",
        rail_type="SEPA",
        strategy="EXPONENTIAL",
        base_seconds=10,
        factor=2,
        max_seconds=100,
        jitter=0,
        **_WHO,
    )
    one = items.enqueue(world)
    for waits in (10, 20, 40):
        _record(world, one, "RETRYABLE")
        same("due", (items.queue(world, one) or {})["next_attempt_at"], world.during.later(waits))
    items.due(world, one)
    world.call("pause_outbox", scope="QUEUE", scope_key="*", **_WHO)
    items.claim(world)
    held = items.queue(world, one) or {}
    _record(world, one, "RETRYABLE")
    same("held", items.queue(world, one), {**held, "attempt_count": 4})
    cut = {
        "state": "FAILED",
        "rail_reference": None,
        "rail_code": "c" * 101,
        "error_code": "e" * 101,
        "error_message": "m" * 2001,
    }
    world.call("record_manual_attempt", outbox_id=one.outbox_id, **cut, **_WHO)
    last = items.attempts(world, one)[-1]
    same(
        "cut",
        (last["rail_code"], last["error_code"], last["error_message"]),
        ("c" * 100, "e" * 100, "m" * 2000),
    )


@promise("an item that a worker holds, that is in doubt or has ended is refused")
def refusals(world: World) -> None:
    leased, doubted, undeclared, ended = (items.enqueue(world) for _ in range(4))
    items.claim(world, leased, doubted, undeclared, ended)
    items.complete(world, ended, "DISPATCHED")
    for one in (doubted, undeclared):
        world.call("begin_outbox_dispatch", **items.leases([one]))
        items.expire(world, one)
        if one is doubted:
            world.call("repair_expired_leases", batch_size=9, worker_id="r")
    for one, hint in (
        (leased, "Wait for the worker, or for the end of its lease."),
        (doubted, "Find out from the rail, then resolve_outbox_item."),
        (undeclared, "Find out from the rail, then resolve_outbox_item."),
        (ended, "If it failed: redrive_dead_letters."),
    ):
        named = {"outbox_id": one.outbox_id, **_WHO}
        said = world.refuses("P7004", None, None, "cancel_outbox_item", **named)
        same("hint", said.message_hint, hint)
        world.refuses(
            "P7004", None, None, "record_manual_attempt", state="FAILED", **_DETAILS, **named
        )
    same("actions", world.table("payment_outbox_operator_actions"), [])


@promise("an operator may act upon an item whose lease ran out: it is closed first, in their name")
def after_a_crash(world: World) -> None:
    for function, arguments in (
        ("cancel_outbox_item", {}),
        ("record_manual_attempt", {"state": "FAILED", **_DETAILS}),
    ):
        one = items.enqueue(world)
        items.claim(world, one)
        items.expire(world, one)
        row = world.one(function, outbox_id=one.outbox_id, **arguments, **_WHO)
        same("result", row, {"attempt_no": 2, "state": "FAILED"})
        first, _ = items.attempts(world, one)
        promised = one.attempt(
            1,
            "ZOMBIE_REQUEUE",
            closed_by="ann",
            error_code="LEASE_EXPIRED",
            error_message="lease expired before completion",
            completed_at=world.during,
        )
        same("closed", first, promised)
    one = items.enqueue(world)
    world.run("update public.payment_outbox_pending set attempt_count = 19")
    items.claim(world, one)
    items.expire(world, one)
    world.refuses("P7004", None, None, "cancel_outbox_item", outbox_id=one.outbox_id, **_WHO)


@promise("an item that must not be sent is cancelled, once, also one on hold")
def cancellations(world: World) -> None:
    one = items.item(world)
    world.call("pause_outbox", scope="QUEUE", scope_key="*", **_WHO)
    items.claim(world)
    cancel = {"outbox_id": one.outbox_id, **_WHO}
    row = world.one("cancel_outbox_item", **cancel)
    during = world.during
    same("result", row, {"attempt_no": 1, "state": "FAILED"})
    promised = one.attempt(
        1,
        "FAILED",
        error_code="CANCELLED",
        error_message="why",
        worker_id=None,
        lease_token=None,
        closed_by="ann",
        claimed_at=during,
        completed_at=during,
    )
    same("attempts", items.attempts(world, one), [promised])
    same("queue", items.queue(world, one), None)
    action = items.action("CANCEL", outbox_id=one.outbox_id, detail={"attempt_no": 1})
    same("again", world.one("cancel_outbox_item", **cancel), row)
    for _ in range(2):
        found = world.table("payment_outbox_operator_actions", outbox_id=one.outbox_id)
        same("actions", found, [action])
    world.call("resume_outbox", scope="QUEUE", scope_key="*", **_WHO)
    failed, by_worker = items.enqueue(world), items.enqueue(world)
    _record(world, failed, "FAILED")
    items.claim(world, by_worker)
    items.complete(world, by_worker, "FAILED", error_code="CANCELLED")
    for other in (failed, by_worker):
        world.refuses("P7004", None, None, "cancel_outbox_item", outbox_id=other.outbox_id, **_WHO)
    _redrive(world, [one.outbox_id])
    same("after a redrive", world.one("cancel_outbox_item", **cancel)["attempt_no"], 2)
    _redrive(world, [one.outbox_id])
    _record(world, one, "DISPATCHED")
    world.refuses("P7004", None, None, "cancel_outbox_item", **cancel)


def _redrive(
    world: World, ids: list[UUID], *, dry_run: bool = False, **options: object
) -> list[Row]:
    return world.call("redrive_dead_letters", outbox_ids=ids, dry_run=dry_run, **options, **_WHO)


@promise("a dead letter goes back under its own id, numbers and rail key, with a new budget")
def redrives(world: World) -> None:
    one = items.item(world)
    world.run("update public.payment_outbox_pending set attempt_count = 17")
    for attempt_no in (18, 19, 20):
        items.due(world, one)
        items.claim(world, one)
        state = items.complete(world, one, "RETRYABLE", retry_delay_seconds=0)["state"]
        same("state", state, "FAILED" if attempt_no == 20 else "RETRYABLE")  # noqa: PLR2004
    before = world.table("payment_outbox_operator_actions")
    rehearsed = {
        "outbox_id": one.outbox_id,
        "outcome": "WOULD_REDRIVE",
        "attempt_count": 20,
        "redrive_no": 0,
    }
    same("rehearsal", _redrive(world, [one.outbox_id], dry_run=True), [rehearsed])
    same(
        "by default",
        world.call("redrive_dead_letters", outbox_ids=[one.outbox_id], **_WHO),
        [rehearsed],
    )
    same(
        "null",
        world.call("redrive_dead_letters", outbox_ids=[one.outbox_id], dry_run=None, **_WHO),
        [rehearsed],
    )
    same("queue", items.queue(world, one), None)
    same("actions", world.table("payment_outbox_operator_actions"), before)
    rows = _redrive(world, [one.outbox_id])
    redriven = {**rehearsed, "outcome": "REDRIVEN", "redrive_no": 1}
    same("redriven", rows, [redriven])
    promised = one.queued(
        attempt_count=20,
        budget_base=20,
        redrive_no=1,
        next_attempt_at=world.during,
        correlation_id=one.correlation_id,
    )
    same("queue", items.queue(world, one), promised)
    detail = {"attempt_count": 20, "redrive_no": 1, "disputed_too": False}
    action = items.action("REDRIVE", outbox_id=one.outbox_id, detail=detail)
    same("action", world.table("payment_outbox_operator_actions"), [action])
    (row,) = items.claim(world, one)
    same("claimed", (row["attempt_no"], row["rail_key"]), (21, one.rail_key))
    items.complete(world, one, "RETRYABLE", retry_delay_seconds=0)
    same("redrive", items.attempts(world, one)[-1]["redrive_no"], 1)
    items.claim(world, one)
    items.complete(world, one, "FAILED")
    (row,) = _redrive(world, [one.outbox_id])
    same("again", (row["attempt_count"], row["redrive_no"]), (22, 2))
    same("drift", world.call("outbox_counter_drift"), [])


@promise("what may not be redriven says why, each item once, in the order given")
def redrive_verdicts(world: World) -> None:
    sent, failed, disputed, queued = (items.enqueue(world) for _ in range(4))
    items.claim(world, sent, failed, disputed, queued)
    items.complete(world, sent, "DISPATCHED")
    items.complete(world, failed, "FAILED")
    items.complete(world, failed, "RETRYABLE", rail_reference="late")
    items.complete(world, disputed, "FAILED")
    items.complete(world, disputed, "DISPATCHED", rail_reference="late")
    unknown = uuid4()
    half = items.enqueue(world)
    items.claim(world, half)
    items.complete(world, half, "RETRYABLE")
    world.run("delete from public.payment_outbox_pending where outbox_id = %s", half.outbox_id)
    retired = Item(outbox_id=uuid4())
    world.run(
        "insert into public.payment_outbox_identities (outbox_id, instruction_id, idempotency_key,"
        " participant_id, rail_type, fingerprint) values (%s, 'old', 'K', 'P', 'R', sha256('x'))",
        retired.outbox_id,
    )
    named = [queued.outbox_id, disputed.outbox_id, unknown, sent.outbox_id, failed.outbox_id]
    named += [failed.outbox_id, half.outbox_id, retired.outbox_id]
    promised = [
        (queued.outbox_id, "STILL_QUEUED", None),
        (disputed.outbox_id, "DISPUTED", 1),
        (unknown, "UNKNOWN", None),
        (sent.outbox_id, "NOT_FAILED", 1),
        (failed.outbox_id, "REDRIVE", 1),
        (half.outbox_id, "NOT_FAILED", 1),
        (retired.outbox_id, "RETIRED", None),
    ]
    for dry_run, word in ((True, "WOULD_REDRIVE"), (False, "REDRIVEN")):
        with world.undone():
            rows = _redrive(world, named, dry_run=dry_run)
            found = [(row["outbox_id"], row["outcome"], row["attempt_count"]) for row in rows]
            same(
                "verdicts",
                found,
                [
                    (one, word if verdict == "REDRIVE" else verdict, no)
                    for one, verdict, no in promised
                ],
            )
            redriven = [] if dry_run else [failed.outbox_id]
            found = [row["outbox_id"] for row in world.table("payment_outbox_pending")]
            same("queue", sorted(found), sorted([queued.outbox_id, *redriven]))
    (row,) = _redrive(world, [disputed.outbox_id], disputed_too=None)
    same("null", row["outcome"], "DISPUTED")
    (row,) = _redrive(world, [disputed.outbox_id], disputed_too=True)
    same("disputed too", row["outcome"], "REDRIVEN")
    (action,) = world.table("payment_outbox_operator_actions")
    same("action", action["detail"]["disputed_too"], True)


@promise(
    "an item from before the registry kept payloads is redriven with that of its first attempt"
)
def old_payloads(world: World) -> None:
    old = items.Item(payload='{"a": 1}')
    row = world.rows(
        "insert into public.payment_outbox_identities (instruction_id, idempotency_key,"
        " participant_id, rail_type, fingerprint) values (%s, %s, %s, %s, %s) returning outbox_id",
        *(old.instruction, old.key, old.participant, old.rail, old.fingerprint),
    )[0]
    old.outbox_id = row["outbox_id"]
    for attempt_no, payload in ((1, None), (2, '{"a": 1}'), (3, '{"b": 2}')):
        world.run(
            "insert into public.payment_outbox_attempts (outbox_id, instruction_id, participant_id,"
            " sequence_id, idempotency_key, rail_type, attempt_no, state, payload)"
            " values (%s, %s, %s, 1, %s, %s, %s, %s, %s)",
            *(old.outbox_id, old.instruction, old.participant, old.key, old.rail, attempt_no),
            *("FAILED" if attempt_no == 3 else "RETRYABLE", payload),  # noqa: PLR2004
        )
    _redrive(world, [old.outbox_id])
    same("payload", (items.queue(world, old) or {})["payload"], {"a": 1})
    (row,) = items.claim(world, old)
    same("claimed", (row["payload"], row["attempt_no"]), ('{"a": 1}', 4))
