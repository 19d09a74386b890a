"""Who is told what happens at the border to the driver: nobody, until `ledgerdb.telemetry` is on.

The library tells and knows no telemetry. While nobody watches, telling costs a look at `watcher`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from time import perf_counter_ns
from typing import Any, Final, Protocol, TypeVar

from ledgerdb.calls import Call
from ledgerdb.rows import ClaimedItem

__all__ = [
    "Processing",
    "Watcher",
    "atold",
    "committing",
    "current_trace_context",
    "processing",
    "repeated",
    "told",
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


def told(watcher: Watcher, call: Call[T], ask: Callable[[Call[T]], Sequence[Any]]) -> T:
    """The answer of a call, of which a watcher is told.

    Args:
        watcher: who is told.
        call: what to send.
        ask: sends it, and gives its rows.
    """
    rows: Sequence[Any] | None = None
    began = perf_counter_ns()
    try:
        rows = ask(call)
        answer = call.shape(rows)
    except BaseException as error:
        count = None if rows is None else len(rows)
        watcher.called(call, perf_counter_ns() - began, count, error)
        raise
    watcher.called(call, perf_counter_ns() - began, len(rows), None)
    return answer


async def atold(
    watcher: Watcher, call: Call[T], ask: Callable[[Call[T]], Awaitable[Sequence[Any]]]
) -> T:
    """As `told`, of an answer that is awaited."""
    rows: Sequence[Any] | None = None
    began = perf_counter_ns()
    try:
        rows = await ask(call)
        answer = call.shape(rows)
    except BaseException as error:
        count = None if rows is None else len(rows)
        watcher.called(call, perf_counter_ns() - began, count, error)
        raise
    watcher.called(call, perf_counter_ns() - began, len(rows), None)
    return answer


@contextmanager
def committing(call: Call[Any]) -> Iterator[None]:
    """Tells of the commit of a transaction."""
    began, error = perf_counter_ns(), None
    try:
        yield
    except BaseException as raised:
        error = raised
        raise
    finally:
        if watcher is not None:
            watcher.called(call, perf_counter_ns() - began, None, error)


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
