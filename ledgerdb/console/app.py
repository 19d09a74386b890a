"""The application: its routes, its guards, and pages for what goes wrong."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from ledgerdb.console.guard import guarded
from ledgerdb.console.pages import Pages
from ledgerdb.console.query import BadRequest
from ledgerdb.console.settings import ConsoleSettings
from ledgerdb.console.source import Source
from ledgerdb.errors import DatabaseUnavailable, LedgerError, PermissionDenied, StatementTimeout
from ledgerdb.metrics import LedgerCollector
from ledgerdb.sync import Ledger

__all__ = ["create_app"]

_STATIC: Final = Path(__file__).parent / "static"
_RETRY_SECONDS: Final = 5
_NO_FUNCTION: Final = ("42883", "42P01", "42703")  # function, table, column

_log = logging.getLogger("ledgerdb.console")


def create_app(ledger: Ledger, settings: ConsoleSettings | None = None) -> ASGIApp:
    """The console over a ledger of `connect_readonly`, which it closes in the end."""
    settings = settings or ConsoleSettings()
    pages = Pages(Source(ledger), settings)
    registry = CollectorRegistry()
    registry.register(LedgerCollector(ledger, top=settings.top))

    def metrics(_: Request) -> Response:
        return Response(generate_latest(registry), headers={"content-type": CONTENT_TYPE_LATEST})

    def bad_request(_: Request, error: Exception) -> Response:
        return pages.show("trouble.html.j2", 400, title="That is not a question", words=str(error))

    def http_error(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - handlers take any exception
        title = "Not found" if error.status_code == 404 else "That does not work"  # noqa: PLR2004
        return pages.show("trouble.html.j2", error.status_code, title=title, words=error.detail)

    def ledger_error(_: Request, error: Exception) -> Response:
        assert isinstance(error, LedgerError)  # noqa: S101
        _log.warning("%s: %s", type(error).__name__, error)
        answer = pages.show(
            "trouble.html.j2", 503, title="No answer from the ledger", words=_reason(error)
        )
        answer.headers["retry-after"] = str(_RETRY_SECONDS)
        return answer

    def unforeseen(_: Request, __: Exception) -> Response:
        """Starlette raises it again, and the server logs it."""
        words = "The console made a mistake; its log says which."
        return pages.show("trouble.html.j2", 500, title="A mistake", words=words)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        ledger.close()

    app = Starlette(
        routes=[
            Route("/", pages.overview),
            Route("/queue", pages.queue),
            Route("/items/{outbox_id}", pages.item),
            Route("/search", pages.search),
            Route("/dead-letters", pages.dead_letters),
            Route("/doubts", pages.doubts),
            Route("/controls", pages.controls),
            Route("/metrics", metrics),
            Mount("/static", StaticFiles(directory=_STATIC)),
        ],
        exception_handlers={
            BadRequest: bad_request,
            HTTPException: http_error,
            LedgerError: ledger_error,
            Exception: unforeseen,
        },
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    return guarded(app, settings)


def _reason(error: LedgerError) -> str:
    """For who looks at the page; hosts and users are in the log only."""
    if isinstance(error, PermissionDenied):
        return "The console's role may not read this. Its login needs symphony_readonly."
    if isinstance(error, StatementTimeout):
        return "The database took too long to answer; it may be under load."
    if isinstance(error, DatabaseUnavailable):
        return "The database cannot be reached."
    if getattr(error, "sqlstate", None) in _NO_FUNCTION:
        return "The database is at an older revision than this console: run ledgerdb upgrade."
    return "The database refused to answer; the console's log says why."
