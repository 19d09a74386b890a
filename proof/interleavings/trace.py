"""What happened in one schedule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from proof.interleavings.plan import Call, Scenario
from proof.interleavings.session import Answer

__all__ = ["Choice", "Event", "Trace"]


@dataclass(slots=True)
class Event:
    """A call and its answer.

    Attributes:
        actor: which session; 0 made the situation.
        source: what was called.
        bound: the values in its statement.
        began: how many choices had been made when it was sent.
        ended: how many when its answer came.
        ticked: seconds by which the clock was moved while it waited for a lock.
        waited: it waited for a lock.
        committed: its transaction did, so that what it was told counts.
    """

    actor: int
    source: Call
    bound: Mapping[str, str]
    began: int
    ended: int = 0
    ticked: int = 0
    waited: bool = False
    answer: Answer | None = None
    committed: bool = False

    @property
    def call(self) -> str:
        return self.source.name

    @property
    def kind(self) -> str:
        return self.source.kind

    @property
    def rows(self) -> Sequence[Mapping[str, str | None]]:
        return self.answer.rows if self.answer else ()

    @property
    def sqlstate(self) -> str | None:
        return self.answer.sqlstate if self.answer else None


@dataclass(frozen=True, slots=True)
class Choice:
    """Who went on, of those who could.

    Attributes:
        taken: the actor.
        able: the actors that could go on.
        blocked: actors that wait for a lock and have more to do, with the number of their steps.
        left: steps of each actor that were still to begin.
        place: where the actor stood: a call, or a gate.
    """

    taken: int
    able: tuple[int, ...]
    blocked: tuple[int, ...]
    left: tuple[int, ...]
    place: str


@dataclass(slots=True)
class Trace:
    """One schedule of a scenario.

    Attributes:
        choices: in order.
        events: in the order in which they began.
        bound: values that the calls name.
        stuck: why it could not be brought to its end.
        before: what the database held at the end.
        after: what it held when workers had done what was left to do.
    """

    scenario: Scenario
    choices: list[Choice] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    bound: dict[str, str] = field(default_factory=dict)
    stuck: str | None = None
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)

    @property
    def schedule(self) -> tuple[int, ...]:
        return tuple(choice.taken for choice in self.choices)

    @property
    def preemptions(self) -> int:
        """How often an actor that could go on did not."""
        return sum(
            earlier.taken in later.able and earlier.taken != later.taken
            for earlier, later in zip(self.choices, self.choices[1:], strict=False)
        )
