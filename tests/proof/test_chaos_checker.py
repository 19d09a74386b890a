"""The checker finds each kind of violation in a forged history, and nothing in an honest one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from proof.chaos.checker import Verdict, judge
from proof.chaos.history import Event
from proof.chaos.rules import RULES
from proof.chaos.state import State
from proof.published import published_codes

CODES = frozenset({"P7101", "P7002"})


@dataclass
class Forged:
    """A history of one payment that was asked for twice, tried twice and dispatched; and a second
    one that was refused. Tests change it.
    """

    events: list[Event] = field(default_factory=list)
    pending: list[dict[str, Any]] = field(default_factory=list)
    attempts: list[dict[str, Any]] = field(default_factory=list)
    sequences: dict[str, int] = field(default_factory=lambda: {"p": 3})
    digests: dict[str, str] = field(default_factory=lambda: {"a1": "d1", "a2": "d2", "b1": "d3"})

    def __post_init__(self) -> None:
        for number, key in enumerate(("A", "B"), start=1):
            since = self.say("service", "asked", key=key, participant="p", rail="r", payload="{}")
            self.say(
                "service", "acknowledged", key=key, outbox=f"o{key}", sequence=number,
                state="PENDING", replayed=False, since=since,
            )  # fmt: skip
        self.attempt("A", 1, "RETRYABLE", None)
        self.attempt("A", 2, "DISPATCHED", "ref")
        self.attempt("B", 1, "FAILED", None)
        self.say("director", "seen", attempts={"a1": "d1"})
        since = self.say("service", "asked", key="A", participant="p", rail="r", payload="{}")
        self.say(
            "service", "acknowledged", key="A", outbox="oA", sequence=1, state="DISPATCHED",
            replayed=True, since=since,
        )  # fmt: skip

    def say(self, who: str, what: str, **of: object) -> float:
        at = float(len(self.events) + 1)
        self.events.append(Event(at, who, what, of))
        return at

    def attempt(self, key: str, number: int, state: str, reference: str | None) -> None:
        token, outbox = f"t{key}{number}", f"o{key}"
        self.say(
            "worker", "claimed", outbox=outbox, token=token, number=number, key=key,
            participant="p", rail="r", payload="{}", rail_key=f"k{key}", worker="worker",
        )  # fmt: skip
        self.say(
            "worker.rail", "sent", token=token, outbox=outbox, rail_key=f"k{key}", payload="{}",
            booked=state == "DISPATCHED",
        )  # fmt: skip
        since = self.say(
            "worker", "completing", token=token, outbox=outbox, worker="worker", state=state,
            reference=reference,
        )  # fmt: skip
        self.say(
            "worker", "completed", token=token, outbox=outbox, outcome="RECORDED", number=number,
            state=state, since=since,
        )  # fmt: skip
        self.attempts.append(
            {
                "outbox_id": outbox, "attempt_no": number, "state": state, "lease_token": token,
                "worker_id": "worker", "rail_reference": reference, "participant_id": "p",
                "sequence_id": 1 if key == "A" else 2,
            }
        )  # fmt: skip

    def queued(self, key: str, **changes: object) -> None:
        self.pending.append(
            {
                "outbox_id": f"o{key}", "participant_id": "p",
                "sequence_id": {"A": 1, "B": 2}.get(key, 3), "attempt_count": 0,
                "lease_token": None, "hold": None, **changes,
            }
        )  # fmt: skip

    def event(self, what: str, nth: int = 0) -> int:
        """Where it is."""
        return [i for i, event in enumerate(self.events) if event.what == what][nth]

    def change(self, what: str, nth: int = 0, **of: object) -> None:
        place = self.event(what, nth)
        event = self.events[place]
        self.events[place] = Event(event.at, event.who, event.what, {**event.of, **of})

    def without(self, key: str) -> None:
        """The database has lost it."""
        self.attempts = [row for row in self.attempts if row["outbox_id"] != f"o{key}"]

    def cut(self) -> None:
        """All of it happened after replication was cut, before a promotion."""
        self.events.insert(0, Event(0.0, "director", "cut", {}))
        self.say("director", "promoted")

    def verdict(self, *only: str) -> Verdict:
        state = State(self.pending, self.attempts, self.sequences, self.digests, ceiling=2)
        return judge(self.events, state, CODES, only=only)


@pytest.fixture
def forged() -> Forged:
    return Forged()


def test_an_honest_history(forged: Forged) -> None:
    verdict = forged.verdict()
    assert (verdict.violations, verdict.losses, verdict.examples) == ({}, {}, [])


def _lost(forged: Forged) -> None:
    forged.without("B")


def _two_identities(forged: Forged) -> None:
    forged.change("acknowledged", 2, outbox="oB")


def _other_content(forged: Forged) -> None:
    forged.change("asked", 2, payload="{1}")


def _false_conflict(forged: Forged) -> None:
    forged.say("service", "refused", key="B", code="P7101")


def _claimed_otherwise(forged: Forged) -> None:
    forged.change("claimed", 0, payload="{1}")


def _sent_otherwise(forged: Forged) -> None:
    forged.change("sent", 0, payload="{1}")


def _on_the_queue_still(forged: Forged) -> None:
    forged.queued("A", attempt_count=2)


def _two_ends(forged: Forged) -> None:
    forged.attempts[0]["state"] = "DISPATCHED"


def _after_the_end(forged: Forged) -> None:
    forged.attempts[0]["state"], forged.attempts[1]["state"] = "DISPATCHED", "RETRYABLE"


def _hole_in_attempts(forged: Forged) -> None:
    forged.attempts[1]["attempt_no"] = 3


def _drift(forged: Forged) -> None:
    forged.queued("B", attempt_count=0)


def _completed_by_an_older_lease(forged: Forged) -> None:
    event = forged.events.pop(forged.event("completed", 0))
    since = forged.say("worker", "completing", **forged.events[forged.event("completing")].of)
    forged.say("worker", "completed", **{**event.of, "since": since})


def _recorded_twice(forged: Forged) -> None:
    forged.say("worker", "completed", **forged.events[forged.event("completed")].of)


def _never_issued(forged: Forged) -> None:
    forged.change("claimed", 0, token="another")  # noqa: S106


def _two_leases_one_attempt(forged: Forged) -> None:
    forged.change("claimed", 1, number=1)
    forged.change("completed", 1, number=1)


def _issued_twice(forged: Forged) -> None:
    forged.say("worker", "claimed", **forged.events[forged.event("claimed")].of)


def _completion_lost(forged: Forged) -> None:
    forged.attempts[0]["state"] = "FAILED"


def _reference_lost(forged: Forged) -> None:
    forged.attempts[1]["rail_reference"] = None


def _unrecorded_lease(forged: Forged) -> None:
    forged.attempts[0]["lease_token"] = "another"  # noqa: S105


def _token_twice(forged: Forged) -> None:
    forged.attempts[0]["lease_token"] = forged.attempts[1]["lease_token"]


def _too_many_leases(forged: Forged) -> None:
    for token in ("x", "y"):
        claim = forged.events[forged.event("claimed")].of
        forged.say("worker", "claimed", **{**claim, "token": token})


def _hole_in_numbers(forged: Forged) -> None:
    forged.sequences["p"] = 4


def _number_twice(forged: Forged) -> None:
    for row in forged.attempts:
        row["sequence_id"] = 1


def _against_time(forged: Forged) -> None:
    for row in forged.attempts:
        row["sequence_id"] = 3 - row["sequence_id"]


def _never_answered(forged: Forged) -> None:
    forged.say("service", "asked", key="A", participant="p", rail="r", payload="{}")
    forged.say("service", "unknown", key="A")


def _never_judged(forged: Forged) -> None:
    forged.say("worker", "completing", **forged.events[forged.event("completing")].of)


def _went_back(forged: Forged) -> None:
    since = forged.say("service", "asked", key="A", participant="p", rail="r", payload="{}")
    again = forged.events[forged.event("acknowledged", 2)].of
    forged.say("service", "acknowledged", **{**again, "state": "PENDING", "since": since})


def _two_rail_keys(forged: Forged) -> None:
    forged.change("claimed", 1, rail_key="other")
    forged.change("sent", 1, rail_key="other")


def _one_rail_key(forged: Forged) -> None:
    forged.change("claimed", 2, rail_key="kA")
    forged.change("sent", 2, rail_key="kA")


def _sent_without_a_lease(forged: Forged) -> None:
    forged.say("rail", "sent", token="none", outbox="oA", rail_key="kA", payload="{}", booked=True)  # noqa: S106


def _sent_twice(forged: Forged) -> None:
    forged.say("rail", "sent", **forged.events[forged.event("sent")].of)


def _changed(forged: Forged) -> None:
    forged.digests["a1"] = "other"


def _removed(forged: Forged) -> None:
    del forged.digests["a1"]


def _due_for_ever(forged: Forged) -> None:
    forged.sequences["p"] = 4
    forged.queued("C")


def _internal_error(forged: Forged) -> None:
    forged.say("service", "refused", key="B", code="XX000")


def _foreign_error(forged: Forged) -> None:
    forged.say("service", "crashed", error="TypeError: no", known=False)


FORGERIES: Mapping[str, tuple[Callable[[Forged], None], ...]] = {
    "S1": (_lost,),
    "S2": (_two_identities,),
    "S3": (_other_content, _false_conflict, _claimed_otherwise, _sent_otherwise),
    "S4": (_on_the_queue_still,),
    "S5": (_two_ends, _after_the_end),
    "S6": (_hole_in_attempts, _drift),
    "S7": (
        _completed_by_an_older_lease, _recorded_twice, _never_issued, _two_leases_one_attempt,
        _issued_twice,
    ),
    "S8": (_completion_lost, _reference_lost),
    "S9": (_unrecorded_lease, _token_twice),
    "S10": (_too_many_leases,),
    "S11": (_hole_in_numbers, _number_twice, _against_time),
    "S12": (_never_answered, _never_judged),
    "S13": (_went_back,),
    "S14": (_two_rail_keys, _one_rail_key, _sent_without_a_lease, _sent_twice),
    "S15": (_changed, _removed),
    "L1": (_due_for_ever,),
    "E1": (_internal_error, _foreign_error),
}  # fmt: skip


CASES = [
    pytest.param(name, forgery, id=f"{name}{forgery.__name__}")
    for name, forgeries in FORGERIES.items()
    for forgery in forgeries
]


@pytest.mark.parametrize(("name", "forgery"), CASES)
def test_a_violation_is_found(forged: Forged, name: str, forgery: Callable[[Forged], None]) -> None:
    forgery(forged)
    verdict = forged.verdict(name)
    assert verdict.violations[name] > 0
    assert verdict.examples[0].startswith(f"{name} ")


def test_every_rule_is_forged() -> None:
    assert FORGERIES.keys() == RULES.keys()


@pytest.mark.parametrize(
    ("name", "forgery"),
    [("S1", _lost), ("S2", _two_identities), ("S8", _completion_lost), ("S9", _unrecorded_lease),
     ("S13", _went_back)],
)  # fmt: skip
def test_what_was_not_replicated_is_a_loss(
    forged: Forged, name: str, forgery: Callable[[Forged], None]
) -> None:
    forgery(forged)
    if name == "S2":
        forged.without("A")  # the first identity is gone
        forged.change("acknowledged", 2, outbox="oB")
    forged.cut()
    verdict = forged.verdict(name)
    assert (verdict.violations[name], verdict.losses[name] > 0) == (0, True)


def test_what_was_said_before_the_cut_is_no_loss(forged: Forged) -> None:
    forged.without("A")
    forged.say("director", "cut")
    forged.say("director", "promoted")
    verdict = forged.verdict("S1")
    assert (verdict.violations["S1"], verdict.losses["S1"]) == (2, 0)


def test_attempts_of_revision_0001_have_no_token(forged: Forged) -> None:
    """There the numbers decide: two leases, two attempts."""
    for row in forged.attempts:
        row["lease_token"] = None
    assert forged.verdict("S8", "S9").violations == {}
    del forged.attempts[0]
    assert forged.verdict("S9").violations == {"S9": 1}


def test_the_published_codes_are_read() -> None:
    codes = published_codes()
    assert {"P0001", "P7002", "P711F", "40P01", "57014"} <= codes
    assert not {"XX000", "42702", "22003"} & codes
