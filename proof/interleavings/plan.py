"""What is interleaved: calls, the programs of sessions, and scenarios of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["LEASE_SECONDS", "Call", "Isolation", "Program", "Scenario"]

LEASE_SECONDS = 60


class Isolation(StrEnum):
    READ_COMMITTED = "read committed"
    REPEATABLE_READ = "repeatable read"


@dataclass(frozen=True, slots=True)
class Call:
    """A statement of a client.

    Attributes:
        name: what reports and replay files call it.
        statement: with the names of bound values in braces.
        kind: what its answer means; "other" where that is nothing to the promises.
        situations: where it does what it is for.
        refusals: the SQLSTATEs that it may end with, beside those of contention.
        keys: key and content of each payment that it puts on the outbox.
    """

    name: str
    statement: str
    kind: str = "other"
    situations: tuple[str, ...] = ()
    refusals: frozenset[str] = frozenset()
    keys: tuple[tuple[str, str], ...] = ()

    @property
    def function(self) -> str:
        """The name of what it calls."""
        match = re.search(r"public\.(\w+)\(", self.statement)
        return match[1] if match else ""

    @property
    def lease(self) -> tuple[str, str]:
        """Names of the item and the token that it is about."""
        owner = self.name.partition("_")[0]
        return (f"{owner}_o", f"{owner}_t") if owner in {"own", "last"} else ("o1", "t1")


@dataclass(frozen=True, slots=True)
class Program:
    """What one session does.

    Attributes:
        calls: by name, in order.
        isolation: None for each call in a transaction of its own.
        ending: of its transaction.
        actor: the worker's name in its calls.
    """

    calls: tuple[str, ...]
    isolation: Isolation | None = None
    ending: str = "commit"


@dataclass(frozen=True, slots=True)
class Scenario:
    """Sessions that meet.

    Attributes:
        situation: what was there before.
        programs: of the sessions.
        ticks: seconds by which the clock is moved, once each, at any time.
        at_gates: sessions meet inside the functions; otherwise between statements.
    """

    situation: str
    programs: tuple[Program, ...]
    ticks: tuple[int, ...] = ()
    at_gates: bool = False

    @property
    def name(self) -> str:
        """`situation: calls | calls`, with what is not usual about them."""
        parts = [_name(program) for program in self.programs]
        parts += [f"tick {seconds}" for seconds in self.ticks]
        return f"{self.situation}: {' | '.join(parts)}{' @gates' if self.at_gates else ''}"


def _name(program: Program) -> str:
    calls = ", ".join(program.calls)
    if program.isolation is None:
        return calls
    level = "rr" if program.isolation is Isolation.REPEATABLE_READ else "rc"
    return f"{level}({calls}{'; rollback' if program.ending == 'rollback' else ''})"
