"""OpenTelemetry for a service: off, until the environment names an exporter.

`OTEL_TRACES_EXPORTER` and `OTEL_METRICS_EXPORTER` are the standard's: `console`, or the name of
one that is installed, such as `otlp`. All other `OTEL_...` are read by OpenTelemetry's SDK.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from importlib.metadata import entry_points
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ledgerdb import ConfigurationError, telemetry

__all__ = ["tracing"]

_KINDS: Final = ("traces", "metrics")
_NONE: Final = ("", "none")


@contextmanager
def tracing(environ: Mapping[str, str], service: str) -> Iterator[Callable[[ASGIApp], ASGIApp]]:
    """Within the block, what the environment asks for is told to OpenTelemetry; at its end,
    everything is handed over.

    Args:
        service: its name, where OTEL_SERVICE_NAME gives no other.

    Yields:
        What goes around the application of a service that has one.

    Raises:
        ConfigurationError: an exporter is not installed, or the SDK is not.
    """
    asked = {kind: environ.get(f"OTEL_{kind.upper()}_EXPORTER", "").strip() for kind in _KINDS}
    makers = {kind: _maker(kind, name) for kind, name in asked.items() if name not in _NONE}
    if not makers:
        yield lambda app: app
        return
    try:
        from opentelemetry import metrics, trace  # noqa: PLC0415 - only where it is asked for
        from opentelemetry.sdk.metrics import MeterProvider  # noqa: PLC0415
        from opentelemetry.sdk.metrics.export import (  # noqa: PLC0415
            PeriodicExportingMetricReader,
        )
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"{error.name} is not installed: pip install 'ledgerdb[telemetry]' opentelemetry-sdk"
        ) from error
    resource = Resource.create({} if "OTEL_SERVICE_NAME" in environ else {"service.name": service})
    with ExitStack() as ending:
        if "traces" in makers:
            tracers = TracerProvider(resource=resource)
            tracers.add_span_processor(BatchSpanProcessor(makers["traces"]()))
            ending.callback(tracers.shutdown)
            trace.set_tracer_provider(tracers)
        if "metrics" in makers:
            reader = PeriodicExportingMetricReader(makers["metrics"]())
            meters = MeterProvider([reader], resource)
            ending.callback(meters.shutdown)
            metrics.set_meter_provider(meters)
        telemetry.instrument()
        ending.callback(telemetry.uninstrument)
        yield lambda app: _Traced(app, ending.close)


def _maker(kind: str, name: str) -> Any:  # noqa: ANN401 - a class of whatever package
    for found in entry_points(group=f"opentelemetry_{kind}_exporter", name=name):
        return found.load()
    raise ConfigurationError(f"OTEL_{kind.upper()}_EXPORTER: no exporter {name!r} is installed")


class _Traced:
    """Around an application: a span for each request, of the trace that its client is in.

    Args:
        app: what it is around.
        end: hands everything over. uvicorn ends the process by its signal, so that nothing behind
            the application is executed.
    """

    def __init__(self, app: ASGIApp, end: Callable[[], None]) -> None:
        from opentelemetry import trace  # noqa: PLC0415 - only where it is asked for
        from opentelemetry.trace.propagation import tracecontext  # noqa: PLC0415

        self._app = app
        self._end = end
        self._kind = trace.SpanKind.SERVER
        self._failed = trace.Status(trace.StatusCode.ERROR)
        self._tracer = trace.get_tracer("examples.services")
        self._propagator = tracecontext.TraceContextTextMapPropagator()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""

        async def until_the_end(message: Message) -> None:
            if message["type"] == "lifespan.shutdown.complete":
                self._end()
            await send(message)

        if scope["type"] != "http":
            await self._app(scope, receive, until_the_end)
            return
        status = 499

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        headers = {name.decode("latin-1"): v.decode("latin-1") for name, v in scope["headers"]}
        with self._tracer.start_as_current_span(
            scope["method"],
            context=self._propagator.extract(headers),
            kind=self._kind,
            attributes={"http.request.method": scope["method"], "url.scheme": scope["scheme"]},
            record_exception=False,
        ) as span:
            await self._app(scope, receive, watched)
            route = getattr(scope.get("route"), "path", None)
            if route is not None:  # never the path: it has identifiers
                span.update_name(f"{scope['method']} {route}")
                span.set_attribute("http.route", route)
            span.set_attribute("http.response.status_code", status)
            if status >= 500:  # noqa: PLR2004
                span.set_status(self._failed)
