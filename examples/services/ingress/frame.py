"""What every request has: an id, a log line, a measurement, and headers that promise little."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from examples.services.ingress.headers import CORRELATION_ID, correlation_id
from examples.services.logs import event

__all__ = ["Frame", "Metrics"]

_HEADERS: Final[Mapping[str, str]] = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

_log = logging.getLogger("services.ingress")


class Metrics:
    """What Prometheus reads; no label names a tenant, a participant or a key."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "ingress_requests", "Requests answered.", ["route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "ingress_request_seconds",
            "From the request's head to the end of the answer.",
            ["route"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.under_way = Gauge(
            "ingress_requests_under_way", "Requests not yet answered.", registry=self.registry
        )
        self.body_bytes = Counter(
            "ingress_body_bytes", "Bytes of instructions read.", registry=self.registry
        )
        self.replays = Counter(
            "ingress_replays", "Instructions that were accepted before.", registry=self.registry
        )


class Frame:
    """Around the whole application: nothing gets past it, an unforeseen error included."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.monotonic()
        request_id = correlation_id(scope["headers"])
        scope.setdefault("state", {})["correlation_id"] = request_id
        status = 499  # the client went away before there was an answer

        async def framed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers.update({**_HEADERS, CORRELATION_ID: str(request_id)})
            await send(message)

        self._metrics.under_way.inc()
        try:
            await self._app(scope, receive, framed)
        except Exception:  # noqa: BLE001 - Starlette has answered it, and raises it for the log
            _log.exception("unforeseen", extra={"fields": {"correlation_id": str(request_id)}})
        finally:
            seconds = time.monotonic() - began
            route = getattr(scope.get("endpoint"), "__name__", "none")
            self._metrics.under_way.dec()
            self._metrics.requests.labels(route, str(status)).inc()
            self._metrics.seconds.labels(route).observe(seconds)
            event(
                _log,
                "request",
                correlation_id=str(request_id),
                method=scope["method"],
                route=route,
                status=status,
                ms=round(seconds * 1_000, 2),
                key=scope["state"].get("key"),
            )
