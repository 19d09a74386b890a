"""The negative control: the same machine on the reference, with the contract's oldest verbs."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from proof.model.calls import Call
from proof.model.ingress import jsonb
from proof.model.leases import repairable
from proof.model.machine import Disagreement, Machine
from proof.model.program import drawn
from proof.model.state import Item, State

__all__ = ["EXPECTED", "does_wrong", "violations"]

REPLAY: Final = "same key, other payment: the old row comes back"
REPEATED: Final = "a completion whose answer was lost is refused"
CEILING: Final = "repair at the ceiling fails with 42702"
UNRECORDED: Final = "an expired lease is issued again without an attempt"
FORBIDDEN: Final = "a role writes that may not"
UNBOUNDED: Final = "an argument out of bounds is accepted"
METRIC: Final = "a metric refuses a result"
# What the machine must find there, each at least once.
EXPECTED: Final = (REPLAY, REPEATED, CEILING, UNRECORDED, FORBIDDEN, UNBOUNDED, METRIC)
_LENGTHS: Final = (40, 40, 100)


def violations(url: str, *, seed: int, programs: int) -> Counter[str]:
    """What the reference does against the contract, by name. A program ends at its first."""
    found: Counter[str] = Counter()
    chance = random.Random(seed)
    with Machine(url, oldest=True) as machine:
        for number in range(programs):
            # Two of three make no mistakes, one of them no other than the repair at the ceiling.
            machine.careful = number % 3 != 0
            machine.refrains = _nears_the_ceiling if number % 3 == 2 else lambda _c, _s: False
            try:
                machine.run(drawn(chance, machine.kinds, _LENGTHS[number % 3]))
            except Disagreement as difference:
                found[_name(difference)] += 1
    return found


def does_wrong(call: Call, state: State) -> bool:
    """Whether the reference does this wrong."""
    a = call.arguments
    expired = repairable(state)
    if call.function == "claim_outbox_batch":
        return bool(expired)
    if call.function == "repair_expired_leases":
        return any(state.is_last_try(item) for item in expired)
    if call.function == "complete_outbox_attempt":
        item = state.items.get(a["p_outbox_id"])
        return item is None or item.lease is None or item.lease.token != a["p_lease_token"]
    known = state.by_key.get((None, a["p_instruction_id"], a["p_idempotency_key"]))
    return known is not None and not _is_replay(state.items[known], a)


def _is_replay(item: Item, a: Mapping[str, Any]) -> bool:
    same = (item.participant, item.rail) == (a["p_participant_id"], a["p_rail_type"])
    return item.queued and same and item.payload == jsonb(a["p_payload"])


def _nears_the_ceiling(call: Call, state: State) -> bool:
    return call.function != "repair_expired_leases" and does_wrong(call, state)


def _name(difference: Disagreement) -> str:
    call, expected, actual = difference.call, difference.expected, difference.actual
    if call is None or expected is None:
        return "stored rows differ"
    got = getattr(actual, "sqlstate", None)
    wanted = expected.sqlstate or ""
    if got == "42702":
        return CEILING
    if got == "23514":
        return METRIC
    if wanted == "P7101" and got is None:
        return REPLAY
    if wanted == "42501":
        return FORBIDDEN
    if wanted.startswith("P711"):
        return UNBOUNDED
    if call.function == "complete_outbox_attempt" and got == "P7002" and not wanted:
        return REPEATED
    if call.function == "claim_outbox_batch" and not wanted:
        return UNRECORDED
    return f"otherwise: {call.function}"
