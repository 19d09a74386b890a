"""The application: its routes, and what surrounds them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import msgspec
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from examples.services.ingress import body, problems
from examples.services.ingress.frame import Frame, Metrics
from examples.services.ingress.instructions import Instructions
from examples.services.ingress.keys import Keys
from examples.services.ingress.openapi import document
from examples.services.ingress.problems import Refused
from examples.services.ingress.ready import Readiness
from examples.services.ingress.settings import IngressSettings
from ledgerdb import LedgerError
from ledgerdb.stores import AsyncStore

__all__ = ["create_app"]

_OPENAPI: Final = msgspec.json.encode(document())


def create_app(store: AsyncStore, keys: Keys, settings: IngressSettings) -> ASGIApp:
    """The ingress over a store, which it closes in the end."""
    measurements = Metrics()
    instructions = Instructions(store, keys, settings, measurements)
    readiness = Readiness(store, settings.ready_seconds)

    async def healthz(_: Request) -> Response:
        return _json({"status": "alive"})

    async def readyz(_: Request) -> Response:
        if not await readiness.ask():
            raise problems.unavailable()
        return _json({"status": "ready"})

    async def metrics(_: Request) -> Response:
        return Response(
            generate_latest(measurements.registry), headers={"content-type": CONTENT_TYPE_LATEST}
        )

    async def openapi(_: Request) -> Response:
        return Response(_OPENAPI, media_type="application/json")

    routes = [
        Route("/v1/ingress/instructions", instructions.submit, methods=["POST"]),
        Route("/v1/instructions/{instruction_id:path}", instructions.status),
        Route("/v1/evidence-packs/{instruction_id:path}", instructions.evidence),
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route("/metrics", metrics),
        Route("/openapi.json", openapi),
    ]

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await instructions.settle()
            await store.close()

    app = Starlette(
        routes=routes,
        lifespan=lifespan,
        exception_handlers={
            Refused: _refused,
            LedgerError: _ledger_error,
            HTTPException: _http_error,
            ClientDisconnect: _gone,
            Exception: _unforeseen,
        },
    )
    app.router.redirect_slashes = False
    return Frame(app, measurements)


def _json(content: object) -> Response:
    return Response(msgspec.json.encode(content), media_type="application/json")


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)  # noqa: S101 - Starlette's handlers take any exception
    response = error.response()
    if not await body.discard(request):
        response.headers["connection"] = "close"
    return response


async def _ledger_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, LedgerError)  # noqa: S101
    return await _refused(request, problems.refused_by(error))


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    if error.status_code == 405:  # noqa: PLR2004
        return await _refused(request, problems.not_a_method(error.headers or {}))
    return await _refused(request, problems.not_found())


async def _gone(_: Request, __: Exception) -> Response:
    """Nobody hears this: the client has closed the connection."""
    return Response(status_code=499)  # for the log and the metrics


async def _unforeseen(_: Request, __: Exception) -> Response:
    """Logged by the frame, to which Starlette raises it."""
    return problems.unforeseen().response()
