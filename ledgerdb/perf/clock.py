"""A clock that stands still while the machine has no processor for us.

On a shared machine the tail of every latency is other people's work: a call of 0.4 ms waits 4 ms
for its turn. On Linux the kernel says, for each thread, how long it was ready and not run. That of
the client's thread and of the server's process is taken out; what a verb waits for by itself (a
lock, a sleep, the disk) stays in. Where both waited at once the wait counts twice, so a call takes
at least the time that both were on a processor. Elsewhere it is the time that passed.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Self

__all__ = ["ELAPSED", "NET", "Clock"]

NET: Final = "elapsed, less what the scheduler made us wait"
ELAPSED: Final = "elapsed"
_BYTES_MAX: Final = 100


class Clock:
    """Of the thread that makes it, and of one process of the server on this machine.

    Args:
        pid: of the server's process.
        title: a word of its command line; a server elsewhere may have the number of a process here.

    Attributes:
        kind: `NET`, or `ELAPSED` where the kernel does not tell.
    """

    def __init__(self, pid: int, title: str) -> None:
        self._files: list[int] = []
        try:
            if title in Path("/proc", str(pid), "cmdline").read_bytes().decode(errors="replace"):
                for process in (f"self/task/{threading.get_native_id()}", str(pid)):
                    path = Path("/proc", process, "schedstat")
                    self._files.append(os.open(path, os.O_RDONLY))
            self.ran_and_waited_seconds()
        except (OSError, ValueError, IndexError):
            self.close()
        self.kind = NET if self._files else ELAPSED

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes what it reads."""
        while self._files:
            os.close(self._files.pop())

    def seconds(self, work: Callable[[], object]) -> tuple[float, float]:
        """How long the work takes: the time that passed, and the same less the waiting."""
        ran, waited = self.ran_and_waited_seconds()
        began = time.perf_counter()
        work()
        elapsed = time.perf_counter() - began
        ran_now, waited_now = self.ran_and_waited_seconds()
        net = max(elapsed - (waited_now - waited), ran_now - ran)
        return elapsed, min(net, elapsed) or elapsed

    def ran_and_waited_seconds(self) -> tuple[float, float]:
        """How long both were on a processor, and how long they were ready and not run."""
        told = [os.pread(file, _BYTES_MAX, 0).split() for file in self._files]
        return sum(int(one[0]) for one in told) / 1e9, sum(int(one[1]) for one in told) / 1e9
