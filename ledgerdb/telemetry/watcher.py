"""The watcher that tells OpenTelemetry."""

from __future__ import annotations

from opentelemetry.metrics import MeterProvider, get_meter_provider
from opentelemetry.trace import (
    NoOpTracer,
    ProxyTracerProvider,
    Tracer,
    TracerProvider,
    get_tracer_provider,
)

from ledgerdb._version import __version__
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
        tracer = _tracer(tracer_provider or get_tracer_provider())
        calls, work = Calls(meter, tracer), Work(meter, tracer)
        # What they do is done by themselves: each call in between costs every payment.
        self.called = calls.called
        self.waited = calls.waited
        self.repeated = calls.repeated
        self.working = work.working
        self.processing = work.processing
        self.trace_context = context.written


def _tracer(provider: TracerProvider) -> Tracer:
    if isinstance(provider, ProxyTracerProvider):  # nobody has set one, and asking it costs
        return NoOpTracer()
    return provider.get_tracer(names.SCOPE, __version__, names.SCHEMA_URL)
