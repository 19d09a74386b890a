"""Serving the console until somebody stops it."""

from __future__ import annotations

import contextlib
import signal
import socket
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from types import FrameType
from typing import Final

import uvicorn
from starlette.types import ASGIApp

__all__ = ["listen", "serve"]

_CONNECTIONS_MAX: Final = 64
_STOP_SECONDS_MAX: Final = 5


class _Server(uvicorn.Server):
    """Ends with exit code 0 at SIGINT and SIGTERM: both are how a console is stopped."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        numbers = (signal.SIGINT, signal.SIGTERM)

        def stop(number: int, frame: FrameType | None) -> None:
            self.handle_exit(number, frame)

        before = {number: signal.signal(number, stop) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one.

    Raises:
        OSError: the address is not this machine's, or in use.
    """
    try:
        family = socket.AF_INET6 if ip_address(host).version == 6 else socket.AF_INET  # noqa: PLR2004
    except ValueError:
        family = socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise OSError(f"cannot listen on {host} port {port}: {error.strerror or error}") from error


def serve(app: ASGIApp, listening: socket.socket, ready: Callable[[], None]) -> None:
    """Blocks until SIGINT or SIGTERM; the main thread only."""
    config = uvicorn.Config(
        app,
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
        limit_concurrency=_CONNECTIONS_MAX,
        timeout_graceful_shutdown=_STOP_SECONDS_MAX,
        lifespan="on",
        ws="none",
    )
    ready()
    _Server(config).run(sockets=[listening])
