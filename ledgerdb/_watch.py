"""Who is told what happens at the border to the driver: nobody, until `ledgerdb.telemetry` is on.

The library tells and knows no telemetry. While nobody watches, telling costs a look at `watcher`.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from time import perf_counter_ns
from types import TracebackType
from typing import Any, Final, Protocol, Self, TypeVar

from ledgerdb.calls import Call
from ledgerdb.rows import ClaimedItem

__all__ = [
    "Calling",
    "Processing",
    "Watcher",
    "current_trace_context",
    "processing",
    "repeated",
    "waited",
    "working",
]

T = TypeVar("T")

_WAIT_NANOSECONDS_MIN: Final = 1_000_000


class Processing(Protocol):
    """An item in the hands of its handler."""

    def answered(self, answer: object) -> None:
        """What the handler said: an outcome, or something that is none."""

    def failed(self, error: BaseException) -> None:
        """What it raised instead."""


class Watcher(Protocol):
    """Is told. It must not raise, and must not block: it is called on the path of a payment."""

    def called(
        self, call: Call[Any], nanoseconds: int, rows: int | None, error: BaseException | None
    ) -> None:
        """One try of a call is over.

        Args:
            call: what was sent.
            nanoseconds: that it took, the wait for a connection included.
            rows: that came back; None where it failed before.
            error: that the caller gets.
        """

    def waited(self, nanoseconds: int) -> None:
        """A connection of the pool was had, or not, and it took a millisecond or more."""

    def repeated(self, function: str) -> None:
        """A write whose outcome is unknown is called again."""

    def working(self, stats: object) -> AbstractContextManager[None]:
        """A worker works, and counts in `stats` what it does (`WorkerStats`)."""

    def processing(self, item: ClaimedItem) -> AbstractContextManager[Processing]:
        """A handler has an item."""

    def trace_context(self) -> str | None:
        """The trace that the caller is in."""


watcher: Watcher | None = None


class Calling:
    """Tells of one try of a call, where somebody watches; `rows` takes what it brought."""

    __slots__ = ("_began", "_call", "_rows")

    def __init__(self, call: Call[Any]) -> None:
        self._call = call
        self._rows: int | None = None
        self._began = perf_counter_ns()

    def rows(self, answer: Sequence[T]) -> Sequence[T]:
        """The answer, counted."""
        self._rows = len(answer)
        return answer

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if watcher is not None:
            watcher.called(self._call, perf_counter_ns() - self._began, self._rows, error)


class _Unwatched:
    def answered(self, answer: object) -> None: ...
    def failed(self, error: BaseException) -> None: ...


_UNWATCHED = nullcontext(_Unwatched())


def waited(began: int) -> None:
    """Tells how long a caller waited for a connection; one that was free is no wait.

    Args:
        began: of `time.perf_counter_ns`.
    """
    nanoseconds = perf_counter_ns() - began
    if nanoseconds >= _WAIT_NANOSECONDS_MIN and watcher is not None:
        watcher.waited(nanoseconds)


def repeated(function: str) -> None:
    """Tells that a write is called again, to learn its outcome."""
    if watcher is not None:
        watcher.repeated(function)


def working(stats: object) -> AbstractContextManager[None]:
    """Tells of a worker, for as long as it works."""
    return nullcontext() if watcher is None else watcher.working(stats)


def processing(item: ClaimedItem) -> AbstractContextManager[Processing]:
    """Tells of an item, for as long as its handler has it."""
    return _UNWATCHED if watcher is None else watcher.processing(item)


def current_trace_context() -> str | None:
    """The trace that the caller is in, to be kept with what it accepts: `traceparent` of W3C Trace
    Context. None where there is none, or telemetry is off.
    """
    return None if watcher is None else watcher.trace_context()
