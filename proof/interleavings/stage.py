"""Plays one schedule of a scenario on a database with clock and gates."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

from proof.interleavings.plan import Isolation, Program, Scenario
from proof.interleavings.session import Answer, Control, Session, wait_for_any
from proof.interleavings.trace import Choice, Event, Trace
from proof.interleavings.world import UNKNOWN, World

__all__ = ["Stage"]

_SESSIONS: Final = 3
_STUCK_SECONDS: Final = 15.0
_FIRST_LOOK_SECONDS: Final = 0.002
_BEGIN: Final = "begin isolation level {}; select explorer.now()"


@dataclass(frozen=True, slots=True)
class _Step:
    """A statement to send, or a move of the clock; `call` is None for begin, commit, rollback."""

    statement: str
    call: str | None = None
    tick: int = 0


@dataclass(slots=True)
class _Actor:
    number: int
    steps: list[_Step]
    session: Session | None
    own: dict[str, str] = field(default_factory=dict)
    next: int = 0
    event: Event | None = None
    open_events: list[Event] = field(default_factory=list)

    @property
    def is_running(self) -> bool:
        return self.session is not None and self.session.is_running

    @property
    def is_able(self) -> bool:
        at_gate = self.session is not None and self.session.gate is not None
        return not self.is_running and (at_gate or self.next < len(self.steps))

    @property
    def left(self) -> int:
        return len(self.steps) - self.next

    @property
    def place(self) -> str:
        if self.session is not None and self.session.gate is not None:
            return self.session.gate
        step = self.steps[self.next]
        return step.call or step.statement.partition(";")[0]


class Stage:
    """Sessions on one database, and the world that they act in.

    Args:
        url: of a database that `instrument` was applied to.
        world: the calls, situations and questions that suit its revision.
    """

    def __init__(self, url: str, world: World) -> None:
        self.world = world
        self._sessions = [Session(url, number) for number in range(1, _SESSIONS + 1)]
        self._control = Control(url, self._sessions)
        self._serials = itertools.count(time.time_ns() // 1000)
        self._gates: tuple[bool, bool] | None = None
        self.played = 0

    def play(self, scenario: Scenario, prefix: Sequence[int] = ()) -> Trace:
        """One schedule: the prefix as far as it can be followed, then without preemption."""
        self.played += 1
        trace = Trace(scenario)
        self._set_up(trace)
        self._set_gates(scenario)
        actors = [
            _Actor(number, list(self._steps(program)), session)
            for number, (program, session) in enumerate(
                zip(scenario.programs, self._sessions, strict=False), 1
            )
        ]
        actors += [
            _Actor(len(actors) + number, [_Step(f"tick {seconds}", tick=seconds)], None)
            for number, seconds in enumerate(scenario.ticks, 1)
        ]
        wanted = iter(prefix)
        while any(actor.is_able or actor.is_running for actor in actors):
            if not any(actor.is_able for actor in actors) and not self._wait(actors, trace):
                break
            if any(actor.is_able for actor in actors):
                chosen = _choose(actors, wanted, trace)
                self._advance(chosen, actors, trace)
        self._tidy(actors)
        self._look(trace)
        return trace

    def _set_up(self, trace: Trace) -> None:
        """Makes the situation, and binds the values that the calls are about."""
        self._control.run("select explorer.reset()")
        trace.bound = UNKNOWN | {"n": str(next(self._serials)), "me": "w1"}
        for name in self.world.situations[trace.scenario.situation]:
            if name.startswith("tick "):
                self._control.run(f"select explorer.tick({name.removeprefix('tick ')})")
                continue
            call = self.world.calls[name]
            answer = self._control.run(call.statement.format_map(trace.bound))
            event = Event(0, call, dict(trace.bound), 0, answer=answer)
            event.committed = event.sqlstate is None
            trace.events.append(event)
            if event.sqlstate is not None:
                trace.stuck = f"{name} could not make the situation: {event.answer}"
            trace.bound |= self.world.bind(event)

    def _set_gates(self, scenario: Scenario) -> None:
        wanted = (scenario.at_gates, bool(scenario.ticks))
        if wanted != self._gates:
            for session in self._sessions:
                session.set_gates(stop=wanted[0], clock_moves=wanted[1])
            self._gates = wanted
        if scenario.at_gates:
            for session in self._sessions[: len(scenario.programs)]:
                self._control.hold_gates(session.number)

    def _steps(self, program: Program) -> Iterator[_Step]:
        calls = [_Step(self.world.calls[name].statement, name) for name in program.calls]
        if program.isolation is None:
            yield from calls
            return
        begin = _BEGIN.format(program.isolation)
        if program.isolation is Isolation.REPEATABLE_READ:  # others may commit after the snapshot
            yield _Step(begin)
        else:
            calls[0] = _Step(f"{begin};{calls[0].statement}", calls[0].call)
        yield from calls
        yield _Step(program.ending)

    def _advance(self, actor: _Actor, actors: Sequence[_Actor], trace: Trace) -> None:
        if actor.session is None:
            step = actor.steps[actor.next]
            actor.next += 1
            self._control.run(f"select explorer.tick({step.tick})")
            for other in actors:
                if other.is_running and other.event is not None:
                    other.event.ticked += step.tick
        elif actor.session.gate is not None:
            actor.session.open_gate(self._control)
        else:
            step = actor.steps[actor.next]
            actor.next += 1
            bound = trace.bound | {"me": f"w{actor.number}"} | actor.own
            if step.call is not None:
                source = self.world.calls[step.call]
                actor.event = Event(actor.number, source, bound, len(trace.choices))
                trace.events.append(actor.event)
            actor.session.send(step.statement.format_map(bound))
        self._settle(actors, trace, just_sent=actor)

    def _settle(
        self, actors: Sequence[_Actor], trace: Trace, *, just_sent: _Actor | None = None
    ) -> None:
        """Until everybody who was let go has answered, stands at a gate, or waits for a lock."""
        deadline = time.monotonic() + _STUCK_SECONDS
        pause = _FIRST_LOOK_SECONDS if just_sent is not None and just_sent.is_running else 0.0
        while running := self._read(actors, trace):
            if wait_for_any(running, pause):
                continue
            pause = _FIRST_LOOK_SECONDS
            if all(self._control.is_blocked(session) for session in running):
                if not wait_for_any(running, 0):
                    for actor in actors:
                        if actor.is_running and actor.event is not None:
                            actor.event.waited = True
                    return
            elif time.monotonic() > deadline:
                trace.stuck = "a session neither answers nor waits for a lock"
                return

    def _read(self, actors: Sequence[_Actor], trace: Trace) -> list[Session]:
        """Takes in what came; returns the sessions that are still running."""
        running = []
        for actor in actors:
            if actor.session is None or not actor.session.is_running:
                continue
            answer = actor.session.read()
            if answer is not None:
                self._take(actor, answer, trace)
            elif actor.session.is_running:
                running.append(actor.session)
        return running

    def _take(self, actor: _Actor, answer: Answer, trace: Trace) -> None:
        if actor.event is not None:
            actor.event.answer, actor.event.ended = answer, len(trace.choices)
            actor.own |= self.world.bind_own(actor.event)
            trace.bound |= self.world.bind_last(actor.event)
            actor.open_events.append(actor.event)
            actor.event = None
        in_transaction = actor.session is not None and actor.session.is_in_transaction
        if not in_transaction:
            for event in actor.open_events:
                event.committed = answer.sqlstate is None and answer.tag != "ROLLBACK"
            actor.open_events = []
        elif answer.sqlstate is not None:  # only the end of the transaction is left
            actor.next = max(actor.next, len(actor.steps) - 1)

    def _wait(self, actors: Sequence[_Actor], trace: Trace) -> bool:
        """Everybody waits for a lock: until PostgreSQL ends that by itself."""
        deadline = time.monotonic() + _STUCK_SECONDS
        running = self._read(actors, trace)
        while running and not wait_for_any(running, 0.02):
            if time.monotonic() > deadline:
                trace.stuck = "all sessions wait for locks, and nobody ends it"
                return False
        self._settle(actors, trace)
        return True

    def _tidy(self, actors: Sequence[_Actor]) -> None:
        for actor in actors:
            if actor.session is None:
                continue
            if actor.is_running or actor.session.gate is not None:  # a stuck schedule
                actor.session.cancel(self._control)
            if actor.session.is_in_transaction:
                actor.session.end()
            if self._gates is not None and self._gates[0]:
                actor.session.forget_gates()

    def _look(self, trace: Trace) -> None:
        answer = self._control.run(f"select * from explorer.finish('{trace.bound['n']}')")
        if answer.sqlstate is not None:
            trace.stuck = f"what was left could not be done: {answer.sqlstate} {answer.message}"
            return
        (row,) = answer.rows
        trace.before, trace.after = (json.loads(str(row[name])) for name in ("before", "after"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for session in self._sessions:
            session.close()
        self._control.close()


def _choose(actors: Sequence[_Actor], wanted: Iterator[int], trace: Trace) -> _Actor:
    """Who is wanted next; otherwise who went on last; otherwise the first."""
    able = tuple(actor.number for actor in actors if actor.is_able)
    last = trace.choices[-1].taken if trace.choices else 0
    taken = next((w for w in wanted if w in able), last if last in able else able[0])
    trace.choices.append(
        Choice(
            taken=taken,
            able=able,
            blocked=tuple(actor.number for actor in actors if actor.is_running and actor.left),
            left=tuple(actor.left for actor in actors),
            place=actors[taken - 1].place,
        )
    )
    return actors[taken - 1]
