"""A command on a terminal of its own, as a person at a keyboard has it."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import termios
from collections.abc import Iterator
from contextlib import contextmanager

from tests.commands import SCRIPTS, environment

__all__ = ["COLUMNS", "Terminal", "terminal"]

COLUMNS, LINES = 100, 30
PATIENCE_SECONDS = 40.0


class Terminal:
    """The keyboard and the screen of one command."""

    def __init__(self, pid: int, end: int) -> None:
        self._pid = pid
        self._end = end
        self._shown = b""

    def until(self, wanted: bytes) -> bytes:
        """Reads until it shows `wanted`: what it showed since the last time."""
        while wanted not in self._shown:
            more = self._more()
            assert more, (wanted, self._shown)
            self._shown += more
        found, self._shown = self._shown, b""
        return found

    def rest(self) -> bytes:
        """Reads until the command has ended: what it showed since the last time."""
        while more := self._more():
            self._shown += more
        found, self._shown = self._shown, b""
        return found

    def type(self, keys: bytes) -> None:
        os.write(self._end, keys)

    def kill(self, number: int) -> None:
        os.kill(self._pid, number)

    def code(self) -> int:
        """The exit code, once it has ended."""
        return os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])

    def _more(self) -> bytes:
        """What came meanwhile; nothing where the command has ended."""
        ready, _, _ = select.select([self._end], [], [], PATIENCE_SECONDS)
        assert ready, self._shown
        try:
            return os.read(self._end, 65_536)
        except OSError:  # the other side is closed
            return b""


@contextmanager
def terminal(url: str, *arguments: str, **variables: str) -> Iterator[Terminal]:
    """Starts a command; the terminal hangs up at the end."""
    pid, end = pty.fork()
    if pid == 0:
        fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        kept = {k: v for k, v in environment(url).items() if k not in {"NO_COLOR", "COLUMNS"}}
        given = {"TERM": "xterm-256color", **variables}
        os.execve(SCRIPTS / "ledgerdb", ["ledgerdb", *arguments], kept | given)  # noqa: S606
    try:
        yield Terminal(pid, end)
    finally:
        os.close(end)
