"""Locks on files: the kernel frees them when the last process that holds the file is gone."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import IO

__all__ = ["locked", "open_lock"]


def open_lock(path: Path) -> IO[bytes]:
    """Opens the file of a lock; the file stays when the lock is gone."""
    return path.open("ab")


def locked(file: IO[bytes]) -> bool:
    """Takes the lock and holds it until the file is closed; False if another open file has it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
