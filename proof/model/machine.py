"""The machine: runs a program on the database and on the model, and compares after every step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, Self
from uuid import UUID

from proof.model.arena import CEILING, Arena, LateId
from proof.model.calls import Call, Outcome
from proof.model.clock import BEGINNING
from proof.model.entries import Entry, Way
from proof.model.ingress import jsonb
from proof.model.moves import KINDS, TICKS
from proof.model.permissions import PERMISSIONS, ROLES
from proof.model.program import Picks, Program, Step
from proof.model.state import SECOND, Refused, State, Tenant
from proof.model.stored import differences
from proof.model.world import Move, World

__all__ = ["COMMANDS", "Disagreement", "Machine"]

_CHECK_EVERY: Final = 10
# What is done beside calls: the first kinds of steps, each as often as it is named.
COMMANDS: Final = (
    *["tick"] * 14,
    *["transaction"] * 3,
    *["savepoint"] * 2,
    *["rollback to"] * 2,
    *["commit"] * 4,
    *["rollback"] * 2,
    "pool reset",
    *["suspend"] * 2,
)
# A refusal may come after the model changed something.
_UNDO: Final = frozenset(
    {
        "ingest_instruction",
        "ingest_instructions",
        "cancel_outbox_item",
        "record_manual_attempt",
        "resolve_outbox_item",
    }
)


class Disagreement(AssertionError):
    """The database did what the model does not."""

    def __init__(self, call: Call | None, expected: Outcome | None, actual: object) -> None:
        said = "" if expected is None else f"{expected}, not "
        super().__init__(f"{call or 'stored rows'}: {said}{actual}")
        self.call = call
        self.expected = expected
        self.actual = actual


class Machine:
    """One database at head (or, with `oldest`, one at 0001) under the virtual clock."""

    def __init__(self, url: str, *, oldest: bool = False) -> None:
        self.arena = Arena(url, oldest=oldest)
        self.oldest = oldest
        self.moves = KINDS["oldest" if oldest else "head"]
        self.kinds = len(COMMANDS) + len(self.moves)
        self.counts: Counter[str] = Counter()
        self.careful = False
        self.refrains: Callable[[Call, State], bool] = lambda _call, _state: False
        self.entry = Entry(url)
        self._know(State(ceiling=CEILING, now=BEGINNING))

    def _know(self, state: State) -> None:
        self.world = World(state, late_ids=self._late_ids)
        self.known: set[UUID] = set()
        self.begun: State | None = None
        self.saved: State | None = None
        self._claimed = False
        self._lapsed = False  # leases from before an upgrade may lie before the mark, too
        self.script: list[str] = []
        self.arena.clock.set(state.now)

    def run(self, program: Program) -> None:
        """Runs a program from an empty database.

        Raises:
            Disagreement: at the first difference.
        """
        self._know(self.arena.empty())
        self._run(program)

    def go_on(self, before: World, program: Program) -> None:
        """Runs a program on what another machine has left in this database.

        Raises:
            Disagreement: at the first difference.
        """
        self.arena.admin.execute(
            "update outbox_retry_policies set jitter = 0"
        )  # no chance in delays
        self._know(before.state)
        self.world.tokens = before.tokens
        self._lapsed = True
        self._compare_stored()
        self._run(program)

    def _run(self, program: Program) -> None:
        self.counts["programs"] += 1
        try:
            for number, step in enumerate(program):
                self.take(step)
                if number % _CHECK_EVERY == 0:
                    self._compare_stored()
            self._end("commit")
            self._compare_stored()
        except BaseException:
            if self.begun is not None:
                self.entry.raw.connection.execute("rollback")
            raise

    def take(self, step: Step) -> None:
        picks = Picks(step, careful=self.careful)
        self.world.state.now += 1000 * (1 + picks.below(3))
        self.counts["steps"] += 1
        if step.kind < len(COMMANDS):
            self._command(COMMANDS[step.kind], picks)
            self.arena.clock.set(self.world.state.now)
        else:
            self.arena.clock.set(self.world.state.now)
            move = self.moves[step.kind - len(COMMANDS)](self.world, picks)
            if self._lapsed and move.call.function.startswith("claim"):
                self._claimed = True
                self._pass_the_mark()
            if not self.refrains(move.call, self.world.state):
                self._move(move, picks)

    def _command(self, name: str, picks: Picks) -> None:
        state = self.world.state
        if name == "tick":
            tick = picks.of(TICKS)
            self.script.append(f"-- {tick} microseconds later")
            state.now += tick
        elif name == "transaction" and self.begun is None and not self.oldest:
            self._say("begin")
            self.begun = state.copied()
            self.counts["transactions"] += 1
        elif name == "savepoint" and self.begun is not None:
            self._say("savepoint s")
            self.saved = state.copied()
            self.counts["savepoints"] += 1
        elif name == "rollback to" and self.saved is not None:
            self._say("rollback to s")
            state.restore(self.saved.copied())
            self._pass_the_mark()
        elif name in ("commit", "rollback"):
            self._end(name)
        elif name == "pool reset" and self.begun is None:
            self.counts["pool resets"] += 1
            (self.entry.blocking if picks.below(2) else self.entry.awaited).reset()
        elif name == "suspend" and self.begun is None and state.tenants:
            self._suspend(picks)

    def _suspend(self, picks: Picks) -> None:
        state = self.world.state
        tenant = picks.of(list(state.tenants))
        known = state.tenants[tenant]
        status = picks.of(("ACTIVE", "SUSPENDED", "CLOSED", "ACTIVE"))
        state.tenants[tenant] = Tenant(known.key, known.name, known.kind, status)
        text = f"update tenants set status = '{status}' where tenant_id = '{tenant}'"
        self.script.append(f"{text};")
        self.arena.admin.execute(text.encode())

    def _say(self, text: str) -> None:
        self.script.append(f"{text};")
        self.entry.raw.command(text)

    def _end(self, name: str) -> None:
        if self.begun is None:
            return
        self._say(name)
        if name == "rollback":
            self.counts["rollbacks"] += 1
            self.world.state.restore(self.begun)
            self._pass_the_mark()
        self.begun = self.saved = None
        self._claimed = False
        self._compare_stored()

    def _pass_the_mark(self) -> None:
        """A claim that is rolled back has moved the mark of claims (see _due_items): for a second
        the next ones may overlook what it had. The order is promised again after that.
        """
        if self._claimed:
            self.world.state.now += SECOND + 1000
            self.arena.clock.set(self.world.state.now)

    def _move(self, move: Move, picks: Picks) -> None:
        call = move.call
        self._claimed |= call.function.startswith("claim")
        raw = self.begun is not None or move.raw_only or self.oldest or picks.below(2) == 0
        via: Way = self.entry.raw
        if not raw:
            via = self.entry.awaited if picks.below(2) else self.entry.blocking
        role = ROLES[0]
        if raw:
            allowed = PERMISSIONS[call.function]
            stray = picks.rarely(8) and not (self.begun is not None and picks.below(4))
            role = picks.of(ROLES) if stray else picks.of(allowed[::-1])
            self.entry.raw.be(role)
        self.script.append(f"{via.name} as {role}: {call}")
        self.counts[via.name] += 1
        self.counts[call.function] += 1
        actual = via.run(call)
        expected = self._expected(move, actual, role)
        ordered = move.ordered and not self.oldest  # the reference promised no order
        exact = _comparable(expected, call, via is self.entry.raw, ordered)
        if _comparable(actual, call, via is self.entry.raw, ordered) != exact:
            raise Disagreement(call, expected, actual)
        if actual.sqlstate is not None:
            self.counts[f"refused {actual.sqlstate}"] += 1
            self._after_refusal()
        self._learn(call, actual)

    def _expected(self, move: Move, actual: Outcome, role: str) -> Outcome:
        if role not in PERMISSIONS[move.call.function]:
            return Outcome((), "42501")
        state = self.world.state
        earlier = state.copied() if move.call.function in _UNDO else None
        try:
            return Outcome(tuple(move.apply(state, list(actual.rows))))
        except Refused as refused:
            if earlier is not None:
                state.restore(earlier)
            return Outcome((), refused.sqlstate, refused.field, refused.rule)
        except (AssertionError, LookupError, TypeError) as error:
            raise Disagreement(move.call, None, f"{actual} ({error!r})") from error

    def _after_refusal(self) -> None:
        """An error aborts the transaction: nothing works in it until it is rolled back."""
        if self.begun is None:
            return
        aborted = self.entry.raw.run(Call("outbox_backlog", {}))
        if aborted.sqlstate != "25P02":
            raise Disagreement(Call("outbox_backlog", {}), Outcome((), "25P02"), aborted)
        self.counts["aborted transactions"] += 1
        if self.saved is None:
            self._end("rollback")
        else:
            self._say("rollback to s")
            self.world.state.restore(self.saved.copied())
            self._pass_the_mark()

    def _learn(self, call: Call, actual: Outcome) -> None:
        """Tokens that were handed out: each is new."""
        if not call.function.startswith("claim"):
            return
        place = 9 if call.function == "claim_outbox_items" else 8
        for row in actual.rows:
            if row[place] in self.known:
                raise Disagreement(call, None, f"token {row[place]} was issued before")
            self.known.add(row[place])
            self.world.tokens.append((row[0], row[place], call.arguments["p_worker_id"]))

    def _late_ids(self) -> list[LateId]:
        return self.arena.late_ids() if self.begun is None else []

    def _compare_stored(self) -> None:
        if self.begun is not None:
            return
        self.counts["comparisons of all rows"] += 1
        found = differences(self.arena.admin, self.world.state, self.oldest)
        if found:
            raise Disagreement(None, None, "; ".join(found))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.entry.__exit__(kind, error, trace)
        self.arena.close()


def _comparable(outcome: Outcome, call: Call, raw: bool, ordered: bool) -> Any:
    """What is promised of an outcome: SQLSTATE, parameter and rule; rows, in order where it is.

    The Python library does not keep a payload's own bytes: there the JSON value counts.
    """
    if outcome.sqlstate is not None:
        # the server's own errors name no parameter of ours
        named = outcome.sqlstate.startswith("P7")
        return (outcome.sqlstate, outcome.field, outcome.rule) if named else outcome.sqlstate
    rows = list(outcome.rows)
    if not raw and call.function == "claim_outbox_items":
        rows = [(*row[:7], jsonb(row[7]), *row[8:]) for row in rows]
    return rows if ordered else sorted(rows, key=str)
