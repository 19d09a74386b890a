"""The request's body: one buffer, bounded while it arrives, in size and in time."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

from starlette.requests import Request

from examples.services.ingress import problems
from ledgerdb.rows import PAYLOAD_BYTES_MAX

__all__ = ["BODY_BYTES_MAX", "discard", "read"]

# The payload, the other members, and blanks between them.
BODY_BYTES_MAX: Final = PAYLOAD_BYTES_MAX + 131_072
# What is read and thrown away, so that a client that is still sending hears the answer.
_DISCARD_BYTES_MAX: Final = 4 * BODY_BYTES_MAX
_DISCARD_SECONDS: Final = 1.0


async def read(request: Request, seconds: float) -> bytearray:
    """The whole body.

    Args:
        request: whose length in the head may be a lie, or absent.
        seconds: how long it may take to arrive.

    Raises:
        Refused: 413 before more than `BODY_BYTES_MAX` is held; 408 too slow.
        ClientDisconnect: there is nobody to answer.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > BODY_BYTES_MAX:
        raise problems.too_large("body", BODY_BYTES_MAX)
    buffer = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                if len(buffer) + len(chunk) > BODY_BYTES_MAX:
                    raise problems.too_large("body", BODY_BYTES_MAX)
                buffer += chunk
    except TimeoutError:
        raise problems.too_slow() from None
    request.state.body_ended = True
    return buffer


async def discard(request: Request) -> bool:
    """Throws away what is left of the body, within bounds; False where more would come.

    A client that waits for `100 Continue` has sent nothing, and is not asked to.
    """
    if getattr(request.state, "body_ended", False):
        return True
    if "expect" in request.headers:
        return False
    size = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(_DISCARD_SECONDS):
            while size <= _DISCARD_BYTES_MAX:
                message = await request.receive()
                size += len(message.get("body", b""))
                if not message.get("more_body", False):
                    return True
    return False
