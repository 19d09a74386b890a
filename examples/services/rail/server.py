"""A rail simulator: `python -m examples.services.rail.server`, on SIMULATOR_PORT.

It takes a payment once per `Idempotency-Key`. A payload asks for its answer by a member `simulate`:
`reject`, `busy` (429 once), `error` (500 once), `lost` (takes it, and hangs up once), `garbage`
(takes it, and answers no JSON once), `slow` (takes it, and answers after 30 seconds).
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from typing import Annotated, Any, Final

import msgspec
import uvicorn
from msgspec import Meta
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from examples.services.settings import from_environment

__all__ = ["Ledger", "create_app"]

_PAYMENTS_MAX: Final = 100_000
_SLOW_SECONDS: Final = 30


class _Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65_535)] = 8090


class Ledger:
    """What the rail has sent.

    Attributes:
        references: of each key.
        requests: how often each key came.
    """

    def __init__(self) -> None:
        self.references: dict[str, str] = {}
        self.requests: Counter[str] = Counter()

    def take(self, key: str) -> tuple[str, bool]:
        """The reference of a key, and whether it is new."""
        reference = self.references.get(key)
        if reference is not None:
            return reference, False
        if len(self.references) >= _PAYMENTS_MAX:
            raise MemoryError
        reference = self.references[key] = f"RAIL-{len(self.references) + 1:06}"
        return reference, True


class _HangUp(Response):
    """Promises an answer and closes the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A head, and no body."""
        headers = [(b"content-length", b"99")]
        await send({"type": "http.response.start", "status": 201, "headers": headers})


def create_app(ledger: Ledger) -> Starlette:
    """The simulator over a ledger."""

    async def pay(request: Request) -> Response:
        key = request.headers.get("idempotency-key", "")
        payment = msgspec.json.decode(await request.body(), type=dict[str, Any])
        ledger.requests[key] += 1
        first = ledger.requests[key] == 1
        wish = payment["payload"].get("simulate")
        if not key or wish == "reject":
            return _answer(422, {"code": "AC04", "message": "the account is closed"})
        if wish == "busy" and first:
            return _answer(429, {}, {"retry-after": "0"})
        if wish == "error" and first:
            return _answer(500, {})
        reference, is_new = ledger.take(key)
        if wish == "slow":
            await asyncio.sleep(_SLOW_SECONDS)
        if wish == "lost" and first:
            return _HangUp()
        if wish == "garbage" and first:
            return Response(b"<html>", 200)
        return _answer(201 if is_new else 200, {"reference": reference, "code": "ACCP"})

    async def paid(_: Request) -> Response:
        return _answer(
            200, {"payments": len(ledger.references), "requests": ledger.requests.total()}
        )

    return Starlette(
        routes=[
            Route("/payments", pay, methods=["POST"]),
            Route("/payments", paid, methods=["GET"]),
        ]
    )


def _answer(status: int, content: object, headers: dict[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(content), status, headers, "application/json")


def main() -> None:
    """Serves until SIGTERM."""
    settings = from_environment(_Settings, "SIMULATOR_", os.environ)
    uvicorn.run(
        create_app(Ledger()),
        host=settings.host,
        port=settings.port,
        log_level="critical",
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    main()
