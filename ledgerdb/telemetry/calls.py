"""Calls, waits for connections and replays, as metrics and spans.

What a call says of itself is its function, its sizes and its error's class: never an argument, a
row or a message, which may hold a payload or a token.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from threading import Lock
from time import time_ns
from typing import Any, Final

from opentelemetry.metrics import Meter, Observation
from opentelemetry.trace import (
    NoOpTracer,
    SpanKind,
    Status,
    StatusCode,
    Tracer,
    get_current_span,
)

from ledgerdb.calls import Call
from ledgerdb.errors import DatabaseError
from ledgerdb.telemetry import names
from ledgerdb.telemetry.share import Share

__all__ = ["Calls"]

_SECOND: Final = 1e9
# The buckets that the conventions advise, for an answer of a database; and for sets up to ours.
_SECONDS: Final = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10)
_SIZES: Final = (2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)
_BATCH_MIN: Final = 2  # the conventions: one is no batch
# Of a function that gives a set, this says at most how many: what came is counted.
_LIMIT: Final = "p_batch_size"


class _Tally:
    """One function with one outcome: how often it was called, and about how many items.

    Attributes:
        attributes: of its measurements; made once, since a function is called for every payment.
        of_items: the argument that makes it a set; None where it is about one thing.
    """

    __slots__ = ("attributes", "calls", "items", "lock", "of_items", "share")

    def __init__(self, call: Call[Any], error_type: str | None) -> None:
        self.lock = Lock()
        self.calls = 0
        self.items = 0
        self.share = Share()
        self.of_items = _set_of(call)
        self.attributes: Mapping[str, str] = {
            names.DB_SYSTEM: names.POSTGRESQL,
            names.DB_OPERATION: call.function,
            **({} if error_type is None else {names.ERROR_TYPE: error_type}),
        }


class Calls:
    """Measures calls."""

    def __init__(self, meter: Meter, tracer: Tracer) -> None:
        self._tracer = tracer
        self._traces = not isinstance(tracer, NoOpTracer)
        self._lock = Lock()
        self._succeeded: dict[str, _Tally] = {}
        self._failed: dict[tuple[str, str], _Tally] = {}
        self._duration = meter.create_histogram(
            names.OPERATION_DURATION,
            unit="s",
            description="Duration of database client operations; of many, a fair share.",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        self._wait = meter.create_histogram(
            names.CONNECTION_WAIT_TIME,
            unit="s",
            description="The time it took to obtain a connection from the pool, of a millisecond"
            " or more.",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        self._batch = meter.create_histogram(
            names.BATCH_SIZE,
            unit="{item}",
            description="Items of one statement that was about two or more.",
            explicit_bucket_boundaries_advisory=_SIZES,
        )
        self._replays = meter.create_counter(
            names.REPLAYS, unit="{call}", description="Writes called again to learn their outcome."
        )
        meter.create_observable_counter(
            names.CALLS,
            [lambda _: self._observe("calls")],
            unit="{call}",
            description="Statements sent, each a call of one function.",
        )
        meter.create_observable_counter(
            names.ITEMS,
            [lambda _: self._observe("items")],
            unit="{item}",
            description="Items that statements were about: sent in sets, or given in sets.",
        )

    def called(
        self, call: Call[Any], nanoseconds: int, rows: int | None, error: BaseException | None
    ) -> None:
        """One try of a call."""
        if error is None:
            tally = self._succeeded.get(call.function) or self._add(call)
        else:
            tally = self._add_failure(call, _type_of(error))
        size = None if tally.of_items is None else _size(call, tally.of_items, rows)
        with tally.lock:
            tally.calls += 1
            if size is not None:
                tally.items += size
            measured = tally.share.takes()
        if measured or error is not None:
            self._duration.record(nanoseconds / _SECOND, tally.attributes)
        if size is not None and size >= _BATCH_MIN:
            self._batch.record(size, tally.attributes)
        if self._traces:
            self._span(tally, nanoseconds, size, rows, error)

    def waited(self, nanoseconds: int) -> None:
        """A wait for a connection."""
        self._wait.record(nanoseconds / _SECOND)

    def repeated(self, function: str) -> None:
        """A replay."""
        self._replays.add(1, {names.DB_SYSTEM: names.POSTGRESQL, names.DB_OPERATION: function})

    def _span(
        self,
        tally: _Tally,
        nanoseconds: int,
        size: int | None,
        rows: int | None,
        error: BaseException | None,
    ) -> None:
        caller = get_current_span().get_span_context()
        if caller.is_valid and not caller.trace_flags.sampled:
            return  # nobody keeps the trace that it would be in
        ended = time_ns()
        span = self._tracer.start_span(
            tally.attributes[names.DB_OPERATION],
            kind=SpanKind.CLIENT,
            attributes=tally.attributes,
            start_time=ended - nanoseconds,
        )
        if span.is_recording():
            if size is not None and size >= _BATCH_MIN:
                span.set_attribute(names.DB_BATCH_SIZE, size)
            if rows is not None:
                span.set_attribute(names.DB_ROWS, rows)
            if error is not None:
                span.set_status(Status(StatusCode.ERROR))
                if isinstance(error, DatabaseError) and error.sqlstate is not None:
                    span.set_attribute(names.DB_STATUS, error.sqlstate)
        span.end(ended)

    def _add(self, call: Call[Any]) -> _Tally:
        with self._lock:
            return self._succeeded.setdefault(call.function, _Tally(call, None))

    def _add_failure(self, call: Call[Any], error_type: str) -> _Tally:
        with self._lock:
            return self._failed.setdefault((call.function, error_type), _Tally(call, error_type))

    def _observe(self, count: str) -> Iterable[Observation]:
        with self._lock:
            tallies = [*self._succeeded.values(), *self._failed.values()]
        return [
            Observation(getattr(tally, count), tally.attributes)
            for tally in tallies
            if count == "calls" or tally.of_items is not None
        ]


def _set_of(call: Call[Any]) -> str | None:
    """The argument that makes it a set: the first array, else the limit."""
    arrays = (name for name, value in call.parameters.items() if isinstance(value, list))
    return next(arrays, _LIMIT if _LIMIT in call.parameters else None)


def _size(call: Call[Any], of_items: str, rows: int | None) -> int:
    """How many items it was about: those that were sent, else those that came."""
    given = call.parameters[of_items]
    return len(given) if isinstance(given, list) else rows or 0


def _type_of(error: BaseException) -> str:
    """The SQLSTATE where the database refused, else the class."""
    sqlstate = error.sqlstate if isinstance(error, DatabaseError) else None
    return sqlstate or type(error).__name__
