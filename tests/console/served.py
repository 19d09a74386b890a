"""The console as browsers meet it: a server on a port of this machine."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from ledgerdb.console import ConsoleSettings, create_app
from ledgerdb.console.server import listen
from ledgerdb.readonly import connect_readonly

__all__ = ["served", "serving"]


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """Serves an application from a thread.

    Yields:
        Its address, without the slash at the end.
    """
    with listen("127.0.0.1", 0) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def served(url: str, settings: ConsoleSettings | None = None) -> Iterator[str]:
    """The console of a database, as `ledgerdb console` serves it."""
    ledger = connect_readonly(url, application_name="ledgerdb-console", connections=4)
    with serving(create_app(ledger, settings)) as address:
        yield address
