"""Single keys of a terminal, without Enter; where there is no terminal, only time passes."""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["listening"]


@contextmanager
def listening() -> Iterator[Callable[[float], str]]:
    """Yields a wait: for so many seconds or for a key, whichever comes first; "" without a key.

    The terminal is as it was afterwards, whatever happens in between.
    """
    if not sys.stdin.isatty():
        yield _sleep
        return
    import termios  # noqa: PLC0415 - POSIX only, as terminals of this kind are
    import tty  # noqa: PLC0415

    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    ended = signal.signal(signal.SIGTERM, _end)
    try:
        tty.setcbreak(terminal, termios.TCSADRAIN)  # Ctrl-C still interrupts
        yield lambda seconds: _key(terminal, seconds)
    finally:
        signal.signal(signal.SIGTERM, ended)
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def _end(number: int, _frame: object) -> None:
    """Leaves by the way of every other end, which puts the terminal right."""
    raise SystemExit(128 + number)


def _sleep(seconds: float) -> str:
    time.sleep(seconds)
    return ""


def _key(terminal: int, seconds: float) -> str:
    ready, _, _ = select.select([terminal], [], [], seconds)
    return os.read(terminal, 1).decode(errors="replace") if ready else ""
