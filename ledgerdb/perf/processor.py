"""Client and server on one processor: how near each other they are is not left to chance."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["one_processor"]


@contextmanager
def one_processor() -> Iterator[None]:
    """Keeps this thread, and the processes that it starts, on one of its processors.

    A short statement takes twice as long where the scheduler happens to put the two apart. Does
    nothing on systems that have no such call.
    """
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)
