"""uvicorn's HTTP/1.1 protocol with what it leaves open: heads that never end, too many connections,
and an answer to what is no HTTP at all in the form of all other refusals.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from examples.services.ingress.problems import MEDIA_TYPE, Refused

__all__ = ["bounded_protocol"]

_MALFORMED: Final = Refused(
    400, "malformed", "This is no HTTP request", "The connection is closed."
)


class BoundedProtocol(H11Protocol):
    """A connection on which no request is under way is looked at every so often; one that has not
    begun a request since the last look is closed, however busily it sends.
    """

    head_seconds = 10.0
    connections_max = 1_000

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """One more, or one too many."""
        super().connection_made(transport)
        self._seen: tuple[object, bool] | None = None
        self._looking = self.loop.call_later(self.head_seconds, self._look)
        if len(self.connections) > self.connections_max:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Looks no more."""
        self._looking.cancel()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """What came is no HTTP."""
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            response = _MALFORMED.response()
            head = h11.Response(
                status_code=400,
                reason=b"Bad Request",
                headers=[
                    (b"content-type", MEDIA_TYPE.encode()),
                    (b"content-length", str(len(response.body)).encode()),
                    (b"cache-control", b"no-store"),
                    (b"connection", b"close"),
                ],
            )
            for said in (head, h11.Data(data=bytes(response.body)), h11.EndOfMessage()):
                self.transport.write(self.conn.send(said))
        self.transport.close()

    def _look(self) -> None:
        cycle: RequestResponseCycle | None = self.cycle
        idle = cycle is None or cycle.response_complete
        if idle and self._seen == (cycle, idle):
            self.transport.abort()
            return
        self._seen = (cycle, idle)
        self._looking = self.loop.call_later(self.head_seconds, self._look)


def bounded_protocol(head_seconds: float, connections_max: int) -> type[Any]:
    """The protocol with its bounds, for `uvicorn.Config(http=...)`.

    Args:
        head_seconds: a request's head may take between one and two times as long.
        connections_max: open connections; further ones are closed at once.
    """
    bounds = {"head_seconds": head_seconds, "connections_max": connections_max}
    return type("Protocol", (BoundedProtocol,), bounds)
