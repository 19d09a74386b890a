"""/healthz and /metrics of the worker, on a thread of their own: they answer while it is busy."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Histogram, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from examples.services.rail.adapter import RailAdapter
from ledgerdb import ClaimedItem, WorkerStats
from ledgerdb.metrics import WorkerCollector
from ledgerdb.worker import Answer

__all__ = ["Monitor"]

_BEAT_SECONDS: Final = 1.0
_BEATS_MISSED_MAX: Final = 10


class Monitor:
    """Watches a worker and its rail."""

    def __init__(self, stats: WorkerStats, host: str, port: int) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(WorkerCollector(stats))
        self._rail_seconds = Histogram(
            "worker_rail_seconds",
            "How long the rail took to answer.",
            ["answer"],
            registry=self._registry,
        )
        self._beat_at = time.monotonic()
        app = Starlette(routes=[Route("/healthz", self._healthz), Route("/metrics", self._metrics)])
        self._server = uvicorn.Server(
            uvicorn.Config(
                app, host=host, port=port, log_config=None, access_log=False, server_header=False
            )
        )
        self._thread = threading.Thread(target=self._server.run, name="monitor", daemon=True)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Serves until the end of the block."""
        self._thread.start()
        try:
            yield
        finally:
            self._server.should_exit = True
            self._thread.join(10)

    async def beat_for_ever(self) -> None:
        """In the worker's event loop: while it turns, the worker is alive."""
        while True:
            self._beat_at = time.monotonic()
            await asyncio.sleep(_BEAT_SECONDS)

    async def timed(self, rail: RailAdapter, item: ClaimedItem) -> Answer:
        """What the rail answers, timed."""
        began = time.monotonic()
        answer = await rail.send(item)
        seconds = time.monotonic() - began
        self._rail_seconds.labels(type(answer).__name__.lower()).observe(seconds)
        return answer

    async def _healthz(self, _: Request) -> Response:
        silent = time.monotonic() - self._beat_at
        alive = silent < _BEAT_SECONDS * _BEATS_MISSED_MAX
        return JSONResponse({"status": "alive" if alive else "stuck"}, 200 if alive else 503)

    async def _metrics(self, _: Request) -> Response:
        content = generate_latest(self._registry)
        return Response(content, headers={"content-type": CONTENT_TYPE_LATEST})
