"""Revision 0001, the deployed functions: the explorer must find what is known to be wrong there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from proof.interleavings.plan import LEASE_SECONDS, Call, Isolation, Program, Scenario
from proof.interleavings.world import World

__all__ = ["REFERENCE_WORLD", "known_defect", "reference_scenarios"]

_ENQUEUE: Final = (
    "select * from public.enqueue_payment_outbox('i{}-{{n}}', '{}-{{n}}', 'k1', 'RTGS',"
    " '{{payload}}')"
)
_COMPLETE: Final = (
    "select * from public.complete_outbox_attempt('{{{}o{}}}', '{{{}t{}}}', '{}', '{}', 'ref')"
)
_BY_HAND: Final = (
    "insert into public.payment_outbox_attempts (outbox_id, instruction_id, participant_id,"
    " sequence_id, idempotency_key, rail_type, payload, attempt_no, state)"
    " select p.outbox_id, p.instruction_id, p.participant_id, p.sequence_id, p.idempotency_key,"
    " p.rail_type, p.payload, (select count(*) + 1 from public.payment_outbox_attempts as a"
    " where a.outbox_id = p.outbox_id), 'RETRYABLE'"
    " from public.payment_outbox_pending as p where p.outbox_id = '{o1}'"
)
_LOST: Final = frozenset({"P7002"})
_CALLS: Final = (
    Call("enqueue", _ENQUEUE.format(1, "p"), "enqueue", keys=(("i1", "p"),)),
    Call("enqueue_2", _ENQUEUE.format(2, "q"), "enqueue", keys=(("i2", "q"),)),
    Call("enqueue_elsewhere", _ENQUEUE.format(1, "q"), "enqueue", keys=(("i1", "q"),)),
    Call(
        "claim",
        f"select * from public.claim_outbox_batch(1, '{{me}}', {LEASE_SECONDS})",
        "claim",
    ),
    Call(
        "complete_dispatched",
        _COMPLETE.format("", 1, "", 1, "w1", "DISPATCHED"),
        "complete",
        refusals=_LOST,
    ),
    Call(
        "complete_retryable",
        _COMPLETE.format("", 1, "", 1, "w1", "RETRYABLE"),
        "complete",
        refusals=_LOST,
    ),
    Call(
        "own_dispatched",
        _COMPLETE.format("own_", "", "own_", "", "{me}", "DISPATCHED"),
        "complete",
        refusals=_LOST,
    ),
    Call("repair", "select * from public.repair_expired_leases(10, '{me}')", "repair"),
    Call("by_hand", _BY_HAND),
)
_LEASED: Final = ("enqueue", "claim")
_TRIED: Final = ("complete_retryable", "tick 3600", "claim")

REFERENCE_WORLD: Final = World(
    script=Path(__file__).with_name("reference.sql"),
    calls={call.name: call for call in _CALLS},
    situations={
        "none": (),
        "due": ("enqueue",),
        "leased": _LEASED,
        "expired": (*_LEASED, "tick 61"),
        "last_expired": (*_LEASED, *_TRIED, *_TRIED, "tick 61"),
    },
)


def reference_scenarios() -> list[Scenario]:
    """Small ones, some of them at the gates."""
    rc, rr = Isolation.READ_COMMITTED, Isolation.REPEATABLE_READ
    work = Program(("claim", "own_dispatched"))
    tick = (LEASE_SECONDS + 1,)
    return [
        Scenario("last_expired", (Program(("claim",)), Program(("repair",)))),
        Scenario("last_expired", (Program(("repair",)), Program(("repair",))), at_gates=True),
        Scenario("due", (work, work), tick),
        Scenario("expired", (Program(("claim",)), Program(("repair",))), at_gates=True),
        Scenario("none", (Program(("enqueue",), rr), Program(("enqueue_elsewhere", *work.calls)))),
        Scenario(
            "none",
            (Program(("enqueue", "enqueue_2"), rc), Program(("enqueue_2", "enqueue"), rc)),
        ),
        Scenario(
            "leased", (Program(("complete_retryable",)), Program(("by_hand",))), at_gates=True
        ),
        Scenario(
            "leased", (Program(("complete_dispatched",)), Program(("repair",))), tick, at_gates=True
        ),
    ]


def known_defect(broken: Iterable[str]) -> Mapping[str, int]:
    """The known defects among broken promises, once each."""
    told = "; ".join(broken)
    return {name: 1 for name, sign in KNOWN_DEFECTS.items() if sign in told}


KNOWN_DEFECTS: Final = {
    "42702 at the retry ceiling": "repair ended with 42702",
    "deliveries without a record": "tokens issued",
    "a key under two items at REPEATABLE READ": "one identity per key",
    "completion refused by a row written by hand": "complete_retryable ended with 23505",
    "deadlock of enqueues in opposite order": "ended with 40P01",
}
