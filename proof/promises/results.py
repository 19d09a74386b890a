"""How attempts end: results, replays, retries, and results that come too late."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from unittest.mock import ANY
from uuid import uuid4

from proof.promises import items
from proof.promises.items import Item
from proof.promises.registry import promise
from proof.promises.world import Row, World, same

_DETAILS: Final[dict[str, Any]] = {
    "rail_reference": "R-1",
    "rail_code": "00",
    "error_code": "E-1",
    "error_message": "said the rail",
    "latency_ms": 17,
}
_WEEK: Final = 604800


def _outcome(one: Item, outcome: str, attempt_no: int | None, state: str | None) -> Row:
    return {
        "outbox_id": one.outbox_id,
        "lease_token": one.token,
        "outcome": outcome,
        "attempt_no": attempt_no,
        "state": state,
    }


@promise("a result ends the attempt under its number, and ends or requeues the item")
def results(world: World) -> None:
    for state in ("DISPATCHED", "FAILED", "RETRYABLE"):
        one, other = items.item(world), items.enqueue(world)
        items.claim(world, one, other)
        leased = (items.queue(world, one) or {})["leased_at"]
        world.call("begin_outbox_dispatch", **items.leases([one]))
        begun = world.during
        row = items.complete(world, one, state, **_DETAILS, retry_delay_seconds=30)
        during = world.during
        same("outcome", row, _outcome(one, "RECORDED", 1, state))
        recorded = one.attempt(
            1,
            state,
            **_DETAILS,
            claimed_at=leased,
            completed_at=during,
            dispatch_started_at=begun,
        )
        same("attempts", items.attempts(world, one), [recorded])
        requeued = one.queued(attempt_count=1, next_attempt_at=during.later(30))
        same("queue", items.queue(world, one), requeued if state == "RETRYABLE" else None)
        same("other", (items.queue(world, other) or {})["lease_token"], other.token)
        same("drift", world.call("outbox_counter_drift"), [])
        _finish(world, other)
        if state == "RETRYABLE":
            items.due(world, one)
            (claimed,) = items.claim(world, one)
            same("next attempt", claimed["attempt_no"], 2)
            items.complete(world, one, "DISPATCHED")
            numbers = [attempt["attempt_no"] for attempt in items.attempts(world, one)]
            same("numbers", numbers, [1, 2])
    same("late", world.table("payment_outbox_late_results"), [])


def _finish(world: World, one: Item) -> None:
    same("finished", items.complete(world, one, "DISPATCHED")["outcome"], "RECORDED")


@promise("the same token and result again get the same row, once in the ledger")
def replays(world: World) -> None:
    for state in ("DISPATCHED", "FAILED", "RETRYABLE"):
        one = items.enqueue(world)
        items.claim(world, one)
        items.complete(world, one, state, rail_reference="R", retry_delay_seconds=60)
        before = (items.queue(world, one), items.attempts(world, one))
        row = items.complete(world, one, state, rail_reference="R", retry_delay_seconds=60)
        same("replay", row, _outcome(one, "REPLAYED", 1, state))
        single = world.one(
            "complete_outbox_attempt",
            outbox_id=one.outbox_id,
            lease_token=one.token,
            worker_id="w1",
            state=state,
        )
        same("older contract", single, {"attempt_no": 1, "state": state})
        same("ledger", (items.queue(world, one), items.attempts(world, one)), before)
    same("late", world.table("payment_outbox_late_results"), [])


@promise("the older contract completes one attempt, and refuses a lease that is lost")
def one_by_one(world: World) -> None:
    for state, stays in (("DISPATCHED", False), ("FAILED", False), ("RETRYABLE", True)):
        one = items.item(world)
        items.claim(world, one)
        given = {"outbox_id": one.outbox_id, "lease_token": one.token, "worker_id": "w1"}
        row = world.one("complete_outbox_attempt", **given, state=state, **_DETAILS)
        during = world.during
        same("result", row, {"attempt_no": 1, "state": state})
        same(
            "attempts",
            items.attempts(world, one),
            [one.attempt(1, state, **_DETAILS, completed_at=during)],
        )
        queued = one.queued(attempt_count=1, next_attempt_at=during.later(1)) if stays else None
        same("queue", items.queue(world, one), queued)
    for delay, waits in ((45, 45), (None, 1)):
        items.due(world, one)
        items.claim(world, one)
        given["lease_token"] = one.token
        world.call("complete_outbox_attempt", **given, state="RETRYABLE", retry_delay_seconds=delay)
        same("due", (items.queue(world, one) or {})["next_attempt_at"], world.during.later(waits))
    items.due(world, one)
    items.claim(world, one)
    items.expire(world, one)
    given["lease_token"] = one.token
    said = world.refuses(
        "P7002", None, None, "complete_outbox_attempt", **given, state="DISPATCHED"
    )
    same("detail", said.message_detail, "EXPIRED")


@promise("what a worker measured never costs a result: it is cut, dropped, or the nearest counts")
def metrics(world: World) -> None:
    one = items.enqueue(world)
    items.claim(world, one)
    items.complete(
        world,
        one,
        "RETRYABLE",
        rail_code="c" * 101,
        error_code="e" * 101,
        error_message="m" * 2001,
        latency_ms=-1,
        retry_delay_seconds=-5,
    )
    cut = {"rail_code": "c" * 100, "error_code": "e" * 100, "error_message": "m" * 2000}
    (row,) = items.attempts(world, one)
    same("attempt", row, one.attempt(1, "RETRYABLE", **cut, latency_ms=None))
    same("due", (items.queue(world, one) or {})["next_attempt_at"], world.during)
    for given, waits in ((_WEEK + 1, _WEEK), (2**31 - 1, _WEEK), (_WEEK, _WEEK), (0, 0)):
        items.due(world, one)
        items.claim(world, one)
        items.complete(world, one, "RETRYABLE", retry_delay_seconds=given, latency_ms=0)
        same("due", (items.queue(world, one) or {})["next_attempt_at"], world.during.later(waits))
    same("latency", items.attempts(world, one)[-1]["latency_ms"], 0)
    items.due(world, one)
    items.claim(world, one)
    items.expire(world, one)
    items.complete(
        world,
        one,
        "FAILED",
        rail_code="c" * 101,
        error_code="e" * 101,
        error_message="m" * 2001,
        latency_ms=-1,
    )
    (late,) = world.table("payment_outbox_late_results")
    same("late", {name: late[name] for name in (*cut, "latency_ms")}, {**cut, "latency_ms": None})


@promise("RETRYABLE at the retry ceiling is recorded as FAILED, and its replay says so")
def ceiling(world: World) -> None:
    one = items.enqueue(world)
    for attempt_no in range(1, 21):
        items.claim(world, one)
        row = items.complete(world, one, "RETRYABLE", retry_delay_seconds=0)
        state = "FAILED" if attempt_no == 20 else "RETRYABLE"  # noqa: PLR2004 - the ceiling
        same("outcome", row, _outcome(one, "RECORDED", attempt_no, state))
    same("queue", items.queue(world, one), None)
    row = items.complete(world, one, "RETRYABLE")
    same("replay", row, _outcome(one, "REPLAYED", 20, "FAILED"))
    last = items.enqueue(world)
    world.run("update public.payment_outbox_pending set attempt_count = 19, budget_base = 1")
    items.claim(world, last)
    same("budget", items.complete(world, last, "RETRYABLE")["state"], "RETRYABLE")


def _wait(world: World, rail: str, tries: int) -> float:
    """How long the retry waits that fails so many times in a row."""
    one = items.enqueue(world, rail=rail)
    for _ in range(tries):
        items.due(world, one)
        items.claim(world, one)
        items.complete(world, one, "RETRYABLE")
    due: datetime = (items.queue(world, one) or {})["next_attempt_at"]
    completed: datetime = items.attempts(world, one)[-1]["completed_at"]
    world.run("delete from public.payment_outbox_pending")
    return (due - completed).total_seconds()


@promise("without a worker's wish a retry waits as the policy of its rail says, or that of *")
def policies(world: World) -> None:
    def set_policy(rail: str, strategy: str, *numbers: float) -> Row:
        base, factor, longest, jitter = numbers
        return world.one(
            "set_retry_policy",
            rail_type=rail,
            strategy=strategy,
            base_seconds=base,
            factor=factor,
            max_seconds=longest,
            jitter=jitter,
            actor=" ann ",
            reason=" why ",
        )

    same("shipped policy", [4 * 0.8 <= _wait(world, "SEPA", 3) <= 4], [True])  # noqa: PLR2004
    world.run("delete from public.outbox_retry_policies")
    same("without a policy", _wait(world, "SEPA", 1), 1)
    row = set_policy("SEPA", "EXPONENTIAL", 2, 3, 50, 0)
    set_ = {
        "strategy": "EXPONENTIAL",
        "base_seconds": 2,
        "factor": 3,
        "max_seconds": 50,
        "jitter": 0,
    }
    same("policy", row, {**set_, "rail_type": "SEPA", "updated_at": world.during})
    same(
        "action",
        world.table("payment_outbox_operator_actions"),
        [items.action("SET_RETRY_POLICY", scope="RAIL", scope_key="SEPA", detail=set_)],
    )
    set_policy("*", "FIXED", 7, 2, 60, 0)
    for rail, tries, waits in (
        ("SEPA", 1, 2),
        ("SEPA", 2, 6),
        ("SEPA", 3, 18),
        ("SEPA", 4, 50),
        ("X", 1, 7),
        ("X", 3, 7),
    ):
        same(f"wait of try {tries} on {rail}", _wait(world, rail, tries), waits)
    row = set_policy("SEPA", "FIXED", 100, 1, 100, 0.5)
    changed = {"strategy": "FIXED", "base_seconds": 100, "factor": 1, "max_seconds": 100}
    same("policy", row, {**changed, "jitter": 0.5, "rail_type": "SEPA", "updated_at": world.during})
    chosen = [_wait(world, "SEPA", 1) for _ in range(4)]
    same("jitter", [50 <= wait <= 100 for wait in chosen], [True] * 4)  # noqa: PLR2004
    same("chance in it", len(set(chosen)) > 1, True)
    one = items.enqueue(world, rail="SEPA")
    world.run("update public.payment_outbox_pending set attempt_count = 5, budget_base = 5")
    set_policy("SEPA", "EXPONENTIAL", 2, 3, 50, 0)
    items.claim(world, one)
    items.complete(world, one, "RETRYABLE")
    same("a new budget", (items.queue(world, one) or {})["next_attempt_at"], world.during.later(2))


def _late(world: World, one: Item) -> list[Row]:
    return [
        {key: value for key, value in row.items() if key not in {"late_result_id", "outbox_id"}}
        for row in world.table(
            "payment_outbox_late_results", "received_at", outbox_id=one.outbox_id
        )
    ]


@promise("a result that comes too late is an outcome, kept as evidence, and changes nothing else")
def late_results(world: World) -> None:  # noqa: PLR0915 - one item, from end to end
    def late(
        one: Item, outcome: str, no: int | None = None, state: str | None = None, **by: Any
    ) -> None:
        before = (items.queue(world, one), items.attempts(world, one))
        kept = len(_late(world, one))
        result = by.pop("result", "DISPATCHED")
        details: dict[str, Any] = {**_DETAILS, "rail_reference": f"R-{kept}"}
        for _ in range(2):
            row = items.complete(world, one, result, **details, **by)
            same(f"late {outcome}", row, _outcome(one, outcome, no, state))
        found = _late(world, one)
        same("kept once", len(found), kept + 1)
        same(
            "evidence",
            found[-1],
            {
                **details,
                "lease_token": one.token,
                "worker_id": by.get("worker", "w1"),
                "state": result,
                "outcome": outcome,
                "received_at": ANY,
            },
        )
        same("ledger", (items.queue(world, one), items.attempts(world, one)), before)

    one = items.item(world)
    items.claim(world, one)
    late(one, "STOLEN", worker="w2")
    issued, one.token = one.token, uuid4()
    late(one, "UNKNOWN")
    one.token = issued
    items.expire(world, one)
    late(one, "EXPIRED")
    world.call("repair_expired_leases", batch_size=1, worker_id="r")
    late(one, "EXPIRED", 1, "ZOMBIE_REQUEUE", result="FAILED")
    items.due(world, one)
    old = one.token
    items.claim(world, one)
    live, one.token = one.token, old
    late(one, "STOLEN", 1, "ZOMBIE_REQUEUE", result="RETRYABLE")
    one.token = live
    items.complete(world, one, "RETRYABLE", retry_delay_seconds=60)
    late(one, "ALREADY_DONE", 2, "RETRYABLE")
    one.token = old
    late(one, "STOLEN", 1, "ZOMBIE_REQUEUE", worker="w3")
    one.token = uuid4()
    late(one, "UNKNOWN")
    items.due(world, one)
    items.claim(world, one)
    items.complete(world, one, "FAILED")
    late(one, "ALREADY_DONE", 3, "FAILED")
    last, one.token = one.token, uuid4()
    late(one, "ALREADY_DONE")
    one.token = last
    same("replay", items.complete(world, one, "RETRYABLE")["outcome"], "REPLAYED")
    doubted = items.enqueue(world)
    items.claim(world, doubted, begun=True)
    items.expire(world, doubted)
    late(doubted, "EXPIRED")
    world.call("repair_expired_leases", batch_size=1, worker_id="r")
    late(doubted, "EXPIRED", result="FAILED")
    stranger = Item(outbox_id=uuid4(), token=uuid4())
    late(stranger, "UNKNOWN")
    for nameless in (Item(outbox_id=uuid4()), Item(outbox_id=one.outbox_id)):
        nameless.token = None
        row = items.complete(world, nameless, "FAILED")
        outcome = "ALREADY_DONE" if nameless.outbox_id == one.outbox_id else "UNKNOWN"
        same("without a token", row, _outcome(nameless, outcome, None, None))
        same("kept", [late["lease_token"] for late in _late(world, nameless)].count(None), 0)


@promise("in a batch every result is judged by itself, in the order given, each token once")
def batches(world: World) -> None:
    done, live, lost, twice = (items.enqueue(world) for _ in range(4))
    items.claim(world, done, live, lost, twice)
    items.complete(world, done, "DISPATCHED")
    items.expire(world, lost)
    batch = [(lost, "EXPIRED", None), (twice, "RECORDED", 1), (done, "REPLAYED", 1)]
    batch += [(live, "RECORDED", 1), (twice, "REPLAYED", 1)]
    states = ["FAILED", "FAILED", "DISPATCHED", "DISPATCHED", "FAILED"]
    rows = world.call(
        "complete_outbox_attempts",
        **items.leases([one for one, *_ in batch]),
        states=states,
        rail_references=["R-1", "R-2", "R-3", "R-4", "R-5"],
        rail_codes=["c"],
        latency_ms=[1, 2, 3, 4, 5],
    )
    promised = [
        _outcome(one, outcome, no, state if no else None)
        for (one, outcome, no), state in zip(batch, states, strict=True)
    ]
    same("outcomes", rows, promised)
    kept = {one.outbox_id: (one, f"R-{place}", place) for place, one in ((2, twice), (4, live))}
    for one, reference, latency in kept.values():
        (row,) = items.attempts(world, one)
        found = (row["rail_reference"], row["latency_ms"], row["rail_code"])
        same("details", found, (reference, latency, None))
        same("queue", items.queue(world, one), None)
    same("late", [row["rail_code"] for row in _late(world, lost)], ["c"])
    fresh = [items.enqueue(world) for _ in range(3)]
    items.claim(world, lost, *fresh)
    fresh.reverse()
    rows = world.call("complete_outbox_attempts", **items.leases(fresh), states=states[1:4])
    same("order", [row["outbox_id"] for row in rows], [one.outbox_id for one in fresh])
    world.refuses(
        "P7118",
        "p_outbox_ids",
        "1 to 10000 ids, as many tokens and states",
        "complete_outbox_attempts",
        worker_id="w1",
        outbox_ids=None,
        lease_tokens=None,
        states=None,
    )
    contested = items.enqueue(world)
    items.claim(world, contested)
    rows = world.call(
        "complete_outbox_attempts",
        **items.leases([contested, contested]),
        states=["DISPATCHED", "FAILED"],
    )
    same(
        "one token, two results",
        rows,
        [
            _outcome(contested, "RECORDED", 1, "DISPATCHED"),
            _outcome(contested, "ALREADY_DONE", 1, "DISPATCHED"),
        ],
    )
    same("evidence", [row["state"] for row in _late(world, contested)], ["FAILED"])


@promise("a token whose item somebody else ended is done, and what it brings is evidence")
def closed_by_others(world: World) -> None:
    one = items.enqueue(world)
    items.claim(world, one, begun=True)
    items.expire(world, one)
    world.call(
        "resolve_outbox_item", outbox_id=one.outbox_id, resolution="FAILED", actor="a", reason="r"
    )
    row = items.complete(world, one, "FAILED")
    same("outcome", row, _outcome(one, "ALREADY_DONE", 1, "FAILED"))
    same("evidence", [late["outcome"] for late in _late(world, one)], ["ALREADY_DONE"])
    zombie = items.enqueue(world)
    items.claim(world, zombie)
    items.expire(world, zombie)
    world.call("repair_expired_leases", batch_size=1, worker_id="r")
    items.due(world, zombie)
    token = zombie.token
    items.claim(world, zombie)
    items.complete(world, zombie, "DISPATCHED")
    zombie.token = token
    row = items.complete(world, zombie, "DISPATCHED")
    same("outcome", row, _outcome(zombie, "ALREADY_DONE", 1, "ZOMBIE_REQUEUE"))


@promise("a doubt stays one when the clock is set back: the result is late, and nothing is begun")
def clock_set_back(world: World) -> None:
    one = items.enqueue(world)
    items.claim(world, one, begun=True)
    items.expire(world, one)
    world.call("repair_expired_leases", batch_size=1, worker_id="r")
    world.run("update public.payment_outbox_pending set lease_expires_at = now() + interval '1 h'")
    before = items.queue(world, one)
    row = items.complete(world, one, "DISPATCHED", rail_reference="R")
    same("outcome", row, _outcome(one, "EXPIRED", None, None))
    for function, more in (
        ("extend_outbox_leases", {"lease_seconds": 86400}),
        ("begin_outbox_dispatch", {}),
        ("release_outbox_leases", {}),
    ):
        same(function, world.call(function, **items.leases([one]), **more), [])
    same("queue", items.queue(world, one), before)
    same("evidence", [late["outcome"] for late in _late(world, one)], ["EXPIRED"])
