"""The events of a schedule and the state of the database, as the promises need them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, Final

from proof.interleavings.plan import Isolation, Program, Scenario
from proof.interleavings.trace import Event, Trace

__all__ = ["History", "Row", "View"]

Row = Mapping[str, Any]
_NOBODY: Final = Program(())
_FIRST_KEY: Final = "k1"


class View:
    """What the database held at one moment."""

    def __init__(self, held: Mapping[str, Any]) -> None:
        self.held = held

    @cached_property
    def attempts(self) -> dict[str, list[Row]]:
        """By item, in the order of their numbers."""
        attempts: dict[str, list[Row]] = {}
        for row in self.held.get("attempts") or ():
            attempts.setdefault(row["outbox_id"], []).append(row)
        return attempts

    @cached_property
    def pending(self) -> dict[str, Row]:
        return {row["outbox_id"]: row for row in self.held.get("pending") or ()}

    @cached_property
    def retired(self) -> dict[str, Row]:
        return {row["outbox_id"]: row for row in self.held.get("outcomes") or ()}

    @property
    def known(self) -> set[str]:
        """Items that are on the queue or in the history."""
        return {*self.pending, *self.attempts, *self.retired}

    def ids_by_key(self) -> dict[tuple[str | None, str, str], set[str]]:
        ids: dict[tuple[str | None, str, str], set[str]] = {}
        for name in ("identities", "pending", "attempts"):
            for row in self.held.get(name) or ():
                key = (row["tenant_id"], row["instruction_id"], row["idempotency_key"])
                ids.setdefault(key, set()).add(row["outbox_id"])
        return ids

    def sequence_numbers(self) -> dict[str, list[int]]:
        """Of each participant, one per item."""
        of_items: dict[str, tuple[str, int]] = {}
        for name in ("attempts", "pending"):
            for row in self.held.get(name) or ():
                of_items[row["outbox_id"]] = (row["participant_id"], row["sequence_id"])
        participants = {
            row["outbox_id"]: row["participant_id"] for row in self.held.get("identities") or ()
        }
        for outbox_id, row in self.retired.items():
            of_items[outbox_id] = (participants[outbox_id], row["sequence_id"])
        numbers: dict[str, list[int]] = {}
        for participant, number in of_items.values():
            numbers.setdefault(participant, []).append(number)
        return numbers


class History:
    """One schedule."""

    def __init__(self, trace: Trace, ceiling: int) -> None:
        self.trace = trace
        self.ceiling = ceiling
        self.before, self.after = View(trace.before), View(trace.after)

    @property
    def scenario(self) -> Scenario:
        return self.trace.scenario

    @property
    def events(self) -> list[Event]:
        return self.trace.events

    @property
    def is_reference(self) -> bool:
        """Revision 0001 keeps no identities and no tokens."""
        return "identities" not in self.trace.before

    @property
    def is_ordered(self) -> bool:
        """The participants' order was on from the beginning, and nobody changed it."""
        others = {e.call for e in self.events if e.actor}
        return self.scenario.situation.startswith("fifo") and not others & {"unorder", "skip"}

    @property
    def has_snapshots(self) -> bool:
        """Some session sees the database as it was when its transaction began."""
        levels = {program.isolation for program in self.scenario.programs}
        return Isolation.REPEATABLE_READ in levels

    def extended_by_another(self, event: Event) -> bool:
        """Another call moved the end of a lease."""
        return any(other.rows and other is not event for other in self.told("extend"))

    def program(self, event: Event) -> Program:
        return self.scenario.programs[event.actor - 1] if event.actor else _NOBODY

    def told(self, kind: str) -> list[Event]:
        """Calls of a kind whose answers count: their transactions committed."""
        return [event for event in self.events if event.kind == kind and event.committed]

    def committed_at(self, event: Event) -> int:
        """How many choices had been made when the transaction of an event was over."""
        if not event.actor:
            return 0
        program = self.program(event)
        if program.isolation is None:
            return event.ended
        return max(at for at, c in enumerate(self.trace.choices) if c.taken == event.actor) + 1

    def acknowledged(self) -> dict[str, list[tuple[str, str, Event]]]:
        """For each key: item, content and event of its acknowledgements."""
        told: dict[str, list[tuple[str, str, Event]]] = {}
        for event in self.told("enqueue"):
            for at, row in enumerate(event.rows):
                if row.get("outcome") == "CONFLICT" or row["outbox_id"] is None:
                    continue
                key, content = event.source.keys[int(row.get("place") or at + 1) - 1]
                told.setdefault(key, []).append((row["outbox_id"], content, event))
        return told

    def issued(self) -> dict[str, set[str]]:
        """Lease tokens that workers were given, by item."""
        tokens: dict[str, set[str]] = {}
        for event in self.told("claim"):
            for row in event.rows:
                tokens.setdefault(str(row["outbox_id"]), set()).add(str(row["lease_token"]))
        return tokens

    def released(self) -> set[str]:
        return {self.token(event) for event in self.told("release") if event.rows}

    def lease_ends(self) -> dict[str, tuple[str, Event]]:
        """When each lease ends, as its worker was told last."""
        ends: dict[str, tuple[str, Event]] = {}
        for event in (*self.told("claim"), *self.told("extend")):
            for row in event.rows:
                token = str(row["lease_token"]) if event.kind == "claim" else self.token(event)
                ends[token] = (_as_json(str(row["lease_expires_at"])), event)
        return ends

    def completions(self) -> Iterator[tuple[Event, str, Mapping[str, str | None]]]:
        for event in self.told("complete"):
            for row in event.rows:
                is_one_of_two = len(event.rows) > 1
                yield event, str(row["lease_token"]) if is_one_of_two else self.token(event), row

    def uses_of_leases(self) -> Iterator[tuple[Event, str, str]]:
        """Calls that were told that the lease was theirs to use."""
        for event, token, row in self.completions():
            if row.get("outcome") == "RECORDED":
                yield event, token, "RECORDED"
        for event in (*self.told("begin"), *self.told("extend")):
            if event.rows:
                yield event, self.token(event), "that it was its own"

    def ran_out(self, event: Event, token: str) -> bool:
        """The lease had run out before the call began."""
        issued_at = 0
        for claim in self.told("claim"):
            if claim.actor and any(row["lease_token"] == token for row in claim.rows):
                issued_at = claim.ended
        is_old = issued_at == 0 and "expired" in self.scenario.situation
        choices = self.trace.choices[issued_at : max(event.began - 1, 0)]
        ticked = any(choice.place.startswith("tick") for choice in choices)
        return event.actor > 0 and (is_old or ticked)

    def waited_too_long(self, event: Event) -> bool:
        """The lease ran out while the call waited for the lock of its item."""
        return event.ticked > 0 and not self.scenario.situation.startswith("fifo")

    def is_live_to_the_end(self, event: Event, token: str) -> bool:
        """The worker of a call still has the lease when all is over, and no clock was moved."""
        live = self.before.pending.get(self.outbox_id(event), {})
        is_young = not self.scenario.ticks and "expired" not in self.scenario.situation
        return is_young and live.get("lease_token") == token and live.get("hold") is None

    def token(self, event: Event) -> str:
        return event.bound[event.source.lease[1]]

    def outbox_id(self, event: Event) -> str:
        return event.bound[event.source.lease[0]]

    def attempt_of(self, token: str) -> Row | None:
        return _with_token(self.after.held.get("attempts"), token)

    def late_of(self, token: str) -> Row | None:
        return _with_token(self.before.held.get("late"), token)


def _with_token(rows: list[Row] | None, token: str) -> Row | None:
    return next((row for row in rows or () if row.get("lease_token") == token), None)


def _as_json(moment: str) -> str:
    """A timestamp as PostgreSQL writes it in JSON, so that the two can be compared."""
    return moment.replace(" ", "T").replace("+00", "+00:00")
