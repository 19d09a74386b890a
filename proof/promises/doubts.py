"""How a doubt is ended: with what the rail said, against the evidence only by naming it."""

from __future__ import annotations

from typing import Final
from uuid import uuid4

from proof.promises import items
from proof.promises.items import Item
from proof.promises.registry import promise
from proof.promises.world import Row, World, same

_WHO: Final = {"actor": " ann ", "reason": " why "}


def _doubted(world: World, *, met: bool = True) -> Item:
    one = items.item(world)
    items.claim(world, one, begun=True)
    items.expire(world, one)
    if met:
        world.call("repair_expired_leases", batch_size=9, worker_id="r")
    return one


def _resolve(world: World, one: Item, resolution: str, **details: object) -> Row:
    return world.one(
        "resolve_outbox_item", outbox_id=one.outbox_id, resolution=resolution, **details, **_WHO
    )


def _late(world: World, one: Item, state: str, reference: str | None) -> object:
    items.complete(world, one, state, rail_reference=reference)
    return world.table("payment_outbox_late_results", "received_at desc", outbox_id=one.outbox_id)[
        0
    ]["late_result_id"]


@promise("a doubt ends as what the rail said, under the worker, token and times of its lease")
def resolutions(world: World) -> None:
    for met in (True, False):
        for resolution, state, code, reference in (
            ("DISPATCHED", "DISPATCHED", None, "R-1"),
            ("FAILED", "FAILED", "IN_DOUBT_REJECTED", None),
            ("REQUEUE", "ZOMBIE_REQUEUE", "IN_DOUBT_NOT_SENT", None),
        ):
            one = _doubted(world, met=met)
            held = items.queue(world, one) or {}
            details = {
                "rail_reference": reference,
                "rail_code": "77",
                "evidence": '{"asked": "desk"}',
                "attempt_no": 1,
            }
            row = _resolve(world, one, resolution, **details)
            during = world.during
            same("result", row, {"attempt_no": 1, "state": state})
            promised = one.attempt(
                1,
                state,
                rail_reference=reference,
                rail_code="77",
                error_code=code,
                error_message="why" if code else None,
                claimed_at=held["leased_at"],
                completed_at=during,
                closed_by="ann",
                dispatch_started_at=held["dispatch_started_at"],
            )
            same("attempts", items.attempts(world, one), [promised])
            requeued = one.queued(attempt_count=1, next_attempt_at=during)
            same("queue", items.queue(world, one), requeued if resolution == "REQUEUE" else None)
            detail = {
                "resolution": resolution,
                "attempt_no": 1,
                "state": state,
                "rail_reference": reference,
                "late_result_id": None,
                "evidence": {"asked": "desk"},
            }
            action = items.action("RESOLVE", outbox_id=one.outbox_id, detail=detail)
            same("again", _resolve(world, one, resolution, **details), row)
            same("unnumbered", _resolve(world, one, resolution, rail_reference=reference), row)
            actions = world.table("payment_outbox_operator_actions", outbox_id=one.outbox_id)
            same("actions", actions, [action])
            other = "FAILED" if resolution != "FAILED" else "REQUEUE"
            for changes in (
                {"resolution": other},
                {"attempt_no": 2},
                {"rail_reference": "R-2"},
            ):
                world.refuses(
                    "P7004",
                    None,
                    None,
                    "resolve_outbox_item",
                    outbox_id=one.outbox_id,
                    **{"resolution": resolution, **details, **changes},
                    **_WHO,
                )
            if resolution == "REQUEUE":
                items.claim(world, one)
                items.complete(world, one, "DISPATCHED")
    same("drift", world.call("outbox_counter_drift"), [])


@promise("what is not in doubt cannot be resolved, nor another attempt than the one in doubt")
def not_in_doubt(world: World) -> None:
    queued, leased, begun, ended = (items.enqueue(world) for _ in range(4))
    items.claim(world, queued, leased, begun, ended)
    world.call("release_outbox_leases", **items.leases([queued]))
    world.call("begin_outbox_dispatch", **items.leases([begun]))
    items.complete(world, ended, "FAILED")
    expired = items.enqueue(world)
    items.claim(world, queued, expired)
    items.expire(world, expired)
    doubted = items.enqueue(world)
    world.run(
        "update public.payment_outbox_pending set hold = 'PAUSED', held_at = now(),"
        " dispatch_started_at = now(), lease_expires_at = now(), lease_token = gen_random_uuid()"
        " where outbox_id = %s",
        doubted.outbox_id,
    )
    for one in (queued, leased, begun, ended, expired, doubted):
        before = items.queue(world, one)
        for resolution in ("REQUEUE", "FAILED"):
            world.refuses(
                "P7004",
                None,
                None,
                "resolve_outbox_item",
                outbox_id=one.outbox_id,
                resolution=resolution,
                **_WHO,
            )
        same("queue", items.queue(world, one), before)
    world.run("delete from public.payment_outbox_pending")
    one = _doubted(world)
    for attempt_no in (0, 2):
        world.refuses(
            "P7004",
            None,
            None,
            "resolve_outbox_item",
            outbox_id=one.outbox_id,
            resolution="FAILED",
            attempt_no=attempt_no,
            **_WHO,
        )


@promise("a repetition does not end a later doubt")
def repeated(world: World) -> None:
    one = _doubted(world)
    _resolve(world, one, "REQUEUE", attempt_no=1)
    items.claim(world, one, begun=True)
    items.expire(world, one)
    world.call("repair_expired_leases", batch_size=9, worker_id="r")
    world.refuses(
        "P7004",
        None,
        None,
        "resolve_outbox_item",
        outbox_id=one.outbox_id,
        resolution="REQUEUE",
        attempt_no=1,
        **_WHO,
    )
    same("second", _resolve(world, one, "FAILED"), {"attempt_no": 2, "state": "FAILED"})
    same("replay", _resolve(world, one, "FAILED"), {"attempt_no": 2, "state": "FAILED"})
    world.refuses(
        "P7004",
        None,
        None,
        "resolve_outbox_item",
        outbox_id=one.outbox_id,
        resolution="REQUEUE",
        **_WHO,
    )


@promise("at the retry ceiling a requeue ends the item")
def at_the_ceiling(world: World) -> None:
    one = items.item(world)
    world.run("update public.payment_outbox_pending set attempt_count = 19")
    items.claim(world, one, begun=True)
    items.expire(world, one)
    same("result", _resolve(world, one, "REQUEUE"), {"attempt_no": 20, "state": "FAILED"})
    (row,) = items.attempts(world, one)
    same("code", row["error_code"], "RETRY_CEILING_EXCEEDED")
    same("queue", items.queue(world, one), None)


@promise("who resolves against a late result that says DISPATCHED must name it")
def against_evidence(world: World) -> None:
    for resolution in ("FAILED", "REQUEUE"):
        one = _doubted(world)
        late = _late(world, one, "DISPATCHED", "R-9")
        said = world.refuses(
            "P7004",
            None,
            None,
            "resolve_outbox_item",
            outbox_id=one.outbox_id,
            resolution=resolution,
            **_WHO,
        )
        hint = "Name it as p_late_result_id to decide against it."
        same("hint", said.message_hint, hint)
        row = _resolve(world, one, resolution, late_result_id=late)
        same("result", row["attempt_no"], 1)
        (action,) = world.table("payment_outbox_operator_actions", outbox_id=one.outbox_id)
        same("action", action["detail"]["late_result_id"], str(late))
        same("reference", items.attempts(world, one)[0]["rail_reference"], None)
        world.run("delete from public.payment_outbox_pending")
    one = _doubted(world)
    _late(world, one, "FAILED", None)
    _resolve(world, one, "REQUEUE")
    items.claim(world, one, begun=True)
    items.expire(world, one)
    previous, one.token = one.token, uuid4()
    _late(world, one, "DISPATCHED", "of another lease")
    one.token = previous
    same("of another lease", _resolve(world, one, "FAILED")["attempt_no"], 2)


@promise("a late result proves DISPATCHED, by its own reference and that of nobody else")
def proofs(world: World) -> None:
    for late_reference, given, promised in (
        ("R-9", None, "R-9"),
        ("R-9", "R-9", "R-9"),
        (None, "R-8", "R-8"),
        ("R-9", "R-8", "P7004"),
        (None, None, "P7004"),
    ):
        one = _doubted(world)
        late = _late(world, one, "DISPATCHED", late_reference)
        details = {"rail_reference": given, "late_result_id": late}
        if promised == "P7004":
            world.refuses(
                "P7004",
                "p_late_result_id",
                None,
                "resolve_outbox_item",
                outbox_id=one.outbox_id,
                resolution="DISPATCHED",
                **details,
                **_WHO,
            )
            continue
        same("result", _resolve(world, one, "DISPATCHED", **details)["state"], "DISPATCHED")
        same("reference", items.attempts(world, one)[0]["rail_reference"], promised)
        same("again", _resolve(world, one, "DISPATCHED", **details)["attempt_no"], 1)
    one, other = _doubted(world), _doubted(world)
    failed, theirs = _late(world, one, "FAILED", "R-1"), _late(world, other, "DISPATCHED", "R-2")
    world.refuses(
        "P7004",
        "p_late_result_id",
        None,
        "resolve_outbox_item",
        outbox_id=one.outbox_id,
        resolution="DISPATCHED",
        late_result_id=failed,
        **_WHO,
    )
    world.refuses(
        "P7006",
        "p_late_result_id",
        "a late result of the attempt in doubt",
        "resolve_outbox_item",
        outbox_id=one.outbox_id,
        resolution="DISPATCHED",
        late_result_id=theirs,
        **_WHO,
    )
    stale, one.token = one.token, uuid4()
    elsewhere = _late(world, one, "DISPATCHED", "R-3")
    one.token = stale
    world.refuses(
        "P7006",
        "p_late_result_id",
        "a late result of the attempt in doubt",
        "resolve_outbox_item",
        outbox_id=one.outbox_id,
        resolution="DISPATCHED",
        late_result_id=elsewhere,
        **_WHO,
    )
