"""How long a session's server process works for a statement.

On Linux, where the server is on this machine, the kernel says how long its process was on a
processor: what else the machine does hardly changes that. Elsewhere it is the time that passed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

__all__ = ["Stopwatch"]


class Stopwatch:
    """Of one session.

    Attributes:
        measures: what it takes: `processor` or `elapsed` time.
    """

    def __init__(self, pid: int, database: str) -> None:
        process = Path("/proc", str(pid))
        self._schedule = process / "schedstat"
        try:
            # A server elsewhere may have the number of a process here: the title tells.
            title = (process / "cmdline").read_bytes().decode(errors="replace")
            is_here = database in title and self._processor_seconds() > 0
        except (OSError, ValueError, IndexError):
            is_here = False
        self.measures = "processor" if is_here else "elapsed"
        self._now: Callable[[], float] = self._processor_seconds if is_here else time.perf_counter

    def seconds(self, work: Callable[[], object]) -> float:
        """How long the work takes."""
        started = self._now()
        work()
        return self._now() - started

    def _processor_seconds(self) -> float:
        return int(self._schedule.read_text().split()[0]) / 1e9
