"""The watcher that tells OpenTelemetry."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from opentelemetry.metrics import MeterProvider, get_meter_provider
from opentelemetry.trace import TracerProvider, get_tracer_provider

from ledgerdb._version import __version__
from ledgerdb._watch import Processing
from ledgerdb.calls import Call
from ledgerdb.rows import ClaimedItem
from ledgerdb.telemetry import context, names
from ledgerdb.telemetry.calls import Calls
from ledgerdb.telemetry.work import Work

__all__ = ["OpenTelemetryWatcher"]


class OpenTelemetryWatcher:
    """What `instrument` puts in the place of nobody.

    Args:
        meter_provider: of the metrics; None takes the global one.
        tracer_provider: of the spans; None takes the global one.
    """

    def __init__(
        self, meter_provider: MeterProvider | None, tracer_provider: TracerProvider | None
    ) -> None:
        meter = (meter_provider or get_meter_provider()).get_meter(
            names.SCOPE, __version__, names.SCHEMA_URL
        )
        tracer = (tracer_provider or get_tracer_provider()).get_tracer(
            names.SCOPE, __version__, names.SCHEMA_URL
        )
        self._calls = Calls(meter, tracer)
        self._work = Work(meter, tracer)

    def called(
        self, call: Call[Any], nanoseconds: int, rows: int | None, error: BaseException | None
    ) -> None:
        """See `ledgerdb._watch.Watcher`, as of all of these."""
        self._calls.called(call, nanoseconds, rows, error)

    def waited(self, nanoseconds: int) -> None:
        """A wait for a connection."""
        self._calls.waited(nanoseconds)

    def repeated(self, function: str) -> None:
        """A replay."""
        self._calls.repeated(function)

    def working(self, stats: object) -> AbstractContextManager[None]:
        """A worker."""
        return self._work.working(stats)

    def processing(self, item: ClaimedItem) -> AbstractContextManager[Processing]:
        """An item of a worker."""
        return self._work.processing(item)

    def trace_context(self) -> str | None:
        """As text."""
        return context.written()
