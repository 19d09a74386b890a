"""/healthz and /metrics of the worker, on a thread of their own: they answer while it is busy."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Histogram, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from examples.services.rail.adapter import RailAdapter
from ledgerdb import ClaimedItem, ConfigurationError, WorkerStats
from ledgerdb.metrics import WorkerCollector
from ledgerdb.worker import Answer

__all__ = ["Monitor"]

_BEAT_SECONDS: Final = 1.0
_STOP_SECONDS: Final = 5
_BEATS_MISSED_MAX: Final = 10


class Monitor:
    """Watches a worker and its rail.

    Attributes:
        app: what is served.
    """

    def __init__(
        self,
        stats: WorkerStats,
        host: str,
        port: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._address = (host, port)
        self._registry = CollectorRegistry()
        self._registry.register(WorkerCollector(stats))
        self._rail_seconds = Histogram(
            "worker_rail_seconds",
            "How long the rail took to answer.",
            ["answer"],
            registry=self._registry,
        )
        self._beat_at = clock()
        routes = [Route("/healthz", self._healthz), Route("/metrics", self._metrics)]
        self.app = Starlette(routes=routes)
        self._server = uvicorn.Server(
            uvicorn.Config(
                self.app,
                log_config=None,
                access_log=False,
                server_header=False,
                lifespan="off",
                timeout_graceful_shutdown=_STOP_SECONDS,
            )
        )

    @contextmanager
    def running(self) -> Iterator[None]:
        """Serves until the end of the block.

        Raises:
            ConfigurationError: it cannot listen there.
        """
        try:
            listening = socket.create_server(self._address)
        except OSError as error:
            host, port = self._address
            raise ConfigurationError(f"cannot listen on {host}:{port}: {error.strerror}") from None
        thread = threading.Thread(target=self._server.run, args=([listening],), name="monitor")
        thread.start()
        try:
            yield
        finally:
            self._server.should_exit = True
            thread.join()

    async def beat_for_ever(self) -> None:
        """In the worker's event loop: while it turns, the worker is alive."""
        while True:
            self._beat_at = self._clock()
            await asyncio.sleep(_BEAT_SECONDS)

    async def timed(self, rail: RailAdapter, item: ClaimedItem) -> Answer:
        """What the rail answers, timed."""
        began = time.monotonic()
        answer = await rail.send(item)
        seconds = time.monotonic() - began
        self._rail_seconds.labels(type(answer).__name__.lower()).observe(seconds)
        return answer

    async def _healthz(self, _: Request) -> Response:
        silent = self._clock() - self._beat_at
        alive = silent < _BEAT_SECONDS * _BEATS_MISSED_MAX
        return JSONResponse({"status": "alive" if alive else "stuck"}, 200 if alive else 503)

    async def _metrics(self, _: Request) -> Response:
        content = generate_latest(self._registry)
        return Response(content, headers={"content-type": CONTENT_TYPE_LATEST})
