"""Waiting for a condition, with a deadline: nothing in the tests sleeps for a fixed time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

DEADLINE_SECONDS = 30.0
PAUSE_SECONDS = 0.01


def until(condition: Callable[[], T], *, seconds: float = DEADLINE_SECONDS) -> T:
    """The first true value of the condition.

    Raises:
        TimeoutError: it stayed false until the deadline.
    """
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"still false after {seconds} s: {condition}")
        time.sleep(PAUSE_SECONDS)
    return value
