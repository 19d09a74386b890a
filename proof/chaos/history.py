"""What each process saw, as JSON lines in a file of its own.

An event is one write to the file, so that it outlives a SIGKILL of its process. The clock is the
monotonic one of the machine, the same for all processes. Who asks says so before, and says what
came back afterwards; whoever is killed in between has left a question without an answer.

    asked         key, participant, rail, payload: an instruction was sent to be accepted
    acknowledged  key, outbox, sequence, state, replayed, since: it was; who asked did so at `since`
    claimed       outbox, token, number, key, participant, rail, payload, rail_key, worker
    releasing     token: it is given back; who does so forgets it
    sent          token, outbox, rail_key, payload, booked: what the rail saw
    completing    token, outbox, worker, state, reference: the result of an attempt was sent
    completed     token, outbox, outcome, number, state, since: it was judged
    refused       key or token, code: by the database; nothing was written
    unsent        key or token: there was no connection
    unknown       key, token or neither: nobody knows whether it was written
    cancelled     verb, at_await: a task was cancelled there
    fault         kind, began
    cut           replication is behind from here on ...
    promoted      ... until here: what was written in between may be lost
    seen          attempts: those that were there, as digests by id
    crashed       error, known: an actor ended; not `known` where it was no LedgerError
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

__all__ = ["Event", "Journal", "read_histories"]

SUFFIX: Final = ".jsonl"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that one process saw.

    Attributes:
        at: seconds of the monotonic clock.
        who: the process.
        what: the kind of event, see above.
        of: its particulars.
    """

    at: float
    who: str
    what: str
    of: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - whatever JSON holds
        return self.of[name]


class Journal:
    """Writes the history of one process."""

    def __init__(self, folder: Path, who: str) -> None:
        self.who = who
        self._file = os.open(
            folder / f"{who}{SUFFIX}", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600
        )

    def log(self, what: str, **of: object) -> float:
        """Writes an event; returns its time."""
        at = time.monotonic()
        line = json.dumps([at, what, of], separators=(",", ":"), default=str)
        os.write(self._file, line.encode() + b"\n")
        return at


def read_histories(folder: Path) -> list[Event]:
    """The events of all processes, in the order of time."""
    events = []
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        *lines, rest = path.read_bytes().split(b"\n")
        if rest:
            raise ValueError(f"{path} ends in the middle of an event")
        for line in lines:
            at, what, of = json.loads(line)
            events.append(Event(at, path.name.removesuffix(SUFFIX), what, of))
    events.sort(key=lambda event: event.at)
    return events
