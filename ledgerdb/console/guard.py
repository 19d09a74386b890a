"""Around the whole console: who may ask, with which method, and headers that promise little."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ledgerdb.console.settings import ConsoleSettings

__all__ = ["guarded"]

_HEADERS: Final[Mapping[str, str]] = {
    "cache-control": "no-store",
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self';"
        " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
_METHODS: Final = frozenset({"GET", "HEAD"})


def guarded(app: ASGIApp, settings: ConsoleSettings) -> ASGIApp:
    """The application behind its guards; the first one is the outermost."""
    app = _ReadOnly(app)
    if settings.password is not None:
        app = _Password(app, settings.password)
    app = TrustedHostMiddleware(app, settings.hosts, www_redirect=False)
    return _Headers(app)


class _Headers:
    """Every answer has them, also those of the other guards."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def framed(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        await self._app(scope, receive, framed)


class _ReadOnly:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in _METHODS:
            answer = PlainTextResponse(
                "The console only reads: GET or HEAD.\n", 405, {"allow": "GET, HEAD"}
            )
            await answer(scope, receive, send)
        else:
            await self._app(scope, receive, send)


class _Password:
    """HTTP basic authentication with any user name."""

    def __init__(self, app: ASGIApp, password: str) -> None:
        self._app = app
        self._expected = _digest(password)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._admits(Headers(scope=scope)):
            answer = PlainTextResponse(
                "Password please.\n",
                401,
                {"www-authenticate": 'Basic realm="ledgerdb console", charset="UTF-8"'},
            )
            await answer(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _admits(self, headers: Headers) -> bool:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return False
        try:
            credentials = base64.b64decode(given, validate=True).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError):
            return False
        _, _, password = credentials.partition(":")
        # digests, so that neither the time nor the length tells anything
        return hmac.compare_digest(_digest(password), self._expected)


def _digest(password: str) -> bytes:
    return hashlib.sha256(password.encode("utf-8")).digest()
