"""The web server around the application."""

from __future__ import annotations

import uvicorn
from starlette.types import ASGIApp

from examples.services.ingress.protocol import bounded_protocol
from examples.services.ingress.settings import IngressSettings

__all__ = ["server_of"]


def server_of(app: ASGIApp, settings: IngressSettings) -> uvicorn.Server:
    """uvicorn with the bounds of the settings. It trusts no header about where a request is from,
    and does not say what it is.
    """
    return uvicorn.Server(
        uvicorn.Config(
            app,
            host=settings.host,
            port=settings.port,
            http=bounded_protocol(settings.head_seconds, settings.connections_max),
            ws="none",
            lifespan="on",
            access_log=False,  # the frame has a structured one
            log_config=None,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=settings.stop_seconds,
        )
    )
