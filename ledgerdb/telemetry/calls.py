"""Calls, waits for connections and replays, as metrics and spans.

What a call says of itself is its function, its sizes and its error's class: never an argument, a
row or a message, which may hold a payload or a token.
"""

from __future__ import annotations

from collections.abc import Mapping
from time import time_ns
from typing import Any, Final

from opentelemetry.metrics import Meter
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer

from ledgerdb.calls import Call
from ledgerdb.errors import DatabaseError
from ledgerdb.telemetry import names

__all__ = ["Calls"]

_SECOND: Final = 1e9
_WAIT_NANOSECONDS_MIN: Final = 1_000_000
# The buckets that the conventions advise, for an answer of a database and for sets up to ours.
_SECONDS: Final = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10)
_SIZES: Final = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)
# Of a function that gives a set, this says at most how many: what came is counted.
_LIMIT: Final = "p_batch_size"


class Calls:
    """Measures calls."""

    def __init__(self, meter: Meter, tracer: Tracer) -> None:
        self._tracer = tracer
        self._duration = meter.create_histogram(
            names.OPERATION_DURATION,
            unit="s",
            description="Duration of database client operations.",
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
            description="Items that one statement sent, or that it was given.",
            explicit_bucket_boundaries_advisory=_SIZES,
        )
        self._replays = meter.create_counter(
            names.REPLAYS, unit="{call}", description="Writes called again to learn their outcome."
        )
        # Made once: a function is called for every payment.
        self._attributes: dict[str, Mapping[str, str]] = {}
        self._sets: dict[str, str | None] = {}

    def called(
        self, call: Call[Any], nanoseconds: int, rows: int | None, error: BaseException | None
    ) -> None:
        """One try of a call."""
        attributes = self._attributes_of(call.function)
        if error is not None:
            attributes = {**attributes, **_refusal(error)}
        size = self._size(call, rows)
        self._duration.record(nanoseconds / _SECOND, attributes)
        if size is not None:
            self._batch.record(size, attributes)
        ended = time_ns()
        span = self._tracer.start_span(
            call.function,
            kind=SpanKind.CLIENT,
            attributes=attributes,
            start_time=ended - nanoseconds,
        )
        if span.is_recording():
            _describe(span, size, rows, failed=error is not None)
        span.end(ended)

    def waited(self, nanoseconds: int) -> None:
        """A wait for a connection. One that was free is no wait: it would cost more to say so."""
        if nanoseconds >= _WAIT_NANOSECONDS_MIN:
            self._wait.record(nanoseconds / _SECOND)

    def repeated(self, function: str) -> None:
        """A replay."""
        self._replays.add(1, self._attributes_of(function))

    def _attributes_of(self, function: str) -> Mapping[str, str]:
        found = self._attributes.get(function)
        if found is None:
            found = self._attributes[function] = {
                names.DB_SYSTEM: names.POSTGRESQL,
                names.DB_OPERATION: function,
            }
        return found

    def _size(self, call: Call[Any], rows: int | None) -> int | None:
        """How many items the call was about; None where it is not about a set."""
        function = call.function
        if function not in self._sets:
            self._sets[function] = _set_of(call)
        name = self._sets[function]
        if name is None:
            return None
        given = call.parameters[name]
        return len(given) if isinstance(given, list) else rows


def _set_of(call: Call[Any]) -> str | None:
    """The argument that makes it a set: the first array, else the limit."""
    arrays = (name for name, value in call.parameters.items() if isinstance(value, list))
    return next(arrays, _LIMIT if _LIMIT in call.parameters else None)


def _refusal(error: BaseException) -> dict[str, str]:
    """The SQLSTATE where the database refused, else the class."""
    sqlstate = error.sqlstate if isinstance(error, DatabaseError) else None
    if sqlstate is None:
        return {names.ERROR_TYPE: type(error).__name__}
    return {names.ERROR_TYPE: sqlstate, names.DB_STATUS: sqlstate}


def _describe(span: Span, size: int | None, rows: int | None, *, failed: bool) -> None:
    if size is not None and size > 1:  # the conventions: one is no batch
        span.set_attribute(names.DB_BATCH_SIZE, size)
    if rows is not None:
        span.set_attribute(names.DB_ROWS, rows)
    if failed:
        span.set_status(Status(StatusCode.ERROR))
