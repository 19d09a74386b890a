"""The ingress as a program: `python -m examples.services.ingress`, until SIGTERM.

It reads the variables `INGRESS_...` (see `settings.py`), LEDGERDB_URL, and those of the mode policy
of `ledgerdb.stores`: ENVIRONMENT, LEDGERDB_STORE and LEDGERDB_STORE_FILE; and those of
OpenTelemetry (see `examples.services.tracing`).
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from dataclasses import asdict

from starlette.types import ASGIApp

from examples.services import logs
from examples.services.ingress.app import create_app
from examples.services.ingress.keys import Keys
from examples.services.ingress.server import server_of
from examples.services.ingress.settings import IngressSettings
from examples.services.settings import from_environment
from examples.services.tracing import tracing
from ledgerdb import LedgerError
from ledgerdb.stores import open_async_store

_log = logging.getLogger("services.ingress")


def main() -> None:
    """Serves until SIGTERM or SIGINT. Exit code 1: a setting is wrong; stderr says which."""
    try:
        settings = from_environment(IngressSettings, "INGRESS_", os.environ)
        keys = Keys(settings.keys_file)
        with tracing(os.environ, "ingress") as surrounded:
            store = open_async_store(settings=settings.engine())
            logs.configure(settings.log_level)
            logs.event(_log, "store opened", **asdict(store.decision))
            asyncio.run(_serve(surrounded(create_app(store, keys, settings)), keys, settings))
    except LedgerError as error:
        sys.exit(f"ingress: {error}")


async def _serve(app: ASGIApp, keys: Keys, settings: IngressSettings) -> None:
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, _reload, keys)
    await server_of(app, settings).serve()


def _reload(keys: Keys) -> None:
    try:
        keys.reload()
    except LedgerError as error:
        _log.error("the keys stay what they were: %s", error)
    else:
        _log.info("keys read again")


if __name__ == "__main__":
    main()
